/* qsort_r */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "funnel/trail.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/memory.h"

_Static_assert(sizeof(struct trail) <= TRAIL_RECORD_BYTES, "a trail is two cache lines");

void trails_init(struct trails *trails, struct spans *spans)
{
    *trails = (struct trails){.spans = spans};
    roster_init(&trails->ids, HELD_IDS);
    pool_init(&trails->pool, TRAIL_RECORD_BYTES, HELD_IDS);
    trails->slab.kind = HELD_EVENTS;
}

void trails_release(struct trails *trails)
{
    roster_release(&trails->ids);
    pool_release(&trails->pool);
    slab_release(&trails->slab);
    free(trails->visible);
}

/* The first of the events hinted at is here: asks for all records, then for the end of each's
 * touches, where the next one goes. */
static void hints_follow(struct trails *trails)
{
    for (unsigned i = 0; i < trails->hinted; i++) {
        const uint32_t number = roster_guess(&trails->ids, trails->ahead[i]);
        trails->ahead[i] = number;
        if (number == POOL_NONE) continue;
        const struct trail *trail = trail_at(trails, number);
        __builtin_prefetch(trail, 1);
        __builtin_prefetch(trail->few, 1);
    }
    for (unsigned i = 0; i < trails->hinted; i++) {
        if (trails->ahead[i] == POOL_NONE) continue;
        const struct trail *trail = trail_at(trails, trails->ahead[i]);
        if (trail->count >= TRAIL_FEW) __builtin_prefetch(trail->touch + trail->count - 1, 1);
    }
}

uint32_t trails_get(struct trails *trails, struct id id)
{
    uint32_t number = roster_find(&trails->ids, &trails->pool, id);
    if (number != POOL_NONE) return number;
    number = pool_take(&trails->pool);
    if (trails->pool.free != POOL_NONE) {
        /* The next one will be written to, and was given back long ago. */
        const struct trail *next = trail_at(trails, trails->pool.free);
        __builtin_prefetch(next, 1);
        __builtin_prefetch(next->few, 1);
    }
    struct trail *trail = trail_at(trails, number);
    trail->id = id;
    trail->touch = trail->few;
    trail->name = NULL;
    trail->listed_us[0] = trail->listed_us[1] = INT64_MIN;
    trail->due_us = INT64_MAX;
    trail->count = trail->ordered = 0;
    roster_put(&trails->ids, id, number);
    return number;
}

uint32_t trails_take(struct trails *trails, struct id id)
{
    if (trails->taken == 0) hints_follow(trails);
    if (trails->taken < trails->hinted) {
        const uint32_t number = trails->ahead[trails->taken++];
        if (number != POOL_NONE && id_equal(trail_at(trails, number)->id, id)) return number;
    }
    return trails_get(trails, id);
}

void trails_pass(struct trails *trails)
{
    if (trails->taken == 0) hints_follow(trails);
    if (trails->taken < trails->hinted) trails->taken++;
}

void trail_name(struct trails *trails, struct trail *trail, struct slice name)
{
    const uint32_t len = (uint32_t)name.len;
    trail->name = slab_take(&trails->slab, sizeof len + len);
    memcpy(trail->name, &len, sizeof len);
    memcpy(trail->name + sizeof len, name.text, len);
}

struct slice trail_name_of(const struct trail *trail)
{
    uint32_t len;
    if (trail->name == NULL) return SLICE("");
    memcpy(&len, trail->name, sizeof len);
    return (struct slice){.text = trail->name + sizeof len, .len = len};
}

static size_t touches_bytes(uint32_t count)
{
    return count * sizeof(struct touch);
}

/* Room for so many touches: that goes up in steps, each half a power of two. */
static inline uint32_t room_of(uint32_t count)
{
    if (count <= TRAIL_FEW) return TRAIL_FEW;
    if (count <= 2 * TRAIL_FEW) return 2 * TRAIL_FEW;
    const uint32_t step = UINT32_C(1) << (30 - __builtin_clz(count - 1));
    return (count + step - 1) & ~(step - 1);
}

