/*
 * arrival.h - which partition an input's records are of.
 *
 * Until its first record an input has a stand-in, a partition of no record's number that holds
 * event time back. Unframed records are of the input's own partition; framed ones say themselves
 * which theirs is.
 */
#ifndef CS_ARRIVAL_H
#define CS_ARRIVAL_H

#include "admit/partition.h"
#include "source/input.h"

/* The input's records are of that partition (NULL: none yet); nothing is forgotten. */
void arrival_assign(struct input *input, struct partition *partition);

/* The input's records are of that partition from now on: what stood for it until its first one is
 * forgotten. */
void arrival_join(struct clock *clock, struct inputs *inputs, struct input *input,
                  struct partition *partition);

/* A record of the input says that it is of that partition. */
void arrival_framed(struct clock *clock, struct inputs *inputs, struct input *input,
                    struct partition *partition);

/* --merge: the partition is one of the topic that rows come from. It has an offset, but rows say
 * themselves which partition they are of: time does not wait for it, unless it is one of those,
 * too. */
void arrival_offset(struct clock *clock, struct partition *partition);

#endif
