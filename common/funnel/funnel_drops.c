/* qsort_r */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
/*
 * --drops: attempts that stand still, as soon as that is certain.
 *
 * The attempt that counts in a window is looked at so long after its last step. If it has made none
 * since, it has dropped: a row, and the window is done with this id. Else it is looked at again in
 * the same way, or the one that counts then. What is found at a time depends on the events up to
 * then only, and no earlier one can come; so nothing is kept of it: whoever looks again goes
 * through the same times, and prints what was not yet due the last time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/compat.h"
#include "base/memory.h"
#include "funnel/funnel_inside.h"

/* An id may stop at one step, and later in the same window at another. */
static void members_describe(const struct funnel *funnel, struct rows *rows)
{
    const struct drops *drops = &funnel->drops;
    rows_describe(rows, drops->id, column_of_member(funnel->id.slot), SLICE("who"));
    rows_describe(rows, drops->start, COLUMN_TIME, SLICE("the start of the window"));
    for (int i = 0; i < funnel->by.count - 1; i++) {
        const struct operand *operand = &funnel->by.value[i].operand;
        rows_describe(rows, drops->group[i], column_of_member(operand->slot),
                      slice_of(operand->text));
        rows_key(rows, drops->group[i], true);
    }
    rows_describe(rows, drops->step, COLUMN_TEXT, SLICE("the last one that was reached"));
    rows_describe(rows, drops->step_at, COLUMN_TIME, SLICE("when"));
    rows_describe(rows, drops->next_step, COLUMN_TEXT, SLICE("the one that was not"));
    rows_describe(rows, drops->seconds, COLUMN_NUMBER, SLICE("since step_at"));
    rows_describe(rows, drops->page_url, COLUMN_TEXT, SLICE("where the last step was made"));
    rows_key(rows, drops->id, true);
    rows_key(rows, drops->start, true);
    rows_key(rows, drops->step, true);
    rows_key(rows, drops->step_at, true);
}

bool drops_declare(struct funnel *funnel, struct run *run, const char *id, struct buffer *why)
{
    struct drops *drops = &funnel->drops;
    struct rows *rows = run->rows;
    if (!name_bare(text_trim(slice_of(id)))) {
        buffer_add_literal(why, "--drops: --id must be a member's name");
        return false;
    }
    if (!group_by_add(&funnel->by, "page_url", &run->schema, why)) return false;
    drops->id = rows_declare(rows, text_trim(slice_of(id)), why);
    drops->start = rows_declare(rows, SLICE("window_start"), why);
    for (int i = 0; i < funnel->by.count - 1; i++)
        drops->group[i] = rows_declare(rows, funnel->by.value[i].name, why);
    drops->step = rows_declare(rows, SLICE("step"), why);
    drops->step_at = rows_declare(rows, SLICE("step_at"), why);
    drops->next_step = rows_declare(rows, SLICE("next_step"), why);
    drops->seconds = rows_declare(rows, SLICE("seconds"), why);
    drops->page_url = rows_declare(rows, SLICE("page_url"), why);
    members_describe(funnel, rows);
    timer_init(&drops->timer, HELD_EVENTS);
    return why->len == 0;
}

void drops_release(struct drops *drops)
{
    timer_release(&drops->timer);
    free(drops->found);
    buffer_release(&drops->name);
}

/* Sees to it that an id is looked at when the watermark is past due_us. */
static void trail_schedule(struct funnel *funnel, uint32_t number, int64_t due_us)
{
    struct trail *trail = trail_at(&funnel->trails, number);
    if (due_us >= trail->due_us) return;
    trail->due_us = due_us;
    timer_push(&funnel->drops.timer, (struct timer_item){.due_us = due_us, .number = number});
}

static int64_t look_us(const struct funnel *funnel, int64_t step_us)
{
    return instant_add_capped(step_us, funnel->drops.after_us);
}

void drops_touch(struct funnel *funnel, uint32_t number, const struct event *ev,
                 const struct touch *touch)
{
    struct buffer *name = &funnel->drops.name;
    struct trail *trail = trail_at(&funnel->trails, number);
    if (trail->name == NULL) {
        buffer_clear(name);
        pack_value(name, operand_value(&funnel->id, ev));
        trail_name(&funnel->trails, trail, buffer_slice(name));
    }
    if ((touch->mask & 1) != 0) trail_schedule(funnel, number, look_us(funnel, touch->time_us));
}

void drops_loaded(struct funnel *funnel, uint32_t number)
{
    const struct trail *trail = trail_at(&funnel->trails, number);
    for (uint32_t i = 0; i < trail->count; i++)
        if ((trail->touch[i].mask & 1) != 0)
            trail_schedule(funnel, number, look_us(funnel, trail->touch[i].time_us));
}

/* --- looking --- */

/* When an attempt that begins later than that is looked at first; INT64_MAX: none does. */
static int64_t look_first(const struct funnel *funnel, const struct touch *touch, size_t count,
                          int64_t until_us, int64_t later_us)
{
    for (size_t i = 0; i < count && touch[i].time_us < until_us; i++)
        if ((touch[i].mask & 1) != 0 && touch[i].time_us > later_us)
            return look_us(funnel, touch[i].time_us);
    return INT64_MAX;
}

