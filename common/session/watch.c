#include "session/watch.h"

#include <inttypes.h>

#include "base/die.h"
#include "base/instant.h"

/* In a range of --jobs nearly every id may have been there before; so all events are left to the
 * run, but as the stream goes by, where --forget is short. */
static int64_t range_reach(const struct run *run)
{
    (void)run;
    return INT64_MAX;
}

static void range_begin(struct run *run, int64_t border_us)
{
    struct watch *own = run->own;
    (void)border_us;
    border_init(&own->border, INT64_MAX, INT64_MAX);
}

static enum fate range_event(const struct watch *own, const struct event *ev)
{
    return identity_has(&own->alerts.identity, ev) ? FATE_DEFERRED : FATE_NO_ID;
}

/* As the stream goes by. */

static void stream_hint(struct run *run, struct event *ev)
{
    struct watch *own = run->own;
    if (own->border.holds_all) return;
    const struct id id = identity_hint(&own->alerts.identity, ev);
    carts_hint(&own->carts, id);
    border_hint(&own->border, id);
}

static void stream_count(struct run *run)
{
    const struct watch *own = run->own;
    run->counters.keys = carts_count(&own->carts) + own->border.met;
}

/* May an event of an id without a timeline be part of what earlier ranges hold? */
static bool stream_leaves(struct watch *own, const struct event *ev)
{
    struct border *border = &own->border;
    const struct id id = identity_id(ev);
    if (!border->is_range || border_is_past(border, ev->watermark_us)) return false;
    return dormants_find(&own->carts.dormants, id) == POOL_NONE &&
           border_leaves(border, id, ev->time_us, ev->watermark_us);
}

static enum fate stream_event(struct run *run, const struct event *ev)
{
    struct watch *own = run->own;
    struct carts *carts = &own->carts;
    if (own->border.holds_all) return range_event(own, ev);
    const uint32_t number = timelines_take(&carts->timelines, identity_id(ev));
    if (!identity_has(&own->alerts.identity, ev)) return FATE_NO_ID;
    if (number == POOL_NONE && stream_leaves(own, ev)) {
        stream_count(run);
        return FATE_DEFERRED;
    }
    struct click click = fields_click(&own->alerts.fields, ev);
    click.listed = moves_of(&own->alerts.moves, ev, click.action);
    const bool used = carts_event(carts, number, &own->alerts.identity, ev, &click);
    stream_count(run);
    return used ? FATE_USED : FATE_LATE;
}

/* Where time is the wall clock's, an alert may come too late to matter. */
static void stream_alert(void *context, const struct overview *cart)
{
    struct run *run = context;
    struct watch *own = run->own;
    const struct alerts *alerts = &own->alerts;
    weave_row(&own->weave, &own->border, run->rows, &own->carts.place);
    if (run->settings.idle_us > 0 && instant_now() > cart->last_us + alerts->rule.until_us)
        run->counters.expired++;
    else
        alerts_print(alerts, run->rows, cart, alerts->rule.after_us);
}

static void stream_advance(struct run *run, int64_t watermark_us)
{
    struct watch *own = run->own;
    carts_advance(&own->carts, watermark_us, stream_alert, run);
    stream_count(run);
}

/* The input has ended, or pauses. */
static void stream_settle(struct run *run)
{
    struct watch *own = run->own;
    carts_settle(&own->carts, stream_alert, run);
    stream_count(run);
}

static void stream_save(struct run *run, struct buffer *out)
{
    struct watch *own = run->own;
    carts_save(&own->carts, out);
}

static bool stream_load(struct run *run, struct unpack *in)
{
    struct watch *own = run->own;
    const bool good = carts_load(&own->carts, in);
    stream_count(run);
    return good;
}

static int64_t stream_reach(const struct run *run)
{
    return ((const struct watch *)run->own)->alerts.rule.forget_us;
}

static void stream_begin(struct run *run, int64_t border_us)
{
    border_init(&((struct watch *)run->own)->border, border_us, stream_reach(run));
}

static void stream_hand_over(struct run *run, struct buffer *out)
{
    const struct watch *own = run->own;
    weave_save(&own->weave, out);
    pack_u64(out, own->alerts.moves.taken);
    stream_save(run, out);
}

static bool stream_weave(struct run *run, struct slice rows, struct unpack *in)
{
    return weave_begin(&((struct watch *)run->own)->weave, rows, in);
}

static bool stream_add(struct run *run, struct unpack *in)
{
    struct watch *own = run->own;
    weave_end(&own->weave, run->rows);
    own->alerts.moves.taken += unpack_u64(in);
    return stream_load(run, in);
}

/* --at. */

static void at_hint(struct run *run, struct event *ev)
{
    struct watch *own = run->own;
    if (!own->border.holds_all)
        timelines_hint(&own->snapshot.visits.timelines, identity_hint(&own->alerts.identity, ev));
}

static enum fate at_event(struct run *run, const struct event *ev)
{
    struct watch *own = run->own;
    struct sessions *visits = &own->snapshot.visits;
    const uint32_t number =
        own->border.holds_all ? POOL_NONE : timelines_take(&visits->timelines, identity_id(ev));
    if (ev->time_us > own->snapshot.at_us) return FATE_FILTERED;
    if (own->border.holds_all) return range_event(own, ev);
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
    const struct watch *own = run->own;
    alerts_print(&own->alerts, run->rows, cart, own->snapshot.at_us - cart->last_us);
}

