#include "funnel/funnel.h"

#include <stdlib.h>
#include <string.h>

#include "admit/partition.h"
#include "base/duration.h"
#include "base/memory.h"
#include "expr/expr.h"
#include "funnel/funnel_inside.h"

#define HINT_VALID (UINT64_C(1) << 63)
#define VISIT_AHEAD 8 /* ids whose memory is asked for ahead */

/* --- an event --- */

static inline uint32_t mask_of(struct funnel *funnel, const struct event *ev)
{
    const int bits = funnel->course.steps + funnel->course.bans;
    const uint64_t selected = aggregates_select(&funnel->selection, ev);
    if (funnel->in_place) return (uint32_t)(selected & ((UINT64_C(1) << bits) - 1));
    uint32_t mask = 0;
    for (int i = 0; i < bits; i++)
        mask |= (uint32_t)(selected >> funnel->condition[i] & 1) << i;
    return mask;
}

/* With --by-partition an id is one in each partition. */
static inline struct id id_of_event(const struct funnel *funnel, const struct event *ev)
{
    const struct value value = operand_value(&funnel->id, ev);
    if (value.kind == KIND_NULL) return ID_NONE;
    struct id id = id_of(value_slice(value));
    if (value.kind != KIND_STRING) id = id_mix(id, (struct id){value.kind, 1});
    if (funnel->by.partition)
        id = id_mix(id, (struct id){(uint64_t)partition_number(ev->partition), 2});
    return id;
}

/* What an event is: worked out once, at the hint where that is cheap. */
struct look {
    struct id id, group;
    uint32_t mask;
};

static void look_at(struct funnel *funnel, const struct event *ev, struct look *look)
{
    look->group = group_id(&funnel->by, ev);
    look->mask = mask_of(funnel, ev);
    look->id = look->mask != 0 || funnel->course.strict ? id_of_event(funnel, ev) : ID_NONE;
}

static void funnel_hint(struct run *run, struct event *ev)
{
    struct funnel *funnel = run->own;
    struct look look;
    ev->hint[4] = 0;
    if (!funnel->hinted) return;
    const uint64_t errors = expr_errors;
    look_at(funnel, ev, &look);
    if (expr_errors != errors) { /* they count when the event does */
        expr_errors = errors;
        return;
    }
    ev->hint[0] = look.id.low;
    ev->hint[1] = look.id.high;
    ev->hint[2] = look.group.low;
    ev->hint[3] = look.group.high;
    ev->hint[4] = look.mask | HINT_VALID;
    if (!id_is_none(look.id)) trails_hint(&funnel->trails, look.id);
}

static void funnel_ahead(struct run *run, const struct event *const *events, size_t count)
{
    struct funnel *funnel = run->own;
    if (funnel->hinted) return;
    group_ahead(&funnel->by, events, count);
    operand_ahead(&funnel->id, events, count);
    aggregates_ahead(&funnel->selection, events, count);
}

/* Windows that are closed, and whose attempts might have gone on with an event that came behind. */
static void late_windows_count(struct funnel *funnel, const struct event *ev, int64_t start_us)
{
    const int64_t size_us = funnel->spans.size_us;
    const int64_t first_us =
        spans_floor(&funnel->spans, instant_within(ev->time_us - funnel->course.within_us));
    for (int64_t at_us = first_us; at_us < start_us; at_us += size_us) {
        if (funnel_close_us(funnel, at_us) > ev->watermark_us) break;
        funnel->run->counters.late_windows++;
    }
}

static void touch_add(struct funnel *funnel, struct span *span, const struct look *look,
                      const struct event *ev, uint32_t group, bool hinted)
{
    struct touch touch = {.time_us = ev->time_us, .mask = look->mask, .group = group};
    if (__builtin_expect(ev->time_us < ev->watermark_us, 0)) {
        touch.mask |= TOUCH_BEHIND;
        touch.group = span_behind(&funnel->spans, span, group, ev->watermark_us);
        late_windows_count(funnel, ev, span->start_us);
    }
    const uint32_t number =
        hinted ? trails_take(&funnel->trails, look->id) : trails_get(&funnel->trails, look->id);
    trail_add(&funnel->trails, number, span, &touch);
    if (funnel->drops.after_us != 0) drops_touch(funnel, number, ev, &touch);
}