static void drop_add(struct funnel *funnel, uint32_t number, int64_t start_us,
                     const struct touch *touch, int64_t at_us)
{
    struct drops *drops = &funnel->drops;
    const struct attempt *counted = &funnel->verdict.counted;
    if (drops->count == drops->cap) {
        drops->cap = drops->cap == 0 ? 64 : drops->cap * 2;
        drops->found = memory_resize(drops->found, drops->cap, sizeof drops->found[0]);
    }
    drops->found[drops->count++] = (struct drop){.at_us = at_us,
                                                 .start_us = start_us,
                                                 .trail = number,
                                                 .level = counted->level,
                                                 .first = touch[counted->first],
                                                 .last = touch[counted->touch[counted->level]]};
}

/* Looks at the attempts of a window, whose touches from its start on these are, at all times before
 * the watermark; notes a drop at from_us or later. Returns when to look next. */
static int64_t window_look(struct funnel *funnel, uint32_t number, int64_t start_us,
                           const struct touch *touch, size_t count, int64_t from_us,
                           int64_t watermark_us)
{
    const struct course *course = &funnel->course;
    const int64_t until_us = start_us + funnel->spans.size_us;
    struct verdict *verdict = &funnel->verdict;
    size_t seen = 0;
    int64_t at_us = look_first(funnel, touch, count, until_us, INT64_MIN);
    while (at_us < watermark_us) {
        while (seen < count && touch[seen].time_us <= at_us)
            seen++;
        attempts_judge(course, &funnel->room, touch, seen, until_us, at_us, verdict);
        const struct attempt *counted = &verdict->counted;
        if (verdict->excluded) {
            at_us = look_first(funnel, touch, count, until_us, at_us);
            continue;
        }
        if (counted->level == course->steps - 1) return INT64_MAX;
        const int64_t next_us = look_us(funnel, counted->at_us[counted->level]);
        if (next_us <= at_us) {
            if (at_us >= from_us) drop_add(funnel, number, start_us, touch, at_us);
            return INT64_MAX;
        }
        at_us = next_us;
    }
    return at_us;
}

static void trail_look(struct funnel *funnel, uint32_t number, int64_t from_us,
                       int64_t watermark_us)
{
    struct trail *trail = trail_at(&funnel->trails, number);
    int64_t next_us = INT64_MAX;
    trail->due_us = INT64_MAX;
    trail_order(&funnel->trails, trail);
    for (uint32_t i = 0; i < trail->count;) {
        if ((trail->touch[i].mask & 1) == 0) {
            i++;
            continue;
        }
        const int64_t start_us = spans_floor(&funnel->spans, trail->touch[i].time_us);
        const uint32_t first = trail_place(trail, start_us);
        const int64_t window_us = window_look(funnel, number, start_us, trail->touch + first,
                                              trail->count - first, from_us, watermark_us);
        if (window_us < next_us) next_us = window_us;
        i = trail_place(trail, start_us + funnel->spans.size_us);
    }
    trail_schedule(funnel, number, next_us);
}

/* --- rows --- */

static struct value name_of(const struct funnel *funnel, const struct drop *drop)
{
    const struct slice name = trail_name_of(trail_at(&funnel->trails, drop->trail));
    struct unpack in = {.at = name.text, .end = name.text + name.len};
    return unpack_value(&in);
}

static int drops_compare(const void *left, const void *right, void *context)
{
    const struct drop *a = left, *b = right;
    const int64_t step_a = a->last.time_us, step_b = b->last.time_us;
    if (a->at_us != b->at_us) return a->at_us < b->at_us ? -1 : 1;
    if (step_a != step_b) return step_a < step_b ? -1 : 1;
    const int order = value_compare(name_of(context, a), name_of(context, b));
    if (order != 0) return order;
    return (a->start_us > b->start_us) - (a->start_us < b->start_us);
}

static struct slice key_of(struct funnel *funnel, const struct touch *touch)
{
    return span_key(spans_at(&funnel->spans, touch->time_us), touch->group);
}

static void drop_print(struct funnel *funnel, const struct drop *drop)
{
    const struct drops *drops = &funnel->drops;
    const int width = funnel->by.count, page = width - 1;
    struct rows *rows = funnel->run->rows;
    struct value first[GROUP_VALUES_MAX + 1], last[GROUP_VALUES_MAX + 1];
    (void)group_values(key_of(funnel, &drop->first), first, width);
    (void)group_values(key_of(funnel, &drop->last), last, width);
    rows_begin(rows);
    rows_value(rows, drops->id, name_of(funnel, drop));
    rows_time(rows, drops->start, drop->start_us);
    for (int i = 0; i < page; i++)
        rows_value(rows, drops->group[i], funnel->by_last ? last[i] : first[i]);
    rows_text(rows, drops->step, funnel->name[drop->level]);
    rows_time(rows, drops->step_at, drop->last.time_us);
    rows_text(rows, drops->next_step, funnel->name[funnel->course.next[drop->level + 1]]);
    rows_seconds(rows, drops->seconds, drop->at_us - drop->last.time_us);
    rows_value(rows, drops->page_url, last[page]);
    rows_end(rows);
}

void drops_advance(struct funnel *funnel, int64_t from_us, int64_t watermark_us)
{
    struct drops *drops = &funnel->drops;
    struct timer_item item;
    drops->count = 0;
    while (timer_pop(&drops->timer, watermark_us, &item)) {
        /* An id may have gone since, or another one have its number: then it is due at no time, or
         * looked at once too often. */
        if (item.number >= funnel->trails.pool.used ||
            trail_at(&funnel->trails, item.number)->due_us != item.due_us)
            continue;
        trail_look(funnel, item.number, from_us, watermark_us);
    }
    if (drops->count > 1)
        qsort_r(drops->found, drops->count, sizeof drops->found[0], drops_compare, funnel);
    for (size_t i = 0; i < drops->count; i++)
        drop_print(funnel, &drops->found[i]);
}
