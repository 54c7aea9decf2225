/*
 * base64.h - bytes as text that JSON needs no escapes for (RFC 4648, with padding).
 */
#ifndef CS_BASE64_H
#define CS_BASE64_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Adds the bytes as text. */
void base64_add(struct buffer *out, struct slice bytes);

/* Adds the bytes that the text stands for. False: it is no such text, and some may have been added.
 */
bool base64_read(struct buffer *out, struct slice text);

#endif
