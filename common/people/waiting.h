/*
 * waiting.h - events that wait for their turn: in order of time, and how long each may.
 *
 * An event comes in at any place of the last while, is put in order once nothing can come before it
 * any more, and then waits in a queue. Most events come in order: those are a run, the others are
 * in a timer until then. Of the same time, those come first that name no known id, then by the
 * known id, then by their bytes: so the order does not depend on that in which they came.
 *
 * What an event needs is one piece of memory: a head, its anonymous ids but the first in front of
 * that, and behind it the line and what stands in no line. Pieces are cut from segments one behind
 * the other, and events come and go in nearly the same order: so memory is gone through in order,
 * which processors expect, and a segment is free when all of its events are gone. It is short
 * enough to be in a cache still when the next events are written where these were read. A number
 * says where a piece is: its segment's, and how far in it the head stands.
 */
#ifndef CS_WAITING_H
#define CS_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/slice.h"
#include "base/sort.h"
#include "base/timer.h"

enum waiter_flags {
    WAITER_KNOWN = 1,     /* its own is a known id, else an anonymous one */
    WAITER_SILENT = 2,    /* it is no event: an identification that a file has brought */
    WAITER_PERSON = 4,    /* its line has a member person_id */
    WAITER_BOT = 8,       /* its line has a member bot that is not null */
    WAITER_BOT_NULL = 16, /* its line has one that is null */
    WAITER_CLEAN = 32,    /* no byte of its line is a control: event.h; not in a state */
};

/* An anonymous id of it. */
struct waiter_id {
    uint32_t link; /* links.h */
    uint32_t next; /* the one before that waits for the same to be named; or WAITER_OFF */
};

/* next, where the event waits for no name of that id. */
#define WAITER_OFF UINT32_MAX

/* Some bytes of its text. */
struct waiter_part {
    uint32_t at, len;
};

/* The head. Its text is the line; its own id, where that stands in no line; bot; keys. */
struct waiter {
    int64_t time_us;
    uint32_t len;           /* of the line */
    struct waiter_part own; /* its own id, known or the first anonymous one; len 0: it has none */
    uint32_t bot_len;       /* which list of agents has it; 0: none */
    uint32_t keys_len;      /* values of members that somebody wants later */
    uint32_t person;        /* names.h */
    uint32_t visit;         /* rate.h */
    uint8_t rank;           /* how good a reason person has: people.h */
    uint8_t ids;
    uint8_t flags;
    struct waiter_id first; /* of its ids */
};

/* So many numbers for the places of a segment, which are so many bytes apart. */
#define WAITING_PLACE_BITS 14
#define WAITING_PLACE 16
#define WAITING_NONE 0 /* no event: a segment's head stands there */
#define WAITING_SEGMENT ((size_t)WAITING_PLACE << WAITING_PLACE_BITS)

/* At the beginning of its pages. */
struct waiting_segment {
    size_t size;
    size_t pieces; /* of events that are still there */
    struct waiting_segment *next;
    uint32_t number;
};

/* Events, by time and number. */
struct waiting_ring {
    struct sort_item *item;
    size_t first, count, cap; /* cap: a power of two, or 0 */
};

struct waiting {
    char **segment; /* by number; NULL: none has it */
    size_t segment_cap;
    size_t segment_free;          /* numbers below are taken */
    char *cut, *cut_end;          /* pages of which segments will be made */
    struct waiting_segment *open; /* the one being cut */
    char *at, *end;
    struct waiting_segment *spare;
    size_t spares, segments;
    struct waiting_ring run; /* those not in order yet: each as late as the one before, or later */
    struct timer timer;      /* and the others */
    struct waiting_ring queue;
    struct sort_item *due;
    size_t due_cap;
};

void waiting_init(struct waiting *waiting);
void waiting_release(struct waiting *waiting);

static inline struct waiter *waiting_at(const struct waiting *waiting, uint32_t number)
{
    const size_t place = number & ((UINT32_C(1) << WAITING_PLACE_BITS) - 1);
    char *const segment = waiting->segment[number >> WAITING_PLACE_BITS];
    return (struct waiter *)(void *)(segment + place * WAITING_PLACE);
}

/* Asks for the memory of a head, which may be in two lines of the cache. */
MEMORY_HINT void waiting_prefetch(const struct waiting *waiting, uint32_t number)
{
    const struct waiter *const waiter = waiting_at(waiting, number);
    __builtin_prefetch(waiter, 1);
    __builtin_prefetch((const char *)(waiter + 1) - 1, 1);
}

/* The i-th of its ids. */
static inline struct waiter_id *waiter_id(const struct waiter *waiter, int i)
{
    if (i == 0) return (struct waiter_id *)(uintptr_t)&waiter->first;
    return (struct waiter_id *)(uintptr_t)waiter - i;
}

static inline char *waiter_text(const struct waiter *waiter)
{
    return (char *)(uintptr_t)(waiter + 1);
}

static inline struct slice waiter_line(const struct waiter *waiter)
{
    return (struct slice){.text = waiter_text(waiter), .len = waiter->len};
}

/* So many bytes are asked for before they are needed. */
#define WAITING_AHEAD 2048

