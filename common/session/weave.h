/*
 * weave.h - the rows that a range of --jobs has printed, in between those that the run prints.
 *
 * Both come in the order of their places. The range notes each row's place as it prints it; the
 * run, before it prints a row itself, lets those rows through that come before. Where no range is
 * being taken there is nothing to let through.
 *
 * What the run prints meanwhile is of ids that were there before the range, and all of that is over
 * soon (border.h). Rows behind that follow whatever the run prints, so of them no place is noted:
 * of a long range these are nearly all.
 */
#ifndef CS_WEAVE_H
#define CS_WEAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/slice.h"
#include "session/border.h"
#include "writer/rows.h"

/* Where a row stands: by the numbers, of which the first is a time, the name, the last number. What
 * an order has no use for is 0. */
struct weave_place {
    int64_t first[3];
    struct slice name;
    int64_t last;
};

struct weave {
    /* In a range. */
    struct buffer places; /* of its rows, packed, each with where the row begins */
    uint64_t noted;       /* where the rows begin whose place is not noted; with is_past */
    bool is_past;         /* there are such rows */
    /* In the run: of the range that is being taken. */
    struct slice rows;       /* borrowed */
    uint64_t passed;         /* bytes of them that do not wait any more */
    struct unpack in;        /* the places of those that wait, but for the first of them */
    uint64_t end;            /* of the rows whose places are noted */
    struct weave_place next; /* of the first that waits */
    uint64_t next_at;        /* where it begins; at the end: there is none */
};

/* A row of this place is printed next, by a range with that border, or else by the run: what comes
 * before it has to go now. */
void weave_row(struct weave *weave, const struct border *border, struct rows *rows,
               const struct weave_place *place);

/* What the range has noted, for the run. */
void weave_save(const struct weave *weave, struct buffer *out);

/* The run takes a range: its rows and what it has noted, borrowed until weave_end, which lets all
 * rows through that still wait. False: it is invalid. */
bool weave_begin(struct weave *weave, struct slice rows, struct unpack *in);
void weave_end(struct weave *weave, struct rows *rows);

void weave_release(struct weave *weave);

#endif
