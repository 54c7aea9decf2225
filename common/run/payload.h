/*
 * payload.h - what is in a record of a topic: an event, however it is laid out, or several.
 *
 * A record may be any bytes. Pretty-printed JSON is one event; values one behind the other, with
 * blanks or line ends between them, and the elements of an array are an event each. As with what a
 * map makes of a record, none is taken before all are known to be good, and the record is counted
 * once.
 */
#ifndef CS_PAYLOAD_H
#define CS_PAYLOAD_H

#include "base/slice.h"
#include "run/loop.h"

/* Takes the events of a payload that is not blank, behind which a newline and padding stand. */
void payload_take(struct loop *l, struct origin *origin, struct slice payload);

#endif
