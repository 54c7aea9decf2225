/*
 * weave.h - the rows of sessions that a range of --jobs has printed, in between those that the run
 * prints.
 *
 * Both come in the order of sessions: by last event, name, first event. The range notes each row's
 * place in that order as it prints it; the run, before it prints a session itself, lets those rows
 * through that come before. In a run without ranges nothing is noted, and nothing waits.
 */
#ifndef CS_WEAVE_H
#define CS_WEAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "pack.h"
#include "rows.h"
#include "slice.h"

struct weave_place {
    int64_t last_us, start_us;
    struct slice name;
};

struct weave {
    bool noting;          /* this is a range */
    struct buffer places; /* of its rows, packed, each with where the row begins */
    /* In the run. */
    struct slice rows;       /* of a range, those that wait; borrowed */
    uint64_t passed;         /* bytes of the range's rows that do not wait any more */
    struct unpack in;        /* the places of those that wait, but for the first of them */
    struct weave_place next; /* of that */
    uint64_t next_at;        /* where it begins; at the end: there is none */
};

/* A session's row is printed next. */
void weave_place(struct weave *weave, struct rows *rows, const struct weave_place *place);

/* What the range has noted, for the run. */
void weave_save(struct weave *weave, struct buffer *out);

/* The run takes a range: its rows and what it has noted, borrowed until weave_end, which lets all
 * rows through that still wait. False: it is nonsense. */
bool weave_begin(struct weave *weave, struct slice rows, struct unpack *in);
void weave_end(struct weave *weave, struct rows *rows);

#endif
