/*
 * pack.h - numbers and texts as bytes, for state files and partial results.
 *
 * Little-endian, fixed width, texts with a 32-bit length before them. Reading never goes past the
 * end: what is missing reads as 0 and sets broken, which the reader checks once at the end.
 */
#ifndef CS_PACK_H
#define CS_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/slice.h"
#include "base/value.h"

void pack_u8(struct buffer *out, uint8_t number);
void pack_u32(struct buffer *out, uint32_t number);
void pack_u64(struct buffer *out, uint64_t number);
void pack_i64(struct buffer *out, int64_t number);
void pack_i128(struct buffer *out, __int128 number);
void pack_id(struct buffer *out, struct id id);
void pack_text(struct buffer *out, struct slice text);
void pack_value(struct buffer *out, struct value value);

struct unpack {
    const char *at, *end; /* borrowed */
    bool broken;          /* something was missing or invalid */
};

uint8_t unpack_u8(struct unpack *in);
uint32_t unpack_u32(struct unpack *in);
uint64_t unpack_u64(struct unpack *in);
int64_t unpack_i64(struct unpack *in);
__int128 unpack_i128(struct unpack *in);
struct id unpack_id(struct unpack *in);
struct slice unpack_text(struct unpack *in);  /* borrows from the input */
struct value unpack_value(struct unpack *in); /* likewise */

#endif
