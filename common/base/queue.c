#include "base/queue.h"

#include <stdlib.h>

#include "base/memory.h"

void queue_init(struct queue *queue, enum held_kind kind)
{
    *queue = (struct queue){.last_us = INT64_MIN, .kind = kind};
}

static void first_drop(struct queue *queue)
{
    struct queue_chunk *const next = queue->first->next;

    free(queue->first);
    held_drop(queue->kind, sizeof *next);
    queue->first = next;
}

void queue_release(struct queue *queue)
{
    while (queue->first != NULL)
        first_drop(queue);
    queue_init(queue, queue->kind);
}

void queue_extend(struct queue *queue)
{
    struct queue_chunk *const chunk = memory_new(sizeof *chunk);

    chunk->next = NULL;
    chunk->count = 0;
    held_add(queue->kind, sizeof *chunk);
    *(queue->last == NULL ? &queue->first : &queue->last->next) = chunk;
    queue->last = chunk;
}

void queue_advance(struct queue *queue)
{
    queue->taken = 0;
    if (queue->first != queue->last) {
        first_drop(queue);
    } else { /* it is empty, and keeps this one */
        queue->first->count = 0;
        queue->last_us = INT64_MIN;
    }
}
