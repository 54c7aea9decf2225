/*
 * terminal.h - text as a terminal shows it: nothing it would obey, and how many columns it takes.
 *
 * Controls, the characters that end a line or a paragraph, and those that turn the direction of
 * what follows are shown as JSON escapes. Columns are those of terminals that draw an emoji as one
 * glyph: East Asian wide characters take two, combining ones none, and of a sequence of emoji only
 * the first counts.
 */
#ifndef CS_TERMINAL_H
#define CS_TERMINAL_H

#include "base/buffer.h"
#include "base/slice.h"

/* How many columns text takes, shown so. text is UTF-8. */
size_t terminal_width(struct slice text);

/* Adds it as it is shown. */
void terminal_add(struct buffer *out, struct slice text);

#endif
