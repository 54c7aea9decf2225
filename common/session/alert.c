#include "session/alert.h"

#include "base/duration.h"
#include "base/instant.h"

/* What a row says that is not known of the cart itself. */
struct asked {
    int64_t idle_us;
    int64_t after_us;
};

static void print_idle(struct rows *rows, int member, const struct overview *cart,
                       const void *context)
{
    const struct asked *asked = context;

    (void)cart;
    rows_seconds(rows, member, asked->idle_us);
}

static void print_abandoned(struct rows *rows, int member, const struct overview *cart,
                            const void *context)
{
    const struct asked *asked = context;

    rows_time(rows, member, cart->last_us + asked->after_us);
}

static const struct field_kind field_idle = {
    .prints = PRINTS_OWN, .column = COLUMN_NUMBER, .about = "since then", .print = print_idle};
static const struct field_kind field_abandoned = {.prints = PRINTS_OWN,
                                                  .column = COLUMN_TIME,
                                                  .about = "when the pause was long enough",
                                                  .print = print_abandoned};

static const struct field row_fields[] = {
    {"user_id", &field_last, "user_id"},
    {"last_event_time", &field_end, NULL},
    {"add_to_carts", &field_count, "add_to_cart"},
    {"converted", &field_any, "purchase"},
    {"idle_seconds", &field_idle, NULL},
    {"abandoned_at", &field_abandoned, NULL},
    FIELD_END,
};

bool alerts_init(struct alerts *alerts, const struct cart_rule *rule, const char *id,
                 struct schema *schema, struct rows *rows, struct buffer *why)
{
    struct fields *fields = &alerts->fields;

    if (!identity_init(&alerts->identity, schema, id, why)) return false;
    if (!fields_init(fields, row_fields, &alerts->identity, schema, rows, why)) return false;
    rows_key(rows, rows_find(rows, SLICE("last_event_time")), true);
    alerts->rule = *rule;
    alerts->rule.add = (unsigned)fields_place(fields, KEEPS_COUNT, "add_to_cart");
    alerts->rule.purchase = (unsigned)fields_place(fields, KEEPS_COUNT, "purchase");
    alerts->rule.user = fields_place(fields, KEEPS_LAST, "user_id");
    return true;
}

void alerts_release(struct alerts *alerts)
{
    identity_release(&alerts->identity);
}

void alerts_print(const struct alerts *alerts, struct rows *rows, const struct overview *cart,
                  int64_t idle_us)
{
    const struct asked asked = {.idle_us = idle_us, .after_us = alerts->rule.after_us};

    fields_print(&alerts->fields, &alerts->identity, rows, cart, &asked);
}

void alerts_explain(const struct alerts *alerts, int64_t at_us, const struct schema *schema,
                    struct buffer *out)
{
    buffer_add_literal(out, "a cart: ");
    identity_explain(&alerts->identity, schema, out);
    buffer_add_literal(out, ", idle for longer than ");
    duration_print(out, alerts->rule.after_us);
    if (at_us != INT64_MIN) {
        buffer_add_literal(out, " and shorter than ");
        duration_print(out, alerts->rule.until_us);
        buffer_add_literal(out, " at ");
        instant_print(out, at_us);
    }
    buffer_add_literal(out, ", forgotten after ");
    duration_print(out, alerts->rule.forget_us);
    buffer_add_char(out, '\n');
}
