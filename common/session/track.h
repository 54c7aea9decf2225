/*
 * track.h - which pages the events of a session were on, and when: what its pages are made of.
 *
 * An event that has a page_url, or is a page_view, leaves a step: its time, the page, and whether
 * it was a view. Steps are in order of time; of several at the same time those without a page come
 * first, then by the page's bytes, and on one page views before others. Which of them enters a page
 * depends on what stands before it, so all are kept until the session is done (pages.h): the order
 * in which events and sets of them come together leaves no trace. The first TRACK_MAX are kept,
 * and of those behind them the last that has a page; of two sets put together that is the same as
 * of all their events at once.
 *
 * A step is the time since the one before (of the first: since 1970), whether it is a view, and the
 * page, or that it is the one of the step before: about three bytes where somebody stays on a page,
 * and the page's own where not. Nearly all come in order of time, and go behind the others. One
 * that does not waits there, loose, with its full time; many are put in together.
 *
 * A track has its place in the cells of a block (extras.h), at any address: it is read and written
 * as a whole. Zeroes are one without steps. Its steps are a piece of the slab, which whoever has it
 * gives back with track_release.
 */
#ifndef CS_TRACK_H
#define CS_TRACK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/slab.h"
#include "base/slice.h"
#include "base/varint.h"
#include "session/products.h"

#define TRACK_MAX 10000

struct track {
    char *data;
    int64_t last_us;  /* of the last one in order */
    uint32_t len;     /* bytes: those in order, then the loose ones */
    uint32_t last_at; /* where the last one in order begins */
    uint32_t page_at; /* where the last one in order begins that says its page itself */
    uint32_t kept;    /* in order */
    uint32_t loose;
    uint32_t all; /* that there were, kept or not */
};

#define TRACK_BYTES sizeof(struct track)

static inline struct track track_read(const char *at)
{
    struct track track;

    memcpy(&track, at, sizeof track);
    return track;
}

static inline void track_write(char *at, const struct track *track)
{
    memcpy(at, track, sizeof *track);
}

/* What an event leaves. */
struct step {
    int64_t time_us;
    struct slice page; /* borrowed; text NULL: it has none, and is a view */
    bool is_view;
};

/* Negative, 0 or positive, as above. */
int step_compare(const struct step *a, const struct step *b);

/* Adds one. */
void track_add(struct track *track, struct slab *slab, const struct step *step);

/* Adds those of another, which has none after that. */
void track_join(struct track *track, struct slab *slab, struct track *more);

/* Puts in what is loose: to be called before a walk. */
void track_settle(struct track *track, struct slab *slab);

void track_release(struct track *track, struct slab *slab);

/* What follows a step's time is a number: whether it is no view, and above that bit, what page. */
enum {
    STEP_OTHER = 1,
    PAGE_NONE = 0, /* it has none */
    PAGE_SAME = 1, /* that of the step before */
    PAGE_OWN = 2,  /* and its length: it follows */
};

/* Takes what follows the time; the page of the step before is in *step. A step without a page
 * leaves the one before in *page, which is what the next may be the same as. */
static inline void step_read(const char **at, struct step *step, struct slice *page)
{
    const uint64_t code = varint_read(at);
    const uint64_t which = code >> 1;

    step->is_view = (code & STEP_OTHER) == 0;
    if (which >= PAGE_OWN) *page = bytes_read(at, (size_t)(which - PAGE_OWN));
    step->page = *page;
    if (which == PAGE_NONE) step->page = (struct slice){0};
}

/* A walk through the steps of a settled track, which it borrows. */
struct track_walk {
    const char *at;
    uint32_t left; /* with the current one */
    struct step step;
    struct slice page; /* the last one that a step has said */
};

static inline void track_walk_step(struct track_walk *walk)
{
    walk->step.time_us = (int64_t)((uint64_t)walk->step.time_us + varint_read(&walk->at));
    step_read(&walk->at, &walk->step, &walk->page);
}

static inline struct track_walk track_walk(const struct track *track)
{
    struct track_walk walk = {.at = track->data, .left = track->kept};

    if (walk.left > 0) track_walk_step(&walk);
    return walk;
}

static inline void track_walk_next(struct track_walk *walk)
{
    if (--walk->left > 0) track_walk_step(walk);
}

/* Of a settled one, and one that was packed. Anything invalid sets in->broken, and leaves a valid
 * track all the same. */
void track_pack(const struct track *track, struct buffer *out);
void track_unpack(struct track *track, struct slab *slab, struct unpack *in);

#endif
