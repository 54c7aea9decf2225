/*
 * stretch.h - some events of one id, one soon after the other, and what is known of them all.
 *
 * A stretch is what a session is made of: the times of its first and last event, and a summary. Two
 * stretches of an id can be merged, and the result is the same whatever the order in which events
 * and stretches came together; the reverse is impossible, so timeline.h decides what may become
 * one. reach_us says from where a stretch can be reached: the smallest, over its events, of the
 * event's time or its partition's watermark when it came, whichever is later. An earlier event at t
 * is within a gap of the stretch if reach_us <= t + gap: some event of it was near enough, and came
 * before that gap was over.
 *
 * Memory: a record of fixed size in a pool, and one block for the name of the id, texts, and
 * products as differences of time and text (about 12 bytes each). Mostly a stretch is the only one
 * of its id: then its record is the owner's, too (timeline.h), who has a time there where other
 * stretches have their neighbours.
 */
#ifndef CS_STRETCH_H
#define CS_STRETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/memory.h"
#include "base/pack.h"
#include "base/pool.h"
#include "base/slab.h"
#include "base/slice.h"
#include "base/value.h"
#include "session/action.h"
#include "session/attribute.h"
#include "session/block.h"
#include "session/kept.h"
#include "session/products.h"

#define STRETCH_PRODUCTS_MAX 10000

/* What ended a session: the rule by which the next event of the id did not go on, or that there
 * was none. */
enum session_end {
    SESSION_GAP,      /* no event came within the gap */
    SESSION_MAX,      /* the next event, within the gap, is more than max after the first */
    SESSION_MIDNIGHT, /* ... is on another day */
    SESSION_SPLIT,    /* ... has another value */
    SESSION_END,      /* no event came, and the input ended before the gap was past */
    SESSION_GOES_ON,  /* nothing yet */
};

enum stretch_flags {
    STRETCH_PRINTED = 1, /* session.h: a part that is done with; kept, without its summary, as what
                            the next follows */
    STRETCH_ALERTED = 2, /* cart.h */
    STRETCH_FOLLOWS = 4, /* lineup.h: it begins a part, near as it may be to the stretch before;
                            what ended that is the number in the bits above */
    STRETCH_JUDGED = 8,  /* cart.h, where none has an end: what it lists is done with */
};

#define STRETCH_END_SHIFT 3

struct stretch {
    struct id id;              /* of the owner, where has_id says so; first, for roster.h */
    int64_t start_us, last_us; /* of its first and last event */
    int64_t reach_us;
    int64_t product_us; /* of the last product kept; INT64_MIN: none */
    struct block block; /* name, further counters, extras, attributes, then the products: parts.h */
    uint8_t flags;      /* enum stretch_flags */
    uint8_t present;    /* attributes that there are, a bit each */
    bool is_used : 1;   /* there is a stretch in the record */
    bool is_owned : 1;  /* the record is the owner's, whether or not there is a stretch in it */
    bool is_noted : 1;  /* of the owner: timelines_note */
    bool is_listed : 1; /* likewise: the stretch in the record is in its list */
    bool has_list : 1;  /* likewise: there is a struct timeline_list */
    bool has_id : 1;
    bool is_changed : 1;          /* since it was begun, or session.h has printed it */
    uint8_t loose;                /* products that are not put in yet: see products.h */
    uint32_t counts[KEPT_COUNTS]; /* of events, by action */
    uint32_t products; /* events with a product; the first STRETCH_PRODUCTS_MAX are kept */
    union {
        struct {
            uint32_t next, previous; /* timeline.h: where the record is not the owner's, of the same
                                        id, in order of time; POOL_NONE at the ends */
        };
        int64_t due_us; /* timeline.h: where it is, and has no list */
        uint32_t list;  /* likewise, and has one */
    };
};

#define STRETCH_RECORD_BYTES 96 /* in two cache lines, wherever they begin */

_Static_assert(sizeof(struct stretch) == STRETCH_RECORD_BYTES, "nothing is left over");

struct stretches {
    struct kept kept;
    struct pool pool;
    struct slab blocks;
    struct buffer scratch, tight;
};

void stretches_init(struct stretches *stretches, const struct kept *kept);
void stretches_release(struct stretches *stretches);

static inline struct stretch *stretch_at(const struct stretches *stretches, uint32_t number)
{
    return pool_at(&stretches->pool, number, STRETCH_RECORD_BYTES);
}

/* Does it begin a part whatever stands before it? */
static inline bool stretch_follows(const struct stretch *stretch)
{
    return (stretch->flags & STRETCH_FOLLOWS) != 0;
}

