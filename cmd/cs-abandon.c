/*
 * cs-abandon - who has put something into the cart and gone away without buying.
 *
 * As the stream goes by, each is printed once, when the pause has been long enough: cart.h. With
 * --at the question is how things stood at one point in time, and the answer comes at the end:
 * there, an id's visits are sessions with a gap of --forget (session.h), and the last one counts.
 */
#include <stdlib.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/instant.h"
#include "base/json.h"
#include "run/tool.h"
#include "session/cart.h"
#include "session/identity.h"
#include "session/session.h"

static int64_t after_us = INT64_C(900000000);
static int64_t until_us = INT64_C(3600000000);
static int64_t forget_us = INT64_C(86400000000);
static const char *id = "session_id";
static bool has_at;
static int64_t at_us;

static const char *at_read(const char *text)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    static struct buffer why;

    has_at = true;
    if (strcmp(text, "now") == 0)
        at_us = instant_now();
    else if (!instant_parse(value_string(slice_of(text)), &format, &at_us)) {
        buffer_clear(&why);
        buffer_printf(&why, "'%s' is not a time (2026-01-01T00:10:00Z), and not 'now'", text);
        buffer_add_char(&why, '\0');
        return why.data;
    }
    return NULL;
}

static const struct option_row options[] = {
    {.name = "after",
     .type = OPTION_DURATION,
     .target = &after_us,
     .argument = "DUR",
     .least = 1,
     .help = "report a cart whose id has been idle for longer (default 15m)"},
    {.name = "until",
     .type = OPTION_DURATION,
     .target = &until_us,
     .argument = "DUR",
     .least = 1,
     .help = "with --idle and --at: not reported when idle longer than this (default 60m)"},
    {.name = "forget",
     .type = OPTION_DURATION,
     .target = &forget_us,
     .argument = "DUR",
     .least = 1,
     .help = "forget an id without events for longer (default 24h)"},
    {.name = "id",
     .type = OPTION_TEXT,
     .target = &id,
     .argument = "F",
     .help = "the member that says whose cart it is (default session_id)"},
    {.name = "at",
     .type = OPTION_CALL,
     .call = at_read,
     .argument = "TIME|now",
     .help = "print only, when the input ends, who was idle at TIME"},
    OPTION_END,
};

enum column {
    COLUMN_ID,
    COLUMN_USER,
    COLUMN_LAST,
    COLUMN_ADD_TO_CARTS,
    COLUMN_CONVERTED,
    COLUMN_IDLE,
    COLUMN_ABANDONED,
    COLUMN_COUNT,
};

/* The id's name is the user's choice; those from COLUMN_LAST on are worked out, so it is none of
 * them. */
static const char *const names[COLUMN_COUNT] = {
    [COLUMN_USER] = "user_id",
    [COLUMN_LAST] = "last_event_time",
    [COLUMN_ADD_TO_CARTS] = "add_to_carts",
    [COLUMN_CONVERTED] = "converted",
    [COLUMN_IDLE] = "idle_seconds",
    [COLUMN_ABANDONED] = "abandoned_at",
};

static struct carts carts;
static struct sessions visits; /* --at */
static bool in_range;          /* of --jobs */
static struct identity identity;
static int member[COLUMN_COUNT]; /* of the row; -1: the id is printed under this name */

static void print_alert(const struct run *run, const struct cart_alert *alert, int64_t idle_us)
{
    struct rows *rows = run->rows;
    struct slice name = alert->name;

    rows_begin(rows);
    rows_value(rows, member[COLUMN_ID], timeline_name_value(&name));
    if (member[COLUMN_USER] >= 0) rows_value(rows, member[COLUMN_USER], alert->user);
    rows_time(rows, member[COLUMN_LAST], alert->last_us);
    rows_int(rows, member[COLUMN_ADD_TO_CARTS], alert->add_to_carts);
    rows_bool(rows, member[COLUMN_CONVERTED], false);
    rows_seconds(rows, member[COLUMN_IDLE], idle_us);
    rows_time(rows, member[COLUMN_ABANDONED], alert->last_us + after_us);
    rows_end(rows);
}