static enum fate funnel_event(struct run *run, const struct event *ev)
{
    struct funnel *funnel = run->own;
    struct spans *spans = &funnel->spans;
    const bool hinted = (ev->hint[4] & HINT_VALID) != 0;
    struct look look = {.id = {ev->hint[0], ev->hint[1]},
                        .group = {ev->hint[2], ev->hint[3]},
                        .mask = (uint32_t)ev->hint[4]};
    struct span *span = spans_at(spans, ev->time_us);
    const int64_t start_us = span != NULL ? span->start_us : spans_floor(spans, ev->time_us);
    if (funnel_close_us(funnel, start_us) <= ev->watermark_us ||
        (funnel->drops.after_us != 0 && ev->time_us < ev->watermark_us)) {
        if (hinted && !id_is_none(look.id)) trails_pass(&funnel->trails);
        return FATE_LATE;
    }
    if (!hinted) look_at(funnel, ev, &look);
    if (span != spans->recent || span == NULL) span = spans_get(spans, start_us);
    const uint32_t group = span_event_group(spans, span, look.group, ev);
    if (!id_is_none(look.id)) touch_add(funnel, span, &look, ev, group, hinted);
    if (ev->time_us < funnel->changed_us) funnel->changed_us = ev->time_us;
    funnel_keys(funnel);
    return FATE_USED;
}

/* --- the rows of a window --- */

/* The group in which an id counts: of the window, made if the last step was in another. */
static uint32_t verdict_group(struct funnel *funnel, struct span *span, const struct touch *touch)
{
    const struct attempt *counted = &funnel->verdict.counted;
    const struct touch *first = &touch[counted->first];
    if (funnel->verdict.excluded || !funnel->by_last) return first->group;
    const struct touch *last = &touch[counted->touch[counted->level]];
    const struct span *other = spans_at(&funnel->spans, last->time_us);
    if (other == span) return last->group;
    return span_key_group(&funnel->spans, span, span_key(other, last->group));
}

MEMORY_HINT void trail_prefetch(const struct funnel *funnel, const struct span *span, size_t i)
{
    if (i + 2 * VISIT_AHEAD < span->trails) {
        const struct trail *trail = trail_at(&funnel->trails, span->trail[i + 2 * VISIT_AHEAD]);
        __builtin_prefetch(trail, 1);
        __builtin_prefetch(trail->few, 1);
    }
    if (i + VISIT_AHEAD < span->trails) {
        const struct trail *trail = trail_at(&funnel->trails, span->trail[i + VISIT_AHEAD]);
        __builtin_prefetch(trail->touch);
        roster_prefetch(&funnel->trails.ids, roster_hash(&funnel->trails.ids, trail->id));
    }
}

/* An id in a window. */
static void trail_judge(struct funnel *funnel, struct span *span, uint32_t number, int64_t now_us)
{
    const struct course *course = &funnel->course;
    size_t count;
    const struct touch *touch =
        trail_visible(&funnel->trails, trail_at(&funnel->trails, number), span->start_us,
                      funnel_close_us(funnel, span->start_us), &count);
    attempts_judge(course, &funnel->room, touch, count, span->start_us + funnel->spans.size_us,
                   now_us, &funnel->verdict);
    if (!funnel->verdict.began) return;
    const uint32_t group = verdict_group(funnel, span, touch);
    tally_extend(&funnel->tally, course, span_groups(span));
    tally_add(&funnel->tally, course, group, &funnel->verdict);
}

/* All ids of a window; erase: which is done then. */
static void span_judge(struct funnel *funnel, struct span *span, int64_t now_us, bool erase)
{
    tally_begin(&funnel->tally, &funnel->course, span_groups(span));
    for (size_t i = 0; i < span->trails; i++) {
        trail_prefetch(funnel, span, i);
        if (!span->is_done) trail_judge(funnel, span, span->trail[i], now_us);
        if (erase) trail_erase(&funnel->trails, span->trail[i], span->start_us);
    }
}

/* Windows that the watermark has closed. now_us: no event before it will come. */
static void funnel_close(struct funnel *funnel, int64_t watermark_us, int64_t now_us)
{
    struct spans *spans = &funnel->spans;
    if (spans->open.count == 0 || funnel_close_us(funnel, spans->open.earliest_us) > watermark_us)
        return;
    const size_t count = spans_order(spans);
    size_t i = 0;
    while (i < count && spans_nth(spans, i)->start_us <= funnel->border_us)
        i++;
    size_t first = i;
    for (; i < count; i++) {
        struct span *span = spans_nth(spans, i);
        if (funnel_close_us(funnel, span->start_us) > watermark_us) break;
        /* A range's windows that began earlier may need what is in it. */
        const bool is_kept = span->start_us < funnel->kept_us;
        span->is_done |= funnel->drops.after_us != 0;
        if (!span->is_done || !is_kept) span_judge(funnel, span, now_us, !is_kept);
        if (!span->is_done) funnel_print(funnel, span, true);
        span->is_done = true;
        if (is_kept) first = i + 1;
    }
    spans_drop(spans, first, i);
    funnel_keys(funnel);
}

