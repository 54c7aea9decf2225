/*
 * merged.h - rows of several runs, each in its order, become the rows of one run.
 *
 * Where an id's events are all in one part of the input, the rows about it are those of the run
 * that has read this part; what is left to do for cs-sessionize and cs-abandon is to bring the rows
 * of all runs into the order of one: that of their time, then of id and --split-by, then of the
 * session's start. Each input is in that order itself, so a row waits only until all inputs are
 * past its time: with files, of which the one that is behind is read next, that is a few blocks.
 *
 * A row's time is last_event_time, or for cs-abandon idle_seconds later. Rows go out as they came.
 *
 *     if (run->settings.merge) return merged_begin(run, &identity, MERGED_SESSIONS);
 *
 * A row that is none of this tool and these options, or is behind the row before it, is refused
 * with its file and line, and the run ends with 1. Two inputs that have the same row, or two of one
 * id and moment, have been given twice, or were not split by the id: exit 3.
 */
#ifndef CS_MERGED_H
#define CS_MERGED_H

#include "admit/command.h"
#include "session/identity.h"

enum merged_kind {
    MERGED_SESSIONS, /* in the order of last_event_time */
    MERGED_ALERTS,   /* in that of last_event_time + idle_seconds; what came late may be behind */
    MERGED_AT,       /* of cs-abandon --at: in that of last_event_time */
};

/* The rows' members are declared; identity says whose they are, and stays where it is. Returns what
 * is to be done with rows. */
const struct analysis *merged_begin(struct run *run, struct identity *identity,
                                    enum merged_kind kind);

/* Gives everything back. */
void merged_release(void);

#endif
