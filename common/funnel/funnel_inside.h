/*
 * funnel_inside.h - for the files of funnel only.
 */
#ifndef CS_FUNNEL_INSIDE_H
#define CS_FUNNEL_INSIDE_H

#include "base/instant.h"
#include "base/pack.h"
#include "expr/operand.h"
#include "funnel/attempt.h"
#include "funnel/funnel.h"
#include "funnel/span.h"
#include "funnel/tally.h"
#include "funnel/trail.h"
#include "window/aggregate.h"
#include "window/group.h"
#include "window/heading.h"

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
    bool is_range;
    int64_t border_us;  /* of a range of --jobs: windows that start at or before it stay open */
    int64_t kept_us;    /* and those that start before this keep their touches */
    int64_t closed_us;  /* the watermark so far */
    int64_t changed_us; /* --emit=updates: the earliest event since the last; INT64_MAX: none */
};

/* When a window that starts then is done. */
static inline int64_t funnel_close_us(const struct funnel *funnel, int64_t start_us)
{
    return instant_add_capped(start_us + funnel->spans.size_us, funnel->course.within_us);
}

static inline void funnel_keys(struct funnel *funnel)
{
    funnel->run->counters.keys =
        funnel->spans.groups + funnel->trails.ids.count + funnel->trails.touches;
}

/* Prints the rows of a window, of which funnel->tally is known (--merge: of which span->tally is);
 * unless final, those that differ from what was printed last. */
void funnel_print(struct funnel *funnel, struct span *span, bool final);

/* funnel_rows.c: the same for rows of --merge. */
extern const struct analysis funnel_of_rows;

/* funnel_state.c */
void funnel_save(struct run *run, struct buffer *out);
bool funnel_load(struct run *run, struct unpack *in);

#endif
