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
    queue_init(&timelines->queue, HELD_SESSIONS);
    timer_init(&timelines->timer, HELD_SESSIONS);
}

/* Accounts are no memory of the slab. */
static void accounts_give_back(struct timelines *timelines)
{
    const size_t count = timelines->ids.count;
    uint32_t *numbers = timelines_all(timelines);

    for (size_t i = 0; i < count; i++) {
        uint32_t stretch = timeline_first(timelines, numbers[i]);
        while (stretch != POOL_NONE) {
            const uint32_t next = timeline_next(timelines, stretch);
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
    queue_release(&timelines->queue);
    timer_release(&timelines->timer);
    free(timelines->due);
    timelines->due = NULL;
    timelines->due_cap = 0;
    free(timelines->noted);
    timelines->noted = NULL;
    timelines->noted_count = timelines->noted_cap = 0;
}

MEMORY_HINT void record_prefetch(const struct stretch *record)
{
    __builtin_prefetch(record, 1);
    __builtin_prefetch((const char *)record + sizeof *record - 1, 1);
}

void timelines_hint(struct timelines *timelines, struct id id)
{
    const uint32_t hash = roster_hash(&timelines->ids, id);

    if (timelines->taken > 0) timelines->hinted = timelines->taken = 0;
    if (timelines->hinted == TIMELINE_AHEAD) return;
    timelines->hash[timelines->hinted++] = hash;
    roster_prefetch(&timelines->ids, hash);
}

/* The first of the events hinted at is here: what the roster knows of them has come by now. Asks
 * for all records, then, while these come, for the texts of the first. */
static __attribute__((noinline)) void hints_follow(struct timelines *timelines)
{
    const bool has_track = timelines->stretches.kept.has_track;

    for (unsigned i = 0; i < timelines->hinted; i++) {
        const uint32_t hash = timelines->hash[i];
        const uint32_t number = roster_guess(&timelines->ids, hash);
        timelines->ahead[i] = number;
        if (number != POOL_NONE)
            record_prefetch(timeline_own(timelines, number));
        else if (timelines->beside != NULL)
            roster_prefetch(timelines->beside, hash);
    }
    for (unsigned i = 0; i < timelines->hinted; i++) {
        const uint32_t number = timelines->ahead[i];
        if (number == POOL_NONE) continue;
        const struct stretch *stretch = stretch_at(&timelines->stretches, number);
        if (stretch->present == 0) continue; /* there is only the name */
        stretch_prefetch(stretch);
        if (has_track) stretch_prefetch_cells(stretch);
    }
    if (!has_track) return;
    for (unsigned i = 0; i < timelines->hinted; i++) {
        const uint32_t number = timelines->ahead[i];
        if (number != POOL_NONE)
            stretch_prefetch_track(&timelines->stretches,
                                   stretch_at(&timelines->stretches, number));
    }
}

/* The same of any id. Where it is not there, that is where it will mostly be put next. */
static __attribute__((noinline)) uint32_t timelines_seek(struct timelines *timelines, struct id id,
                                                         uint32_t hash)
{
    size_t at;

    if (!roster_lacks(&timelines->ids, hash, &at)) return timelines_find(timelines, id);
    timelines->lack = (struct timeline_lack){.id = id, .hash = hash, .at = at};
    return POOL_NONE;
}

uint32_t timelines_take(struct timelines *timelines, struct id id)
{
    if (timelines->taken == 0) hints_follow(timelines);
    if (timelines->taken == timelines->hinted)
        return timelines_seek(timelines, id, roster_hash(&timelines->ids, id));
    const unsigned taken = timelines->taken++;
    const uint32_t number = timelines->ahead[taken];
    if (number != POOL_NONE && id_equal(stretch_at(&timelines->stretches, number)->id, id))
        return number;
    return timelines_seek(timelines, id, timelines->hash[taken]);
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

uint32_t timelines_make(struct timelines *timelines, struct id id)
{
    const uint32_t timeline = stretch_take(&timelines->stretches);
    struct stretch *own = timeline_own(timelines, timeline);

    own->id = id;
    own->has_id = true;
    own->is_owned = true;
    own->due_us = INT64_MAX;
    if (id_equal(id, timelines->lack.id))
        roster_put_at(&timelines->ids, timelines->lack.hash, timelines->lack.at, timeline);
    else
        roster_put(&timelines->ids, id, timeline);
    timelines->lack.id = ID_NONE;
    return timeline;
}

/* What its timer says; INT64_MAX: it has none. */
static inline int64_t due_of(const struct timelines *timelines, const struct stretch *own)
{
    return own->has_list ? timeline_list(timelines, own)->due_us : own->due_us;
}

static inline void due_set(const struct timelines *timelines, struct stretch *own, int64_t due_us)
{
    if (own->has_list)
        timeline_list(timelines, own)->due_us = due_us;
    else
        own->due_us = due_us;
}

struct timeline_list *timeline_list_make(struct timelines *timelines, uint32_t timeline)
{
    struct stretch *own = timeline_own(timelines, timeline);

    if (own->has_list) return timeline_list(timelines, own);
    const uint32_t only = own->is_listed ? timeline : POOL_NONE;
    const int64_t due_us = own->due_us;
    own->list = stretch_take(&timelines->stretches);
    own->has_list = true;
    struct timeline_list *list = timeline_list(timelines, own);
    *list = (struct timeline_list){.due_us = due_us,
                                   .first = only,
                                   .last = only,
                                   .count = own->is_listed,
                                   .past = timeline_is_past(own) ? timeline : POOL_NONE};
    return list;
}

/* What it says is forgotten but for the time. */
static void list_drop(struct timelines *timelines, struct stretch *own)
{
    const uint32_t list = own->list;

    own->due_us = timeline_list(timelines, own)->due_us;
    own->has_list = false;
    pool_give(&timelines->stretches.pool, list);
}

/* Where the record with the timeline's number says all again, the other one goes. */
static void list_fold(struct timelines *timelines, uint32_t timeline)
{
    struct stretch *own = timeline_own(timelines, timeline);

    if (!own->has_list || !own->is_listed) return;
    const struct timeline_list *list = timeline_list(timelines, own);
    if (list->count == 1 && list->skiplist == POOL_NONE && list->past == POOL_NONE &&
        list->aside == POOL_NONE)
        list_drop(timelines, own);
}

void timelines_drop(struct timelines *timelines, uint32_t timeline)
{
    struct stretch *own = timeline_own(timelines, timeline);

    if (own->has_list) list_drop(timelines, own);
    own->due_us = INT64_MAX;
    timelines->lack.id = ID_NONE;
    if (timelines->ids.count > 0) roster_remove(&timelines->ids, own->id, timeline);
    stretch_disown(&timelines->stretches, timeline);
}

uint32_t timeline_take(struct timelines *timelines, uint32_t timeline)
{
    return timeline_own(timelines, timeline)->is_used ? stretch_take(&timelines->stretches)
                                                      : timeline;
}

struct slice timeline_name(const struct timelines *timelines, uint32_t timeline)
{
    uint32_t number = timeline_last(timelines, timeline);

    if (number == POOL_NONE) number = timeline_past(timelines, timeline);
    if (number == POOL_NONE) number = timeline_aside(timelines, timeline);
    return stretch_name(stretch_at(&timelines->stretches, number));
}

void timelines_schedule(struct timelines *timelines, uint32_t timeline, int64_t due_us)
{
    struct stretch *own = timeline_own(timelines, timeline);

    if (due_us >= due_of(timelines, own)) return; /* it is looked at before that anyway */
    due_set(timelines, own, due_us);
    const struct timer_item item = {.due_us = due_us, .number = timeline};
    if (!queue_push(&timelines->queue, item)) timer_push(&timelines->timer, item);
}

static void due_add(struct timelines *timelines, size_t *count, struct timer_item item)
{
    if (item.number >= timelines->stretches.pool.used)
        return; /* its timeline is gone, and so are all after it */
    if (*count == timelines->due_cap) {
        timelines->due_cap = *count == 0 ? 64 : *count * 2;
        timelines->due = memory_resize(timelines->due, timelines->due_cap, sizeof(*timelines->due));
    }
    timelines->due[(*count)++] = item;
    record_prefetch(timeline_own(timelines, item.number));
}

/* All before one time; how many. That of the timer may be the one before it, with another pop. */
static size_t due_collect(struct timelines *timelines, int64_t before_us,
                          bool (*pop)(struct timer *timer, int64_t time_us,
                                      struct timer_item *item),
                          int64_t time_us)
{
    struct timer_item item;
    size_t count = 0;

    while (queue_pop(&timelines->queue, before_us, &item))
        due_add(timelines, &count, item);
    while (pop(&timelines->timer, time_us, &item))
        due_add(timelines, &count, item);
    return count;
}

/* Those collected that still mean something, none scheduled any more. */
static size_t due_take(struct timelines *timelines, size_t collected,
                       const struct timer_item **items)
{
    size_t count = 0;

    for (size_t i = 0; i < collected; i++) {
        const struct timer_item item = timelines->due[i];
        struct stretch *own = timeline_own(timelines, item.number);
        if (!own->is_owned || due_of(timelines, own) != item.due_us)
            continue; /* scheduled anew for earlier, or another id's by now */
        due_set(timelines, own, INT64_MAX);
        timelines->due[count++] = item;
        stretch_prefetch(own);
        if (timelines->stretches.kept.has_track) stretch_prefetch_cells(own);
        roster_prefetch(&timelines->ids, roster_hash(&timelines->ids, own->id));
    }
    *items = timelines->due;
    return count;
}

size_t timelines_due(struct timelines *timelines, int64_t watermark_us,
                     const struct timer_item **items)
{
    return due_take(timelines, due_collect(timelines, watermark_us, timer_pop, watermark_us),
                    items);
}

size_t timelines_due_at(struct timelines *timelines, int64_t at_us, const struct timer_item **items)
{
    return due_take(timelines, due_collect(timelines, at_us + 1, timer_pop_at, at_us), items);
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
        struct stretch *stretch = timeline_own(timelines, number);
        if (!stretch->is_noted || !stretch->is_owned) continue;
        stretch->is_noted = false;
        timelines->noted[count++] = number;
    }
    timelines->noted_count = count;
    for (size_t i = 0; mark && i < count; i++)
        timeline_own(timelines, timelines->noted[i])->is_noted = true;
}

void timelines_note(struct timelines *timelines, uint32_t number)
{
    struct stretch *stretch = timeline_own(timelines, number);

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

uint32_t timeline_before(const struct timelines *timelines, uint32_t timeline, int64_t time_us)
{
    const struct stretches *stretches = &timelines->stretches;
    const struct stretch *own = timeline_own(timelines, timeline);
    uint32_t before = timeline_last(timelines, timeline);

    if (before == POOL_NONE || stretch_at(stretches, before)->start_us <= time_us) return before;
    if (!own->has_list) return POOL_NONE;
    /* Not at the end: mostly it is near one of the ends, so both sides are walked in turn; with a
     * skip list it is a few steps from there. */
    const struct timeline_list *list = timeline_list(timelines, own);
    uint32_t after = list->first;
    if (stretch_at(stretches, after)->start_us > time_us) return POOL_NONE;
    if (list->skiplist != POOL_NONE) {
        const uint32_t near = skiplist_before(stretches, list->skiplist, time_us);
        if (near != POOL_NONE) after = near;
    }
    for (;;) {
        before = timeline_previous(timelines, before);
        if (stretch_at(stretches, before)->start_us <= time_us) return before;
        const uint32_t next = timeline_next(timelines, after);
        if (stretch_at(stretches, next)->start_us > time_us) return after;
        after = next;
    }
}

/* No earlier stretch is harder to reach than this one: see timeline.h. */
static void timeline_reach(struct timelines *timelines, uint32_t number)
{
    const int64_t reach_us = stretch_at(&timelines->stretches, number)->reach_us;

    for (uint32_t before = timeline_previous(timelines, number); before != POOL_NONE;
         before = timeline_previous(timelines, before)) {
        struct stretch *earlier = stretch_at(&timelines->stretches, before);
        if (earlier->reach_us <= reach_us) return;
        earlier->reach_us = reach_us;
    }
}

/* There are many now: all are put on a skip list. */
static void skiplist_build(struct timelines *timelines, struct timeline_list *list)
{
    struct stretches *stretches = &timelines->stretches;

    list->skiplist = skiplist_new(stretches, timelines->ids.secret);
    for (uint32_t number = list->first; number != POOL_NONE;
         number = timeline_next(timelines, number))
        skiplist_add(stretches, list->skiplist, number);
}

void timeline_set_next(const struct timelines *timelines, uint32_t number, uint32_t next)
{
    struct stretch *stretch = stretch_at(&timelines->stretches, number);

    *(stretch->is_owned ? &timeline_list(timelines, stretch)->next : &stretch->next) = next;
}

void timeline_set_previous(const struct timelines *timelines, uint32_t number, uint32_t previous)
{
    struct stretch *stretch = stretch_at(&timelines->stretches, number);

    *(stretch->is_owned ? &timeline_list(timelines, stretch)->previous : &stretch->previous) =
        previous;
}

void timeline_insert(struct timelines *timelines, uint32_t timeline, uint32_t previous,
                     uint32_t number)
{
    struct stretch *own = timeline_own(timelines, timeline);

    if (number == timeline) {
        own->is_listed = true;
        if (!own->has_list) return; /* it is the only one, and there is nothing else */
    }
    struct timeline_list *list = timeline_list_make(timelines, timeline);
    struct stretch *stretch = stretch_at(&timelines->stretches, number);
    const uint32_t next = previous == POOL_NONE ? list->first : timeline_next(timelines, previous);
    timeline_set_previous(timelines, number, previous);
    timeline_set_next(timelines, number, next);
    if (next == POOL_NONE)
        list->last = number;
    else
        timeline_set_previous(timelines, next, number);
    if (previous == POOL_NONE)
        list->first = number;
    else
        timeline_set_next(timelines, previous, number);
    list->count++;
    if (next != POOL_NONE && stretch_at(&timelines->stretches, next)->reach_us < stretch->reach_us)
        stretch->reach_us = stretch_at(&timelines->stretches, next)->reach_us;
    timeline_reach(timelines, number);
    if (__builtin_expect(list->skiplist != POOL_NONE, 0))
        skiplist_add(&timelines->stretches, list->skiplist, number);
    else if (__builtin_expect(list->count > TIMELINE_MANY, 0))
        skiplist_build(timelines, list);
}

void timeline_add(struct timelines *timelines, uint32_t number, const struct click *click)
{
    stretch_add(&timelines->stretches, stretch_at(&timelines->stretches, number), click);
    timeline_reach(timelines, number);
}

/* Takes one out of a list. */
static void list_remove(struct timelines *timelines, struct timeline_list *list, uint32_t number)
{
    if (__builtin_expect(list->skiplist != POOL_NONE, 0)) {
        skiplist_remove(&timelines->stretches, list->skiplist, number);
        if (list->count <= TIMELINE_MANY / 4) {
            skiplist_free(&timelines->stretches, list->skiplist);
            list->skiplist = POOL_NONE;
        }
    }
    const uint32_t next = timeline_next(timelines, number);
    const uint32_t previous = timeline_previous(timelines, number);
    if (next == POOL_NONE)
        list->last = previous;
    else
        timeline_set_previous(timelines, next, previous);
    if (previous == POOL_NONE)
        list->first = next;
    else
        timeline_set_next(timelines, previous, next);
    timeline_set_next(timelines, number, POOL_NONE);
    timeline_set_previous(timelines, number, POOL_NONE);
    list->count--;
}

void timeline_remove(struct timelines *timelines, uint32_t timeline, uint32_t number)
{
    struct stretch *own = timeline_own(timelines, timeline);

    if (own->has_list) list_remove(timelines, timeline_list(timelines, own), number);
    if (number == timeline) own->is_listed = false;
    list_fold(timelines, timeline);
}

void timeline_join_next(struct timelines *timelines, uint32_t timeline, uint32_t number)
{
    const uint32_t next = timeline_next(timelines, number);

    timeline_remove(timelines, timeline, next);
    stretch_merge(&timelines->stretches, stretch_at(&timelines->stretches, number),
                  stretch_at(&timelines->stretches, next));
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

uint32_t *timelines_forget(struct timelines *timelines, size_t *count)
{
    uint32_t *numbers = timelines_all(timelines);

    *count = timelines_count(timelines);
    timelines->lack.id = ID_NONE;
    roster_release(&timelines->ids);
    queue_release(&timelines->queue);
    timer_release(&timelines->timer);
    return numbers;
}

void timeline_pack(struct timelines *timelines, uint32_t timeline, struct buffer *out)
{
    pack_u32(out, timeline_stretches(timelines, timeline));
    for (uint32_t number = timeline_first(timelines, timeline); number != POOL_NONE;
         number = timeline_next(timelines, number))
        stretch_pack(&timelines->stretches, stretch_at(&timelines->stretches, number), out);
}

/* Does a stretch go on in the next one, for all that is in a state? */
static bool is_overlapped(const struct timelines *timelines, uint32_t number)
{
    const uint32_t next = timeline_next(timelines, number);
    if (next == POOL_NONE) return false;
    const struct stretch *stretch = stretch_at(&timelines->stretches, next);
    return stretch->start_us <= stretch_at(&timelines->stretches, number)->last_us &&
           !stretch_follows(stretch);
}

/* Puts one stretch in; those it overlaps become one with it. */
static void timeline_put(struct timelines *timelines, uint32_t timeline, uint32_t number)
{
    const int64_t start_us = stretch_at(&timelines->stretches, number)->start_us;
    const uint32_t before = timeline_before(timelines, timeline, start_us);

    timeline_insert(timelines, timeline, before, number);
    while (is_overlapped(timelines, number))
        timeline_join_next(timelines, timeline, number);
    if (before != POOL_NONE && is_overlapped(timelines, before))
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
        timeline_put(timelines, number, timeline_unpack_stretch(timelines, number, name, in));
}

uint32_t timelines_unpack_name(struct timelines *timelines, struct unpack *in, struct slice *name)
{
    *name = unpack_text(in);
    if (in->broken || !name_whole(*name)) return POOL_NONE;
    const struct id id = timeline_id(*name);
    const uint32_t number = timelines_find(timelines, id);
    return number != POOL_NONE ? number : timelines_make(timelines, id);
}
