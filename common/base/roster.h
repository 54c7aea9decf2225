/*
 * roster.h - finds the record of an id in a pool.
 *
 * A hash table like table.h, of eight bytes a slot: the record's number and 32 bits of the id's
 * hash. The id itself stands at the beginning of the record, which whoever looks for it wants to
 * see next anyway; the bits are enough to pass by other ids without a look, and to grow without
 * touching a record. The hash depends on a secret of the roster, as in table.h, so the order of
 * roster_next is nobody's business.
 */
#ifndef CS_ROSTER_H
#define CS_ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/memory.h"
#include "base/pool.h"
#include "base/sort.h"

struct roster_slot {
    uint32_t hash;
    uint32_t number; /* POOL_NONE: free */
};

struct roster {
    struct roster_slot *slot;
    size_t slots; /* a power of two, or 0 before the first put */
    size_t count;
    uint64_t secret;
    bool sparse;         /* half full at most: most of the ids looked for are not there */
    enum held_kind kind; /* what its memory is for */
};

/* An empty roster; allocates nothing yet. */
void roster_init(struct roster *roster, enum held_kind kind);
void roster_release(struct roster *roster);

/* The number of the record that begins with the id; POOL_NONE: there is none. */
uint32_t roster_find(const struct roster *roster, const struct pool *pool, struct id id);

/* Where in the roster an id is, as 32 bits of its hash. */
static inline uint32_t roster_hash(const struct roster *roster, struct id id)
{
    const unsigned __int128 product =
        (unsigned __int128)(id.low ^ roster->secret) * UINT64_C(0x9e3779b97f4a7c15);
    const uint64_t mixed = (uint64_t)(product >> 64) ^ (uint64_t)product ^ id.high;
    return (uint32_t)(mixed ^ mixed >> 32);
}

/* Brings near the slot of an id of that hash: to be called some events before all else. */
MEMORY_HINT void roster_prefetch(const struct roster *roster, uint32_t hash)
{
    if (roster->slots != 0) __builtin_prefetch(&roster->slot[hash & (roster->slots - 1)], 1);
}

/* The number of what is probably the record of an id of that hash: only slots are looked at. */
static inline uint32_t roster_guess(const struct roster *roster, uint32_t hash)
{
    if (roster->count == 0) return POOL_NONE;
    const size_t wrap = roster->slots - 1;
    size_t at = hash & wrap;
    while (roster->slot[at].hash != hash && roster->slot[at].number != POOL_NONE)
        at = (at + 1) & wrap;
    return roster->slot[at].number;
}

/* Is there surely no record of an id of that hash? *at: where it would be. */
static inline bool roster_lacks(const struct roster *roster, uint32_t hash, size_t *at)
{
    if (__builtin_expect(roster->slots == 0, 0)) return false;
    const size_t wrap = roster->slots - 1;
    *at = hash & wrap;
    while (roster->slot[*at].number != POOL_NONE) {
        if (roster->slot[*at].hash == hash) return false;
        *at = (*at + 1) & wrap;
    }
    return true;
}

/* How many records there are before it grows. */
static inline size_t roster_room(const struct roster *roster)
{
    return roster->slots / 4 * (roster->sparse ? 2 : 3);
}

/* Adds a record whose id has none yet; removes one that is there. roster_put_at: where roster_lacks
 * has said, of an id of that hash, nothing having been added or removed since. */
void roster_put(struct roster *roster, struct id id, uint32_t number);

static inline void roster_put_at(struct roster *roster, struct id id, uint32_t hash, size_t at,
                                 uint32_t number)
{
    if (__builtin_expect(roster->count >= roster_room(roster), 0)) {
        roster_put(roster, id, number);
        return;
    }
    roster->slot[at] = (struct roster_slot){.hash = hash, .number = number};
    roster->count++;
}

void roster_remove(struct roster *roster, struct id id, uint32_t number);

/* The next record from *at on, a slot that is 0 at first; POOL_NONE at the end. */
uint32_t roster_next(const struct roster *roster, size_t *at);

/* The numbers of all records, sorted by id; free() the array. */
struct sort_item *roster_sorted(const struct roster *roster, const struct pool *pool);

#endif
