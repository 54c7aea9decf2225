/*
 * pivot.h - the rows of some windows of a grid added up: by group, and window after window.
 *
 * Lines are kept apart by some of the group's members, a bit for each; the others are added up. A
 * sum is of rows as they stand: an id that is in two of them counts in both. What cannot be added
 * up has a value only where there is one row.
 */
#ifndef CS_PIVOT_H
#define CS_PIVOT_H

#include "look/grid.h"
#include "look/sieve.h"

#define PIVOT_ALL UINT64_MAX /* each group by itself */

struct pivot_line {
    struct id id;   /* of the values that it is kept apart by */
    uint32_t group; /* one of its groups: has these values */
    size_t rows;
};

struct pivot {
    size_t measures;
    struct pivot_line *line;
    decimal *value; /* measures for each line */
    size_t count;
    struct table lines; /* by id, to their number */
};

/* Adds up the windows that begin within [from_us, until_us). Without a row there is no line. */
void pivot_make(struct pivot *pivot, const struct grid *grid, int64_t from_us, int64_t until_us,
                uint64_t members, const struct sieve *sieve);
void pivot_release(struct pivot *pivot);

static inline decimal *pivot_values(const struct pivot *pivot, size_t line)
{
    return pivot->value + line * pivot->measures;
}

/* The values of the line with that id; NULL: there is none. */
const decimal *pivot_find(const struct pivot *pivot, struct id id);

/* The sums of each window from number first on, so many, measures for each, into out. */
void pivot_series(const struct grid *grid, size_t first, size_t count, const struct sieve *sieve,
                  decimal *out);

#endif
