/*
 * name.h - what identifies somebody, or is remembered of an event: some values one behind the
 * other, as bytes.
 *
 * A value is its kind, its length as a varint, and its bytes; null, false and true have none.
 */
#ifndef CS_NAME_H
#define CS_NAME_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/value.h"

/* Adds a value to a name. */
void name_add(struct buffer *name, struct value value);

/* Is this a name, as far as reading it goes? */
bool name_whole(struct slice name);

/* The order of two names: value by value. */
int name_compare(struct slice a, struct slice b);

/* Takes the first value off a name; it borrows from it. */
struct value name_value(struct slice *name);

#endif
