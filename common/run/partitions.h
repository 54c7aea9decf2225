/*
 * partitions.h - which partitions a run has: named by options, brought by inputs.
 *
 * Regular files are one partition, or one each with --interleave; a FIFO is one; records in frames
 * say theirs. --partitions names those that event time waits for, --bind the one that an input
 * brings and no other.
 */
#ifndef CS_PARTITIONS_H
#define CS_PARTITIONS_H

#include "run/loop.h"

/* Those of --partitions, and how many there may be. A list that is none is die_usage. */
void partitions_name(struct loop *l);

/* What the inputs' partitions are before anything is read; --bind. */
void partitions_of_inputs(struct loop *l);

/* After the state is read and the inputs are where they were: who is not waited for any more. */
void partitions_resume(struct loop *l);

/* --merge, when the input is over: names partitions of which no row has come. What has been added
 * up is without them. */
void partitions_silent(struct loop *l);

#endif
