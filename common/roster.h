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

#include <stddef.h>
#include <stdint.h>

#include "id.h"
#include "pool.h"

struct roster_slot {
    uint32_t hash;
    uint32_t number; /* POOL_NONE: free */
};

struct roster {
    struct roster_slot *slot;
    size_t slots; /* a power of two, or 0 before the first put */
    size_t count;
    uint64_t secret;
};

/* An empty roster; allocates nothing yet. */
void roster_init(struct roster *roster);
void roster_release(struct roster *roster);

/* The number of the record that begins with the id; POOL_NONE: there is none. */
uint32_t roster_find(const struct roster *roster, const struct pool *pool, struct id id);

/* The number of what is probably that record: only slots are looked at. */
uint32_t roster_guess(const struct roster *roster, struct id id);

/* Adds a record whose id has none yet; removes one that is there. */
void roster_put(struct roster *roster, struct id id, uint32_t number);
void roster_remove(struct roster *roster, struct id id, uint32_t number);

/* Brings the id's slot near: to be called some events before roster_find or roster_put. */
void roster_prefetch(const struct roster *roster, struct id id);

/* The next record from *at on, a slot that is 0 at first; POOL_NONE at the end. */
uint32_t roster_next(const struct roster *roster, size_t *at);

#endif
