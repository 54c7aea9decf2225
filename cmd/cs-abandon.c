/*
 * cs-abandon - who has put something into the cart and gone away without buying.
 *
 * As the stream goes by, each is printed once, when the pause has been long enough: cart.h. With
 * --at the question is how things stood at one point in time, and the answer comes at the end:
 * snapshot.h. The rows are those of alert.h.
 */
#include <stdlib.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/instant.h"
#include "base/memory.h"
#include "run/tool.h"
#include "session/alert.h"
#include "session/cart.h"
#include "session/snapshot.h"

static int64_t after_us = INT64_C(900000000);
static int64_t until_us = INT64_C(3600000000);
static int64_t forget_us = INT64_C(86400000000);
static const char *id = "session_id";
static const char *emptied = "remove_from_cart";
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
    {.name = "emptied",
     .type = OPTION_TEXT,
     .target = &emptied,
     .argument = "TYPE",
     .help = "events of that type take something out of the cart (default remove_from_cart)"},
    {.name = "at",
     .type = OPTION_CALL,
     .call = at_read,
     .argument = "TIME|now",
     .help = "print only, when the input ends, who was idle at TIME"},
    OPTION_END,
};

/* One of these belongs to a run. */
struct abandon {
    struct alerts alerts;
    struct carts carts;       /* as the stream goes by */
    struct snapshot snapshot; /* --at */
    bool leaves_all;          /* a range of --jobs, which leaves every event to the run */
};

/* In a range of --jobs nearly every id may have been there before. */
static int64_t range_reach(const struct run *run)
{
    (void)run;
    return INT64_MAX;
}

static void range_begin(struct run *run, int64_t border_us)
{
    struct abandon *own = run->own;
    (void)border_us;
    own->leaves_all = true;
}

static enum fate range_event(const struct abandon *own, const struct event *ev)
{
    return identity_has(&own->alerts.identity, ev) ? FATE_DEFERRED : FATE_NO_ID;
}

/* As the stream goes by. */

static void stream_hint(struct run *run, struct event *ev)
{
    struct abandon *own = run->own;
    if (!own->leaves_all) carts_hint(&own->carts, identity_hint(&own->alerts.identity, ev));
}

static enum fate stream_event(struct run *run, const struct event *ev)
{
    struct abandon *own = run->own;
    struct carts *carts = &own->carts;
    if (own->leaves_all) return range_event(own, ev);
    const uint32_t number = timelines_take(&carts->timelines, identity_id(ev));
    if (!identity_has(&own->alerts.identity, ev)) return FATE_NO_ID;
    struct click click = fields_click(&own->alerts.fields, ev);
    click.listed = moves_of(&own->alerts.moves, ev, click.action);
    const bool used = carts_event(carts, number, &own->alerts.identity, ev, &click);
    run->counters.keys = carts_count(carts);
    return used ? FATE_USED : FATE_LATE;
}

/* Where time is the wall clock's, an alert may come too late to matter. */
static void stream_alert(void *context, const struct overview *cart)
{
    struct run *run = context;
    const struct alerts *alerts = &((const struct abandon *)run->own)->alerts;
    if (run->settings.idle_us > 0 && instant_now() > cart->last_us + alerts->rule.until_us)
        run->counters.expired++;
    else
        alerts_print(alerts, run->rows, cart, alerts->rule.after_us);
}

static void stream_advance(struct run *run, int64_t watermark_us)
{
    struct abandon *own = run->own;
    carts_advance(&own->carts, watermark_us, stream_alert, run);
    run->counters.keys = carts_count(&own->carts);
}

/* The input has ended, or pauses. */
static void stream_settle(struct run *run)
{
    struct abandon *own = run->own;
    carts_settle(&own->carts, stream_alert, run);
    run->counters.keys = carts_count(&own->carts);
}

static void stream_save(struct run *run, struct buffer *out)
{
    struct abandon *own = run->own;
    carts_save(&own->carts, out);
}

static bool stream_load(struct run *run, struct unpack *in)
{
    struct abandon *own = run->own;
    const bool good = carts_load(&own->carts, in);
    run->counters.keys = carts_count(&own->carts);
    return good;
}

