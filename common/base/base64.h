/*
 * base64.h - bytes as text: base64 of RFC 4648, with padding, on one line.
 */
#ifndef CS_BASE64_H
#define CS_BASE64_H

#include "base/buffer.h"
#include "base/slice.h"

void base64_add(struct buffer *out, struct slice bytes);

#endif
