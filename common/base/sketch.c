#include "base/sketch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define BUCKET_BITS 6 /* 64 buckets to a power of two */
#define BUCKET_SHIFT (52 - BUCKET_BITS)
#define BUCKET_MOST ((INT32_C(0x7ff) << BUCKET_BITS) - 1)
#define BUCKET_LEAST (INT32_C(1) << BUCKET_BITS) /* what is nearer to 0 is subnormal */

void sketch_release(struct sketch *sketch)
{
    free(sketch->exact);
    free(sketch->bucket);
    *sketch = (struct sketch){0};
}

void sketch_clear(struct sketch *sketch)
{
    if (sketch->bucket != NULL) {
        sketch_release(sketch);
        return;
    }
    sketch->count = 0;
    sketch->used = 0;
}

static int32_t bucket_of(double number)
{
    const double size = fabs(number);
    uint64_t bits;
    memcpy(&bits, &size, sizeof bits);
    const int32_t bucket = (int32_t)(bits >> BUCKET_SHIFT);
    if (bucket < BUCKET_LEAST) return 0;
    return number < 0 ? -bucket : bucket;
}

static double bucket_bound(int32_t size)
{
    const uint64_t bits = (uint64_t)size << BUCKET_SHIFT;
    double bound;
    memcpy(&bound, &bits, sizeof bound);
    return bound;
}

/* Of a bucket from low to high the number that is as far from both, in proportion. */
static double bucket_value(int32_t bucket)
{
    if (bucket == 0) return 0;
    const int32_t size = bucket < 0 ? -bucket : bucket;
    const double low = bucket_bound(size);
    const double value = size == BUCKET_MOST ? low : low * (2 / (1 + low / bucket_bound(size + 1)));
    return bucket < 0 ? -value : value;
}

/* Of the buckets in order, the first that is not before number. */
static uint32_t bucket_place(const struct sketch *sketch, int32_t number)
{
    uint32_t first = 0, behind = sketch->used;
    while (first < behind) {
        const uint32_t middle = first + (behind - first) / 2;
        if (sketch->bucket[middle].number < number)
            first = middle + 1;
        else
            behind = middle;
    }
    return first;
}

static void bucket_add(struct sketch *sketch, int32_t number, uint64_t count)
{
    const uint32_t place = bucket_place(sketch, number);
    struct sketch_bucket *at = sketch->bucket + place;
    if (place < sketch->used && at->number == number) {
        at->count += count;
        return;
    }
    if (sketch->used == sketch->cap) {
        sketch->cap = sketch->cap == 0 ? 2 * SKETCH_EXACT : sketch->cap * 2;
        sketch->bucket = memory_resize(sketch->bucket, sketch->cap, sizeof sketch->bucket[0]);
        at = sketch->bucket + place;
    }
    memmove(at + 1, at, (sketch->used - place) * sizeof *at);
    *at = (struct sketch_bucket){.number = number, .count = count};
    sketch->used++;
}

/* From numbers to buckets. */
static void buckets_begin(struct sketch *sketch)
{
    double *const exact = sketch->exact;
    const uint32_t count = sketch->used;
    sketch->exact = NULL;
    sketch->used = sketch->cap = 0;
    sketch->bucket = memory_resize(NULL, 2 * SKETCH_EXACT, sizeof sketch->bucket[0]);
    sketch->cap = 2 * SKETCH_EXACT;
    for (uint32_t i = 0; i < count; i++)
        bucket_add(sketch, bucket_of(exact[i]), 1);
    free(exact);
}

static void exact_add(struct sketch *sketch, double number)
{
    if (sketch->used == sketch->cap) {
        sketch->cap = sketch->cap == 0 ? 4 : sketch->cap * 2;
        sketch->exact = memory_resize(sketch->exact, sketch->cap, sizeof sketch->exact[0]);
    }
    uint32_t place = sketch->used++;
    for (; place > 0 && sketch->exact[place - 1] > number; place--)
        sketch->exact[place] = sketch->exact[place - 1];
    sketch->exact[place] = number;
}

void sketch_add(struct sketch *sketch, double number)
{
    if (sketch->bucket == NULL && sketch->count == SKETCH_EXACT) buckets_begin(sketch);
    sketch->count++;
    if (sketch->bucket != NULL)
        bucket_add(sketch, bucket_of(number), 1);
    else
        exact_add(sketch, number + 0.0); /* -0 is 0 */
}

static void counted_add(struct sketch *sketch, int32_t number, uint64_t count)
{
    if (sketch->bucket == NULL) buckets_begin(sketch);
    sketch->count += count;
    bucket_add(sketch, number, count);
}

