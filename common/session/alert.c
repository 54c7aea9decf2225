#include "session/alert.h"

#include "base/duration.h"
#include "base/instant.h"

/* What a row says that is not known of the cart itself. */
struct asked {
    int64_t idle_us;
    int64_t abandoned_us;           /* INT64_MIN: it was not */
    const struct news_item *change; /* of an episode; else NULL */
};

static const struct episode_change *change_of(const void *context)
{
    return &((const struct asked *)context)->change->of;
}

static void print_idle(struct rows *rows, int member, const struct overview *cart,
                       const void *context)
{
    const struct asked *asked = context;

    (void)cart;
    rows_seconds(rows, member, asked->idle_us);
}

static void print_time(struct rows *rows, int member, int64_t time_us)
{
    if (time_us == INT64_MIN)
        rows_null(rows, member);
    else
        rows_time(rows, member, time_us);
}

static void print_abandoned(struct rows *rows, int member, const struct overview *cart,
                            const void *context)
{
    const struct asked *asked = context;

    (void)cart;
    print_time(rows, member, asked->abandoned_us);
}

static void print_episode(struct rows *rows, int member, const struct overview *cart,
                          const void *context)
{
    (void)cart;
    rows_time(rows, member, change_of(context)->start_us);
}

static void print_state(struct rows *rows, int member, const struct overview *cart,
                        const void *context)
{
    static const char *const names[] = {
        [EPISODE_ABANDONED] = "abandoned", [EPISODE_RETURNED] = "returned",
        [EPISODE_EXPIRED] = "expired",     [EPISODE_RECOVERED] = "recovered",
        [EPISODE_EMPTIED] = "emptied",
    };

    (void)cart;
    rows_text(rows, member, slice_of(names[change_of(context)->state]));
}

static void print_reason(struct rows *rows, int member, const struct overview *cart,
                         const void *context)
{
    static const char *const names[] = {
        [BY_SILENCE] = "idle",    [BY_EVENT] = "event",     [BY_PURCHASE] = "purchase",
        [BY_REMOVAL] = "removal", [BY_LATE_EVENT] = "late",
    };

    (void)cart;
    rows_text(rows, member, slice_of(names[change_of(context)->reason]));
}

static void print_since(struct rows *rows, int member, const struct overview *cart,
                        const void *context)
{
    const struct episode_change *change = change_of(context);

    (void)cart;
    if (change->alert_us == INT64_MIN || change->reason == BY_LATE_EVENT)
        rows_null(rows, member);
    else
        rows_seconds(rows, member, change->time_us - change->alert_us);
}

static void print_cart(struct rows *rows, int member, const struct overview *cart,
                       const void *context)
{
    const struct slice text = ((const struct asked *)context)->change->cart;

    (void)cart;
    rows_value(rows, member,
               (struct value){.text = text.text, .len = (uint32_t)text.len, .kind = KIND_ARRAY});
}

static void print_cut(struct rows *rows, int member, const struct overview *cart,
                      const void *context)
{
    (void)cart;
    rows_bool(rows, member, ((const struct asked *)context)->change->is_cut);
}

static void print_value(struct rows *rows, int member, const struct overview *cart,
                        const void *context)
{
    const struct slice text = ((const struct asked *)context)->change->value;

    (void)cart;
    if (text.text[0] == 'n')
        rows_null(rows, member);
    else
        rows_value(
            rows, member,
            (struct value){.text = text.text, .len = (uint32_t)text.len, .kind = KIND_NUMBER});
}

static void print_page(struct rows *rows, int member, const struct overview *cart,
                       const void *context)
{
    (void)cart;
    rows_value(rows, member, change_of(context)->page);
}

static void print_step(struct rows *rows, int member, const struct overview *cart,
                       const void *context)
{
    static const char *const names[] = {
        [STEP_ADD_TO_CART] = "add_to_cart",
        [STEP_CHECKOUT_START] = "checkout_start",
        [STEP_PURCHASE] = "purchase",
    };

    (void)cart;
    rows_text(rows, member, slice_of(names[change_of(context)->step]));
}

