/*
 * held.h - how much memory is held, and for what: what --max-memory bounds.
 *
 * Whatever keeps things by the million, or things as long as a line may be, gets its memory through
 * a few allocators: table, roster, pool, slab, arena, timer, buffer. Each says here when it takes
 * memory from the system or gives it back, for the kind of thing that it was told it is for. So the
 * sum costs nothing for an event, and is what the process really has: rooms kept for the next use
 * count, too.
 *
 * A bound is looked at between events, when all is in order and can be saved. An allocator that
 * would have to double asks first whether that may be (held_allows), and if not does with what it
 * has, where it can, and says so (held_deny): then the run ends after the events being looked at.
 */
#ifndef CS_HELD_H
#define CS_HELD_H

#include <stdbool.h>
#include <stddef.h>

enum held_kind {
    HELD_TEXTS, /* what is being read, worked on and written */
    HELD_GROUPS,
    HELD_IDS,
    HELD_SESSIONS,
    HELD_DORMANT,
    HELD_SERIES,
    HELD_EVENTS,
    HELD_WAITING,
    HELD_PEOPLE,
    HELD_PARTITIONS,
    HELD_ROWS,
    HELD_KINDS
};

struct held {
    size_t bytes[HELD_KINDS];
    size_t total;
    size_t most;  /* the bound */
    size_t limit; /* the same; 0 once somebody was not allowed to grow */
};

extern struct held held;

static inline void held_add(enum held_kind kind, size_t bytes)
{
    held.bytes[kind] += bytes;
    held.total += bytes;
}

static inline void held_drop(enum held_kind kind, size_t bytes)
{
    held.bytes[kind] -= bytes;
    held.total -= bytes;
}

/* Would so many bytes more be within the bound? */
static inline bool held_allows(size_t more)
{
    return held.total <= held.most && more <= held.most - held.total;
}

static inline void held_deny(void)
{
    held.limit = 0;
}

/* Is the bound reached? */
static inline bool held_full(void)
{
    return held.total > held.limit;
}

/* Sets the bound; SIZE_MAX, as at first: none. */
static inline void held_bound(size_t most)
{
    held.most = held.limit = most;
}

/* What a kind is called in messages: "groups". */
const char *held_name(enum held_kind kind);

#endif
