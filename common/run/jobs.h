/*
 * jobs.h - --jobs: regular files in contiguous ranges, several at once, with the output of one
 * pass.
 *
 * The run itself takes the first range as always; each other range is a piece (piece.h) for the
 * crew (crew.h), done by a worker that has read nothing before. The run then takes the pieces in
 * order; where what event time was there was guessed wrong it throws the worker's work away and
 * reads the range itself. So the result is the same bytes as one job's, whatever the data; only the
 * speed differs.
 *
 * Ranges are read in steps. After each the run announces how far event time has come in its own; a
 * worker that has guessed less is wrong, whatever else comes before its range, and ends at its next
 * step: where a file turns back in time it is the run that reads on, undisturbed, and a worker
 * that begins then begins with what the run has announced. In the same way workers are given up
 * when the run holds half of --max-memory; the other half is for all of them together.
 *
 * Where a command leaves most of a range to the run (ranges.reach) ranges are small: then workers
 * read, and the run does all that follows.
 */
#ifndef CS_JOBS_H
#define CS_JOBS_H

#include <stdbool.h>

#include "run/loop.h"

/* Reads all inputs, which are open, unread and in ranges possible (range.h), with so many
 * processes; false, and nothing is done, where there is but one range, or it is in doubt where one
 * begins. read_range reads what the
 * inputs are set to. A signal that stops the run ends it early. */
bool jobs_run(struct loop *l, int count, void (*read_range)(struct loop *l));

#endif