#define OWN_KIND(function, type, phrase)                                                           \
    {                                                                                              \
        .prints = PRINTS_OWN, .column = (type), .about = (phrase), .print = (function)             \
    }

static const struct field_kind field_idle =
    OWN_KIND(print_idle, COLUMN_NUMBER, "since the last event");
static const struct field_kind field_abandoned =
    OWN_KIND(print_abandoned, COLUMN_TIME, "when the pause was long enough");
static const struct field_kind field_state =
    OWN_KIND(print_state, COLUMN_TEXT, "abandoned, returned, expired, recovered or emptied");
static const struct field_kind field_episode =
    OWN_KIND(print_episode, COLUMN_TIME, "when the cart was begun");
static const struct field_kind field_since =
    OWN_KIND(print_since, COLUMN_NUMBER, "from the alert to this");
static const struct field_kind field_reason =
    OWN_KIND(print_reason, COLUMN_TEXT, "idle, event, purchase, removal or late");
static const struct field_kind field_cart = OWN_KIND(print_cart, COLUMN_DOCUMENT, "what is in it");
static const struct field_kind field_cut = OWN_KIND(print_cut, COLUMN_TRUTH, "was there more?");
static const struct field_kind field_value =
    OWN_KIND(print_value, COLUMN_NUMBER, "what it is worth");
static const struct field_kind field_page = OWN_KIND(print_page, COLUMN_TEXT, "the last page_url");
static const struct field_kind field_step = OWN_KIND(print_step, COLUMN_TEXT, "how far it got");

static const struct field row_fields[] = {
    {"user_id", &field_last, "user_id"},
    {"last_event_time", &field_end, NULL},
    {"add_to_carts", &field_count, "add_to_cart"},
    {"converted", &field_any, "purchase"},
    {"idle_seconds", &field_idle, NULL},
    {"abandoned_at", &field_abandoned, NULL},
    FIELD_END,
};

static const struct field state_fields[] = {{"state", &field_state, NULL}, FIELD_END};
static const struct field episode_fields[] = {{"episode", &field_episode, NULL}, FIELD_END};
static const struct field reason_fields[] = {
    {"seconds_since_alert", &field_since, NULL},
    {"reason", &field_reason, NULL},
    FIELD_END,
};
static const struct field cart_fields[] = {
    {"cart", &field_cart, NULL},          {"cart_truncated", &field_cut, NULL},
    {"cart_value", &field_value, NULL},   {"last_page", &field_page, NULL},
    {"furthest_step", &field_step, NULL}, FIELD_END,
};

static void fields_put(struct alerts *alerts, int *count, const struct field *field)
{
    while (field->name != NULL)
        alerts->field[(*count)++] = *field++;
    alerts->field[*count] = *field;
}

static void fields_choose(struct alerts *alerts, const struct alert_asks *asks)
{
    int count = 0;

    fields_put(alerts, &count, row_fields);
    if (asks->transitions) fields_put(alerts, &count, state_fields);
    if (alerts->has_episodes) fields_put(alerts, &count, episode_fields);
    if (asks->transitions) fields_put(alerts, &count, reason_fields);
    if (asks->cart) fields_put(alerts, &count, cart_fields);
}

bool alerts_init(struct alerts *alerts, const struct cart_rule *rule, const struct alert_asks *asks,
                 struct run *run, struct buffer *why)
{
    struct schema *schema = &run->schema;
    struct fields *fields = &alerts->fields;

