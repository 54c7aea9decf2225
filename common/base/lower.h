/*
 * lower.h - lower case by Unicode's simple mapping: one code point for one, whatever its
 * neighbours.
 *
 * Neither locale nor context counts (a final sigma stays a small sigma, dotted I becomes i), so the
 * same text is the same group on every machine.
 */
#ifndef CS_LOWER_H
#define CS_LOWER_H

#include "base/buffer.h"
#include "base/slice.h"

/* The text in lower case: the text itself where nothing changes, else written into scratch (which
 * is cleared) and good until that is next used. The text is valid UTF-8. */
struct slice lower_text(struct slice text, struct buffer *scratch);

#endif
