/*
 * heap.h - things with a due time, the earliest first.
 *
 * A binary heap. Things due at the same time come out by their number, so the order is the
 * same in every run. A zeroed struct is an empty heap; the things stay their owner's.
 */
#ifndef TRAFFIC_HEAP_H
#define TRAFFIC_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct heap_item {
    int64_t due_us;
    uint64_t number;
    void *thing;
};

struct heap {
    struct heap_item *items;
    size_t count;
    size_t cap;
};

/* Adds a thing; dies when memory is short. */
void heap_push(struct heap *heap, struct heap_item item);

/* The earliest; the heap must not be empty. */
static inline struct heap_item heap_first(const struct heap *heap)
{
    return heap->items[0];
}

/* Removes the earliest. */
void heap_pop(struct heap *heap);

/* Gives the earliest a later (or the same) due time. */
void heap_postpone(struct heap *heap, int64_t due_us);

/* Frees the heap's own memory. */
void heap_release(struct heap *heap);

#endif