/* --at. */

static void at_hint(struct run *run, struct event *ev)
{
    struct abandon *own = run->own;
    if (!own->leaves_all)
        timelines_hint(&own->snapshot.visits.timelines, identity_hint(&own->alerts.identity, ev));
}

static enum fate at_event(struct run *run, const struct event *ev)
{
    struct abandon *own = run->own;
    struct sessions *visits = &own->snapshot.visits;
    const uint32_t number =
        own->leaves_all ? POOL_NONE : timelines_take(&visits->timelines, identity_id(ev));
    if (ev->time_us > own->snapshot.at_us) return FATE_FILTERED;
    if (own->leaves_all) return range_event(own, ev);
    if (!identity_has(&own->alerts.identity, ev)) return FATE_NO_ID;
    struct click click = fields_click(&own->alerts.fields, ev);
    click.listed = moves_of(&own->alerts.moves, ev, click.action);
    const bool used = sessions_event(visits, number, &own->alerts.identity, ev, &click);
    run->counters.keys = timelines_count(&visits->timelines);
    return used ? FATE_USED : FATE_LATE;
}

static void at_alert(void *context, const struct overview *cart)
{
    const struct run *run = context;
    const struct abandon *own = run->own;
    alerts_print(&own->alerts, run->rows, cart, own->snapshot.at_us - cart->last_us);
}

static void at_advance(struct run *run, int64_t watermark_us)
{
    struct abandon *own = run->own;
    snapshot_advance(&own->snapshot, watermark_us);
    run->counters.keys = timelines_count(&own->snapshot.visits.timelines);
}

static void at_finish(struct run *run)
{
    struct abandon *own = run->own;
    snapshot_finish(&own->snapshot, at_alert, run);
}

static void at_save(struct run *run, struct buffer *out)
{
    struct abandon *own = run->own;
    sessions_save(&own->snapshot.visits, out);
}

static bool at_load(struct run *run, struct unpack *in)
{
    struct abandon *own = run->own;
    const bool good = sessions_load(&own->snapshot.visits, in);
    run->counters.keys = timelines_count(&own->snapshot.visits.timelines);
    return good;
}

/* Both. */

static void stream_explain(struct run *run, struct buffer *out)
{
    const struct abandon *own = run->own;
    alerts_explain(&own->alerts, INT64_MIN, &run->schema, out);
}

static void at_explain(struct run *run, struct buffer *out)
{
    const struct abandon *own = run->own;
    alerts_explain(&own->alerts, own->snapshot.at_us, &run->schema, out);
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
    .pause = stream_settle,
    .finish = stream_settle,
    .save = stream_save,
    .load = stream_load,
    .explain = stream_explain,
    .ranges = &ranges,
};

static const struct analysis at = {
    .hint = at_hint,
    .event = at_event,
    .advance = at_advance,
    .finish = at_finish,
    .save = at_save,
    .load = at_load,
    .explain = at_explain,
    .ranges = &ranges,
};

static const struct analysis *start(struct run *run)
{
    struct abandon *own = run->own = memory_zero(1, sizeof *own);
    struct cart_rule rule = {.after_us = after_us, .until_us = until_us, .forget_us = forget_us};
    struct buffer why = {0};
    if (after_us >= until_us) die_usage("--until: must be longer than --after");
    if (after_us >= forget_us) die_usage("--forget: must be longer than --after");
    if (!alerts_init(&own->alerts, &rule, id, emptied, run, &why))
        die_usage("--id: %.*s", (int)why.len, why.data);
    snapshot_init(&own->snapshot, &own->alerts.fields.kept, &own->alerts.rule, at_us);
    carts_init(&own->carts, &own->alerts.fields.kept, &own->alerts.rule);
    return has_at ? &at : &stream;
}

static void release(struct run *run)
{
    struct abandon *own = run->own;
    if (own == NULL) return;
    snapshot_release(&own->snapshot);
    carts_release(&own->carts);
    alerts_release(&own->alerts);
    free(own);
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
