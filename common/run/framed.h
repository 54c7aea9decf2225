/*
 * framed.h - one framed record: the frame off, then as any other.
 *
 * A frame says partition and offset, and no other input can speak for a partition that an input is
 * bound to (--bind). Offsets that were counted already are repeats, so that kcat
 * may start a little too early after a restart.
 */
#ifndef CS_FRAMED_H
#define CS_FRAMED_H

#include <stdbool.h>
#include <stdint.h>

#include "run/loop.h"

/* Takes the record on the line, which ends in a newline; returns behind it. */
const char *framed_take(struct loop *l, struct origin *origin, const char *line);

/* Takes the sized frames that the input has brought, as far as they are whole; at its end also what
 * there is of the last one. begin: its first payload is there. */
void framed_sized(struct loop *l, struct input *input,
                  void (*begin)(struct loop *l, struct input *input, struct slice head));

/* The partition goes on to that offset; a gap is noted (compaction makes gaps). False: it is a
 * repeat. */
bool framed_offset(struct loop *l, struct partition *partition, int64_t offset);

#endif
