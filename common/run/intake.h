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

#endif
