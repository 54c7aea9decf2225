/* The scanner with AVX-512: 64 bytes at a time. */
#if defined(__x86_64__)
#include <immintrin.h>

#include "base/json.h"
#include "event/scan_inside.h"

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

static inline uint64_t block_bit(struct block block, int n)
{
    return _mm512_test_epi8_mask(block.bytes, _mm512_set1_epi8((char)(1 << n)));
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

/* --- escapes are undone 64 bytes at a time, no branch for each: what stays is pressed together ---
 */

#define UNDO_ROOM 64 /* bytes that are written behind a text, at most */

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

/* Writes those of the 64 bytes at p, which are the block, whose bit is set in kept, and rubbish
 * behind them, UNDO_ROOM bytes at most in all. Where a bit of pairs is set, too, two hexadecimal
 * digits end: the byte that they mean. */
static inline void bytes_undo(char *to, const char *p, struct block block, uint64_t kept,
                              uint64_t pairs)
{
    /* Of the byte in front, too: there is one, the string's quote at least. */
    const __m512i high = _mm512_slli_epi16(digit_value(block_load(p - 1).bytes), 4);
    const __m512i mask = _mm512_set1_epi8(0x0f);
    const __m512i meant = _mm512_ternarylogic_epi64(mask, digit_value(block.bytes), high, 0xca);
    block_press(to, _mm512_mask_blend_epi8(pairs, block.bytes, meant), kept);
}

/* Undoes the escapes of the inside of a string, which are valid; out has UNDO_ROOM bytes more than
 * that takes. Returns the text's length. */
static size_t string_undo(char *out, struct slice inside)
{
    if (__builtin_expect(!scan_presses, 0)) return json_unescape_padded(out, inside);
    const char *const end = inside.text + inside.len;
    char *to = out;
    for (const char *p = inside.text; p < end;) {
        const struct block block = block_load(p);
        const size_t left = (size_t)(end - p);
        uint64_t within = left < 64 ? (UINT64_C(1) << left) - 1 : ~UINT64_C(0);
        uint64_t slashes = block_slashes(block) & within;
        size_t len = left;
        if (left >= 64) {
            /* What may go on behind the block is left for the next one. */
            len = (size_t)lowest_bit(slashes & ~UINT64_C(0) << (64 - ESCAPE_MAX + 1));
            within = len == 64 ? within : (UINT64_C(1) << len) - 1;
            slashes &= within;
        }
        const uint64_t behind = slashes << 1;
        const uint64_t u = behind & block_equal(block, 'u');
        const uint64_t zeros = block_equal(block, '0');
        const uint64_t ascii = zeros >> 1 & zeros >> 2 & block_octal(block) >> 3;
        /* An escaped backslash, or what is not ASCII. */
        if (__builtin_expect(((slashes & behind) | (u & ~ascii)) != 0, 0))
            return (size_t)(to - out) +
                   json_unescape_padded(to, (struct slice){.text = p, .len = (size_t)(end - p)});
        const uint64_t kept = within & ~(slashes | u | u << 1 | u << 2 | u << 3);
        bytes_undo(to, p, block, kept, u << 4);
        for (uint64_t bits = behind & ~u; bits != 0; bits &= bits - 1) {
            const unsigned at = (unsigned)lowest_bit(bits);
            const uint64_t before = (UINT64_C(1) << at) - 1;
            to[__builtin_popcountll(kept & before)] = json_meaning(p[at]);
        }
        to += __builtin_popcountll(kept);
        p += len;
    }
    return (size_t)(to - out);
}

#define SCAN_UNDO string_undo
#define SCAN_KERNEL scan_avx512
#define SCAN_LINES scan_avx512_lines
#include "event/scan_kernel.h"
#endif
