#include "session/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/varint.h"

void timelines_init(struct timelines *timelines, const struct kept *kept)
{
    *timelines = (struct timelines){0};
    roster_init(&timelines->ids, HELD_SESSIONS);
    stretches_init(&timelines->stretches, kept);
    timer_init(&timelines->timer, HELD_SESSIONS);
}

/* Accounts are no memory of the slab. */
static void accounts_give_back(struct timelines *timelines)
{
    const size_t count = timelines->ids.count;
    uint32_t *numbers = timelines_all(timelines);

    for (size_t i = 0; i < count; i++) {
        uint32_t stretch = timeline_at(timelines, numbers[i])->first;
        while (stretch != POOL_NONE) {
            const uint32_t next = stretch_at(&timelines->stretches, stretch)->next;
            stretch_free(&timelines->stretches, stretch);
            stretch = next;
        }
    }
    free(numbers);
}

void timelines_release(struct timelines *timelines)
{
    if (timelines->stretches.kept.accounts != NULL) accounts_give_back(timelines);
    roster_release(&timelines->ids);
    stretches_release(&timelines->stretches);
    timer_release(&timelines->timer);
    free(timelines->due);
    timelines->due = NULL;
    timelines->due_cap = 0;
    free(timelines->noted);
    timelines->noted = NULL;
    timelines->noted_count = timelines->noted_cap = 0;
}

MEMORY_HINT void timeline_prefetch(const struct timeline *timeline)
{
    __builtin_prefetch(timeline, 1);
    __builtin_prefetch((const char *)timeline + sizeof *timeline - 1, 1);
}

void timelines_hint(struct timelines *timelines, struct id id)
{
    const uint32_t hash = roster_hash(&timelines->ids, id);

    if (timelines->taken > 0) timelines->hinted = timelines->taken = 0;
    if (timelines->hinted == TIMELINE_AHEAD) return;
    timelines->ahead[timelines->hinted++] = hash;
    roster_prefetch(&timelines->ids, hash);
}

/* The first of the events hinted at is here: what the roster knows of them has come by now. Asks
 * for all records, then, while these come, for the texts of the first. */
static void hints_follow(struct timelines *timelines)
{
    for (unsigned i = 0; i < timelines->hinted; i++) {
        const uint32_t hash = timelines->ahead[i];
        const uint32_t number = roster_guess(&timelines->ids, hash);
        timelines->ahead[i] = number;
        if (number != POOL_NONE)
            timeline_prefetch(timeline_at(timelines, number));
        else if (timelines->beside != NULL)
            roster_prefetch(timelines->beside, hash);
    }
    for (unsigned i = 0; i < timelines->hinted; i++) {
        const uint32_t number = timelines->ahead[i];
        if (number == POOL_NONE) continue;
        const struct stretch *stretch = stretch_at(&timelines->stretches, number);
        if (stretch->present != 0) stretch_prefetch(stretch); /* else there is only the name */
    }
    if (!timelines->stretches.kept.has_track) return;
    for (unsigned i = 0; i < timelines->hinted; i++) {
        const uint32_t number = timelines->ahead[i];
        if (number != POOL_NONE)
            stretch_prefetch_track(&timelines->stretches,
                                   stretch_at(&timelines->stretches, number));
    }
}

uint32_t timelines_take(struct timelines *timelines, struct id id)
{
    if (timelines->taken == 0) hints_follow(timelines);
    if (timelines->taken < timelines->hinted) {
        const uint32_t number = timelines->ahead[timelines->taken];
        timelines->taken++;
        if (number != POOL_NONE && id_equal(stretch_at(&timelines->stretches, number)->id, id))
            return number;
    }
    return timelines_find(timelines, id);
}

struct id timeline_id_string(struct slice text)
{
    return id_of(text);
}

struct id timeline_id(struct slice name)
{
    struct slice rest = name;
    const struct value first = name_value(&rest);

    if (rest.len == 0 && first.kind == KIND_STRING) return timeline_id_string(value_slice(first));
    /* Mixed once more: no string has these bits. */
    return id_mix(id_of(name), (struct id){1, 1});
}

