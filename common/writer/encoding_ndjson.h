/*
 * encoding_ndjson.h - a member's name in a row of NDJSON that is written as it is made.
 *
 * It is in front of every value of every row, so it is inline.
 */
#ifndef CS_ENCODING_NDJSON_H
#define CS_ENCODING_NDJSON_H

#include "base/buffer.h"
#include "writer/encoding.h"

#define NDJSON_PIECE 32 /* prefixes are copied by so many bytes */

/* Writes it, for a member that is not the first one, where there is room for NDJSON_PIECE bytes
 * more; returns behind it. */
static inline char *ndjson_write_name(char *to, const struct member *member)
{
    const size_t len = member->prefix.len;

    for (size_t at = 0; at < len; at += NDJSON_PIECE)
        memcpy(to + at, member->prefix.text + at, NDJSON_PIECE);
    return to + len;
}

/* Adds it to the row that begins at row_start in out. */
static inline void ndjson_add_name(struct buffer *out, size_t row_start,
                                   const struct member *member)
{
    const size_t len = member->prefix.len;
    const bool is_first = out->len == row_start;
    char *to = buffer_reserve(out, len + NDJSON_PIECE);

    (void)ndjson_write_name(to, member);
    if (is_first) to[0] = '{';
    out->len += len;
}

/* The prefix for that name; owned by the caller. */
struct slice ndjson_prefix(struct slice name);

#endif
