/* The scanner with AVX-512: 64 bytes at a time. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "scan_inside.h"

struct block {
    __m512i bytes;
};

static inline struct block block_load(const char *p)
{
    return (struct block){.bytes = _mm512_loadu_si512((const void *)p)};
}

static inline uint64_t block_quotes(struct block block)
{
    return _mm512_cmpeq_epi8_mask(block.bytes, _mm512_set1_epi8('"'));
}

static inline uint64_t block_specials(struct block block)
{
    /* Signed: below 0x20 and above 0x7f at once. */
    return _mm512_cmplt_epi8_mask(block.bytes, _mm512_set1_epi8(0x20)) |
           _mm512_cmpeq_epi8_mask(block.bytes, _mm512_set1_epi8('"')) |
           _mm512_cmpeq_epi8_mask(block.bytes, _mm512_set1_epi8('\\'));
}

static inline uint64_t block_odd(struct block block)
{
    /* Signed: below 0x20 and above 0x7f at once. */
    return _mm512_cmplt_epi8_mask(block.bytes, _mm512_set1_epi8(0x20)) |
           _mm512_cmpeq_epi8_mask(block.bytes, _mm512_set1_epi8('\\'));
}

static inline uint64_t block_slashes(struct block block)
{
    return _mm512_cmpeq_epi8_mask(block.bytes, _mm512_set1_epi8('\\'));
}

static inline uint64_t block_newlines(struct block block)
{
    return _mm512_cmpeq_epi8_mask(block.bytes, _mm512_set1_epi8('\n'));
}

static inline uint64_t block_mismatch(struct block block, const struct node *node)
{
    return _mm512_mask_cmpneq_epi8_mask(node->mask, block.bytes,
                                        _mm512_load_si512((const void *)node->literal));
}

static inline uint64_t lowest_bit(uint64_t bits)
{
    return _tzcnt_u64(bits);
}

struct differ {
    __m512i bytes;
};

static inline struct differ differ_none(void)
{
    return (struct differ){.bytes = _mm512_setzero_si512()};
}

static inline void differ_add(struct differ *differ, struct block block, const struct node *node)
{
    const __m512i literal = _mm512_load_si512((const void *)node->literal);
    const __m512i cover = _mm512_load_si512((const void *)node->cover);
    const __m512i other = _mm512_xor_si512(block.bytes, literal);
    differ->bytes = _mm512_ternarylogic_epi64(differ->bytes, other, cover, 0xf8); /* a | (b & c) */
}

static inline bool differ_any(const struct differ *differ)
{
    return _mm512_test_epi64_mask(differ->bytes, differ->bytes) != 0;
}

#define SCAN_KERNEL scan_avx512
#define SCAN_LINES scan_avx512_lines
#include "scan_kernel.h"
#endif
