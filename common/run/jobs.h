/*
 * jobs.h - --jobs: regular files in contiguous ranges, several at once, with the output of one
 * pass.
 *
 * The run itself takes the first range as always; each other range is a piece for the crew
 * (crew.h), done by a worker that has read nothing before, which begins with what it guesses event
 * time to be there: the largest event_time in the last bytes before its range. Its decisions (which
 * events are late) depend on nothing else that came before. Windows that may hold earlier events,
 * those that begin at or before that time, it leaves open; the later ones are all its own, and it
 * prints them. At the end it hands over its rows, what it has left open (ranges.hand_over), its
 * rejects and its counters. The run then goes through the ranges in order: where the guess was
 * right it adds what the worker left open to its own (ranges.add), moves on the watermark, which
 * prints what is complete, and lets the worker's rows follow; where it was wrong it throws the
 * worker's work away and reads the range itself. So the result is the same bytes as one job's,
 * whatever the data; only the speed differs. Line numbers in rejects are made good when they are
 * handed over.
 *
 * Ranges are read in steps. After each the run announces how far event time has come in its own; a
 * worker that has guessed less is wrong, whatever else comes before its range, and ends at its next
 * step: where a file turns back in time it is the run that reads on, undisturbed, and a worker
 * that begins then begins with what the run has announced. In the same way workers are given up
 * when the run holds half of --max-memory; the other half is for all of them together.
 *
 * Of whole compressed files (loop.whole_files) nobody can look at the last bytes before. A worker
 * begins as if there had been nothing, leaves open what begins up to a little behind its first
 * events, and hands over by what the run can tell whether event time before would have changed any
 * of its decisions (files_fit); where files follow each other in time it would not.
 * What is passed on (below) is then all that is in them.
 *
 * What an id did before may decide on its events for as long as ranges.reach says. Such events a
 * worker only reads and judges, and passes on (FATE_DEFERRED, handover.h); the run hands them to
 * the command, in the order of arrival and before anything else of the range, as if it had read
 * them. Where that long is a small part of a large range, the rest of it is the worker's own, and
 * its rows go in between those of the run (ranges.weave; border.h, weave.h). Where it is not, all
 * events are passed on, in small ranges: then workers read, and the run does all that follows.
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
