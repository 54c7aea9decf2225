/*
 * tick.h - what the wall clock brings: saves, updates, figures asked for, progress.
 */
#ifndef CS_TICK_H
#define CS_TICK_H

#include <stdint.h>

#include "run/loop.h"

/* The run begins. */
void tick_begin(void);

/* Does what is due. Returns how long nothing more will be, in microseconds. */
int64_t tick(struct loop *l);

#endif
