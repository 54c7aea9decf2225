/*
 * bytemask.h - which of 64 bytes are such and such: a bit each, the first byte's the lowest.
 *
 * What every machine of its kind has is used, SSE2 and NEON, and plain C elsewhere; nothing is
 * chosen at run time. The scanner, which is worth that, has kernels of its own (scan_inside.h);
 * that for NEON gathers its bits by bytemask_bits.
 */
#ifndef CS_BYTEMASK_H
#define CS_BYTEMASK_H

#include <stdint.h>

#include "base/slice.h"

#if defined(__SSE2__)
#include <emmintrin.h>

struct byteblock {
    __m128i part[4];
};

/* Four vectors whose bytes are all ones or zero. */
static inline uint64_t bytemask_bits(__m128i a, __m128i b, __m128i c, __m128i d)
{
    const uint32_t low = (uint32_t)_mm_movemask_epi8(a) | (uint32_t)_mm_movemask_epi8(b) << 16;
    const uint32_t high = (uint32_t)_mm_movemask_epi8(c) | (uint32_t)_mm_movemask_epi8(d) << 16;
    return low | (uint64_t)high << 32;
}

static inline struct byteblock byteblock_load(const char *text)
{
    const __m128i *const at = (const __m128i *)(const void *)text;
    return (struct byteblock){.part = {_mm_loadu_si128(at), _mm_loadu_si128(at + 1),
                                       _mm_loadu_si128(at + 2), _mm_loadu_si128(at + 3)}};
}

static inline uint64_t bytemask_equal(const struct byteblock *block, char c)
{
    const __m128i bytes = _mm_set1_epi8(c);
    return bytemask_bits(
        _mm_cmpeq_epi8(block->part[0], bytes), _mm_cmpeq_epi8(block->part[1], bytes),
        _mm_cmpeq_epi8(block->part[2], bytes), _mm_cmpeq_epi8(block->part[3], bytes));
}

static inline __m128i bytemask_odd_part(__m128i bytes)
{
    /* Signed, one more: below 0x20 and above 0x7e at once. */
    const __m128i more = _mm_add_epi8(bytes, _mm_set1_epi8(1));
    return _mm_or_si128(_mm_cmplt_epi8(more, _mm_set1_epi8(0x21)),
                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
}

/* Controls, backslashes, and what is not ASCII. */
static inline uint64_t bytemask_odd(const struct byteblock *block)
{
    return bytemask_bits(bytemask_odd_part(block->part[0]), bytemask_odd_part(block->part[1]),
                         bytemask_odd_part(block->part[2]), bytemask_odd_part(block->part[3]));
}

/* What is not ASCII. */
static inline uint64_t bytemask_high(const struct byteblock *block)
{
    return bytemask_bits(block->part[0], block->part[1], block->part[2], block->part[3]);
}

#elif defined(__aarch64__)
#include <arm_neon.h>

struct byteblock {
    uint8x16_t part[4];
};

/* Every byte keeps one bit, and three rounds of adding neighbours bring them together. */
static inline uint64_t bytemask_bits(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    const uint8x16_t own = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t ab = vpaddq_u8(vandq_u8(a, own), vandq_u8(b, own));
    const uint8x16_t cd = vpaddq_u8(vandq_u8(c, own), vandq_u8(d, own));
    const uint8x16_t all = vpaddq_u8(ab, cd);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

static inline struct byteblock byteblock_load(const char *text)
{
    const uint8_t *const at = (const uint8_t *)text;
    return (struct byteblock){
        .part = {vld1q_u8(at), vld1q_u8(at + 16), vld1q_u8(at + 32), vld1q_u8(at + 48)}};
}

static inline uint64_t bytemask_equal(const struct byteblock *block, char c)
{
    const uint8x16_t bytes = vdupq_n_u8((uint8_t)c);
    return bytemask_bits(vceqq_u8(block->part[0], bytes), vceqq_u8(block->part[1], bytes),
                         vceqq_u8(block->part[2], bytes), vceqq_u8(block->part[3], bytes));
}

static inline uint8x16_t bytemask_odd_part(uint8x16_t bytes)
{
    const int8x16_t more = vreinterpretq_s8_u8(vaddq_u8(bytes, vdupq_n_u8(1)));
    return vorrq_u8(vcltq_s8(more, vdupq_n_s8(0x21)), vceqq_u8(bytes, vdupq_n_u8('\\')));
}

static inline uint64_t bytemask_odd(const struct byteblock *block)
{
    return bytemask_bits(bytemask_odd_part(block->part[0]), bytemask_odd_part(block->part[1]),
                         bytemask_odd_part(block->part[2]), bytemask_odd_part(block->part[3]));
}

static inline uint64_t bytemask_high(const struct byteblock *block)
{
    const uint8x16_t high = vdupq_n_u8(0x80);
    return bytemask_bits(vcgeq_u8(block->part[0], high), vcgeq_u8(block->part[1], high),
                         vcgeq_u8(block->part[2], high), vcgeq_u8(block->part[3], high));
}

#else

#define BYTEMASK_ONES UINT64_C(0x0101010101010101)
#define BYTEMASK_HIGHS UINT64_C(0x8080808080808080)

struct byteblock {
    uint64_t part[8];
};

/* The top bit of each byte as one bit each, byte 0 in bit 0. */
static inline uint64_t bytemask_gather(uint64_t tops)
{
    return (tops >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static inline struct byteblock byteblock_load(const char *text)
{
    struct byteblock block;
    for (int i = 0; i < 8; i++)
        block.part[i] = slice_word(text + i * 8);
    return block;
}

/* The top bit set in each byte of a word that is c; exact, no borrow between bytes. */
static inline uint64_t bytemask_same(uint64_t word, char c)
{
    const uint64_t other = word ^ BYTEMASK_ONES * (unsigned char)c;
    return ~(((other & ~BYTEMASK_HIGHS) + ~BYTEMASK_HIGHS) | other | ~BYTEMASK_HIGHS);
}

static inline uint64_t bytemask_equal(const struct byteblock *block, char c)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits |= bytemask_gather(bytemask_same(block->part[i], c)) << (i * 8);
    return bits;
}

static inline uint64_t bytemask_odd(const struct byteblock *block)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) {
        const uint64_t word = block->part[i], low = word & ~BYTEMASK_HIGHS;
        const uint64_t printable = low + BYTEMASK_ONES * (0x80 - ' ');
        const uint64_t more = low + BYTEMASK_ONES; /* DEL */
        const uint64_t odd = word | ~printable | more | bytemask_same(word, '\\');
        bits |= bytemask_gather(odd & BYTEMASK_HIGHS) << (i * 8);
    }
    return bits;
}

static inline uint64_t bytemask_high(const struct byteblock *block)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits |= bytemask_gather(block->part[i] & BYTEMASK_HIGHS) << (i * 8);
    return bits;
}

#endif

/* Each bit turns all that are above it: of the bits of quotes those between the first and the
 * second (the first included), the third and the fourth and so on. */
static inline uint64_t bytemask_between(uint64_t bits)
{
    for (int step = 1; step < 64; step *= 2)
        bits ^= bits << step;
    return bits;
}

#endif
