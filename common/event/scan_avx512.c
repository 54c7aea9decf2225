/* The scanner with AVX-512: 64 bytes at a time. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "event/cpu.h"
#include "event/scan_inside.h"
#include "event/scan_words.h"

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

static inline uint64_t block_equal(struct block block, char c)
{
    return _mm512_cmpeq_epi8_mask(block.bytes, _mm512_set1_epi8(c));
}

static inline uint64_t block_pairs(struct block block, char c, struct block other, char d)
{
    return _mm512_mask_cmpeq_epi8_mask(block_equal(block, c), other.bytes, _mm512_set1_epi8(d));
}

static inline uint64_t block_digits(struct block block)
{
    const __m512i digit = _mm512_sub_epi8(block.bytes, _mm512_set1_epi8('0'));
    return _mm512_cmplt_epu8_mask(digit, _mm512_set1_epi8(10));
}

static inline uint64_t block_hex_letters(struct block block)
{
    const __m512i lower = _mm512_or_si512(block.bytes, _mm512_set1_epi8(0x20));
    const __m512i letter = _mm512_sub_epi8(lower, _mm512_set1_epi8('a'));
    return _mm512_cmplt_epu8_mask(letter, _mm512_set1_epi8(6));
}

static inline uint64_t block_letter_d(struct block block)
{
    const __m512i lower = _mm512_or_si512(block.bytes, _mm512_set1_epi8(0x20));
    return _mm512_cmpeq_epi8_mask(lower, _mm512_set1_epi8('d'));
}

static inline uint64_t block_letters(struct block block)
{
    /* By their low four bits, but for r, which shares its own with b. */
    const __m512i letters = _mm512_broadcast_i32x4(
        _mm_setr_epi8(-1, -1, 'b', -1, 't', -1, 'f', -1, -1, -1, -1, -1, -1, -1, 'n', '/'));
    return _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(letters, block.bytes), block.bytes) |
           _mm512_cmpeq_epi8_mask(block.bytes, _mm512_set1_epi8('r'));
}

static inline uint64_t block_highs(struct block block)
{
    return _mm512_movepi8_mask(block.bytes);
}

static inline uint64_t block_odd(struct block block)
{
    /* Masks are dear, so there is only one, of what is 0: for a backslash in slash, for all that is
     * not from 0x20 to 0x7e in printable. */
    const __m512i slashes = _mm512_broadcast_i32x4(
        _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, '\\', -1, -1, -1));
    const __m512i slash = _mm512_xor_si512(block.bytes, _mm512_shuffle_epi8(slashes, block.bytes));
    const __m512i printable = _mm512_subs_epu8(
        _mm512_set1_epi8(0x7e - 0x20 + 1), _mm512_sub_epi8(block.bytes, _mm512_set1_epi8(0x20)));
    const __m512i least = _mm512_min_epu8(slash, printable);
    return _mm512_testn_epi8_mask(least, least);
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

static inline uint64_t block_octal(struct block block)
{
    const __m512i digit = _mm512_sub_epi8(block.bytes, _mm512_set1_epi8('0'));
    return _mm512_cmplt_epu8_mask(digit, _mm512_set1_epi8(8));
}

/* What a hexadecimal digit means, in its low four bits. */
static inline __m512i digit_value(__m512i digit)
{
    const __m512i letter = _mm512_and_si512(_mm512_srli_epi16(digit, 6), _mm512_set1_epi8(1));
    const __m512i nine = _mm512_or_si512(letter, _mm512_slli_epi16(letter, 3));
    return _mm512_add_epi8(digit, nine);
}

__attribute__((target("avx512vbmi2"))) static void block_press(char *to, __m512i bytes,
                                                               uint64_t kept)
{
    _mm512_storeu_si512(to, _mm512_maskz_compress_epi8(kept, bytes));
}

static inline void bytes_undo(char *to, const char *p, struct block block, uint64_t kept,
                              uint64_t pairs)
{
    if (__builtin_expect(!scan_presses, 0)) {
        words_undo(to, p, kept, pairs);
        return;
    }
    /* Of the byte in front, too: there is one, the string's quote at least. */
    const __m512i high = _mm512_slli_epi16(digit_value(block_load(p - 1).bytes), 4);
    const __m512i mask = _mm512_set1_epi8(0x0f);
    const __m512i meant = _mm512_ternarylogic_epi64(mask, digit_value(block.bytes), high, 0xca);
    block_press(to, _mm512_mask_blend_epi8(pairs, block.bytes, meant), kept);
}

#include "event/scan_undo.h"

#define SCAN_KERNEL scan_avx512
#define SCAN_LINES scan_avx512_lines
#include "event/scan_kernel.h"
#endif
