#include "people/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"

_Static_assert(MEMORY_PAGES_BYTES % WAITING_SEGMENT == 0, "pages are cut into segments");
_Static_assert(sizeof(struct waiting_segment) % WAITING_PLACE == 0 &&
                   sizeof(struct waiter) % WAITING_PLACE == 0,
               "pieces stand in places");

/* Segments that are free are kept for what comes, up to one of so many that are in use. */
#define SPARE_SHARE 4

#define SEGMENTS_MAX ((size_t)1 << (32 - WAITING_PLACE_BITS))

void waiting_init(struct waiting *waiting)
{
    *waiting = (struct waiting){0};
    timer_init(&waiting->timer, HELD_WAITING);
}

/* --- pieces of memory --- */

/* A number that no segment has. */
static uint32_t segment_number(struct waiting *waiting)
{
    size_t number = waiting->segment_free;
    while (number < waiting->segment_cap && waiting->segment[number] != NULL)
        number++;
    waiting->segment_free = number + 1;
    if (number < waiting->segment_cap) return (uint32_t)number;
    if (number == SEGMENTS_MAX) die("no memory for more events that wait");
    const size_t cap = number == 0 ? 16 : number * 2;
    waiting->segment = memory_resize(waiting->segment, cap, sizeof waiting->segment[0]);
    memset(waiting->segment + number, 0, (cap - number) * sizeof waiting->segment[0]);
    waiting->segment_cap = cap;
    return (uint32_t)number;
}

static void segment_free(struct waiting *waiting, struct waiting_segment *segment)
{
    const size_t size = segment->size;
    waiting->segment[segment->number] = NULL;
    if (segment->number < waiting->segment_free) waiting->segment_free = segment->number;
    memory_pages_free(segment, size);
    held_drop(HELD_WAITING, size);
    waiting->segments--;
}

/* Pages of its own for a long one; else what comes next of those that are cut. */
static char *segment_pages(struct waiting *waiting, size_t size)
{
    const bool large = waiting->segments > 0;
    if (size > WAITING_SEGMENT) {
        held_add(HELD_WAITING, size);
        return memory_pages(size, large);
    }
    if (waiting->cut == waiting->cut_end) {
        waiting->cut = memory_pages(MEMORY_PAGES_BYTES, large);
        waiting->cut_end = waiting->cut + MEMORY_PAGES_BYTES;
        held_add(HELD_WAITING, MEMORY_PAGES_BYTES);
    }
    waiting->cut += size;
    return waiting->cut - size;
}

static struct waiting_segment *segment_take(struct waiting *waiting, size_t size)
{
    struct waiting_segment *segment = waiting->spare;
    if (segment != NULL && size <= WAITING_SEGMENT) {
        waiting->spare = segment->next;
        waiting->spares--;
        return segment;
    }
    segment = (struct waiting_segment *)(void *)segment_pages(waiting, size);
    *segment = (struct waiting_segment){.size = size, .number = segment_number(waiting)};
    waiting->segment[segment->number] = (char *)segment;
    waiting->segments++;
    return segment;
}

/* It has no event, and is not being cut. */
static void segment_done(struct waiting *waiting, struct waiting_segment *segment)
{
    if (segment->size > WAITING_SEGMENT ||
        (waiting->spares + 1) * SPARE_SHARE > waiting->segments) {
        segment_free(waiting, segment);
        return;
    }
    segment->next = waiting->spare;
    waiting->spare = segment;
    waiting->spares++;
}

void waiting_open(struct waiting *waiting, size_t len)
{
    const size_t needed = sizeof(struct waiting_segment) + len;
    const size_t size = (needed + WAITING_SEGMENT - 1) & ~(WAITING_SEGMENT - 1);
    struct waiting_segment *const before = waiting->open;
    if (before != NULL && before->pieces == 0) segment_done(waiting, before);
    waiting->open = segment_take(waiting, size);
    waiting->at = (char *)waiting->open + sizeof(struct waiting_segment);
    /* Behind a piece that is longer than others none begins: a head stands in a segment's first
     * bytes, where its segment is found. */
    waiting->end = size > WAITING_SEGMENT ? waiting->at + len : (char *)waiting->open + size;
}

void waiting_emptied(struct waiting *waiting, struct waiting_segment *segment)
{
    if (segment != waiting->open)
        segment_done(waiting, segment);
    else if (segment->size <= WAITING_SEGMENT)
        waiting->at = (char *)segment + sizeof(struct waiting_segment);
}

/* --- rings --- */

