/* The scanner with AVX2: 32 bytes at a time. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "scan_inside.h"

struct block {
    __m256i low, high;
};

static inline struct block block_load(const char *p)
{
    return (struct block){
        .low = _mm256_loadu_si256((const __m256i *)(const void *)p),
        .high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32)),
    };
}

static inline uint64_t bits_of(__m256i low, __m256i high)
{
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(low) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline uint64_t block_quotes(struct block block)
{
    const __m256i quote = _mm256_set1_epi8('"');
    return bits_of(_mm256_cmpeq_epi8(block.low, quote), _mm256_cmpeq_epi8(block.high, quote));
}

static inline __m256i specials_of(__m256i bytes)
{
    /* Signed: below 0x20 and above 0x7f at once. */
    const __m256i controls = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), bytes);
    const __m256i quotes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
    const __m256i slashes = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
    return _mm256_or_si256(controls, _mm256_or_si256(quotes, slashes));
}

static inline uint64_t block_specials(struct block block)
{
    return bits_of(specials_of(block.low), specials_of(block.high));
}

static inline uint64_t block_controls(struct block block)
{
    /* Signed: below 0x20 and above 0x7f at once. */
    const __m256i blank = _mm256_set1_epi8(0x20);
    return bits_of(_mm256_cmpgt_epi8(blank, block.low), _mm256_cmpgt_epi8(blank, block.high));
}

static inline uint64_t block_slashes(struct block block)
{
    const __m256i slash = _mm256_set1_epi8('\\');
    return bits_of(_mm256_cmpeq_epi8(block.low, slash), _mm256_cmpeq_epi8(block.high, slash));
}

static inline uint64_t block_newlines(struct block block)
{
    const __m256i newline = _mm256_set1_epi8('\n');
    return bits_of(_mm256_cmpeq_epi8(block.low, newline), _mm256_cmpeq_epi8(block.high, newline));
}

static inline uint64_t block_mismatch(struct block block, const struct node *node)
{
    const __m256i *literal = (const __m256i *)(const void *)node->literal;
    const uint64_t same = bits_of(_mm256_cmpeq_epi8(block.low, _mm256_load_si256(literal)),
                                  _mm256_cmpeq_epi8(block.high, _mm256_load_si256(literal + 1)));
    return ~same & node->mask;
}

/* Most literals are no longer than one vector. */
static inline uint64_t literal_mismatch(const char *p, const struct node *node)
{
    if (__builtin_expect(node->len > 32, 0)) return block_mismatch(block_load(p), node);
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p);
    const __m256i literal = _mm256_load_si256((const __m256i *)(const void *)node->literal);
    const uint32_t same = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, literal));
    return ~same & (uint32_t)node->mask;
}

#define SCAN_KERNEL scan_avx2
#define SCAN_LINES scan_avx2_lines
#include "scan_kernel.h"
#endif