static void trail_move(struct trails *trails, struct trail *trail, uint32_t room, uint32_t count)
{
    struct touch *before = trail->touch;
    if (count <= TRAIL_FEW) {
        memcpy(trail->few, before, touches_bytes(count));
        trail->touch = trail->few;
        slab_give(&trails->slab, (char *)before, touches_bytes(room));
    } else if (before == trail->few) {
        trail->touch =
            (struct touch *)(void *)slab_take(&trails->slab, touches_bytes(room_of(count)));
        memcpy(trail->touch, before, touches_bytes(trail->count));
    } else {
        trail->touch = (struct touch *)(void *)slab_resize(
            &trails->slab, (char *)before, touches_bytes(room), touches_bytes(room_of(count)));
    }
}

static inline void trail_resize(struct trails *trails, struct trail *trail, uint32_t count)
{
    const uint32_t room = room_of(trail->count);
    if (room_of(count) != room) trail_move(trails, trail, room, count);
    trails->touches += count;
    trails->touches -= trail->count;
    trail->count = count;
}

/* Has it a touch in that window? */
static bool is_in_span(const struct trails *trails, const struct trail *trail,
                       const struct span *span)
{
    if (trail->ordered == trail->count &&
        (trail->count == 0 || trail->touch[trail->count - 1].time_us < span->start_us))
        return false;
    for (uint32_t i = trail->count; i-- > 0;)
        if ((uint64_t)trail->touch[i].time_us - (uint64_t)span->start_us <
            (uint64_t)trails->spans->size_us)
            return true;
    return false;
}

/* Puts a trail into the list of a window, where it is once. */
static void trail_list(const struct trails *trails, uint32_t number, struct span *span)
{
    struct trail *trail = trail_at(trails, number);
    if (trail->listed_us[0] == span->start_us || trail->listed_us[1] == span->start_us) return;
    if (!is_in_span(trails, trail, span)) span_list(span, number);
    trail->listed_us[1] = trail->listed_us[0];
    trail->listed_us[0] = span->start_us;
}

/* --- order --- */

static uint32_t touch_group(const struct span *span, const struct touch *touch)
{
    return (touch->mask & TOUCH_BEHIND) != 0 ? span->behind[touch->group].group : touch->group;
}

static int64_t touch_watermark(const struct span *span, const struct touch *touch)
{
    return (touch->mask & TOUCH_BEHIND) != 0 ? span->behind[touch->group].watermark_us : INT64_MIN;
}

/* Of one time. */
static int equals_compare(const struct trails *trails, const struct touch *a, const struct touch *b)
{
    if (a->mask == b->mask && a->group == b->group) return 0;
    const struct span *span = spans_at(trails->spans, a->time_us);
    const uint32_t group_a = touch_group(span, a), group_b = touch_group(span, b);
    if (group_a != group_b) {
        const int order = group_compare(span_key(span, group_a), span_key(span, group_b),
                                        group_width(trails->spans->by));
        if (order != 0) return order;
    }
    const uint32_t mask_a = a->mask & ~TOUCH_BEHIND, mask_b = b->mask & ~TOUCH_BEHIND;
    if (mask_a != mask_b) return mask_a < mask_b ? -1 : 1;
    const int64_t us_a = touch_watermark(span, a), us_b = touch_watermark(span, b);
    return (us_a > us_b) - (us_a < us_b);
}

static inline int touches_compare(const struct touch *a, const struct touch *b,
                                  const struct trails *trails)
{
    if (a->time_us != b->time_us) return a->time_us < b->time_us ? -1 : 1;
    return equals_compare(trails, a, b);
}

static int sorted_compare(const void *left, const void *right, void *context)
{
    return touches_compare(left, right, context);
}

/* How far back a touch is put into its place at once: the others wait. */
#define NEAR 16