void ring_grow(struct waiting_ring *ring)
{
    const size_t cap = ring->cap == 0 ? 64 : ring->cap * 2;
    struct sort_item *const item = memory_resize(NULL, cap, sizeof *item);
    for (size_t i = 0; i < ring->count; i++)
        item[i] = ring_at(ring, i);
    held_add(HELD_WAITING, (cap - ring->cap) * sizeof *item);
    free(ring->item);
    ring->item = item;
    ring->first = 0;
    ring->cap = cap;
}

static void ring_release(struct waiting_ring *ring)
{
    held_drop(HELD_WAITING, ring->cap * sizeof ring->item[0]);
    free(ring->item);
}

/* --- order --- */

/* Of the same time. */
static int waiter_compare(const void *a, const void *b, void *context)
{
    const struct waiting *const waiting = context;
    const struct waiter *const one = waiting_at(waiting, ((const struct sort_item *)a)->number);
    const struct waiter *const other = waiting_at(waiting, ((const struct sort_item *)b)->number);
    const int known = (one->flags & WAITER_KNOWN) - (other->flags & WAITER_KNOWN);
    if (known != 0) return known;
    if ((one->flags & WAITER_KNOWN) != 0) {
        const int order = slice_compare(waiter_own(one), waiter_own(other));
        if (order != 0) return order;
    }
    return slice_compare(waiter_line(one), waiter_line(other));
}

static void due_add(struct waiting *waiting, size_t place, struct sort_item item)
{
    if (place == waiting->due_cap) {
        const size_t cap = place == 0 ? 256 : place * 2;
        waiting->due = memory_resize(waiting->due, cap, sizeof waiting->due[0]);
        held_add(HELD_WAITING, (cap - waiting->due_cap) * sizeof waiting->due[0]);
        waiting->due_cap = cap;
    }
    waiting->due[place] = item;
}

static struct sort_item timer_sort_item(struct timer_item item)
{
    return (struct sort_item){.key = sort_key(item.due_us), .number = item.number};
}

/* Where only events of the same time may be in another order. */
static inline void ties_sort(struct waiting *waiting, struct sort_item *item, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (__builtin_expect(item[i].key != item[i - 1].key, 1)) continue;
        const size_t from = i - 1;
        while (i + 1 < count && item[i + 1].key == item[from].key)
            i++;
        sort_items(item + from, i + 1 - from, waiter_compare, waiting);
    }
}

const struct sort_item *waiting_due(struct waiting *waiting, int64_t before_us, size_t *count)
{
    struct waiting_ring *const run = &waiting->run;
    const size_t in_order = ring_before(run, sort_key(before_us));
    struct timer_item item;
    *count = in_order;
    if (in_order == 0 && waiting->timer.count == 0) return waiting->due;
    if (waiting->timer.count == 0 && run->first + in_order <= run->cap) {
        struct sort_item *const due = run->item + run->first;
        ties_sort(waiting, due, in_order);
        ring_shift(run, in_order);
        return due;
    }
    for (size_t i = 0; i < in_order; i++)
        due_add(waiting, i, ring_at(run, i));
    ring_shift(run, in_order);
    while (timer_pop(&waiting->timer, before_us, &item))
        due_add(waiting, (*count)++, timer_sort_item(item));
    if (*count == in_order)
        ties_sort(waiting, waiting->due, in_order);
    else
        sort_items(waiting->due, *count, waiter_compare, waiting);
    return waiting->due;
}

const struct sort_item *waiting_loose(struct waiting *waiting, size_t *count)
{
    struct timer_place place = {0};
    struct timer_item item;
    *count = 0;
    for (size_t i = 0; i < waiting->run.count; i++)
        due_add(waiting, (*count)++, ring_at(&waiting->run, i));
    while (timer_next(&waiting->timer, &place, &item))
        due_add(waiting, (*count)++, timer_sort_item(item));
    sort_items(waiting->due, *count, waiter_compare, waiting);
    return waiting->due;
}

void waiting_release(struct waiting *waiting)
{
    for (size_t i = 0; i < waiting->segment_cap; i++)
        if (waiting->segment[i] != NULL)
            segment_free(waiting, (struct waiting_segment *)(void *)waiting->segment[i]);
    free(waiting->segment);
    const size_t uncut = (size_t)(waiting->cut_end - waiting->cut);
    if (uncut > 0) memory_pages_free(waiting->cut, uncut);
    held_drop(HELD_WAITING, uncut);
    ring_release(&waiting->run);
    ring_release(&waiting->queue);
    held_drop(HELD_WAITING, waiting->due_cap * sizeof waiting->due[0]);
    free(waiting->due);
    timer_release(&waiting->timer);
}
