/*
 * rest.h - visits at rest: all their runs have been judged, and nobody may come any more.
 *
 * Most of the ids that cs-abandon remembers are of this kind: for as long as --forget, it has to
 * know when they were there and whether they have had their alert. That is one cache line instead
 * of the two of a timeline, a name and texts: a name comes with the next event, if there is one. A
 * visit whose matter is closed (told of, or bought) needs no user either.
 */
#ifndef CS_REST_H
#define CS_REST_H

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

struct rest {
    struct id id;
    int64_t start_us, last_us, reach_us; /* as of a stretch */
    int64_t user_us; /* when the user was said; INT64_MIN: never, or it is of no interest */
    char *user;      /* in the slab of the rests */
    uint32_t user_len : 30;
    uint32_t is_alerted : 1;
    uint32_t has_bought : 1;
    uint32_t add_to_carts;
};

struct rests {
    struct roster ids;
    struct pool pool;
    struct slab users;
    struct timer timer; /* when each is forgotten */
    int64_t forget_us;
};

void rests_init(struct rests *rests, int64_t forget_us);
void rests_release(struct rests *rests);

static inline size_t rests_count(const struct rests *rests)
{
    return rests->ids.count;
}

static inline struct rest *rest_at(const struct rests *rests, uint32_t number)
{
    return pool_at(&rests->pool, number, sizeof(struct rest));
}

/* Brings near what rests_find will look at. */
MEMORY_HINT void rests_hint(const struct rests *rests, struct id id)
{
    roster_prefetch(&rests->ids, roster_hash(&rests->ids, id));
}

/* The number of an id's rest; POOL_NONE: it has none. */
static inline uint32_t rests_find(const struct rests *rests, struct id id)
{
    return roster_find(&rests->ids, &rests->pool, id);
}

/* Adds one for an id that has none; the user is copied. The caller fills in what is 0 yet. */
struct rest *rests_add(struct rests *rests, struct id id, int64_t last_us, const struct said *user);

void rests_drop(struct rests *rests, uint32_t number);

/* Forgets those silent for too long. */
void rests_advance(struct rests *rests, int64_t watermark_us);

/* The same bytes for the same rests. Loading wants ids that are not there; false: senseless. */
void rests_save(const struct rests *rests, struct buffer *out);
bool rests_load(struct rests *rests, struct unpack *in);

#endif