static struct click click_of(const struct event *ev)
{
    return (struct click){.time_us = ev->time_us,
                          .watermark_us = ev->watermark_us,
                          .action = action_of(event_value(ev, SLOT_EVENT_TYPE)),
                          .user = event_value(ev, SLOT_USER_ID),
                          .source = VALUE_NULL,
                          .device = VALUE_NULL,
                          .product = VALUE_NULL};
}

/* A range of --jobs leaves every event to the run: nearly every id may have been there before. */
static int64_t range_reach(const struct run *run)
{
    (void)run;
    return INT64_MAX;
}

static void range_begin(struct run *run, int64_t border_us)
{
    (void)run;
    (void)border_us;
    in_range = true;
}

/* As the stream goes by. */

static void stream_hint(struct run *run, struct event *ev)
{
    (void)run;
    if (!in_range) carts_hint(&carts, identity_hint(&identity, ev));
}

static enum fate stream_event(struct run *run, const struct event *ev)
{
    if (in_range) return identity_has(&identity, ev) ? FATE_DEFERRED : FATE_NO_ID;
    const uint32_t number = timelines_take(&carts.timelines, identity_id(ev));
    if (!identity_has(&identity, ev)) return FATE_NO_ID;
    const struct click click = click_of(ev);
    const bool used = number != POOL_NONE ? carts_add(&carts, number, &click)
                                          : carts_begin(&carts, identity_id(ev),
                                                        identity_name(&identity, ev), &click);
    run->counters.keys = carts_count(&carts);
    return used ? FATE_USED : FATE_LATE;
}

/* Where time is the wall clock's, an alert may come too late to matter. */
static void stream_alert(void *context, const struct cart_alert *alert)
{
    struct run *run = context;

    if (run->settings.idle_us > 0 && instant_now() > alert->last_us + until_us)
        run->counters.expired++;
    else
        print_alert(run, alert, after_us);
}

static void stream_advance(struct run *run, int64_t watermark_us)
{
    carts_advance(&carts, watermark_us, stream_alert, run);
    run->counters.keys = carts_count(&carts);
}

static void stream_finish(struct run *run)
{
    carts_finish(&carts, stream_alert, run);
    run->counters.keys = carts_count(&carts);
}

static void stream_save(struct run *run, struct buffer *out)
{
    (void)run;
    carts_save(&carts, out);
}

static bool stream_load(struct run *run, struct unpack *in)
{
    const bool good = carts_load(&carts, in);
    run->counters.keys = carts_count(&carts);
    return good;
}

/* --at. */

static void at_hint(struct run *run, struct event *ev)
{
    (void)run;
    if (!in_range) timelines_hint(&visits.timelines, identity_hint(&identity, ev));
}

static enum fate at_event(struct run *run, const struct event *ev)
{
    const uint32_t number =
        in_range ? POOL_NONE : timelines_take(&visits.timelines, identity_id(ev));
    if (ev->time_us > at_us) return FATE_FILTERED;
    if (!identity_has(&identity, ev)) return FATE_NO_ID;
    if (in_range) return FATE_DEFERRED;
    const struct click click = click_of(ev);
    const bool used = number != POOL_NONE ? sessions_add(&visits, number, &click)
                                          : sessions_begin(&visits, identity_id(ev),
                                                           identity_name(&identity, ev), &click);
    run->counters.keys = timelines_count(&visits.timelines);
    return used ? FATE_USED : FATE_LATE;
}

static void visit_ignore(void *context, const struct session *session)
{
    (void)context;
    (void)session;
}

