/*
 * replay.h - what a range of --jobs has handed over (handover.h) is taken by the run, as if it had
 * read it.
 */
#ifndef CS_REPLAY_H
#define CS_REPLAY_H

#include <stdbool.h>

#include "base/slice.h"
#include "run/loop.h"

/* Takes it all; the lines of each input are counted from where the run is in it. full is called
 * after each batch: there may be more keys than allowed. False: it is nonsense. */
bool replay_take(struct loop *l, struct slice handed, void (*full)(struct loop *l));

#endif