/* A record that holds nothing, and no timer names. */
static uint32_t record_take(struct timelines *timelines)
{
    const uint32_t number = stretch_take(&timelines->stretches);
    struct timeline *timeline = timeline_at(timelines, number);

    timeline->due_us = INT64_MAX;
    timeline->first = timeline->last = POOL_NONE;
    timeline->past = timeline->aside = timeline->skiplist = POOL_NONE; /* past: and tidy is 0 */
    timeline->count = 0;
    return number;
}

uint32_t timelines_make(struct timelines *timelines, struct id id)
{
    const uint32_t number = record_take(timelines);
    struct stretch *stretch = stretch_at(&timelines->stretches, number);

    stretch->id = id;
    stretch->is_owned = true;
    roster_put(&timelines->ids, id, number);
    return number;
}

void timelines_drop(struct timelines *timelines, uint32_t number)
{
    struct timeline *timeline = timeline_at(timelines, number);

    timeline->due_us = INT64_MAX; /* a timer that still names it says something else */
    roster_remove(&timelines->ids, timeline->stretch.id, number);
    stretch_disown(&timelines->stretches, number);
}

uint32_t timeline_take(struct timelines *timelines, uint32_t number)
{
    return timeline_at(timelines, number)->stretch.is_used ? record_take(timelines) : number;
}

struct slice timeline_name(const struct timelines *timelines, const struct timeline *timeline)
{
    const uint32_t number = timeline->last != POOL_NONE   ? timeline->last
                            : timeline->past != POOL_NONE ? timeline->past
                                                          : timeline->aside;

    return stretch_name(stretch_at(&timelines->stretches, number));
}

void timelines_schedule(struct timelines *timelines, uint32_t number, int64_t due_us)
{
    struct timeline *timeline = timeline_at(timelines, number);

    if (due_us >= timeline->due_us) return; /* it is looked at before that anyway */
    timeline->due_us = due_us;
    timer_push(&timelines->timer, (struct timer_item){.due_us = due_us, .number = number});
}

static size_t due_collect(struct timelines *timelines,
                          bool (*pop)(struct timer *timer, int64_t time_us,
                                      struct timer_item *item),
                          int64_t time_us)
{
    struct timer_item item;
    size_t count = 0;

    while (pop(&timelines->timer, time_us, &item)) {
        if (item.number >= timelines->stretches.pool.used)
            continue; /* its timeline is gone, and so are all after it */
        if (count == timelines->due_cap) {
            timelines->due_cap = count == 0 ? 64 : count * 2;
            timelines->due =
                memory_resize(timelines->due, timelines->due_cap, sizeof(*timelines->due));
        }
        timelines->due[count++] = item;
        timeline_prefetch(timeline_at(timelines, item.number));
    }
    return count;
}

/* Those collected that still mean something, none scheduled any more. */
static size_t due_take(struct timelines *timelines, size_t collected,
                       const struct timer_item **items)
{
    size_t count = 0;

    for (size_t i = 0; i < collected; i++) {
        const struct timer_item item = timelines->due[i];
        struct timeline *timeline = timeline_at(timelines, item.number);
        if (timeline->due_us != item.due_us)
            continue; /* scheduled anew for earlier, or another id's by now */
        timeline->due_us = INT64_MAX;
        timelines->due[count++] = item;
        stretch_prefetch(&timeline->stretch);
        roster_prefetch(&timelines->ids, roster_hash(&timelines->ids, timeline->stretch.id));
    }
    *items = timelines->due;
    return count;
}

size_t timelines_due(struct timelines *timelines, int64_t watermark_us,
                     const struct timer_item **items)
{
    return due_take(timelines, due_collect(timelines, timer_pop, watermark_us), items);
}

size_t timelines_due_at(struct timelines *timelines, int64_t at_us, const struct timer_item **items)
{
    return due_take(timelines, due_collect(timelines, timer_pop_at, at_us), items);
}

/* A timeline that was dropped may have been noted, and so may be another one in its record by now:
 * each number stays once, with its mark set or cleared. */
static void notes_tidy(struct timelines *timelines, bool mark)
{
    const struct pool *pool = &timelines->stretches.pool;
    size_t count = 0;

    for (size_t i = 0; i < timelines->noted_count; i++) {
        const uint32_t number = timelines->noted[i];
        if (number >= pool->used) continue; /* it is gone, and so are all after it */
        struct stretch *stretch = &timeline_at(timelines, number)->stretch;
        if (!stretch->is_noted || !stretch->is_owned) continue;
        stretch->is_noted = false;
        timelines->noted[count++] = number;
    }
    timelines->noted_count = count;
    for (size_t i = 0; mark && i < count; i++)
        timeline_at(timelines, timelines->noted[i])->stretch.is_noted = true;
}

