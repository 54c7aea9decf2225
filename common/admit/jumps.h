/*
 * jumps.h - what the decisions by --max-jump in a piece of the input, read as if nothing had come
 * before it, say of what may have come before it.
 *
 * Let event time have come to L before the piece, with no event held, and to M so far in the piece
 * alone. One run would then compare with max(L, M), and goes on as the piece did as long as every
 * comparison has the same result:
 *
 * - An event not far ahead of M is not far ahead of max(L, M) either.
 * - One that is far ahead of M, at time t (it was held, or has shown that the held one was right),
 *   is far ahead of max(L, M) if it is of L. So it is for all such events if it is for the
 *   earliest.
 * - The first event, which the piece alone has held against the second, one run compares with L.
 *   If it is not far ahead, it is kept; if it is, the second decides: it is kept if that one is far
 *   ahead of L, too, else refused. Where the input ended behind the first, it is kept either way.
 *
 * Where event time had come to nothing before, the piece is what one run has made of it.
 */
#ifndef CS_JUMPS_H
#define CS_JUMPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"

struct jumps {
    int64_t least_us;   /* the earliest event that was far ahead; INT64_MAX: none was */
    int64_t first_us;   /* INT64_MAX: there is none, or it was not held for being the first */
    int64_t second_us;  /* INT64_MAX: there is none */
    bool first_refused; /* because of the second */
    uint64_t refused;   /* how many in all */
};

/* Nothing has been decided. */
void jumps_clear(struct jumps *jumps);

/* An event is held: the first one there is, or one that is far ahead. */
void jumps_held(struct jumps *jumps, bool is_first, int64_t time_us);

/* The event behind it has shown whether it was right. */
void jumps_judged(struct jumps *jumps, bool was_first, bool was_right, int64_t time_us);

/* Would one run have decided the same, with event time at largest_us before? jump_us is
 * --max-jump; 0: nothing was decided. */
bool jumps_fit(const struct jumps *jumps, int64_t largest_us, int64_t jump_us);

void jumps_pack(const struct jumps *jumps, struct buffer *out);
struct jumps jumps_unpack(struct unpack *in);

#endif