/* Asks for the memory of its line, of a long one for the first of it. */
MEMORY_HINT void waiter_prefetch_line(const struct waiter *waiter)
{
    const size_t len = waiter->len < WAITING_AHEAD ? waiter->len : WAITING_AHEAD;
    for (size_t i = 0; i < len; i += 64)
        __builtin_prefetch(waiter_text(waiter) + i);
}

/* Does its own id stand in the line? */
static inline bool waiter_own_in_line(const struct waiter *waiter)
{
    return waiter->own.at < waiter->len;
}

static inline struct slice waiter_own(const struct waiter *waiter)
{
    return (struct slice){.text = waiter_text(waiter) + waiter->own.at, .len = waiter->own.len};
}

static inline struct slice waiter_bot(const struct waiter *waiter)
{
    const size_t own_len = waiter_own_in_line(waiter) ? 0 : waiter->own.len;
    return (struct slice){.text = waiter_text(waiter) + waiter->len + own_len,
                          .len = waiter->bot_len};
}

static inline struct slice waiter_keys(const struct waiter *waiter)
{
    const struct slice bot = waiter_bot(waiter);
    return (struct slice){.text = bot.text + bot.len, .len = waiter->keys_len};
}

/* For waiting_new and waiting_free only: another segment is cut from now on, with room for so many
 * bytes; one has no event any more. */
void waiting_open(struct waiting *waiting, size_t len);
void waiting_emptied(struct waiting *waiting, struct waiting_segment *segment);

/* Memory for a piece that is cut soon, as long as this one: nobody has looked at it since other
 * events went out of it, and stores would have to wait for it. */
MEMORY_HINT void waiting_ahead(const struct waiting *waiting, size_t len)
{
    if ((size_t)(waiting->end - waiting->at) < WAITING_AHEAD + len) return;
    for (size_t i = 0; i < len; i += 64)
        __builtin_prefetch(waiting->at + WAITING_AHEAD + i, 1);
}

/* A new one, zeroed, with so many ids and room for so many bytes of text; *number says which. */
static inline struct waiter *waiting_new(struct waiting *waiting, int ids, size_t bytes,
                                         uint32_t *number)
{
    const size_t step = WAITING_PLACE - 1;
    const size_t front =
        ids > 1 ? ((size_t)(ids - 1) * sizeof(struct waiter_id) + step) & ~step : 0;
    const size_t len = (front + sizeof(struct waiter) + bytes + step) & ~step;
    if ((size_t)(waiting->end - waiting->at) < len) waiting_open(waiting, len);
    struct waiting_segment *const open = waiting->open;
    char *const head = waiting->at + front;
    waiting->at += len;
    waiting_ahead(waiting, len);
    open->pieces++;
    *number = open->number << WAITING_PLACE_BITS |
              (uint32_t)((size_t)(head - (char *)open) / WAITING_PLACE);
    struct waiter *const waiter = (struct waiter *)(void *)head;
    *waiter = (struct waiter){.ids = (uint8_t)ids};
    return waiter;
}

/* One that is neither among those to be put in order nor in the queue. */
static inline void waiting_free(struct waiting *waiting, struct waiter *waiter)
{
    struct waiting_segment *const segment =
        (struct waiting_segment *)((uintptr_t)waiter & ~(uintptr_t)(WAITING_SEGMENT - 1));
    if (--segment->pieces == 0) waiting_emptied(waiting, segment);
}

/* The i-th of a ring. */
static inline struct sort_item ring_at(const struct waiting_ring *ring, size_t i)
{
    return ring->item[(ring->first + i) & (ring->cap - 1)];
}

/* So many of the first are taken out. */
static inline void ring_shift(struct waiting_ring *ring, size_t count)
{
    ring->first = (ring->first + count) & (ring->cap - 1);
    ring->count -= count;
}

/* How many of the first are from before that time, as a sort_key. */
static inline size_t ring_before(const struct waiting_ring *ring, uint64_t before)
{
    size_t count = 0;
    while (count < ring->count && ring_at(ring, count).key < before)
        count++;
    return count;
}

/* For ring_push only. */
void ring_grow(struct waiting_ring *ring);

static inline void ring_push(struct waiting_ring *ring, struct sort_item item)
{
    if (__builtin_expect(ring->count == ring->cap, 0)) ring_grow(ring);
    ring->item[(ring->first + ring->count) & (ring->cap - 1)] = item;
    ring->count++;
}

/* It has its time, and is one of those not in order yet. */
static inline void waiting_add(struct waiting *waiting, uint32_t number, int64_t time_us)
{
    const struct sort_item item = {.key = sort_key(time_us), .number = number};
    struct waiting_ring *const run = &waiting->run;
    if (run->count == 0 || ring_at(run, run->count - 1).key <= item.key)
        ring_push(run, item);
    else
        timer_push(&waiting->timer, (struct timer_item){.due_us = time_us, .number = number});
}

/* Takes those from before that time out of these, and returns them in order; good until one is
 * added, and the next call. Nothing more comes from before that time. */
const struct sort_item *waiting_due(struct waiting *waiting, int64_t before_us, size_t *count);

/* All that are not in order yet, in the order in which they are going to be; they stay. */
const struct sort_item *waiting_loose(struct waiting *waiting, size_t *count);

/* One that was due goes to the end of the queue. */
static inline void waiting_queue(struct waiting *waiting, struct sort_item item)
{
    ring_push(&waiting->queue, item);
}

#endif
