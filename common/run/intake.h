/*
 * intake.h - from what an input has brought to its records: blocks, lines, the last one without a
 * newline, and what is longer than a line may be.
 */
#ifndef CS_INTAKE_H
#define CS_INTAKE_H

#include "run/loop.h"

/* Takes every complete record that the input has brought; at its end also the last one without a
 * newline. */
void intake_take(struct loop *l, struct input *input);

/* The input, of which nothing has been taken, is to be read from its middle on (a translator's
 * go_on); head is how it begins. */
void intake_go_on(struct loop *l, struct input *input, struct slice head);

#endif
