/*
 * weave.h - the rows of sessions that a range of --jobs has printed, in between those that the run
 * prints.
 *
 * Both come in the order of sessions. The range notes each row's place in that order as it prints
 * it; the run, before it prints a session itself, lets those rows through that come before. Where
 * no range is being taken there is nothing to let through.
 */
#ifndef CS_WEAVE_H
#define CS_WEAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/slice.h"
#include "session/session.h"
#include "writer/rows.h"

struct weave {
    struct buffer places; /* in a range: of its rows, packed, each with where the row begins */
    /* In the run: of the range that is being taken. */
    struct slice rows;         /* borrowed */
    uint64_t passed;           /* bytes of them that do not wait any more */
    struct unpack in;          /* the places of those that wait, but for the first of them */
    struct session_place next; /* of that */
    uint64_t next_at;          /* where it begins; at the end: there is none */
};

/* In a range: this session's row is printed next. */
void weave_note(struct weave *weave, const struct rows *rows, const struct session *session);

/* In the run: this session's row is printed next, and what comes before it has to go now. */
void weave_let(struct weave *weave, struct rows *rows, const struct session *session);

/* What the range has noted, for the run. */
void weave_save(const struct weave *weave, struct buffer *out);

/* The run takes a range: its rows and what it has noted, borrowed until weave_end, which lets all
 * rows through that still wait. False: it is invalid. */
bool weave_begin(struct weave *weave, struct slice rows, struct unpack *in);
void weave_end(struct weave *weave, struct rows *rows);

void weave_release(struct weave *weave);

#endif
