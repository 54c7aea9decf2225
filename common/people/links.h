/*
 * links.h - which known id stands behind an anonymous one.
 *
 * An identification is an event that has both. From then on the anonymous id is that person's,
 * until another one is named, and no longer than the horizon after the last time it was said. Known
 * ids are never taken for one another: a new one takes the place of the old one for what comes
 * after.
 *
 * An anonymous id is a member of events and its text, as 128 bits. It is kept while it has a known
 * one, while events of it wait (people.h), and while a visit of it goes on (rate.h); the text is
 * kept where somebody wants to write it (linkfile.h).
 */
#ifndef CS_LINKS_H
#define CS_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/pack.h"
#include "base/pool.h"
#include "base/roster.h"
#include "base/slab.h"
#include "base/timer.h"
#include "people/names.h"
#include "people/rate.h"

#define LINKS_AHEAD 64

struct link {
    struct id id;
    int64_t since_us, last_us;     /* of the identifications by known, one behind the other */
    uint32_t known;                /* NAME_NONE: nobody */
    uint32_t users;                /* events that wait */
    uint32_t newest;               /* of those that wait for the next identification */
    uint32_t waits;                /* how many these are */
    uint32_t visit;                /* the one that goes on; POOL_NONE */
    bool known_timed, visit_timed; /* in the timers */
    char *text;                    /* struct link_text; NULL: it is not kept */
} __attribute__((aligned(64)));

struct links {
    struct names *names;
    struct rate *rate;
    int64_t horizon_us; /* INT64_MAX: for ever */
    bool keeps_texts;
    struct pool pool; /* struct link */
    struct roster roster;
    struct timer horizons, visits;
    struct slab texts;
    /* What was hinted at: hashes of ids, and, once they have come, what are probably their numbers.
     */
    uint32_t ahead[LINKS_AHEAD];
    unsigned hinted;
    bool come;
};

/* names and rate are borrowed. */
void links_init(struct links *links, struct names *names, struct rate *rate, int64_t horizon_us,
                bool keeps_texts);
void links_release(struct links *links);

static inline struct link *links_at(const struct links *links, uint32_t number)
{
    return pool_at(&links->pool, number, sizeof(struct link));
}

/* links_take will be asked for this id: for some of the events that come next. Memory is asked for
 * as soon as that is known; links_come asks for more of it, once these events are there. Returns
 * what links_take wants to hear. */
static inline unsigned links_hint(struct links *links, struct id id)
{
    const uint32_t hash = roster_hash(&links->roster, id);
    if (links->come) links->hinted = 0;
    links->come = false;
    if (links->hinted == LINKS_AHEAD) return LINKS_AHEAD;
    links->ahead[links->hinted] = hash;
    roster_prefetch(&links->roster, hash);
    return links->hinted++;
}

void links_come_all(struct links *links);

static inline void links_come(struct links *links)
{
    if (__builtin_expect(!links->come, 0)) links_come_all(links);
}

/* For links_take only: where no hint was right. */
uint32_t links_search(struct links *links, struct id id, int member, struct slice text);

/* The anonymous id of that member, counted from 0, and text, with one user more. hinted: what
 * links_hint said of it; LINKS_AHEAD: nothing. */
static inline uint32_t links_take(struct links *links, struct id id, unsigned hinted, int member,
                                  struct slice text)
{
    /* None goes while the events come that were hinted at: a number that was right still is. */
    uint32_t number = hinted < links->hinted ? links->ahead[hinted] : POOL_NONE;
    if (number == POOL_NONE || !id_equal(links_at(links, number)->id, id))
        number = links_search(links, id, member, text);
    links_at(links, number)->users++;
    return number;
}

/* The same, of an id that nobody has hinted at. */
static inline uint32_t links_take_unhinted(struct links *links, struct id id, int member,
                                           struct slice text)
{
    const uint32_t number = links_search(links, id, member, text);
    links_at(links, number)->users++;
    return number;
}

/* One user more of one that is there; POOL_NONE: it is not. */
uint32_t links_again(struct links *links, struct id id);

/* Forgets one that has no users, if nothing else is known of it either. */
void links_tidy(struct links *links, uint32_t number);

/* One user less. */
static inline void links_drop(struct links *links, uint32_t number)
{
    if (--links_at(links, number)->users == 0) links_tidy(links, number);
}

/* links_drop is going to be called: asks for the memory of what it may have to look at. */
MEMORY_HINT void links_drop_hint(const struct links *links, const struct link *link)
{
    if (link->users == 1) roster_prefetch(&links->roster, roster_hash(&links->roster, link->id));
}

/* Whose it is at that time, by what was said before; NAME_NONE: nobody's. */
static inline uint32_t links_known(const struct links *links, const struct link *link,
                                   int64_t time_us)
{
    if (link->known == NAME_NONE || time_us - link->last_us > links->horizon_us) return NAME_NONE;
    return link->known;
}

/* It is said whose it is. True: that is somebody else than before. Times do not go back. */
bool links_name(struct links *links, uint32_t number, struct slice known, int64_t time_us);

/* An event of it, for rate_event. */
uint32_t links_visit(struct links *links, uint32_t number, int64_t time_us);

/* Nothing more comes from before that time: forgets what is of no use any more. */
void links_advance(struct links *links, int64_t time_us);

static inline size_t links_count(const struct links *links)
{
    return links->roster.count;
}

/* The member and the text of one whose text is kept. */
struct slice link_text(const struct link *link, int *member);

/* Those with a known id whose texts are kept, by member and text; free() the array of numbers. */
uint32_t *links_sorted(const struct links *links, size_t *count);

/* All but who waits: visits by their number. */
void links_save(const struct links *links, struct buffer *out);

/* visit(context, n) gives the visit of that number; POOL_NONE: there is none. */
bool links_load(struct links *links, struct unpack *in,
                uint32_t (*visit)(void *context, uint32_t number), void *context);

#endif
