/*
 * piece.h - a range of the inputs, read by a process that knows of what came before only how far
 * event time had come, and taken by the run.
 *
 * Who reads it begins with what it guesses event time to be there: the largest event_time in the
 * last bytes before its range. Its decisions (which events are late) depend on nothing else that
 * came before. Windows that may hold earlier events, those that begin at or before that time, it
 * leaves open; the later ones are all its own, and it prints them. At the end it hands over its
 * rows, what it has left open (ranges.hand_over), its rejects and its counters. Where the guess was
 * right, the run adds what was left open to its own (ranges.add), moves on the watermark, which
 * prints what is complete, and lets the rows follow. Where it was wrong, all of that is of no use,
 * and the run has to read the range itself. So the result is the same bytes as one job's, whatever
 * the data. Line numbers in rejects are made good when they are handed over. With --lateness=max
 * nothing is late by any guess: then it need only not be too high.
 *
 * Of whole compressed files (loop.whole_files) nobody can look at the last bytes before. Who reads
 * them begins as if there had been nothing, leaves open what begins up to a little behind their
 * first events, and hands over by what the run can tell whether event time before would have
 * changed any of the decisions; where files follow each other in time it would not. What is passed
 * on (below) is then all that is in them.
 *
 * What an id did before may decide on its events for as long as ranges.reach says. Such events are
 * only read and judged, and passed on (FATE_DEFERRED, handover.h); the run hands them to the
 * command, in the order of arrival and before anything else of the range, as if it had read them.
 * Where that long is a small part of the range, the rest of it is who reads it's own, and its rows
 * go in between those of the run (ranges.weave; border.h, weave.h). Where it is not, all events are
 * passed on.
 *
 * The pieces of --jobs (jobs.h) come from the crew's memory, those of --range (apart.h) from files.
 */
#ifndef CS_PIECE_H
#define CS_PIECE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "run/loop.h"

/* What comes of a range; borrowed, with VALUE_PADDING bytes readable behind each. */
struct piece {
    struct slice result, events, rows;
};

/* --- who reads a range --- */

/* The largest event_time in the last piece before that byte of the row of inputs; TIME_NONE: there
 * is none. */
int64_t piece_seed(struct loop *l, uint64_t begin);

/* Is most of a range of so many bytes out of reach of what was there before (ranges.reach)? Not
 * where the command has no such reach. */
bool piece_has_own(struct loop *l, uint64_t bytes);

/* What is read next comes behind event time seed_us; TIME_NONE: it is the first. has_own: for a
 * command with a reach. */
void piece_begin(struct loop *l, int64_t seed_us, bool has_own);

/* The same for whole files. is_over is asked as they are read: they are left then. */
void piece_begin_files(struct loop *l, bool (*is_over)(const struct loop *l));

/* Everything the run has to know of it beside its rows and events: for the piece's result.
 * in_doubt: only the run can judge it. Delivers what was read. */
void piece_end(struct loop *l, bool in_doubt, struct buffer *result);

/* --- the run --- */

/* Takes what was made of the next range, if that is what the run would have made of it. False:
 * nothing has been done. */
bool piece_take(struct loop *l, const struct piece *piece);

#endif