/* A visit as it stood then. */
static void visit_at(void *context, const struct session *visit)
{
    const struct stretch *stretch = visit->stretch;
    const int64_t idle_us = at_us - stretch->last_us;

    if (!visit->newest || idle_us <= after_us || idle_us >= until_us || idle_us > forget_us) return;
    if (stretch->counts[ACTION_ADD_TO_CART] == 0 || stretch->counts[ACTION_PURCHASE] > 0) return;
    const struct summary summary = stretch_summary(stretch);
    const struct cart_alert alert = {.name = summary.name,
                                     .user = summary.user,
                                     .last_us = stretch->last_us,
                                     .add_to_carts = stretch->counts[ACTION_ADD_TO_CART]};
    print_alert(context, &alert, idle_us);
}

/* What comes after TIME makes nobody forgotten at TIME. */
static void at_advance(struct run *run, int64_t watermark_us)
{
    sessions_advance(&visits, watermark_us < at_us ? watermark_us : at_us, visit_ignore, run);
    run->counters.keys = timelines_count(&visits.timelines);
}

static void at_finish(struct run *run)
{
    sessions_finish(&visits, visit_at, run);
}

static void at_save(struct run *run, struct buffer *out)
{
    (void)run;
    sessions_save(&visits, out);
}

static bool at_load(struct run *run, struct unpack *in)
{
    const bool good = sessions_load(&visits, in);
    run->counters.keys = timelines_count(&visits.timelines);
    return good;
}

/* Both. */

static void explain(struct run *run, struct buffer *out)
{
    (void)run;
    buffer_add_literal(out, "a cart: one ");
    json_add_inside(out, slice_of(id));
    buffer_add_literal(out, ", idle for longer than ");
    duration_print(out, after_us);
    if (has_at) {
        buffer_add_literal(out, " and shorter than ");
        duration_print(out, until_us);
        buffer_add_literal(out, " at ");
        instant_print(out, at_us);
    }
    buffer_add_literal(out, ", forgotten after ");
    duration_print(out, forget_us);
    buffer_add_char(out, '\n');
}

static const struct ranges ranges = {
    .bulky = true,
    .reach = range_reach,
    .begin = range_begin,
};

static const struct analysis stream = {
    .hint = stream_hint,
    .event = stream_event,
    .advance = stream_advance,
    .finish = stream_finish,
    .save = stream_save,
    .load = stream_load,
    .explain = explain,
    .ranges = &ranges,
};

static const struct analysis at = {
    .hint = at_hint,
    .event = at_event,
    .advance = at_advance,
    .finish = at_finish,
    .save = at_save,
    .load = at_load,
    .explain = explain,
    .ranges = &ranges,
};

static const struct analysis *start(struct run *run)
{
    if (*id == '\0') die_usage("--id: which member?");
    if (after_us >= until_us) die_usage("--until: must be longer than --after");
    if (after_us >= forget_us) die_usage("--forget: must be longer than --after");
    if (!identity_add(&identity, &run->schema, slice_of(id)))
        die_usage("--id: more than %d members are read", SCHEMA_MAX);
    schema_need(&run->schema, SLICE("event_type"));
    schema_need(&run->schema, SLICE("user_id"));
    member[COLUMN_ID] = rows_member(run->rows, slice_of(id));
    for (int column = COLUMN_ID + 1; column < COLUMN_COUNT; column++) {
        const bool is_id = slice_equal(slice_of(names[column]), slice_of(id));
        if (is_id && column >= COLUMN_LAST)
            die_usage("--id: '%s' is worked out, and has a place in the row", id);
        member[column] = is_id ? -1 : rows_member(run->rows, slice_of(names[column]));
    }
    sessions_init(&visits, forget_us, INT64_MAX);
    carts_init(&carts, after_us, forget_us);
    return has_at ? &at : &stream;
}

static void release(struct run *run)
{
    (void)run;
    sessions_release(&visits);
    carts_release(&carts);
    identity_release(&identity);
}

static const struct tool tool = {
    .name = "cs-abandon",
    .summary = "report carts whose owners have gone away without buying",
    .options = options,
    .start = start,
    .release = release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
