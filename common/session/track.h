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
 * page, or that it is the one of the step before: eight bytes where somebody stays on a page, and
 * the page's own where not. They are two words of four bytes, because every event with a page
 * writes one and every row reads all; states have varints instead, which are half as long. Nearly
 * all come in order of time, and go behind the others. One that does not waits there, loose, with
 * its full time; many are put in together.
 *
 * What most rows say is not worked out of the steps but known already: how many pages there are and
 * how long they lasted stands in front of the steps.
 *
 * A track has its place in the cells of a block (extras.h), at any address, and is changed there.
 * Zeroes are one without steps. Its steps are a piece of the slab, which whoever has it gives back
 * with track_release.
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

struct __attribute__((packed, may_alias)) track {
    char *data;       /* struct track_sum, and the steps */
    int64_t last_us;  /* of the last one in order */
    uint32_t len;     /* bytes: all in front, those in order, then the loose ones */
    uint32_t cap;     /* bytes that there is room for */
    uint32_t last_at; /* where the last one in order begins */
    uint32_t page_at; /* the page of the last one in order that says its page itself; 0: none */
    uint32_t all;     /* that there were, kept or not */
    uint16_t kept;    /* in order */
    uint16_t loose;
};

#define TRACK_BYTES sizeof(struct track)

_Static_assert(TRACK_BYTES == 40, "so many bytes are left for it in states");

/* Of the pages that the first TRACK_MAX of those in order enter (pages.h). */
struct track_sum {
    int64_t duration_us; /* of all but the last one, none longer than the cap */
    int64_t at_us;       /* when the last one was entered */
    uint32_t count;
    uint32_t first_at; /* the first page that a step says; 0: none does */
};

/* What tracks have in common. */
struct tracks {
    struct slab *slab;
    int64_t cap_us; /* a page does not count for longer; INT64_MAX: none */
};

static inline struct track *track_at(char *at)
{
    return (struct track *)(void *)at;
}

static inline const struct track *track_look(const char *at)
{
    return (const struct track *)(const void *)at;
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
void track_add(struct track *track, struct tracks tracks, const struct step *step);

/* Adds those of another, which has none after that. */
void track_join(struct track *track, struct tracks tracks, struct track *more);

/* Puts in what is loose: to be called before a walk. */
void track_settle(struct track *track, struct tracks tracks);

void track_release(struct track *track, struct slab *slab);

/* What follows a step's time is a number: whether it is no view, and above that bit, what page. */
enum {
    STEP_OTHER = 1,
    PAGE_NONE = 0, /* it has none */
    PAGE_SAME = 1, /* that of the step before */
    PAGE_OWN = 2,  /* and its length: it follows */
};

#define STEP_LONG UINT32_MAX /* the time is in the next eight bytes */

static inline uint32_t step_word(const char *at)
{
    uint32_t word;

    memcpy(&word, at, sizeof word);
    return word;
}

/* Takes the time since the step before. */
static inline uint64_t step_since(const char **at)
{
    const uint32_t word = step_word(*at);
    uint64_t since_us = word;

    *at += sizeof word;
    if (__builtin_expect(word == STEP_LONG, 0)) {
        memcpy(&since_us, *at, sizeof since_us);
        *at += sizeof since_us;
    }
    return since_us;
}

/* Takes that number. */
static inline uint32_t step_code(const char **at)
{
    const uint32_t code = step_word(*at);

    *at += sizeof code;
    return code;
}

/* Takes the page behind it, if it is there. A step without a page leaves the one before in *page,
 * which is what the next may be the same as. */
static inline void step_read(const char **at, uint64_t code, struct step *step, struct slice *page)
{
    const uint64_t which = code >> 1;

    step->is_view = (code & STEP_OTHER) == 0;
    if (which >= PAGE_OWN) *page = bytes_read(at, (size_t)(which - PAGE_OWN));
    step->page = *page;
    if (which == PAGE_NONE) step->page = (struct slice){0};
}

/* The page that stands at that place; text NULL: none does. */
static inline struct slice track_page_at(const struct track *track, uint32_t at)
{
    if (at == 0) return (struct slice){0};
    const char *text = track->data + at;
    return (struct slice){.text = text,
                          .len = (step_word(text - sizeof(uint32_t)) >> 1) - PAGE_OWN};
}

/* The last page that a step in order says itself. */
static inline struct slice track_page(const struct track *track)
{
    return track_page_at(track, track->page_at);
}

/* Of one that has a step. */
static inline struct track_sum *track_sum_of(const struct track *track)
{
    return (struct track_sum *)(void *)track->data;
}

/* A page more. */
static inline void track_sum_enter(struct track_sum *sum, int64_t time_us, int64_t cap_us)
{
    const int64_t since_us = time_us - sum->at_us;

    if (sum->count++ > 0) sum->duration_us += since_us < cap_us ? since_us : cap_us;
    sum->at_us = time_us;
}

static inline const char *track_steps(const struct track *track)
{
    return track->data == NULL ? NULL : track->data + sizeof(struct track_sum);
}

#define STEP_HEAD (2 * sizeof(uint32_t)) /* what is in front of a page, where the time is short */

/* Adds a step if it is as nearly all but the first are: of a page, behind all others, soon after
 * them, and there is room for it. False: it is none, and has to be added in the other way. */
static inline bool track_append(struct track *track, int64_t time_us, struct slice page,
                                bool is_view, int64_t cap_us)
{
    const uint64_t since_us = (uint64_t)time_us - (uint64_t)track->last_us;
    const uint32_t at = track->len;

    if (__builtin_expect(since_us - 1 >= STEP_LONG - 1 || track->loose != 0 ||
                             track->page_at == 0 || track->kept >= TRACK_MAX ||
                             STEP_HEAD + page.len > track->cap - at,
                         0))
        return false;
    char *const to = track->data + at;
    const char *const known = track->data + track->page_at;
    const uint32_t own = (PAGE_OWN + (uint32_t)page.len) << 1;
    const bool is_same = (step_word(known - sizeof own) | STEP_OTHER) == (own | STEP_OTHER) &&
                         memcmp(known, page.text, page.len) == 0;
    const uint32_t head[2] = {(uint32_t)since_us,
                              (is_same ? PAGE_SAME << 1 : own) | (is_view ? 0 : STEP_OTHER)};
    memcpy(to, head, sizeof head);
    track->last_at = at;
    track->last_us = time_us;
    track->all++;
    track->kept++;
    if (!is_same || is_view) track_sum_enter(track_sum_of(track), time_us, cap_us);
    if (is_same) {
        track->len = at + (uint32_t)STEP_HEAD;
        return true;
    }
    track->page_at = at + (uint32_t)STEP_HEAD;
    track->len = at + (uint32_t)(STEP_HEAD + page.len);
    memcpy(to + STEP_HEAD, page.text, page.len);
    return true;
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
    walk->step.time_us = (int64_t)((uint64_t)walk->step.time_us + step_since(&walk->at));
    step_read(&walk->at, step_code(&walk->at), &walk->step, &walk->page);
}

static inline struct track_walk track_walk(const struct track *track)
{
    struct track_walk walk = {.at = track_steps(track), .left = track->kept};

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
void track_unpack(struct track *track, struct tracks tracks, struct unpack *in);

#endif
