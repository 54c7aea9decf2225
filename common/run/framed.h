/*
 * framed.h - one framed record: the frame off, then as any other.
 *
 * A frame says partition and offset. Offsets that were counted already are repeats, so that kcat
 * may start a little too early after a restart.
 */
#ifndef CS_FRAMED_H
#define CS_FRAMED_H

#include <stdbool.h>
#include <stdint.h>

#include "run/loop.h"

/* Takes the record on the line, which ends in a newline; returns behind it. */
const char *framed_take(struct loop *l, struct origin *origin, const char *line);

/* The partition goes on to that offset; a gap is noted (compaction makes gaps). False: it is a
 * repeat. */
bool framed_offset(struct loop *l, struct partition *partition, int64_t offset);

#endif