void timelines_note(struct timelines *timelines, uint32_t number)
{
    struct stretch *stretch = &timeline_at(timelines, number)->stretch;

    if (stretch->is_noted) return;
    if (timelines->noted_count == timelines->noted_cap) {
        notes_tidy(timelines, true);
        if (timelines->noted_count >= timelines->noted_cap / 2) {
            timelines->noted_cap = timelines->noted_cap == 0 ? 64 : timelines->noted_cap * 2;
            timelines->noted =
                memory_resize(timelines->noted, timelines->noted_cap, sizeof(*timelines->noted));
        }
    }
    stretch->is_noted = true;
    timelines->noted[timelines->noted_count++] = number;
}

size_t timelines_noted(struct timelines *timelines, const uint32_t **numbers)
{
    const size_t count = (notes_tidy(timelines, false), timelines->noted_count);

    timelines->noted_count = 0;
    *numbers = timelines->noted;
    return count;
}

uint32_t timeline_before(const struct timelines *timelines, const struct timeline *timeline,
                         int64_t time_us)
{
    const struct stretches *stretches = &timelines->stretches;
    uint32_t before = timeline->last;

    if (before == POOL_NONE || stretch_at(stretches, before)->start_us <= time_us) return before;
    /* Not at the end: mostly it is near one of the ends, so both sides are walked in turn; with a
     * skip list it is a few steps from there. */
    uint32_t after = timeline->first;
    if (stretch_at(stretches, after)->start_us > time_us) return POOL_NONE;
    if (timeline->skiplist != POOL_NONE) {
        const uint32_t near = skiplist_before(stretches, timeline->skiplist, time_us);
        if (near != POOL_NONE) after = near;
    }
    for (;;) {
        before = stretch_at(stretches, before)->previous;
        if (stretch_at(stretches, before)->start_us <= time_us) return before;
        const uint32_t next = stretch_at(stretches, after)->next;
        if (stretch_at(stretches, next)->start_us > time_us) return after;
        after = next;
    }
}

/* No earlier stretch is harder to reach than this one: see timeline.h. */
static void timeline_reach(struct timelines *timelines, uint32_t number)
{
    const struct stretch *stretch = stretch_at(&timelines->stretches, number);

    for (uint32_t before = stretch->previous; before != POOL_NONE;) {
        struct stretch *earlier = stretch_at(&timelines->stretches, before);
        if (earlier->reach_us <= stretch->reach_us) return;
        earlier->reach_us = stretch->reach_us;
        before = earlier->previous;
    }
}

/* There are many now: all are put on a skip list. */
static void skiplist_build(struct timelines *timelines, struct timeline *timeline)
{
    struct stretches *stretches = &timelines->stretches;

    timeline->skiplist = skiplist_new(stretches, timelines->ids.secret);
    for (uint32_t number = timeline->first; number != POOL_NONE;
         number = stretch_at(stretches, number)->next)
        skiplist_add(stretches, timeline->skiplist, number);
}

void timeline_insert(struct timelines *timelines, struct timeline *timeline, uint32_t previous,
                     uint32_t number)
{
    struct stretch *stretch = stretch_at(&timelines->stretches, number);

    stretch->previous = previous;
    stretch->next =
        previous == POOL_NONE ? timeline->first : stretch_at(&timelines->stretches, previous)->next;
    if (stretch->next == POOL_NONE)
        timeline->last = number;
    else
        stretch_at(&timelines->stretches, stretch->next)->previous = number;
    if (previous == POOL_NONE)
        timeline->first = number;
    else
        stretch_at(&timelines->stretches, previous)->next = number;
    timeline->count++;
    if (stretch->next != POOL_NONE &&
        stretch_at(&timelines->stretches, stretch->next)->reach_us < stretch->reach_us)
        stretch->reach_us = stretch_at(&timelines->stretches, stretch->next)->reach_us;
    timeline_reach(timelines, number);
    if (__builtin_expect(timeline->skiplist != POOL_NONE, 0))
        skiplist_add(&timelines->stretches, timeline->skiplist, number);
    else if (__builtin_expect(timeline->count > TIMELINE_MANY, 0))
        skiplist_build(timelines, timeline);
}

