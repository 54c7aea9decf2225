/*
 * timeline.h - the open stretches of every id, and when each id is to be looked at again.
 *
 * An id's timeline is its list of stretches (stretch.h) in order of time, none overlapping another.
 * What may become one stretch, what closes and what is printed is the business of session.h and
 * cart.h; here are the lists, the roster from ids to them, and one timer for all. An id is looked
 * up by its 128 bits (id.h); its name, which is what these were made of and what is printed, is
 * kept with every stretch (name.h), the id's own value first. An event near a later stretch is near
 * all between. So within a list reach_us also counts what comes behind: it is never greater than
 * that of the next stretch, and looking at the neighbours is enough.
 *
 * Where an id has many stretches, a place among them is found by way of a skip list (skiplist.h).
 *
 * A timeline has one number from its first event to its last, so that timers can name it. That is
 * the number of a record in which mostly its only stretch stands, too: an event finds all it
 * changes in two neighbouring cache lines, and the block. Only where there is more to be said, of
 * several stretches or of some that are in no list, a second record says it (timeline_list); which
 * of the two it is, is the business of the functions below.
 */
#ifndef CS_TIMELINE_H
#define CS_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/pack.h"
#include "base/pool.h"
#include "base/queue.h"
#include "base/roster.h"
#include "base/slice.h"
#include "base/sort.h"
#include "base/timer.h"
#include "base/value.h"
#include "session/name.h"
#include "session/skiplist.h"
#include "session/stretch.h"

/* A record of its own, where the one with the timeline's number does not say all. */
struct timeline_list {
    int64_t due_us;
    uint32_t first, last;    /* of its stretches */
    uint32_t count;          /* of its stretches */
    uint32_t next, previous; /* of the stretch in the timeline's own record */
    uint32_t skiplist;       /* to them, where they are many (skiplist.h); else POOL_NONE */
    uint32_t tidy;  /* session.h: count at which to look whether some have become one; 0: at two */
    uint32_t past;  /* cart.h: what was judged already, as one stretch */
    uint32_t aside; /* cart.h: stretches that came too late to change what was judged */
};

_Static_assert(sizeof(struct timeline_list) <= offsetof(struct stretch, block),
               "what says that there is no stretch in the record stays as it is");

/* From so many stretches on a timeline has a skip list. */
#define TIMELINE_MANY 32

#define TIMELINE_AHEAD 64

struct timelines {
    struct roster ids;
    struct stretches stretches;
    struct queue queue;     /* what is due when, nearly all of it */
    struct timer timer;     /* the rest */
    struct timer_item *due; /* of timelines_due */
    size_t due_cap;
    /* Those of which something has changed, where somebody asks for that. */
    bool notes;
    uint32_t *noted;
    size_t noted_count, noted_cap;
    /* What was hinted at, as the roster's hashes, and then as numbers; how many were taken; and of
     * the one taken last, if it has no timeline, where in the roster that would stand. */
    uint32_t hash[TIMELINE_AHEAD], ahead[TIMELINE_AHEAD];
    unsigned hinted, taken;
    struct timeline_lack {
        struct id id;
        uint32_t hash;
        size_t at;
    } lack;
    const struct roster
        *beside; /* of the same secret, or NULL: where ids without a timeline may be */
};

void timelines_init(struct timelines *timelines, const struct kept *kept);
void timelines_release(struct timelines *timelines);

/* The record of a timeline. */
static inline struct stretch *timeline_own(const struct timelines *timelines, uint32_t timeline)
{
    return stretch_at(&timelines->stretches, timeline);
}

/* Of one that has such a record. */
static inline struct timeline_list *timeline_list(const struct timelines *timelines,
                                                  const struct stretch *own)
{
    return pool_at(&timelines->stretches.pool, own->list, STRETCH_RECORD_BYTES);
}

/* The same of any timeline: it is made. Good until anything is added to the timeline or taken out.
 * For what will be neither in the list nor the past it is made first. */
struct timeline_list *timeline_list_make(struct timelines *timelines, uint32_t timeline);

/* The ends of a timeline's list, and how long it is. */
static inline uint32_t timeline_first(const struct timelines *timelines, uint32_t timeline)
{
    const struct stretch *own = timeline_own(timelines, timeline);

    if (__builtin_expect(own->has_list, 0)) return timeline_list(timelines, own)->first;
    return own->is_listed ? timeline : POOL_NONE;
}

static inline uint32_t timeline_last(const struct timelines *timelines, uint32_t timeline)
{
    const struct stretch *own = timeline_own(timelines, timeline);

    if (__builtin_expect(own->has_list, 0)) return timeline_list(timelines, own)->last;
    return own->is_listed ? timeline : POOL_NONE;
}

static inline uint32_t timeline_stretches(const struct timelines *timelines, uint32_t timeline)
{
    const struct stretch *own = timeline_own(timelines, timeline);

    return own->has_list ? timeline_list(timelines, own)->count : own->is_listed;
}

/* A stretch in the timeline's own record that is in no list, and of which no timeline_list says
 * anything, is the past. */
static inline bool timeline_is_past(const struct stretch *own)
{
    return own->is_used && !own->is_listed;
}

/* Beside the list: see there. */
static inline uint32_t timeline_past(const struct timelines *timelines, uint32_t timeline)
{
    const struct stretch *own = timeline_own(timelines, timeline);

    if (own->has_list) return timeline_list(timelines, own)->past;
    return timeline_is_past(own) ? timeline : POOL_NONE;
}

/* Makes a stretch, in no list, the past. */
static inline void timeline_set_past(struct timelines *timelines, uint32_t timeline,
                                     uint32_t number)
{
    if (number != timeline || timeline_own(timelines, timeline)->has_list)
        timeline_list_make(timelines, timeline)->past = number;
}

