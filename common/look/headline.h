/*
 * headline.h - which step of a funnel broke, for whom, and since when.
 *
 * Some windows one behind the other, one at least, are compared with others (the same ones a week
 * ago, or those before them): so many as then should have gone on from each step to the next. What
 * is missing is measured by what chance does to such counts, both of now and of then: a step is
 * broken where it is more than HEADLINE_SIGMAS of that. That is much, because much is looked at:
 * each step, several numbers of windows. Where the last window is as it should be, the last one
 * that was not is looked for, HEADLINE_WINDOWS back. A window that is still open is not looked at:
 * who has just come cannot have bought yet.
 *
 * It began with the first of those windows, or before that, as long as the share that went on was
 * nearer to the broken one than to the usual one. It is a group's where that misses at least
 * HEADLINE_PART of all, and the others less than half as large a part of theirs. Sums of windows
 * are given by the caller: all are of rows as they stand.
 */
#ifndef CS_HEADLINE_H
#define CS_HEADLINE_H

#include "look/grid.h"
#include "look/sieve.h"

#define HEADLINE_SIGMAS 4.5
#define HEADLINE_PART 0.7

#define HEADLINE_WINDOWS 60
/* Fewer windows before say little of what is usual. */
#define HEADLINE_BEFORE 3

/* What a window is compared with. */
enum against {
    AGAINST_BEST, /* the same one a week ago, else a day ago, else AGAINST_BEFORE */
    AGAINST_WEEK,
    AGAINST_DAY,
    AGAINST_BEFORE, /* the HEADLINE_WINDOWS before, added up */
    AGAINST_NOTHING,
    AGAINSTS
};

/* The windows that one is compared with. */
struct base {
    enum against against; /* never AGAINST_BEST; AGAINST_NOTHING: there are none */
    size_t first, count;  /* of the grid's windows */
};

struct headline {
    bool broken;
    struct base base;
    size_t window;       /* the last one that is broken */
    size_t step;         /* the measure before; the next is step + 1 */
    decimal part, whole; /* since then: so many of so many went on */
    decimal usual_part, usual_whole;
    size_t since;   /* the window in which it began */
    size_t member;  /* of the group, counted from 0; SIZE_MAX: it is not one's more than others' */
    uint32_t group; /* its value of that member is meant */
};

struct base base_of(const struct axis *windows, size_t window, enum against against);

/* Adds up the sums of some windows, measures for each; out has room for them. What cannot be added
 * up is taken of one window only. */
void base_sum(const struct grid *grid, const struct base *base, const decimal *series,
              decimal *out);

/* steps: so many measures of the grid are the steps. window: the number of the last one to look at.
 * series: the sums of all windows (pivot_series). */
void headline_make(struct headline *headline, const struct grid *grid, size_t steps, size_t window,
                   enum against against, const decimal *series, const struct sieve *sieve);

/* How many of the measures are steps: those before the rate of all of them. */
size_t headline_steps(const struct layout *layout);

#endif
