/*
 * checkpoint.h - a run over restarts: --state.
 *
 * What is kept is a list of named sections (checkpoint.c): event time and positions, lengths of the
 * files written, counters, what the stages of admission keep, and the command's own.
 */
#ifndef CS_CHECKPOINT_H
#define CS_CHECKPOINT_H

#include <stdint.h>

#include "run/loop.h"

/* In the order in which a run calls them: takes the lock and reads the state; finds the inputs'
 * positions; takes the rest of the state. */
void checkpoint_open(struct loop *l);
void checkpoint_seek(struct loop *l);
void checkpoint_resume(struct loop *l);

/* Saves now, if a state is kept, whatever was saved last. */
void checkpoint_now(struct loop *l);

/* Saves when it is time. Returns how long it will not be. */
int64_t checkpoint_tick(struct loop *l);

/* The last save of a run. */
void checkpoint_last(struct loop *l);

/* Ends the run, saved, when it is full: more is held than --max-keys or --max-memory allow. */
void checkpoint_full(struct loop *l);

/* After the last save: tells of the records that inputs ended in; the state knows nothing of them.
 */
void checkpoint_torn(struct loop *l);

void checkpoint_release(void);

/* --show-position: prints them and exits. */
_Noreturn void checkpoint_show(struct loop *l);

#endif
