/*
 * translated.h - a record in another format: it is translated, and its events are taken.
 *
 * None of a record's events is taken before all are known to be good; the record is counted once,
 * whatever becomes of them.
 */
#ifndef CS_TRANSLATED_H
#define CS_TRANSLATED_H

#include <stdbool.h>

#include "base/slice.h"
#include "run/loop.h"

/* Takes the events in l->events, one a line, that have been made of a record (or refuses it, for
 * that reason or for what is wrong with one of them). detail is in l->admission.detail. */
void translated_events(struct loop *l, struct origin *origin, enum reason reason);

/* Takes a record of an input that has a reading (command.h: struct translator). */
void translated_take(struct loop *l, struct origin *origin, struct slice record);

/* With --state: may what the input ends in be the beginning of a record? The next run reads it
 * again then, with what has come behind it. Not with --flush, which ends all there is. */
bool translated_may_grow(const struct loop *l, const struct input *input);

#endif
