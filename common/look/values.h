/*
 * values.h - the values of a row as grids and rolls hold them: a JSON array, read again.
 */
#ifndef CS_VALUES_H
#define CS_VALUES_H

#include "base/buffer.h"
#include "base/value.h"

/* One value after the other: *at is behind the opening bracket at first. A string still has its
 * escapes. False: there are no more. */
bool values_next(const char **at, struct value *value);

/* The value with that number, counted from 0; null where there are fewer. */
struct value values_get(struct slice array, size_t number);

/* Adds the value as text: a string without its quotes and escapes, null as nothing, the rest as it
 * stands. */
void values_add_text(struct buffer *out, struct value value);

#endif
