/*
 * checksum.h - XXH3-128 of bytes as they come, to tell a file that is whole from one that is not.
 *
 * The library's is compiled for any processor. Of rows by the hundred megabyte that is a tenth of
 * what making them costs; with AVX2 (checksum_avx2.c), where there is that, it is half as much.
 */
#ifndef CS_CHECKSUM_H
#define CS_CHECKSUM_H

#include "base/slice.h"

#define CHECKSUM_BYTES 16

/* One way to reckon it; all give the same sum. */
struct checksum_way {
    void *(*begin)(void);
    void (*add)(void *state, const char *bytes, size_t len);
    void (*end)(void *state, char *sum);
};

extern const struct checksum_way checksum_plain;
#if defined(__x86_64__)
extern const struct checksum_way checksum_avx2; /* where cpu_has_avx2 */
#endif

struct checksum {
    const struct checksum_way *way;
    void *state; /* until the end, which frees it */
};

struct checksum checksum_begin(void);

static inline void checksum_add(const struct checksum *checksum, struct slice bytes)
{
    checksum->way->add(checksum->state, bytes.text, bytes.len);
}

/* Canonical (big-endian), CHECKSUM_BYTES of them. */
void checksum_end(struct checksum *checksum, char *sum);

#endif
