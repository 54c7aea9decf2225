/*
 * translated.h - a record in another format: it is translated, and its events are taken.
 *
 * None of a record's events is taken before all are known to be good; the record is counted once,
 * whatever becomes of them.
 */
#ifndef CS_TRANSLATED_H
#define CS_TRANSLATED_H

#include "base/slice.h"
#include "run/loop.h"

/* Takes a record of an input that has a reading (command.h: struct translator). */
void translated_take(struct loop *l, struct origin *origin, struct slice record);

#endif