void trail_add(struct trails *trails, uint32_t number, struct span *span, const struct touch *touch)
{
    struct trail *trail = trail_at(trails, number);
    trail_list(trails, number, span);
    const uint32_t count = trail->count;
    trail_resize(trails, trail, count + 1);
    trail->touch[count] = *touch;
    if (trail->ordered < count) return;
    uint32_t to = count;
    while (to > 0 && count - to < NEAR && touches_compare(&trail->touch[to - 1], touch, trails) > 0)
        to--;
    if (to > 0 && count - to == NEAR) return;
    for (uint32_t i = count; i > to; i--)
        trail->touch[i] = trail->touch[i - 1];
    trail->touch[to] = *touch;
    trail->ordered = count + 1;
}

/* Merges what waits, in order by itself, into what is in order: from the last one on. */
static void waiting_merge(const struct trails *trails, struct trail *trail)
{
    const size_t count = trail->count - trail->ordered;
    struct touch *wait = memory_new(count * sizeof *wait);
    memcpy(wait, trail->touch + trail->ordered, count * sizeof *wait);
    size_t ordered = trail->ordered, waits = count;
    for (size_t to = trail->count; waits > 0; to--) {
        const bool older =
            ordered > 0 && touches_compare(&trail->touch[ordered - 1], &wait[waits - 1],
                                           (void *)(uintptr_t)trails) > 0;
        trail->touch[to - 1] = older ? trail->touch[--ordered] : wait[--waits];
    }
    free(wait);
}

void trail_order(const struct trails *trails, struct trail *trail)
{
    const uint32_t waits = trail->count - trail->ordered;
    if (waits == 0) return;
    qsort_r(trail->touch + trail->ordered, waits, sizeof *trail->touch, sorted_compare,
            (void *)(uintptr_t)trails);
    waiting_merge(trails, trail);
    trail->ordered = trail->count;
}

uint32_t trail_place(const struct trail *trail, int64_t time_us)
{
    uint32_t first = 0, behind = trail->count;
    if (behind == 0 || trail->touch[0].time_us >= time_us) return 0;
    if (trail->touch[behind - 1].time_us < time_us) return behind;
    while (first < behind) {
        const uint32_t middle = first + (behind - first) / 2;
        if (trail->touch[middle].time_us < time_us)
            first = middle + 1;
        else
            behind = middle;
    }
    return first;
}

/* --- what is looked at --- */

const struct touch *trail_visible(struct trails *trails, struct trail *trail, int64_t start_us,
                                  int64_t closed_us, size_t *count)
{
    trail_order(trails, trail);
    const uint32_t first = trail_place(trail, start_us);
    *count = trail->count - first;
    if (trails->spans->behinds == 0) return trail->touch + first;
    if (*count > trails->visible_cap) {
        trails->visible_cap = *count + *count / 2;
        trails->visible =
            memory_resize(trails->visible, trails->visible_cap, sizeof trails->visible[0]);
    }
    size_t seen = 0;
    for (uint32_t i = first; i < trail->count; i++) {
        struct touch touch = trail->touch[i];
        if ((touch.mask & TOUCH_BEHIND) != 0) {
            const struct span *span = spans_at(trails->spans, touch.time_us);
            if (touch_watermark(span, &touch) >= closed_us) continue;
            touch.group = touch_group(span, &touch);
            touch.mask &= ~TOUCH_BEHIND;
        }
        trails->visible[seen++] = touch;
    }
    *count = seen;
    return trails->visible;
}

void trail_erase(struct trails *trails, uint32_t number, int64_t start_us)
{
    struct trail *trail = trail_at(trails, number);
    trail_order(trails, trail);
    const uint32_t first = trail_place(trail, start_us);
    const uint32_t behind = trail_place(trail, start_us + trails->spans->size_us);
    memmove(trail->touch + first, trail->touch + behind, touches_bytes(trail->count - behind));
    trail_resize(trails, trail, trail->count - (behind - first));
    trail->ordered = trail->count;
    if (trail->count > 0) return;
    if (trail->name != NULL)
        slab_give(&trails->slab, trail->name, sizeof(uint32_t) + trail_name_of(trail).len);
    trail->due_us = INT64_MAX;
    roster_remove(&trails->ids, trail->id, number);
    pool_give(&trails->pool, number);
}
