/*
 * apart.h - --range and --merge-partials: --jobs whose pieces are read by processes that know
 * nothing of each other, on as many machines as there are.
 *
 * The inputs, regular files as one row of bytes, are cut into N ranges: about as many bytes each,
 * and none through a line; compressed files are whole (range.h). A process reads one of them, the
 * first as well, as a worker of --jobs reads it (piece.h; relay.h for events taken one by one), and
 * writes what that would hand over into a file (partial.h). The run that merges them reads nothing:
 * it takes the pieces in their order, prints what the process of one run would have printed, and
 * says what that would have said. A piece whose beginning was guessed wrong it reads itself, if the
 * inputs are there as they were, and says so; else it refuses, and names it. Before anything is
 * printed all partials are looked at: that they are whole, of the same options and inputs, that
 * none is missing and none is there twice. They stay mapped until the end, so that a command may
 * leave in them what it does not need yet (settings.apart).
 */
#ifndef CS_APART_H
#define CS_APART_H

#include "run/loop.h"

/* --range: reads it and writes the partial. The inputs are open and unread; read_range reads what
 * they are set to. A signal leaves no partial. */
void apart_write(struct loop *l, void (*read_range)(struct loop *l));

/* --merge-partials, instead of opening inputs: opens the partials, and gives the run the inputs
 * that these are of. */
void apart_open(struct loop *l, char **names, int count);

/* Takes them all, in place of reading. */
void apart_merge(struct loop *l, void (*read_range)(struct loop *l));

void apart_release(void);

#endif
