/*
 * trail.h - what each id has done in the windows of an ordered funnel that are open: its touches,
 * in order of time.
 *
 * A touch is kept as long as its window (span.h), because attempts of any window up to that one may
 * need it. It takes 16 bytes; an id takes 128, four touches included, and four in each window that
 * it is in. Nothing else bounds them but --max-keys and --max-memory, for which all touches count:
 * which of them will not be needed nobody knows before the last attempt is over.
 *
 * Touches mostly come in order. What does not waits behind, and is put in when somebody looks. Of
 * one time, they are in the order of their groups' keys, then of their masks: never of arrival.
 */
#ifndef CS_TRAIL_H
#define CS_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/pool.h"
#include "base/roster.h"
#include "base/slab.h"
#include "base/slice.h"
#include "funnel/attempt.h"
#include "funnel/span.h"

#define TRAIL_FEW 4 /* touches that stand in the record */

struct trail {
    struct id id;         /* first, for the roster */
    struct touch *touch;  /* few, or a piece of the slab */
    char *name;           /* of the id, where rows need it: its length, and it; else NULL */
    int64_t due_us;       /* when it is to be looked at, where that is of use; INT64_MAX: never */
    int64_t listed_us[2]; /* the windows in whose lists it was put last */
    uint32_t count;
    uint32_t ordered; /* so many from the first on */
    struct touch few[TRAIL_FEW];
};

#define TRAIL_RECORD_BYTES 128
#define TRAIL_AHEAD 64

struct trails {
    struct spans *spans; /* borrowed */
    struct roster ids;
    struct pool pool;
    struct slab slab;
    uint64_t touches; /* of all */
    struct touch *visible;
    size_t visible_cap;
    /* What was hinted at, as the roster's hashes; and how many of these were taken. */
    uint32_t ahead[TRAIL_AHEAD];
    unsigned hinted, taken;
};

void trails_init(struct trails *trails, struct spans *spans);
void trails_release(struct trails *trails);

static inline struct trail *trail_at(const struct trails *trails, uint32_t number)
{
    return pool_at(&trails->pool, number, TRAIL_RECORD_BYTES);
}

/* An event of this id will come soon: trails_get will be called for it. */
static inline void trails_hint(struct trails *trails, struct id id)
{
    const uint32_t hash = roster_hash(&trails->ids, id);
    if (trails->taken > 0) trails->hinted = trails->taken = 0;
    if (trails->hinted == TRAIL_AHEAD) return;
    trails->ahead[trails->hinted++] = hash;
    roster_prefetch(&trails->ids, hash);
}

/* The number of an id's trail, made if there is none. trails_take: of an id that was hinted at, for
 * each hint, and in their order. */
uint32_t trails_get(struct trails *trails, struct id id);
uint32_t trails_take(struct trails *trails, struct id id);

/* Instead of trails_take: the event that was hinted at is not used. */
void trails_pass(struct trails *trails);

/* Gives a trail that has none a name; and what it is. */
void trail_name(struct trails *trails, struct trail *trail, struct slice name);
struct slice trail_name_of(const struct trail *trail);

/* Adds a touch in a window, which is there. */
void trail_add(struct trails *trails, uint32_t number, struct span *span,
               const struct touch *touch);

/* Puts all touches in order. */
void trail_order(const struct trails *trails, struct trail *trail);

/* The first touch that is not before that time; count: there is none. In order. */
uint32_t trail_place(const struct trail *trail, int64_t time_us);

/* The touches from a window's start on as an attempt of that window sees them, with groups as if
 * they had come in time: without those that came when it was closed. closed_us: the watermark at
 * which it is. Good until the next call. */
const struct touch *trail_visible(struct trails *trails, struct trail *trail, int64_t start_us,
                                  int64_t closed_us, size_t *count);

/* Drops the touches of a window, and the trail with its last one. */
void trail_erase(struct trails *trails, uint32_t number, int64_t start_us);

#endif
