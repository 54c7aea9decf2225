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

static inline uint64_t block_controls(struct block block)
{
    /* Signed: below 0x20 and above 0x7f at once. */
    return _mm512_cmplt_epi8_mask(block.bytes, _mm512_set1_epi8(0x20));
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

static inline uint64_t literal_mismatch(const char *p, const struct node *node)
{
    return block_mismatch(block_load(p), node);
}

#define SCAN_KERNEL scan_avx512
#define SCAN_LINES scan_avx512_lines
#include "scan_kernel.h"
#endif
