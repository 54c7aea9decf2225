/* The scanner with AVX2: 32 bytes at a time. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "event/scan_inside.h"

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

static inline uint64_t block_bit(struct block block, int n)
{
    return bits_of(_mm256_slli_epi16(block.low, 7 - n), _mm256_slli_epi16(block.high, 7 - n));
}

static inline uint64_t block_specials(struct block block)
{
    return bits_of(specials_of(block.low), specials_of(block.high));
}

static inline uint64_t block_equal(struct block block, char c)
{
    const __m256i bytes = _mm256_set1_epi8(c);
    return bits_of(_mm256_cmpeq_epi8(block.low, bytes), _mm256_cmpeq_epi8(block.high, bytes));
}

static inline uint64_t block_pairs(struct block block, char c, struct block other, char d)
{
    const __m256i first = _mm256_set1_epi8(c), second = _mm256_set1_epi8(d);
    return bits_of(
        _mm256_and_si256(_mm256_cmpeq_epi8(block.low, first), _mm256_cmpeq_epi8(other.low, second)),
        _mm256_and_si256(_mm256_cmpeq_epi8(block.high, first),
                         _mm256_cmpeq_epi8(other.high, second)));
}

static inline __m256i lower_of(__m256i bytes)
{
    return _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
}

/* Unsigned: not above most. */
static inline __m256i at_most(__m256i bytes, char most)
{
    return _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(most)), bytes);
}

static inline uint64_t block_digits(struct block block)
{
    const __m256i zero = _mm256_set1_epi8('0');
    return bits_of(at_most(_mm256_sub_epi8(block.low, zero), 9),
                   at_most(_mm256_sub_epi8(block.high, zero), 9));
}

static inline uint64_t block_hex_letters(struct block block)
{
    const __m256i first = _mm256_set1_epi8('a');
    return bits_of(at_most(_mm256_sub_epi8(lower_of(block.low), first), 5),
                   at_most(_mm256_sub_epi8(lower_of(block.high), first), 5));
}

static inline uint64_t block_letter_d(struct block block)
{
    const __m256i d = _mm256_set1_epi8('d');
    return bits_of(_mm256_cmpeq_epi8(lower_of(block.low), d),
                   _mm256_cmpeq_epi8(lower_of(block.high), d));
}

/* By their low four bits, but for r, which shares its own with b. */
static inline __m256i letters_of(__m256i bytes)
{
    const __m256i letters = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(-1, -1, 'b', -1, 't', -1, 'f', -1, -1, -1, -1, -1, -1, -1, 'n', '/'));
    return _mm256_or_si256(_mm256_cmpeq_epi8(_mm256_shuffle_epi8(letters, bytes), bytes),
                           _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('r')));
}

static inline uint64_t block_letters(struct block block)
{
    return bits_of(letters_of(block.low), letters_of(block.high));
}

static inline uint64_t block_highs(struct block block)
{
    return bits_of(block.low, block.high);
}

static inline __m256i odd_of(__m256i bytes)
{
    /* Signed, one more: below 0x20 and above 0x7e at once. */
    const __m256i more = _mm256_add_epi8(bytes, _mm256_set1_epi8(1));
    const __m256i controls = _mm256_cmpgt_epi8(_mm256_set1_epi8(0x21), more);
    return _mm256_or_si256(controls, _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
}

static inline uint64_t block_odd(struct block block)
{
    return bits_of(odd_of(block.low), odd_of(block.high));
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

static inline uint64_t lowest_bit(uint64_t bits)
{
    return _tzcnt_u64(bits);
}

struct differ {
    __m256i bytes;
};

static inline struct differ differ_none(void)
{
    return (struct differ){.bytes = _mm256_setzero_si256()};
}

static inline __m256i half_differ(__m256i bytes, const struct node *node, int at)
{
    const __m256i literal = _mm256_load_si256((const __m256i *)(const void *)(node->literal + at));
    const __m256i cover = _mm256_load_si256((const __m256i *)(const void *)(node->cover + at));
    return _mm256_and_si256(_mm256_xor_si256(bytes, literal), cover);
}

static inline void differ_add(struct differ *differ, struct block block, const struct node *node)
{
    differ->bytes = _mm256_or_si256(differ->bytes, half_differ(block.low, node, 0));
    /* Most literals are no longer than one vector. */
    if (__builtin_expect(node->len > 32, 0))
        differ->bytes = _mm256_or_si256(differ->bytes, half_differ(block.high, node, 32));
}

static inline bool differ_any(const struct differ *differ)
{
    return _mm256_testz_si256(differ->bytes, differ->bytes) == 0;
}

#define SCAN_KERNEL scan_avx2
#define SCAN_LINES scan_avx2_lines
#include "event/scan_kernel.h"
#endif