/* What ended the one before such a stretch. */
static inline enum session_end stretch_ended(const struct stretch *stretch)
{
    return stretch->flags >> STRETCH_END_SHIFT;
}

/* Prefetches what is not in the record: the beginning and the end of the block. */
MEMORY_HINT void stretch_prefetch(const struct stretch *stretch)
{
    __builtin_prefetch(stretch->block.data, 1);
    /* As numbers: nothing is added to a NULL where there is no block. */
    __builtin_prefetch((const void *)((uintptr_t)stretch->block.data + stretch->block.len), 1);
}

/* Extras may stand in the line behind the beginning. */
MEMORY_HINT void stretch_prefetch_cells(const struct stretch *stretch)
{
    __builtin_prefetch((const void *)((uintptr_t)stretch->block.data + 64), 1);
}

/* What is in the track, of which the block knows where it is. */
void stretch_prefetch_track(const struct stretches *stretches, const struct stretch *stretch);

/* What rows will say of the track: its ends, or all, of a long one the first so many bytes. There
 * is a stretch. */
#define STEPS_NEAR 512
void stretch_prefetch_steps(const struct stretches *stretches, const struct stretch *stretch);

/* The number of a record that holds nothing: it is zeroed. */
uint32_t stretch_take(struct stretches *stretches);

/* Puts a stretch of one event into a record, or one without a summary; the name is copied. */
void stretch_begin(struct stretches *stretches, uint32_t number, struct slice name,
                   const struct click *click);
void stretch_begin_empty(struct stretches *stretches, uint32_t number, struct slice name,
                         int64_t start_us, int64_t last_us);

/* Ends what is in a record: the stretch, or what is the owner's. With both gone the record is free.
 */
void stretch_free(struct stretches *stretches, uint32_t number);
void stretch_disown(struct stretches *stretches, uint32_t number);

/* Adds an event. */
void stretch_add(struct stretches *stretches, struct stretch *stretch, const struct click *click);

/* An attribute with its time, borrowed. And another instead of one that there is not. */
struct attribute stretch_attribute(const struct stretches *stretches, const struct stretch *stretch,
                                   int number);
void stretch_set_attribute(struct stretches *stretches, struct stretch *stretch, int number,
                           const struct attribute *attribute);

/* Adds all of another stretch, which keeps only its place in the list. */
void stretch_merge(struct stretches *stretches, struct stretch *into, struct stretch *from);

/* Puts in the products and pages that wait for it: to be called before the stretch is printed. */
void stretch_settle(struct stretches *stretches, struct stretch *stretch);

/* Forgets what is listed. */
void stretch_unlist(struct stretches *stretches, struct stretch *stretch);

/* How many events it has: of that action; adds to that; and in all. */
uint32_t stretch_count(const struct stretch *stretch, unsigned action);
void stretch_count_add(struct stretch *stretch, unsigned action, uint32_t more);
uint64_t stretch_events(const struct stretches *stretches, const struct stretch *stretch);

/* What it was given as name. */
struct slice stretch_name(const struct stretch *stretch);

/* All that is kept of a stretch, borrowed from it. */
struct overview {
    struct slice name;
    int64_t start_us, last_us;
    uint64_t events;
    const uint32_t *count;         /* of these, by action */
    const char *sums;              /* in their order, SUM_BYTES each */
    const char *track;             /* if there is one: as track_look takes it */
    const struct account *account; /* likewise */
    unsigned present;              /* attributes that there are, a bit each */
    struct attributes attributes;
    struct slice products; /* as products_walk takes them, with start_us */
    uint32_t products_kept;
    bool products_cut;                /* there were more */
    uint32_t counts[1 + ACTIONS_MAX]; /* where count is nowhere else */
};

void stretch_overview(struct overview *overview, const struct stretches *stretches,
                      const struct stretch *stretch);

/* Does a stretch, or an event, that can be reached from reach_us come within gap of one that ended
 * at last_us? */
static inline bool stretch_near(int64_t last_us, int64_t gap_us, int64_t reach_us)
{
    int64_t end_us;
    return __builtin_add_overflow(last_us, gap_us, &end_us) || reach_us <= end_us;
}

/* Everything but its name, and its place in a list. */
void stretch_pack(struct stretches *stretches, struct stretch *stretch, struct buffer *out);

/* Puts a stretch as packed into a record. Anything invalid sets in->broken; the stretch is a
 * valid one all the same. */
void stretch_unpack(struct stretches *stretches, uint32_t number, struct slice name,
                    struct unpack *in);

#endif
