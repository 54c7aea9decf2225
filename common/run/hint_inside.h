/*
 * hint_inside.h - what the files of hint share.
 */
#ifndef CS_HINT_INSIDE_H
#define CS_HINT_INSIDE_H

#include <stdint.h>

#include "base/buffer.h"
#include "run/loop.h"

/* Adds "none of 500 events had a value", article and what last. */
void hint_none_add(struct buffer *out, uint64_t events, const char *article, const char *what);

/* Says it, and releases the text. */
void hint_tell(struct buffer *text);

/* Texts that members are compared with, and that none of so many events had. */
void hint_words(struct loop *l, uint64_t events);

#endif