void sketch_merge(struct sketch *into, const struct sketch *from)
{
    for (uint32_t i = 0; i < from->used; i++) {
        if (from->bucket != NULL)
            counted_add(into, from->bucket[i].number, from->bucket[i].count);
        else
            sketch_add(into, from->exact[i]);
    }
}

/* The rank from 1 on; a q that is not quite what its digits say makes no difference. */
static uint64_t quantile_rank(uint64_t count, double q)
{
    const double rank = ceil(q * (double)count * (1 - 0x1p-50));
    if (rank < 1) return 1;
    return rank >= (double)count ? count : (uint64_t)rank;
}

double sketch_quantile(const struct sketch *sketch, double q)
{
    const uint64_t rank = quantile_rank(sketch->count, q);
    if (sketch->bucket == NULL) return sketch->exact[rank - 1];
    uint64_t below = 0;
    uint32_t i = 0;
    while (i + 1 < sketch->used && below + sketch->bucket[i].count < rank)
        below += sketch->bucket[i++].count;
    return bucket_value(sketch->bucket[i].number);
}

void sketch_pack(const struct sketch *sketch, struct buffer *out)
{
    pack_u8(out, sketch->bucket != NULL);
    pack_u32(out, sketch->used);
    for (uint32_t i = 0; i < sketch->used; i++) {
        uint64_t bits;
        if (sketch->bucket != NULL) {
            pack_u32(out, (uint32_t)sketch->bucket[i].number);
            pack_u64(out, sketch->bucket[i].count);
        } else {
            memcpy(&bits, &sketch->exact[i], sizeof bits);
            pack_u64(out, bits);
        }
    }
}

static bool bucket_valid(const struct sketch *sketch, int64_t number, uint64_t count)
{
    const int64_t size = number < 0 ? -number : number;
    return (number == 0 || (size >= BUCKET_LEAST && size <= BUCKET_MOST)) && count > 0 &&
           count <= UINT64_MAX - sketch->count;
}

void sketch_unpack(struct sketch *sketch, struct unpack *in)
{
    const bool buckets = unpack_u8(in) != 0;
    const uint32_t used = unpack_u32(in);
    for (uint32_t i = 0; i < used && !in->broken; i++) {
        double number;
        if (buckets) {
            const int32_t bucket = (int32_t)unpack_u32(in);
            const uint64_t count = unpack_u64(in);
            if (in->broken || !bucket_valid(sketch, bucket, count))
                in->broken = true;
            else
                counted_add(sketch, bucket, count);
        } else {
            const uint64_t bits = unpack_u64(in);
            memcpy(&number, &bits, sizeof number);
            if (in->broken || !isfinite(number))
                in->broken = true;
            else
                sketch_add(sketch, number);
        }
    }
}

void sketch_print(const struct sketch *sketch, struct buffer *out)
{
    for (uint32_t i = 0; i < sketch->used; i++) {
        if (i > 0) buffer_add_char(out, ' ');
        if (sketch->bucket != NULL)
            buffer_printf(out, "b%d:%llu", sketch->bucket[i].number,
                          (unsigned long long)sketch->bucket[i].count);
        else
            buffer_printf(out, "%.17g", sketch->exact[i]);
    }
}

static bool word_read(struct sketch *sketch, const char *word)
{
    char *end;
    if (word[0] != 'b') {
        const double number = strtod(word, &end);
        if (end == word || *end != '\0' || !isfinite(number)) return false;
        sketch_add(sketch, number);
        return true;
    }
    const long long bucket = strtoll(word + 1, &end, 10);
    if (end == word + 1 || *end != ':' || end[1] < '0' || end[1] > '9') return false;
    const unsigned long long count = strtoull(end + 1, &end, 10);
    if (*end != '\0' || !bucket_valid(sketch, bucket, count)) return false;
    counted_add(sketch, (int32_t)bucket, count);
    return true;
}

bool sketch_read(struct sketch *sketch, struct slice text)
{
    char word[48];
    while (text.len > 0) {
        const char *blank = memchr(text.text, ' ', text.len);
        const size_t len = blank == NULL ? text.len : (size_t)(blank - text.text);
        const size_t taken = len + (blank != NULL);
        if (len == 0 || len >= sizeof word || taken == text.len + (blank == NULL)) return false;
        memcpy(word, text.text, len);
        word[len] = '\0';
        if (!word_read(sketch, word)) return false;
        text = (struct slice){.text = text.text + taken, .len = text.len - taken};
    }
    return true;
}

int32_t sketch_bucket(double number)
{
    return bucket_of(number);
}

double sketch_value(int32_t bucket)
{
    return bucket_value(bucket);
}

bool sketch_bucket_valid(double bucket)
{
    const double size = fabs(bucket);
    return bucket == 0 || (size >= BUCKET_LEAST && size <= BUCKET_MOST && size == floor(size));
}
