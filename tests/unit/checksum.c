/* checksum.c - any way gives the sum that the library gives of all bytes at once, in any pieces. */
#include "run/checksum.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "event/cpu.h"
#include "tap.h"

#define BYTES_MAX 20000
#define TRIALS 2000

static char bytes[BYTES_MAX];

static void known_sum(size_t len, char *sum)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, len));
    memcpy(sum, &canonical, CHECKSUM_BYTES);
}

static void sum_in_pieces(const struct checksum_way *way, size_t len, char *sum)
{
    void *const state = way->begin();
    for (size_t at = 0; at < len;) {
        size_t piece = 1 + (size_t)rand() % (rand() % 2 == 0 ? 100 : 3000);
        if (piece > len - at) piece = len - at;
        way->add(state, bytes + at, piece);
        at += piece;
    }
    way->end(state, sum);
}

static int wrong_sums(const struct checksum_way *way)
{
    char known[CHECKSUM_BYTES], sum[CHECKSUM_BYTES];
    int wrong = 0;
    for (int i = 0; i < TRIALS; i++) {
        const size_t len = (size_t)rand() % (i % 2 == 0 ? 600 : BYTES_MAX);
        known_sum(len, known);
        sum_in_pieces(way, len, sum);
        wrong += memcmp(known, sum, CHECKSUM_BYTES) != 0;
    }
    return wrong;
}

int main(void)
{
    char known[CHECKSUM_BYTES], sum[CHECKSUM_BYTES];
    for (size_t i = 0; i < BYTES_MAX; i++)
        bytes[i] = (char)rand();
    is_int(wrong_sums(&checksum_plain), 0, "for any processor");
#if defined(__x86_64__)
    if (cpu_has_avx2()) is_int(wrong_sums(&checksum_avx2), 0, "with AVX2");
#endif
    struct checksum checksum = checksum_begin();
    checksum_add(&checksum, (struct slice){.text = bytes, .len = BYTES_MAX});
    checksum_end(&checksum, sum);
    known_sum(BYTES_MAX, known);
    ok(memcmp(known, sum, CHECKSUM_BYTES) == 0, "and as it is chosen here");
    return plan();
}
