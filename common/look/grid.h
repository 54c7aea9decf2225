/*
 * grid.h - rows of windows, each of a group, as columns of numbers.
 *
 * A row of the same window and group replaces the one before: that is how --emit=updates and a
 * topic read twice are meant. Where there are more rows than may be kept, the oldest windows are
 * let go, whole ones, and that is counted. Printed, rows are in order of window and group, whatever
 * the order was in which they came.
 *
 * Thinned, so many windows become one: their rows are added up by group, exactly; what cannot be
 * added up is null then. So the sum over a range that is not cut through stays what it was.
 */
#ifndef CS_GRID_H
#define CS_GRID_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/number.h"
#include "base/table.h"
#include "look/layout.h"
#include "look/axis.h"

struct grid_row {
    int64_t start_us, end_us;
    uint32_t group;
};

struct grid_group {
    struct slice text;   /* the values, as a JSON array; owned */
    struct slice detail; /* what else the newest row said; owned */
    int64_t detail_us;   /* the window of that */
};

struct grid {
    const struct layout *layout; /* borrowed */
    size_t measures;
    struct grid_row *row;
    decimal *value; /* measures for each row */
    size_t count, cap;
    struct table rows, groups; /* by id, to their number */
    struct grid_group *group;
    size_t group_count, group_cap;
    struct axis windows;
    size_t text_bytes; /* of the groups */
    size_t keep;       /* so many windows are kept, and up to a tenth more; 0: as many as come */
    bool full;         /* no further groups in the windows that are there: these are let go */
    uint64_t taken, replaced, let_go;
    uint64_t unread;    /* numbers of rows that were too large to be held at all */
    uint64_t too_large; /* numbers that a page cannot hold exactly */
    int64_t since_us;   /* what begins before has been let go */
    struct buffer scratch;
};

void grid_init(struct grid *grid, const struct layout *layout);
void grid_release(struct grid *grid);

/* Takes a row of the grid's layout. NULL, or the phrase that says why it is none. */
const char *grid_take(struct grid *grid, const struct row *row);

/* Lets a tenth of the rows go, the oldest windows first; never the newest window. False: there is
 * no other. */
bool grid_let_go(struct grid *grid);

/* About how much memory it takes. */
size_t grid_bytes(const struct grid *grid);

/* Which measures are not to be added up; the caller frees it. */
bool *grid_apart(const struct grid *grid);

/* How a grid is thinned. */
struct thinning {
    int64_t window_us; /* windows of that length; 0: as they are */
    size_t groups;     /* no more than so many groups, the largest ones; SIZE_MAX: all */
};

/* The next step after that one; false: no less is possible. */
bool grid_thin_more(const struct grid *grid, struct thinning *thinning);

/* Adds the grid as members of a JSON object, without braces. */
void grid_print(struct grid *grid, const struct thinning *thinning, struct buffer *out);

#endif
