/*
 * funnel_inside.h - for the files of funnel only.
 */
#ifndef CS_FUNNEL_INSIDE_H
#define CS_FUNNEL_INSIDE_H

#include "base/instant.h"
#include "base/pack.h"
#include "base/timer.h"
#include "expr/operand.h"
#include "funnel/attempt.h"
#include "funnel/funnel.h"
#include "funnel/span.h"
#include "funnel/tally.h"
#include "funnel/trail.h"
#include "window/aggregate.h"
#include "window/group.h"
#include "window/heading.h"
#include "window/lane.h"

/* An attempt that has stood still until at_us. */
struct drop {
    int64_t at_us, start_us; /* start_us: of the window */
    uint32_t trail;
    int level;
    struct touch first, last; /* of the steps that were reached */
};

struct drops {
    int64_t after_us; /* 0: none are asked for */
    struct timer timer;
    struct drop *found; /* of drops_advance */
    size_t count, cap;
    struct buffer name;
    /* Members of the rows. */
    int id, start, group[GROUP_VALUES_MAX], step, step_at, next_step, seconds, page_url;
};

struct funnel {
    struct run *run;
    struct group_by by;
    struct operand id;
    struct course course;
    struct slice name[STEPS_MAX]; /* of the steps; owned */
    struct aggregates selection;  /* the steps and bans as conditions, for their speed */
    uint8_t condition[STEPS_MAX]; /* of each of them: bit of what is selected */
    bool in_place;                /* they are bits from 0 on */
    bool hinted;                  /* expressions are cheap enough to be evaluated ahead */
    bool by_last;
    struct spans spans;
    struct trails trails;
    struct attempt_room room;
    struct verdict verdict;
    struct tally tally; /* of the window that is being printed */
    struct heading heading;
    struct tally_members members;
    int final;    /* member; -1: there is none */
    int end_slot; /* --merge: of window_end in the rows read */
    struct lanes lanes;
    struct buffer key; /* of a row read */
    bool is_range;
    int64_t border_us; /* of a range of --jobs: windows that start at or before it stay open */
    int64_t kept_us;   /* and those that start before this keep their touches */
    int64_t closed_us; /* the watermark so far */
    struct drops drops;
    int64_t changed_us; /* --emit=updates: the earliest event since the last; INT64_MAX: none */
};

/* When a window that starts then is done. Drops are looked for so much longer. */
static inline int64_t funnel_close_us(const struct funnel *funnel, int64_t start_us)
{
    return instant_add_capped(
        instant_add_capped(start_us + funnel->spans.size_us, funnel->course.within_us),
        funnel->drops.after_us);
}

static inline void funnel_keys(struct funnel *funnel)
{
    funnel->run->counters.keys =
        funnel->spans.groups + funnel->trails.ids.count + funnel->trails.touches;
}

/* Prints the rows of a window, of which funnel->tally is known (--merge: of which span->tally is);
 * unless final, those that differ from what was printed last. */
void funnel_print(struct funnel *funnel, struct span *span, bool final);

/* --merge: the same of so many groups, in order, of a window that may get more. */
void funnel_print_some(struct funnel *funnel, const struct span *span, const uint32_t *sorted,
                       size_t count);

/* funnel_rows.c: the same for rows of --merge. */
extern const struct analysis funnel_of_rows;

/* funnel_drops.c: declares the members of rows; an id has a new touch, or has been loaded; prints
 * what is due from the one watermark to the other. */
bool drops_declare(struct funnel *funnel, struct run *run, const char *id, struct buffer *why);
void drops_release(struct drops *drops);
void drops_touch(struct funnel *funnel, uint32_t number, const struct event *ev,
                 const struct touch *touch);
void drops_loaded(struct funnel *funnel, uint32_t number);
void drops_advance(struct funnel *funnel, int64_t from_us, int64_t watermark_us);

/* funnel_state.c */
void funnel_save(struct run *run, struct buffer *out);
bool funnel_load(struct run *run, struct unpack *in);

#endif
