/*
 * object.h - members of an object that is still JSON text.
 *
 * For paths like .cart.total: the scanner gives the member cart as its text, and what is inside is
 * looked up there. The text has been accepted by the scanner, so there is nothing to judge.
 */
#ifndef CS_OBJECT_H
#define CS_OBJECT_H

#include "base/buffer.h"
#include "base/slice.h"
#include "base/value.h"

/* The member of that name, the last one if it is repeated; without one a null with text NULL. A
 * string that has escapes is unescaped into scratch, which is overwritten; other text borrows
 * from object. */
struct value object_find(struct slice object, struct slice name, struct buffer *scratch);

/* One member after the other: *at is behind the opening brace at first. The name is a string; both
 * are escaped where they are so in the text. False: there are no more. */
bool object_next(const char **at, struct value *name, struct value *value);

#endif
