/*
 * id.h - identifiers (sessions, users, groups) as 128 bits instead of text.
 *
 * XXH3-128 with a fixed seed (https://github.com/Cyan4973/xxHash), so that the same id is the same
 * 128 bits in every process, on every machine and in every state file: partial results can be
 * merged. Two different ids among n are taken for one with a chance of n*n / 2^129.
 */
#ifndef CS_ID_H
#define CS_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

struct id {
    uint64_t low, high; /* both 0: no id */
};

#define ID_NONE ((struct id){0, 0})

/* Never ID_NONE. */
struct id id_of(struct slice text);

/* The id of a pair, of anything: mixes all 256 bits. Never ID_NONE. */
struct id id_mix(struct id a, struct id b);

static inline bool id_equal(struct id a, struct id b)
{
    return a.low == b.low && a.high == b.high;
}

static inline bool id_is_none(struct id a)
{
    return (a.low | a.high) == 0;
}

/* Assigns half by half: gcc copies both at once, by way of memory, and that copy has to wait until
 * the halves it has just put there have arrived. */
static inline void id_set(struct id *to, struct id id)
{
    to->low = id.low;
    to->high = id.high;
}

/* The id of a pair (a group, and something counted within it) where both are hashes: their bits are
 * as good as random, and so is their sum. The group's counts twice: what is a group's key here may
 * be counted there, and the other way round. Never ID_NONE. */
static inline struct id id_within(struct id group, struct id a)
{
    const struct id sum = {a.low + 2 * group.low, a.high ^ group.high};
    return (struct id){sum.low | (uint64_t)id_is_none(sum), sum.high};
}

/* Some order, the same everywhere: states are written in it. */
static inline int id_compare(struct id a, struct id b)
{
    if (a.high != b.high) return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}

#endif
