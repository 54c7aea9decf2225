#include "people/waiting.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* At the beginning of its pages. */
struct waiting_segment {
    size_t size;
    size_t pieces; /* of events that are still there */
    struct waiting_segment *next;
};

_Static_assert(sizeof(struct waiter) == 64, "a cache line");

/* Segments that are free are kept for what comes, up to one of so many that are in use. */
#define SPARE_SHARE 4

void waiting_init(struct waiting *waiting)
{
    *waiting = (struct waiting){0};
    pool_init(&waiting->pool, sizeof(struct waiter), HELD_WAITING);
    timer_init(&waiting->timer, HELD_WAITING);
}

/* --- pieces of memory --- */

static struct waiting_segment *segment_of(const char *piece)
{
    return (struct waiting_segment *)((uintptr_t)piece & ~(uintptr_t)(MEMORY_PAGES_BYTES - 1));
}

static void segment_free(struct waiting *waiting, struct waiting_segment *segment)
{
    const size_t size = segment->size;
    memory_pages_free(segment, size);
    held_drop(HELD_WAITING, size);
    waiting->segments--;
}

static struct waiting_segment *segment_take(struct waiting *waiting, size_t size)
{
    struct waiting_segment *segment = waiting->spare;
    if (segment != NULL && size <= MEMORY_PAGES_BYTES) {
        waiting->spare = segment->next;
        waiting->spares--;
        return segment;
    }
    segment = memory_pages(size, waiting->segments > 0);
    segment->size = size;
    held_add(HELD_WAITING, size);
    waiting->segments++;
    return segment;
}

/* All of its events are gone. */
static void segment_done(struct waiting *waiting, struct waiting_segment *segment)
{
    if (segment->size > MEMORY_PAGES_BYTES ||
        (waiting->spares + 1) * SPARE_SHARE > waiting->segments) {
        segment_free(waiting, segment);
        return;
    }
    segment->next = waiting->spare;
    waiting->spare = segment;
    waiting->spares++;
}

static void segment_begin(struct waiting *waiting, size_t len)
{
    const size_t needed = sizeof(struct waiting_segment) + len;
    const size_t size = (needed + MEMORY_PAGES_BYTES - 1) & ~(MEMORY_PAGES_BYTES - 1);
    struct waiting_segment *const before = waiting->segment;
    if (before != NULL && before->pieces == 0) segment_done(waiting, before);
    waiting->segment = segment_take(waiting, size);
    waiting->segment->pieces = 0;
    waiting->at = (char *)waiting->segment + sizeof(struct waiting_segment);
    /* A piece has to begin where segment_of finds its segment. */
    waiting->end = (char *)waiting->segment + size;
}

static char *piece_take(struct waiting *waiting, size_t len)
{
    len = (len + 7) & ~(size_t)7;
    if ((size_t)(waiting->end - waiting->at) < len) segment_begin(waiting, len);
    char *const piece = waiting->at;
    waiting->segment->pieces++;
    waiting->at += len;
    /* Behind one that is longer than others no other begins. */
    if (waiting->segment->size > MEMORY_PAGES_BYTES) waiting->at = waiting->end;
    return piece;
}

static void piece_give(struct waiting *waiting, const char *piece)
{
    struct waiting_segment *const segment = segment_of(piece);
    if (--segment->pieces > 0) return;
    if (segment != waiting->segment)
        segment_done(waiting, segment);
    else if (segment->size <= MEMORY_PAGES_BYTES)
        waiting->at = (char *)segment + sizeof(struct waiting_segment);
}

/* --- events --- */

/* What stands in front of a line. */
static size_t ids_bytes(int ids)
{
    return ids > 1 ? (size_t)(ids - 1) * sizeof(struct waiter_id) : 0;
}

uint32_t waiting_new(struct waiting *waiting, int ids, size_t bytes)
{
    const size_t front = ids_bytes(ids);
    const uint32_t number = pool_take(&waiting->pool);
    *waiting_at(waiting, number) = (struct waiter){
        .text = piece_take(waiting, front + bytes) + front,
        .ids = (uint8_t)ids,
    };
    return number;
}

