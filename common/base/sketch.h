/*
 * sketch.h - quantiles of many numbers in little memory, to be merged without a loss.
 *
 * Up to SKETCH_EXACT numbers are kept as they are. More are counted in buckets (DDSketch: Masson,
 * Rim, Lee, VLDB 2019), 64 to each power of two, so that a bucket is known by the leading bits of
 * the double: its value differs from any number in it by at most 1/129 of that, 0.8 %. Numbers
 * nearer to 0 than 2.3e-308 count as 0.
 *
 * What is kept depends on the numbers alone, not on their order, nor on how they were put together
 * from sketches of parts. So sketches of parts, merged in any order, are the sketch of the whole.
 * Room is bounded by the buckets there are: 64 for each power of two between the smallest and the
 * largest number, of 16 bytes.
 *
 * A zeroed struct is an empty sketch. The sketch owns what it keeps.
 */
#ifndef CS_SKETCH_H
#define CS_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/pack.h"
#include "base/slice.h"

#define SKETCH_EXACT 64

struct sketch_bucket {
    int32_t number; /* of numbers less than 0: less than 0; of 0: 0 */
    uint64_t count;
};

struct sketch {
    uint64_t count;               /* of all numbers */
    double *exact;                /* in order, up to SKETCH_EXACT; then NULL */
    struct sketch_bucket *bucket; /* in order of number; NULL: there are none */
    uint32_t used, cap;           /* of either */
};

void sketch_release(struct sketch *sketch);

/* Empties it, and keeps room. */
void sketch_clear(struct sketch *sketch);

/* Adds a number, which is finite. */
void sketch_add(struct sketch *sketch, double number);

/* Adds all of another one. */
void sketch_merge(struct sketch *into, const struct sketch *from);

/* The smallest number that at least the share q of all, from 0 to 1, is not greater than: exact, or
 * at most 0.8 % away from it. There must be numbers. */
double sketch_quantile(const struct sketch *sketch, double q);

/* The same bytes for the same sketch. Unpacking adds to what is there; what is invalid sets
 * in->broken. */
void sketch_pack(const struct sketch *sketch, struct buffer *out);
void sketch_unpack(struct sketch *sketch, struct unpack *in);

/* The same as text that needs no escapes in JSON: "12.5 30 30", or "b66112:4 b66113:1" where there
 * are buckets. Reading adds to what is there; false: this is no such text. */
void sketch_print(const struct sketch *sketch, struct buffer *out);
bool sketch_read(struct sketch *sketch, struct slice text);

/* The buckets themselves, for who counts in them elsewhere: the number of a finite number's bucket,
 * and for a bucket's number the one that stands for what is in it. Numbers of buckets are in the
 * order of what is in them. */
int32_t sketch_bucket(double number);
double sketch_value(int32_t bucket);

/* Is this the number of a bucket? */
bool sketch_bucket_valid(double bucket);

#endif
