/*
 * dormant.h - visits whose runs have all been judged, and which may never go on.
 *
 * Most of the ids that cs-abandon remembers are of this kind: for as long as --forget, it has to
 * know when they were there and whether they have had their alert. That is 24 bytes, and four in a
 * wheel, instead of the two cache lines of a timeline, a name and texts: a name comes with the next
 * event, if there is one. A visit that will not be reported any more (it was, or something was
 * bought) needs neither user nor additions; and whoever never had anything in the cart, and is
 * nobody known, as most are, has all that is to be known in the record, if the visit was short. Of
 * the others a piece of a slab has the rest.
 */
#ifndef CS_DORMANT_H
#define CS_DORMANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/pack.h"
#include "base/pool.h"
#include "base/roster.h"
#include "base/slab.h"
#include "base/wheel.h"
#include "session/stretch.h"

struct dormant {
    struct id id;
    int64_t start_us, last_us, reach_us; /* as of a stretch */
    struct attribute user; /* its time is INT64_MIN: never said, or of no interest; borrowed */
    uint32_t add_to_carts;
    bool is_alerted, has_bought;
};

struct dormants {
    struct roster ids;
    struct pool pool;
    struct slab pieces;
    struct wheel wheel; /* when each is forgotten */
    int64_t forget_us;
};

/* They stay where they are. */
void dormants_init(struct dormants *dormants, int64_t forget_us);
void dormants_release(struct dormants *dormants);

static inline size_t dormants_count(const struct dormants *dormants)
{
    return dormants->ids.count;
}

/* One that is there. */
struct dormant dormants_read(const struct dormants *dormants, uint32_t number);

/* Prefetches what dormants_find will look at. */
MEMORY_HINT void dormants_hint(const struct dormants *dormants, struct id id)
{
    roster_prefetch(&dormants->ids, roster_hash(&dormants->ids, id));
}

/* The number of an id's rest; POOL_NONE: it has none. */
static inline uint32_t dormants_find(const struct dormants *dormants, struct id id)
{
    return roster_find(&dormants->ids, &dormants->pool, id);
}

/* Adds one for an id that has none. */
void dormants_add(struct dormants *dormants, const struct dormant *dormant);

void dormants_drop(struct dormants *dormants, uint32_t number);

/* Forgets the one of an id, if there is one: it is over, though it may not be due yet. */
void dormants_forget(struct dormants *dormants, struct id id);

/* Forgets those silent for too long. */
void dormants_advance(struct dormants *dormants, int64_t watermark_us);

/* The same bytes for the same visits. Loading wants ids that are not there, or whose visits are
 * over; false: invalid. */
void dormants_save(const struct dormants *dormants, struct buffer *out);
bool dormants_load(struct dormants *dormants, struct unpack *in);

#endif