static inline uint32_t timeline_aside(const struct timelines *timelines, uint32_t timeline)
{
    const struct stretch *own = timeline_own(timelines, timeline);

    return own->has_list ? timeline_list(timelines, own)->aside : POOL_NONE;
}

/* The neighbours of a stretch in a list; POOL_NONE: it is at the end. */
static inline uint32_t timeline_next(const struct timelines *timelines, uint32_t number)
{
    const struct stretch *stretch = stretch_at(&timelines->stretches, number);

    if (!stretch->is_owned) return stretch->next;
    return stretch->has_list ? timeline_list(timelines, stretch)->next : POOL_NONE;
}

static inline uint32_t timeline_previous(const struct timelines *timelines, uint32_t number)
{
    const struct stretch *stretch = stretch_at(&timelines->stretches, number);

    if (!stretch->is_owned) return stretch->previous;
    return stretch->has_list ? timeline_list(timelines, stretch)->previous : POOL_NONE;
}

/* Sets them, of a stretch whose timeline has a timeline_list. */
void timeline_set_next(const struct timelines *timelines, uint32_t number, uint32_t next);
void timeline_set_previous(const struct timelines *timelines, uint32_t number, uint32_t previous);

/* How many ids are held. */
static inline size_t timelines_count(const struct timelines *timelines)
{
    return timelines->ids.count;
}

/* An event of this id will come soon: prefetches what it will touch. */
void timelines_hint(struct timelines *timelines, struct id id);

/* The 128 bits of a name: those of its text if it is just one string, as everywhere else. */
struct id timeline_id(struct slice name);
struct id timeline_id_string(struct slice text);

/* Those of a stretch: its record has them where it is the one of the timeline, too. */
static inline struct id timeline_stretch_id(const struct stretch *stretch)
{
    return stretch->has_id ? stretch->id : timeline_id(stretch_name(stretch));
}

/* The number of an id's timeline; POOL_NONE: it has none. */
static inline uint32_t timelines_find(const struct timelines *timelines, struct id id)
{
    return roster_find(&timelines->ids, &timelines->stretches.pool, id);
}

/* The same, of an id that was hinted at: for every hint, and in their order. */
uint32_t timelines_take(struct timelines *timelines, struct id id);

/* Makes the timeline of an id that has none, without stretches. */
uint32_t timelines_make(struct timelines *timelines, struct id id);

/* Drops a timeline whose stretches are gone, or in no list. */
void timelines_drop(struct timelines *timelines, uint32_t number);

/* A record for a stretch of a timeline. */
uint32_t timeline_take(struct timelines *timelines, uint32_t number);

/* The timeline's name, borrowed from one of its stretches. */
struct slice timeline_name(const struct timelines *timelines, uint32_t timeline);

/* Sees to it that the timeline is looked at when it is later than due_us. */
void timelines_schedule(struct timelines *timelines, uint32_t timeline, int64_t due_us);

/* All timelines due before the watermark, each once and none scheduled any more; returns how many.
 * Good until the next call. */
size_t timelines_due(struct timelines *timelines, int64_t watermark_us,
                     const struct timer_item **items);

/* The same of all that are due at a time or before: more may be scheduled for that time. */
size_t timelines_due_at(struct timelines *timelines, int64_t at_us,
                        const struct timer_item **items);

/* Something of a timeline has changed: timelines_noted gives each such timeline that still is there
 * once, and how many; good until the next call of either. */
void timelines_note(struct timelines *timelines, uint32_t number);
size_t timelines_noted(struct timelines *timelines, const uint32_t **numbers);

/* The last stretch that starts at time_us or before; POOL_NONE: all are later. */
uint32_t timeline_before(const struct timelines *timelines, uint32_t timeline, int64_t time_us);

/* Adds an event to one of the stretches. */
void timeline_add(struct timelines *timelines, uint32_t number, const struct click *click);

/* Puts a stretch behind another (POOL_NONE: in front), and takes one out. */
void timeline_insert(struct timelines *timelines, uint32_t timeline, uint32_t previous,
                     uint32_t number);
void timeline_remove(struct timelines *timelines, uint32_t timeline, uint32_t number);

/* Merges the stretch behind into this one. */
void timeline_join_next(struct timelines *timelines, uint32_t timeline, uint32_t number);

/* The numbers of all timelines, sorted by id, or in no order; free() the array. */
static inline struct sort_item *timelines_sorted(const struct timelines *timelines)
{
    return roster_sorted(&timelines->ids, &timelines->stretches.pool);
}

uint32_t *timelines_all(const struct timelines *timelines);

/* Likewise in no order, with their count, for who will drop them all now: none of them is found any
 * more, nor due. At the end there has to be memory for what comes of them. */
uint32_t *timelines_forget(struct timelines *timelines, size_t *count);

/* A timeline's stretches for the state. Unpacking puts them between those that are there; what
 * overlaps is merged. */
void timeline_pack(struct timelines *timelines, uint32_t timeline, struct buffer *out);
void timeline_unpack(struct timelines *timelines, uint32_t number, struct slice name,
                     struct unpack *in);

/* The name that comes next in a state, and the number of its timeline, made if it is new;
 * POOL_NONE: invalid. */
uint32_t timelines_unpack_name(struct timelines *timelines, struct unpack *in, struct slice *name);

/* A stretch that comes next in a state, of that timeline but in no list. */
uint32_t timeline_unpack_stretch(struct timelines *timelines, uint32_t number, struct slice name,
                                 struct unpack *in);

#endif
