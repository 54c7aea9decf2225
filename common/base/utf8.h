/*
 * utf8.h - is this UTF-8? (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF)
 */
#ifndef CS_UTF8_H
#define CS_UTF8_H

#include "base/slice.h"

/* The length in bytes (1-4) of the valid sequence at text, which has len >= 1 bytes; 0 if it is not
 * valid. */
size_t utf8_sequence(const char *text, size_t len);

bool utf8_valid(struct slice text);

/* Is it ASCII without a NUL? */
bool utf8_is_ascii(struct slice text);

#endif