    alerts->has_cart = asks->cart;
    alerts->has_emptied = asks->has_emptied && *asks->emptied != '\0';
    alerts->has_episodes = asks->transitions || asks->cart;
    fields_choose(alerts, asks);
    buffer_add_literal(why, "--id: ");
    if (!identity_init(&alerts->identity, schema, asks->id, why) ||
        !fields_init(fields, alerts->field, &alerts->identity, schema, run->rows, why))
        return false;
    identity_watch(&alerts->identity, schema, &run->misnumbers);
    buffer_clear(why);
    actions_expect(&fields->actions, schema); /* and not what empties a cart: few shops have it */
    if (!moves_init(&alerts->moves, &fields->actions, asks->emptied, alerts->has_episodes,
                    asks->cart, run)) {
        buffer_printf(why, "--emptied: '%s' means something else, or is longer than 31 bytes",
                      asks->emptied);
        return false;
    }
    if (asks->cart) {
        alerts->checkout = (unsigned)actions_add(&fields->actions, SLICE("checkout_start"));
        (void)schema_expect(schema, SLICE("page_url"), "cart");
    }
    fields->kept.actions = fields->actions.count;
    /* With the id: of a cart with episodes the last state stands in a table. */
    rows_key(
        run->rows,
        rows_find(run->rows, alerts->has_episodes ? SLICE("episode") : SLICE("last_event_time")),
        true);
    alerts->rule = *rule;
    alerts->rule.remove = alerts->moves.remove;
    alerts->rule.add = (unsigned)fields_place(fields, KEEPS_COUNT, "add_to_cart");
    alerts->rule.purchase = (unsigned)fields_place(fields, KEEPS_COUNT, "purchase");
    alerts->rule.user = fields_place(fields, KEEPS_LAST, "user_id");
    return true;
}

void alerts_release(struct alerts *alerts)
{
    identity_release(&alerts->identity);
    moves_release(&alerts->moves);
}

/* A string, or null. */
static struct value text_of(const struct event *ev, int slot)
{
    const struct value value = event_value(ev, slot);
    return value.kind == KIND_STRING ? value : VALUE_NULL;
}

static enum deed_kind deed_kind(const struct alerts *alerts, unsigned action)
{
    if (action == 0) return DEED_OTHER;
    if (action == alerts->rule.add) return DEED_ADD;
    if (action == alerts->rule.purchase) return DEED_PURCHASE;
    if (action == alerts->rule.remove) return DEED_REMOVE;
    return action == alerts->checkout ? DEED_CHECKOUT : DEED_OTHER;
}

struct deed alerts_deed(struct alerts *alerts, const struct event *ev)
{
    const unsigned action = action_of(&alerts->fields.actions, event_value(ev, SLOT_EVENT_TYPE));

    return (struct deed){.id = identity_id(ev),
                         .time_us = ev->time_us,
                         .turn_us = instant_max(ev->time_us, ev->watermark_us),
                         .kind = deed_kind(alerts, action),
                         .name = identity_name(&alerts->identity, ev),
                         .user = text_of(ev, SLOT_USER_ID),
                         .page = alerts->has_cart ? text_of(ev, SLOT_PAGE_URL) : VALUE_NULL,
                         .move = moves_of(&alerts->moves, ev, action)};
}

void alerts_print(const struct alerts *alerts, struct rows *rows, const struct overview *cart,
                  int64_t idle_us)
{
    const struct asked asked = {.idle_us = idle_us,
                                .abandoned_us = cart->last_us + alerts->rule.after_us};

    fields_print(&alerts->fields, &alerts->identity, rows, cart, &asked);
}

void alerts_print_change(const struct alerts *alerts, struct rows *rows,
                         const struct news_item *change)
{
    const struct episode_change *of = &change->of;
    const bool is_silence = of->reason == BY_SILENCE;
    const struct asked asked = {.idle_us = is_silence ? of->time_us - of->last_us : 0,
                                .abandoned_us = of->alert_us,
                                .change = change};
    struct overview overview = {.name = of->name, .last_us = of->last_us};

    overview.count = overview.counts;
    overview.counts[alerts->rule.add] = of->add_to_carts;
    overview.counts[alerts->rule.purchase] = of->state == EPISODE_RECOVERED;
    if (of->user.kind == KIND_STRING) {
        overview.attributes.of[alerts->rule.user].text = value_slice(of->user);
        overview.present = 1U << alerts->rule.user;
    }
    fields_print(&alerts->fields, &alerts->identity, rows, &overview, &asked);
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
    if (alerts->moves.remove != 0)
        buffer_printf(out, ", emptied by %s", alerts->fields.actions.of[alerts->moves.remove].name);
    buffer_add_char(out, '\n');
}
