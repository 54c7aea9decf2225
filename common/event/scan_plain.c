/* The scanner in plain C: eight bytes at a time in ordinary registers. */
#include <string.h>

#include "base/hex.h"
#include "event/scan_inside.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

struct block {
    const char *at;
};

static inline struct block block_load(const char *p)
{
    return (struct block){.at = p};
}

/* The top bit of each byte as one bit each, byte 0 in bit 0. */
static inline uint64_t gather(uint64_t tops)
{
    return (tops >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* The top bit set in each byte that is zero; exact, no borrow between bytes. */
static inline uint64_t zero_bytes(uint64_t word)
{
    return ~(((word & ~HIGHS) + ~HIGHS) | word | ~HIGHS);
}

static inline uint64_t block_word(struct block block, int i)
{
    uint64_t word = scan_load64(block.at + i * 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* A bit per byte that equals c. */
static inline uint64_t bytes_equal(struct block block, unsigned char c)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits |= gather(zero_bytes(block_word(block, i) ^ ONES * c)) << (i * 8);
    return bits;
}

static inline uint64_t block_quotes(struct block block)
{
    return bytes_equal(block, '"');
}

static inline uint64_t block_slashes(struct block block)
{
    return bytes_equal(block, '\\');
}

static inline uint64_t block_newlines(struct block block)
{
    return bytes_equal(block, '\n');
}

static inline uint64_t block_equal(struct block block, char c)
{
    return bytes_equal(block, (unsigned char)c);
}

static inline uint64_t block_pairs(struct block block, char c, struct block other, char d)
{
    return block_equal(block, c) & block_equal(other, d);
}

static inline uint64_t block_digits(struct block block)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++)
        bits |= (uint64_t)(hex_value[(unsigned char)block.at[i]] <= 9) << i;
    return bits;
}

static inline uint64_t block_hex_letters(struct block block)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++)
        bits |= (uint64_t)(hex_value[(unsigned char)block.at[i]] - 10 <= 5) << i;
    return bits;
}

static inline uint64_t block_letter_d(struct block block)
{
    return bytes_equal(block, 'd') | bytes_equal(block, 'D');
}

static inline uint64_t block_letters(struct block block)
{
    return bytes_equal(block, '/') | bytes_equal(block, 'b') | bytes_equal(block, 'f') |
           bytes_equal(block, 'n') | bytes_equal(block, 'r') | bytes_equal(block, 't');
}

static inline uint64_t block_highs(struct block block)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits |= gather(block_word(block, i) & HIGHS) << (i * 8);
    return bits;
}

static inline uint64_t block_odd(struct block block)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) {
        const uint64_t word = block_word(block, i);
        const uint64_t controls = zero_bytes(word & ONES * 0xe0) | zero_bytes(word ^ ONES * 0x7f);
        bits |= gather(zero_bytes(word ^ ONES * '\\') | controls | (word & HIGHS)) << (i * 8);
    }
    return bits;
}

static inline uint64_t block_bit(struct block block, int n)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits |= gather(block_word(block, i) << (7 - n) & HIGHS) << (i * 8);
    return bits;
}

static inline uint64_t block_specials(struct block block)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) {
        const uint64_t word = block_word(block, i);
        const uint64_t quotes = zero_bytes(word ^ ONES * '"');
        const uint64_t slashes = zero_bytes(word ^ ONES * '\\');
        const uint64_t controls = zero_bytes(word & ONES * 0xe0);
        bits |= gather(quotes | slashes | controls | (word & HIGHS)) << (i * 8);
    }
    return bits;
}

static inline uint64_t block_mismatch(struct block block, const struct node *node)
{
    return (uint64_t)(memcmp(block.at, node->literal, node->len) != 0);
}

static inline uint64_t lowest_bit(uint64_t bits)
{
    return bits == 0 ? 64 : (uint64_t)__builtin_ctzll(bits);
}

struct differ {
    uint64_t blocks;
};

static inline struct differ differ_none(void)
{
    return (struct differ){0};
}

static inline void differ_add(struct differ *differ, struct block block, const struct node *node)
{
    differ->blocks |= block_mismatch(block, node);
}

static inline bool differ_any(const struct differ *differ)
{
    return differ->blocks != 0;
}

#define SCAN_KERNEL scan_plain
#define SCAN_LINES scan_plain_lines
#include "event/scan_kernel.h"