static void funnel_advance(struct run *run, int64_t watermark_us)
{
    struct funnel *funnel = run->own;
    if (watermark_us > funnel->closed_us) { /* a range of --jobs may have brought it */
        if (funnel->drops.after_us != 0) drops_advance(funnel, funnel->closed_us, watermark_us);
        funnel->closed_us = watermark_us;
    }
    funnel_close(funnel, watermark_us, watermark_us);
}

static void funnel_finish(struct run *run)
{
    struct funnel *funnel = run->own;
    const size_t count = spans_order(&funnel->spans);
    if (count > 0)
        run->finished_us = funnel_close_us(funnel, spans_nth(&funnel->spans, count - 1)->start_us);
    funnel_close(funnel, INT64_MAX, run->end_time_us);
}

static void funnel_updates(struct run *run)
{
    struct funnel *funnel = run->own;
    const size_t count = spans_order(&funnel->spans);
    for (size_t i = 0; i < count; i++) {
        struct span *span = spans_nth(&funnel->spans, i);
        if (funnel_close_us(funnel, span->start_us) <= funnel->changed_us) continue;
        span_judge(funnel, span, funnel->closed_us, false);
        funnel_print(funnel, span, false);
    }
    funnel->changed_us = INT64_MAX;
}

static void funnel_range(struct run *run, int64_t border_us)
{
    struct funnel *funnel = run->own;
    funnel->is_range = true;
    funnel->border_us = border_us;
    funnel->kept_us = border_us == INT64_MIN
                          ? INT64_MIN
                          : funnel_close_us(funnel, spans_floor(&funnel->spans, border_us));
}

static void condition_explain(const struct funnel *funnel, int number, struct buffer *out)
{
    expr_explain(funnel->selection.condition[funnel->condition[number]], out);
    buffer_add_char(out, '\n');
}

static void funnel_explain(struct run *run, struct buffer *out)
{
    const struct funnel *funnel = run->own;
    const struct course *course = &funnel->course;
    group_explain(&funnel->by, out);
    buffer_add_literal(out, "id       ");
    operand_explain(&funnel->id, out);
    buffer_printf(out, "\nattempt  %s, within ", course->strict ? "strict" : "ordered");
    duration_print(out, course->within_us);
    if (funnel->drops.after_us != 0) {
        buffer_add_literal(out, ", dropped after ");
        duration_print(out, funnel->drops.after_us);
    }
    buffer_add_char(out, '\n');
    if (funnel->drops.after_us != 0) {
        const struct slice id = run->rows->member[funnel->drops.id].name;
        buffer_printf(out, "a drop: one %.*s, one window_start\n", (int)id.len, id.text);
    }
    for (int step = 0; step < course->steps; step++) {
        buffer_printf(out, "step     %s%s: ", funnel->name[step].text,
                      (course->optional >> step & 1) != 0 ? ", optional" : "");
        condition_explain(funnel, step, out);
    }
    for (int i = 0; i < course->bans; i++) {
        buffer_printf(out, "exclude  from %s to %s: ", funnel->name[course->ban[i].from].text,
                      funnel->name[course->ban[i].to].text);
        condition_explain(funnel, course->steps + i, out);
    }
}

void funnel_release(struct run *run)
{
    struct funnel *funnel = run->own;
    drops_release(&funnel->drops);
    tally_release(&funnel->tally, &funnel->course);
    spans_release(&funnel->spans);
    lanes_release(&funnel->lanes);
    buffer_release(&funnel->key);
    trails_release(&funnel->trails);
    attempt_room_release(&funnel->room);
    aggregates_release(&funnel->selection);
    group_by_release(&funnel->by);
    operand_release(&funnel->id);
    for (int i = 0; i < STEPS_MAX; i++)
        free((char *)(uintptr_t)funnel->name[i].text);
    free(funnel);
    run->own = NULL;
}

static const struct ranges ranges = {
    .begin = funnel_range,
    .hand_over = funnel_save,
    .add = funnel_load,
};

static const struct analysis of_events = {
    .hint = funnel_hint,
    .ahead = funnel_ahead,
    .event = funnel_event,
    .advance = funnel_advance,
    .updates = funnel_updates,
    .finish = funnel_finish,
    .save = funnel_save,
    .load = funnel_load,
    .explain = funnel_explain,
    .ranges = &ranges,
};

/* Whose attempts have not ended when the input does may still go on: nothing is printed then. */
static const struct analysis of_drops = {
    .hint = funnel_hint,
    .ahead = funnel_ahead,
    .event = funnel_event,
    .advance = funnel_advance,
    .save = funnel_save,
    .load = funnel_load,
    .explain = funnel_explain,
};

const struct analysis *funnel_analysis(const struct run *run)
{
    const struct funnel *funnel = run->own;
    if (funnel->drops.after_us != 0) return &of_drops;
    return run->settings.merge ? &funnel_of_rows : &of_events;
}