static void at_advance(struct run *run, int64_t watermark_us)
{
    struct watch *own = run->own;
    snapshot_advance(&own->snapshot, watermark_us);
    run->counters.keys = timelines_count(&own->snapshot.visits.timelines);
}

static void at_finish(struct run *run)
{
    struct watch *own = run->own;
    snapshot_finish(&own->snapshot, at_alert, run);
}

static void at_save(struct run *run, struct buffer *out)
{
    struct watch *own = run->own;
    sessions_save(&own->snapshot.visits, out);
}

static bool at_load(struct run *run, struct unpack *in)
{
    struct watch *own = run->own;
    const bool good = sessions_load(&own->snapshot.visits, in);
    run->counters.keys = timelines_count(&own->snapshot.visits.timelines);
    return good;
}

/* --transitions, --cart. */

static void story_hint(struct run *run, struct event *ev)
{
    struct watch *own = run->own;
    (void)identity_hint(&own->alerts.identity, ev);
}

static enum fate story_event(struct run *run, const struct event *ev)
{
    struct watch *own = run->own;
    if (own->at_us != INT64_MIN && ev->time_us > own->at_us) return FATE_FILTERED;
    if (own->border.holds_all) return range_event(own, ev);
    return history_event(&own->history, ev);
}

static void story_advance(struct run *run, int64_t watermark_us)
{
    history_advance(&((struct watch *)run->own)->history, watermark_us);
}

static void story_pause(struct run *run)
{
    history_pause(&((struct watch *)run->own)->history);
}

static void story_finish(struct run *run)
{
    history_finish(&((struct watch *)run->own)->history);
}

static void story_save(struct run *run, struct buffer *out)
{
    history_save(&((struct watch *)run->own)->history, out);
}

static bool story_load(struct run *run, struct unpack *in)
{
    return history_load(&((struct watch *)run->own)->history, in);
}

/* All. */

/* Carts of which more is to be known than is kept. */
static uint64_t carts_cut(const struct watch *own)
{
    return own->carts.cut + own->snapshot.cut + own->history.episodes.cut;
}

static void watch_stats(struct run *run, struct buffer *out)
{
    buffer_printf(out, ",\"carts_cut\":%" PRIu64, carts_cut(run->own));
}

static void watch_end(struct run *run)
{
    const struct watch *own = run->own;
    const uint64_t cut = carts_cut(own);
    const struct moves *moves = &own->alerts.moves;
    if (own->border.is_range) return;
    if (own->alerts.has_emptied && moves->taken == 0 && run->end_time_us != INT64_MIN &&
        !run->settings.has_state)
        message("--emptied: no event is of type '%s'",
                own->alerts.fields.actions.of[moves->remove].name);
    if (cut > 0)
        message("%" PRIu64 " %s had more put in and taken out than is kept, and may be empty", cut,
                cut == 1 ? "cart" : "carts");
}

static void watch_explain(struct run *run, struct buffer *out)
{
    const struct watch *own = run->own;
    alerts_explain(&own->alerts, own->at_us, &run->schema, out);
}

static const struct ranges ranges = {
    .bulky = true,
    .reach = range_reach,
    .begin = range_begin,
};

static const struct ranges stream_ranges = {
    .bulky = true,
    .reach = stream_reach,
    .begin = stream_begin,
    .hand_over = stream_hand_over,
    .weave = stream_weave,
    .add = stream_add,
};

static const struct analysis stream = {
    .hint = stream_hint,
    .event = stream_event,
    .advance = stream_advance,
    .pause = stream_settle,
    .finish = stream_settle,
    .save = stream_save,
    .load = stream_load,
    .stats = watch_stats,
    .end = watch_end,
    .explain = watch_explain,
    .ranges = &stream_ranges,
};

static const struct analysis story = {
    .hint = story_hint,
    .event = story_event,
    .advance = story_advance,
    .pause = story_pause,
    .finish = story_finish,
    .save = story_save,
    .load = story_load,
    .stats = watch_stats,
    .end = watch_end,
    .explain = watch_explain,
    .ranges = &ranges,
};

static const struct analysis at = {
    .hint = at_hint,
    .event = at_event,
    .advance = at_advance,
    .finish = at_finish,
    .save = at_save,
    .load = at_load,
    .stats = watch_stats,
    .end = watch_end,
    .explain = watch_explain,
    .ranges = &ranges,
};

const struct analysis *watch_begin(struct watch *watch, const struct cart_rule *rule,
                                   const struct alert_asks *asks, int64_t at_us, struct run *run,
                                   struct buffer *why)
{
    struct alerts *alerts = &watch->alerts;

    if (!alerts_init(alerts, rule, asks, run, why)) return NULL;
    watch->at_us = at_us;
    carts_init(&watch->carts, &alerts->fields.kept, &alerts->rule);
    snapshot_init(&watch->snapshot, &alerts->fields.kept, &alerts->rule, at_us);
    history_init(&watch->history, alerts, asks->transitions, at_us, run);
    if (alerts->has_episodes) return &story;
    return at_us == INT64_MIN ? &stream : &at;
}

void watch_release(struct watch *watch)
{
    border_release(&watch->border);
    weave_release(&watch->weave);
    carts_release(&watch->carts);
    snapshot_release(&watch->snapshot);
    history_release(&watch->history);
    alerts_release(&watch->alerts);
}
