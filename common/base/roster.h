/*
 * roster.h - finds the record of an id in a pool.
 *
 * A hash table of eight bytes a slot: the record's number and 32 bits of the id's hash. The id
 * itself stands at the beginning of the record, which whoever looks for it wants to see next
 * anyway; the bits are enough to pass by other ids without a look, and to grow without touching a
 * record. The hash depends on a secret of the roster, as in table.h, so the order of roster_next is
 * nobody's business.
 *
 * Linear probing; but a place is a share of all slots, not a hash's last bits, and slots are in the
 * order of their hashes (Amble & Knuth, "Ordered hash tables", 1974): a search ends at the first
 * one that is greater, so the roster may be rather full; and all are moved into more slots in one
 * pass, from the first to the last, while what was read is given back. So a small roster doubles,
 * and a large one grows by an eighth (a sparse one by half), and never takes more than what it
 * is going to have.
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

#define ROSTER_SPARE 64 /* for what has its place at the very end */
#define ROSTER_STEP 4   /* slots are looked at together; so many stay free at the end */

struct roster_slot {
    uint32_t hash;   /* of a free one: the greatest, where every search ends */
    uint32_t number; /* POOL_NONE: free */
};

struct roster {
    struct roster_slot *slot;
    size_t slots; /* places; behind them are ROSTER_SPARE slots. 0 before the first put */
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

/* The place of a hash. */
static inline size_t roster_home(const struct roster *roster, uint32_t hash)
{
    return (size_t)(((uint64_t)hash * roster->slots) >> 32);
}

/* Brings near the slot of an id of that hash: to be called some events before all else. */
MEMORY_HINT void roster_prefetch(const struct roster *roster, uint32_t hash)
{
    if (roster->slots != 0) __builtin_prefetch(&roster->slot[roster_home(roster, hash)], 1);
}

/* Where a record of that hash stands, or would. How far that is nobody can guess, a processor
 * neither: so a few slots are looked at together, without a branch. The last few are free. */
static inline size_t roster_place(const struct roster *roster, uint32_t hash)
{
    _Static_assert(ROSTER_STEP == 4, "as many as are named here");
    const struct roster_slot *slot = &roster->slot[roster_home(roster, hash)];
    for (;;) {
        const size_t less = (size_t)(slot[0].hash < hash) + (slot[1].hash < hash) +
                            (slot[2].hash < hash) + (slot[3].hash < hash);
        slot += less;
        if (__builtin_expect(less < ROSTER_STEP, 1)) return (size_t)(slot - roster->slot);
    }
}

/* The number of what is probably the record of an id of that hash: only slots are looked at. */
static inline uint32_t roster_guess(const struct roster *roster, uint32_t hash)
{
    if (roster->count == 0) return POOL_NONE;
    const struct roster_slot slot = roster->slot[roster_place(roster, hash)];
    return slot.hash == hash ? slot.number : POOL_NONE;
}

/* Is there surely no record of an id of that hash? *at: where it would be. */
static inline bool roster_lacks(const struct roster *roster, uint32_t hash, size_t *at)
{
    if (__builtin_expect(roster->slots == 0, 0)) return false;
    *at = roster_place(roster, hash);
    return roster->slot[*at].hash != hash;
}

/* How many records there are before it grows. */
static inline size_t roster_room(const struct roster *roster)
{
    return roster->slots / 16 * (roster->sparse ? 8 : 13);
}

/* Adds a record whose id has none yet; removes one that is there. roster_put_at: where roster_lacks
 * has said, of an id of that hash, nothing having been added or removed since. */
void roster_put(struct roster *roster, struct id id, uint32_t number);

/* For roster_put_at. */
void roster_insert(struct roster *roster, uint32_t hash, size_t at, uint32_t number);

static inline void roster_put_at(struct roster *roster, uint32_t hash, size_t at, uint32_t number)
{
    const bool is_free = at < roster->slots && roster->slot[at].number == POOL_NONE;
    if (__builtin_expect(!is_free || roster->count >= roster_room(roster), 0)) {
        roster_insert(roster, hash, at, number);
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
