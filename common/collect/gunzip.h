/*
 * gunzip.h - a compressed body (Content-Encoding: gzip), as far as it is no bomb.
 */
#ifndef CS_GUNZIP_H
#define CS_GUNZIP_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

enum gunzip_end {
    GUNZIP_WHOLE,
    GUNZIP_BAD,   /* these are no gzip members, or the last one is cut off */
    GUNZIP_LARGE, /* more than that comes out of them */
};

/* Adds what comes out of the members, at most so many bytes: no more memory than that is taken,
 * whatever is in them. */
enum gunzip_end gunzip(struct buffer *out, struct slice members, size_t most);

#endif
