/*
 * queue.h - what is due when, where it comes in that order.
 *
 * In a stream whose events are in order nearly everything is due so long after the watermark, so
 * what is pushed is due behind all that was before it. Then there is nothing to sort: items wait
 * one behind the other, and the first is looked at. What is due earlier than the last one is not
 * taken, and goes to a timer (timer.h).
 */
#ifndef CS_QUEUE_H
#define CS_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/held.h"
#include "base/timer.h"

#define QUEUE_CHUNK 340 /* items: a page of memory */

struct queue_chunk {
    struct queue_chunk *next;
    uint32_t count;
    struct timer_item item[QUEUE_CHUNK];
};

struct queue {
    struct queue_chunk *first, *last; /* one at least from the first push on */
    uint32_t taken;                   /* of the first */
    int64_t last_us;                  /* when the last one is due; where there is none, INT64_MIN */
    enum held_kind kind;              /* what its memory is for */
};

void queue_init(struct queue *queue, enum held_kind kind);
void queue_release(struct queue *queue);

/* For the functions below, where a chunk is full, or gone through. */
void queue_extend(struct queue *queue);
void queue_advance(struct queue *queue);

/* Adds an item behind all others; false: it is due earlier than the last one. */
static inline bool queue_push(struct queue *queue, struct timer_item item)
{
    if (item.due_us < queue->last_us) return false;
    if (__builtin_expect(queue->last == NULL || queue->last->count == QUEUE_CHUNK, 0))
        queue_extend(queue);
    queue->last->item[queue->last->count++] = item;
    queue->last_us = item.due_us;
    return true;
}

/* Takes out the first one, if it is due before that time. */
static inline bool queue_pop(struct queue *queue, int64_t before_us, struct timer_item *item)
{
    const struct queue_chunk *const first = queue->first;

    if (first == NULL || queue->taken == first->count) return false;
    if (first->item[queue->taken].due_us >= before_us) return false;
    *item = first->item[queue->taken++];
    if (__builtin_expect(queue->taken == first->count, 0)) queue_advance(queue);
    return true;
}

#endif