void waiting_free(struct waiting *waiting, uint32_t number)
{
    const struct waiter *const waiter = waiting_at(waiting, number);
    piece_give(waiting, waiter->text - ids_bytes(waiter->ids));
    pool_give(&waiting->pool, number);
}

/* --- rings --- */

static __attribute__((noinline)) void ring_grow(struct waiting_ring *ring)
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

static inline __attribute__((always_inline)) void ring_push(struct waiting_ring *ring,
                                                            struct sort_item item)
{
    if (ring->count == ring->cap) ring_grow(ring);
    ring->item[(ring->first + ring->count++) & (ring->cap - 1)] = item;
}

static void ring_release(struct waiting_ring *ring)
{
    held_drop(HELD_WAITING, ring->cap * sizeof ring->item[0]);
    free(ring->item);
}

/* --- order --- */

void waiting_add(struct waiting *waiting, uint32_t number)
{
    const int64_t time_us = waiting_at(waiting, number)->time_us;
    const struct sort_item item = {.key = sort_key(time_us), .number = number};
    struct waiting_ring *const run = &waiting->run;
    if (run->count == 0 || ring_at(run, run->count - 1).key <= item.key)
        ring_push(run, item);
    else
        timer_push(&waiting->timer, (struct timer_item){.due_us = time_us, .number = number});
}

/* Of the same time. */
static int waiter_compare(const void *a, const void *b, void *context)
{
    const struct waiting *const waiting = context;
    const struct waiter *const one = waiting_at(waiting, ((const struct sort_item *)a)->number);
    const struct waiter *const other = waiting_at(waiting, ((const struct sort_item *)b)->number);
    const int known = (one->flags & WAITER_KNOWN) - (other->flags & WAITER_KNOWN);
    if (known != 0) return known;
    if ((one->flags & WAITER_KNOWN) != 0) {
        const int order =
            slice_compare(waiter_slice(one, one->own), waiter_slice(other, other->own));
        if (order != 0) return order;
    }
    return slice_compare((struct slice){.text = one->text, .len = one->len},
                         (struct slice){.text = other->text, .len = other->len});
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
static void ties_sort(struct waiting *waiting, size_t count)
{
    for (size_t from = 0; from < count;) {
        size_t to = from + 1;
        while (to < count && waiting->due[to].key == waiting->due[from].key)
            to++;
        if (to - from > 1) sort_items(waiting->due + from, to - from, waiter_compare, waiting);
        from = to;
    }
}

const struct sort_item *waiting_due(struct waiting *waiting, int64_t before_us, size_t *count)
{
    struct waiting_ring *const run = &waiting->run;
    const uint64_t before = sort_key(before_us);
    struct timer_item item;
    *count = 0;
    while (run->count > 0 && ring_at(run, 0).key < before) {
        due_add(waiting, (*count)++, ring_at(run, 0));
        ring_shift(run);
    }
    const size_t in_order = *count;
    while (timer_pop(&waiting->timer, before_us, &item))
        due_add(waiting, (*count)++, timer_sort_item(item));
    if (*count == in_order)
        ties_sort(waiting, *count);
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

void waiting_queue(struct waiting *waiting, uint32_t number)
{
    ring_push(&waiting->queue,
              (struct sort_item){.key = sort_key(waiting_at(waiting, number)->time_us),
                                 .number = number});
}

void waiting_release(struct waiting *waiting)
{
    size_t count;
    const struct sort_item *const loose = waiting_loose(waiting, &count);
    for (size_t i = 0; i < count; i++)
        waiting_free(waiting, loose[i].number);
    for (size_t i = 0; i < waiting->queue.count; i++)
        waiting_free(waiting, ring_at(&waiting->queue, i).number);
    ring_release(&waiting->run);
    ring_release(&waiting->queue);
    if (waiting->segment != NULL) segment_free(waiting, waiting->segment);
    while (waiting->spare != NULL) {
        struct waiting_segment *const spare = waiting->spare;
        waiting->spare = spare->next;
        segment_free(waiting, spare);
    }
    held_drop(HELD_WAITING, waiting->due_cap * sizeof waiting->due[0]);
    free(waiting->due);
    timer_release(&waiting->timer);
    pool_release(&waiting->pool);
}
