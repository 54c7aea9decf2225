/*
 * dormant.h - visits at rest: all their runs have been judged, and nobody may come any more.
 *
 * Most of the ids that cs-abandon remembers are of this kind: for as long as --forget, it has to
 * know when they were there and whether they have had their alert. That is one cache line instead
 * of the two of a timeline, a name and texts: a name comes with the next event, if there is one. A
 * visit whose matter is closed (told of, or bought) needs no user either.
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
#include "base/timer.h"
#include "session/stretch.h"

struct dormant {
    struct id id;
    int64_t start_us, last_us, reach_us; /* as of a stretch */
    int64_t user_us; /* when the user was said; INT64_MIN: never, or it is of no interest */
    char *user;      /* in the slab of the dormants */
    uint32_t user_len : 30;
    uint32_t is_alerted : 1;
    uint32_t has_bought : 1;
    uint32_t add_to_carts;
};

struct dormants {
    struct roster ids;
    struct pool pool;
    struct slab users;
    struct timer timer; /* when each is forgotten */
    int64_t forget_us;
};

void dormants_init(struct dormants *dormants, int64_t forget_us);
void dormants_release(struct dormants *dormants);

static inline size_t dormants_count(const struct dormants *dormants)
{
    return dormants->ids.count;
}

static inline struct dormant *dormant_at(const struct dormants *dormants, uint32_t number)
{
    return pool_at(&dormants->pool, number, sizeof(struct dormant));
}

/* Brings near what dormants_find will look at. */
MEMORY_HINT void dormants_hint(const struct dormants *dormants, struct id id)
{
    roster_prefetch(&dormants->ids, roster_hash(&dormants->ids, id));
}

/* The number of an id's rest; POOL_NONE: it has none. */
static inline uint32_t dormants_find(const struct dormants *dormants, struct id id)
{
    return roster_find(&dormants->ids, &dormants->pool, id);
}

/* Adds one for an id that has none; the user is copied. The caller fills in what is 0 yet. */
struct dormant *dormants_add(struct dormants *dormants, struct id id, int64_t last_us,
                             const struct attribute *user);

void dormants_drop(struct dormants *dormants, uint32_t number);

/* Forgets those silent for too long. */
void dormants_advance(struct dormants *dormants, int64_t watermark_us);

/* The same bytes for the same dormants. Loading wants ids that are not there; false: senseless. */
void dormants_save(const struct dormants *dormants, struct buffer *out);
bool dormants_load(struct dormants *dormants, struct unpack *in);

#endif
