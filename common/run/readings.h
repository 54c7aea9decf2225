/*
 * readings.h - what raw inputs were found to be, over restarts: their format, the columns that a
 * header line named, whatever a translator knows of them (command.h).
 *
 * Of a file that goes with its position (position.h). An input of framed records has none, because
 * its position is that of its partitions: what it was found to be is kept by the partition that it
 * is bound to, or by its place on the command line. So the middle of a topic is read as it would
 * have been without the restart. Any other pipe is a new input each time.
 */
#ifndef CS_READINGS_H
#define CS_READINGS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "run/loop.h"

/* Puts down what is known of each input: to be called before positions are noted. */
void readings_note(struct loop *l);

/* What is kept of inputs without a position. False: invalid. */
void readings_save(struct buffer *out);
bool readings_load(struct unpack *in);

/* The inputs are where they were, and nothing has been read: of those that have begun, what they
 * are is as it was. A state that makes no sense here is exit 3, as everywhere. */
void readings_resume(struct loop *l);

/* Whether it is known from an earlier run what the input is, which is about to begin, its framing
 * being known. */
bool readings_known(const struct loop *l, const struct input *input);

/* If so, gives it its reading. */
bool readings_begin(const struct loop *l, struct input *input);

void readings_release(void);

#endif