void timeline_add(struct timelines *timelines, uint32_t number, const struct click *click)
{
    struct stretch *stretch = stretch_at(&timelines->stretches, number);

    stretch_add(&timelines->stretches, stretch, click);
    if (stretch->previous != POOL_NONE) timeline_reach(timelines, number);
}

void timeline_remove(struct timelines *timelines, struct timeline *timeline, uint32_t number)
{
    struct stretch *stretch = stretch_at(&timelines->stretches, number);

    if (__builtin_expect(timeline->skiplist != POOL_NONE, 0)) {
        skiplist_remove(&timelines->stretches, timeline->skiplist, number);
        if (timeline->count <= TIMELINE_MANY / 4) {
            skiplist_free(&timelines->stretches, timeline->skiplist);
            timeline->skiplist = POOL_NONE;
        }
    }
    if (stretch->next == POOL_NONE)
        timeline->last = stretch->previous;
    else
        stretch_at(&timelines->stretches, stretch->next)->previous = stretch->previous;
    if (stretch->previous == POOL_NONE)
        timeline->first = stretch->next;
    else
        stretch_at(&timelines->stretches, stretch->previous)->next = stretch->next;
    stretch->next = stretch->previous = POOL_NONE;
    timeline->count--;
}

void timeline_join_next(struct timelines *timelines, struct timeline *timeline, uint32_t number)
{
    struct stretch *stretch = stretch_at(&timelines->stretches, number);
    const uint32_t next = stretch->next;

    timeline_remove(timelines, timeline, next);
    stretch_merge(&timelines->stretches, stretch, stretch_at(&timelines->stretches, next));
    stretch_free(&timelines->stretches, next);
}

uint32_t *timelines_all(const struct timelines *timelines)
{
    uint32_t *numbers = memory_zero(timelines->ids.count, sizeof(*numbers));
    size_t slot = 0;

    for (size_t i = 0; i < timelines->ids.count; i++)
        numbers[i] = roster_next(&timelines->ids, &slot);
    return numbers;
}

void timeline_pack(struct timelines *timelines, const struct timeline *timeline, struct buffer *out)
{
    pack_u32(out, timeline->count);
    for (uint32_t number = timeline->first; number != POOL_NONE;) {
        struct stretch *stretch = stretch_at(&timelines->stretches, number);
        stretch_pack(&timelines->stretches, stretch, out);
        number = stretch->next;
    }
}

/* Puts one stretch in; those it overlaps become one with it. */
static void timeline_put(struct timelines *timelines, struct timeline *timeline, uint32_t number)
{
    const struct stretches *stretches = &timelines->stretches;
    struct stretch *stretch = stretch_at(stretches, number);
    const uint32_t before = timeline_before(timelines, timeline, stretch->start_us);

    timeline_insert(timelines, timeline, before, number);
    while (stretch->next != POOL_NONE &&
           stretch_at(stretches, stretch->next)->start_us <= stretch->last_us &&
           !stretch_follows(stretch_at(stretches, stretch->next)))
        timeline_join_next(timelines, timeline, number);
    if (before != POOL_NONE && stretch_at(stretches, before)->last_us >= stretch->start_us &&
        !stretch_follows(stretch))
        timeline_join_next(timelines, timeline, before);
}

uint32_t timeline_unpack_stretch(struct timelines *timelines, uint32_t number, struct slice name,
                                 struct unpack *in)
{
    const uint32_t stretch = timeline_take(timelines, number);

    stretch_unpack(&timelines->stretches, stretch, name, in);
    return stretch;
}

void timeline_unpack(struct timelines *timelines, uint32_t number, struct slice name,
                     struct unpack *in)
{
    const uint32_t count = unpack_u32(in);

    for (uint32_t i = 0; i < count && !in->broken; i++)
        timeline_put(timelines, timeline_at(timelines, number),
                     timeline_unpack_stretch(timelines, number, name, in));
}

uint32_t timelines_unpack_name(struct timelines *timelines, struct unpack *in, struct slice *name)
{
    *name = unpack_text(in);
    if (in->broken || !name_whole(*name)) return POOL_NONE;
    const struct id id = timeline_id(*name);
    const uint32_t number = timelines_find(timelines, id);
    return number != POOL_NONE ? number : timelines_make(timelines, id);
}
