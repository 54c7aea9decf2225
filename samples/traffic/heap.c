#include "heap.h"

#include <stdbool.h>
#include <stdlib.h>

#include "output.h"

static bool item_before(const struct heap_item *a, const struct heap_item *b)
{
    return a->due_us < b->due_us || (a->due_us == b->due_us && a->number < b->number);
}

void heap_push(struct heap *heap, struct heap_item item)
{
    if (heap->count == heap->cap) {
        heap->cap = heap->cap ? heap->cap * 2 : 256;
        heap->items = reallocarray(heap->items, heap->cap, sizeof(heap->items[0]));
        if (!heap->items) die_errno("heap");
    }
    size_t at = heap->count++;
    while (at > 0) {
        const size_t parent = (at - 1) / 2;
        if (!item_before(&item, &heap->items[parent])) break;
        heap->items[at] = heap->items[parent];
        at = parent;
    }
    heap->items[at] = item;
}

/* Puts item where the earliest was and lets it sink to its place. */
static void heap_sink(struct heap *heap, struct heap_item item)
{
    size_t at = 0;
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= heap->count) break;
        if (child + 1 < heap->count && item_before(&heap->items[child + 1], &heap->items[child]))
            child++;
        if (!item_before(&heap->items[child], &item)) break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = item;
}

void heap_pop(struct heap *heap)
{
    const struct heap_item last = heap->items[--heap->count];
    if (heap->count > 0) heap_sink(heap, last);
}

void heap_postpone(struct heap *heap, int64_t due_us)
{
    struct heap_item item = heap->items[0];
    item.due_us = due_us;
    heap_sink(heap, item);
}

void heap_release(struct heap *heap)
{
    free(heap->items);
    *heap = (struct heap){0};
}
