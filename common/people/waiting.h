/*
 * waiting.h - events that wait for their turn: in order of time, and how long each may.
 *
 * An event comes in at any place of the last while, is put in order once nothing can come before it
 * any more, and then waits in a queue. Most events come in order: those are a run, the others are
 * in a timer until then. Of the same time, those come first that name no known id, then by the
 * known id, then by their bytes: so the order does not depend on that in which they came.
 *
 * What an event needs is one piece of memory: its anonymous ids, its line, and behind that what
 * stands in no line. Pieces are cut from segments one behind the other, and events come and go in
 * nearly the same order; a segment is free when all of its events are gone.
 */
#ifndef CS_WAITING_H
#define CS_WAITING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
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

/* Some bytes of its piece, counted from the line's beginning. */
struct waiter_part {
    uint32_t at, len;
};

struct waiter {
    int64_t time_us;
    char *text; /* its line; its ids but the first stand in front of it */
    uint32_t len;
    struct waiter_part own;  /* its own id, known or the first anonymous one; len 0: it has none */
    struct waiter_part bot;  /* which list of agents has it; len 0: none */
    struct waiter_part keys; /* values of members that somebody wants later */
    uint32_t person;         /* names.h */
    uint32_t visit;          /* rate.h */
    struct waiter_id first;  /* of its ids */
    uint8_t rank;            /* how good a reason person has: people.h */
    uint8_t ids;
    uint8_t flags;
} __attribute__((aligned(64)));

/* next, where the event waits for no name of that id. */
#define WAITER_OFF UINT32_MAX

struct waiting_segment;

/* Events, by time and number. */
struct waiting_ring {
    struct sort_item *item;
    size_t first, count, cap; /* cap: a power of two, or 0 */
};

struct waiting {
    struct pool pool;        /* struct waiter */
    struct waiting_ring run; /* those not in order yet: each as late as the one before, or later */
    struct timer timer;      /* and the others */
    struct waiting_ring queue;
    struct waiting_segment *segment; /* the one being cut */
    char *at, *end;
    struct waiting_segment *spare;
    size_t spares, segments;
    struct sort_item *due;
    size_t due_cap;
};

void waiting_init(struct waiting *waiting);
void waiting_release(struct waiting *waiting);

static inline struct waiter *waiting_at(const struct waiting *waiting, uint32_t number)
{
    return pool_at(&waiting->pool, number, sizeof(struct waiter));
}

/* The i-th of its ids. */
static inline struct waiter_id *waiter_id(const struct waiter *waiter, int i)
{
    if (i == 0) return (struct waiter_id *)(uintptr_t)&waiter->first;
    return (struct waiter_id *)(void *)waiter->text - i;
}

static inline struct slice waiter_slice(const struct waiter *waiter, struct waiter_part part)
{
    return (struct slice){.text = waiter->text + part.at, .len = part.len};
}

/* A new one, zeroed but for text, which has room for so many ids in front and so many bytes. */
uint32_t waiting_new(struct waiting *waiting, int ids, size_t bytes);

/* It has its time, and is one of those not in order yet. */
void waiting_add(struct waiting *waiting, uint32_t number);

/* Takes those from before that time out of these, and returns them in order; good until the next
 * call. Nothing more comes from before that time. */
const struct sort_item *waiting_due(struct waiting *waiting, int64_t before_us, size_t *count);

/* All that are not in order yet, in the order in which they are going to be; they stay. */
const struct sort_item *waiting_loose(struct waiting *waiting, size_t *count);

/* One that was due goes to the end of the queue. */
void waiting_queue(struct waiting *waiting, uint32_t number);

/* The i-th of a ring. */
static inline struct sort_item ring_at(const struct waiting_ring *ring, size_t i)
{
    return ring->item[(ring->first + i) & (ring->cap - 1)];
}

/* The first is taken out. */
static inline void ring_shift(struct waiting_ring *ring)
{
    ring->first = (ring->first + 1) & (ring->cap - 1);
    ring->count--;
}

/* One that is neither there nor in the queue. */
void waiting_free(struct waiting *waiting, uint32_t number);

#endif
