/* The scanner with NEON: 16 bytes at a time, four times. */
#if defined(__aarch64__)
#include <arm_neon.h>

#include "base/bytemask.h"
#include "event/scan_inside.h"

struct block {
    uint8x16_t part[4];
};

static inline struct block block_load(const char *p)
{
    const uint8_t *const bytes = (const uint8_t *)p;
    return (struct block){
        .part = {vld1q_u8(bytes), vld1q_u8(bytes + 16), vld1q_u8(bytes + 32), vld1q_u8(bytes + 48)},
    };
}

/* A bit per byte for which a function of one vector gives all ones. */
#define BLOCK_BITS(block, of)                                                                      \
    bytemask_bits(of((block).part[0]), of((block).part[1]), of((block).part[2]),                   \
                  of((block).part[3]))

static inline uint64_t block_equal(struct block block, char c)
{
    const uint8x16_t bytes = vdupq_n_u8((uint8_t)c);
    return bytemask_bits(vceqq_u8(block.part[0], bytes), vceqq_u8(block.part[1], bytes),
                         vceqq_u8(block.part[2], bytes), vceqq_u8(block.part[3], bytes));
}

static inline uint64_t block_pairs(struct block block, char c, struct block other, char d)
{
    return block_equal(block, c) & block_equal(other, d);
}

static inline uint64_t block_quotes(struct block block)
{
    return block_equal(block, '"');
}

static inline uint64_t block_slashes(struct block block)
{
    return block_equal(block, '\\');
}

static inline uint64_t block_newlines(struct block block)
{
    return block_equal(block, '\n');
}

static inline uint8x16_t specials_of(uint8x16_t bytes)
{
    /* Signed: below 0x20 and above 0x7f at once. */
    const uint8x16_t controls = vcltq_s8(vreinterpretq_s8_u8(bytes), vdupq_n_s8(0x20));
    const uint8x16_t quotes = vceqq_u8(bytes, vdupq_n_u8('"'));
    return vorrq_u8(controls, vorrq_u8(quotes, vceqq_u8(bytes, vdupq_n_u8('\\'))));
}

static inline uint64_t block_bit(struct block block, int n)
{
    const uint8x16_t bit = vdupq_n_u8((uint8_t)(1 << n));
    return bytemask_bits(vtstq_u8(block.part[0], bit), vtstq_u8(block.part[1], bit),
                         vtstq_u8(block.part[2], bit), vtstq_u8(block.part[3], bit));
}

static inline uint64_t block_specials(struct block block)
{
    return BLOCK_BITS(block, specials_of);
}

static inline uint8x16_t odd_of(uint8x16_t bytes)
{
    /* Signed, one more: below 0x20 and above 0x7e at once. */
    const int8x16_t more = vreinterpretq_s8_u8(vaddq_u8(bytes, vdupq_n_u8(1)));
    return vorrq_u8(vcltq_s8(more, vdupq_n_s8(0x21)), vceqq_u8(bytes, vdupq_n_u8('\\')));
}

static inline uint64_t block_odd(struct block block)
{
    return BLOCK_BITS(block, odd_of);
}

static inline uint8x16_t lower_of(uint8x16_t bytes)
{
    return vorrq_u8(bytes, vdupq_n_u8(0x20));
}

static inline uint8x16_t digits_of(uint8x16_t bytes)
{
    return vcltq_u8(vsubq_u8(bytes, vdupq_n_u8('0')), vdupq_n_u8(10));
}

static inline uint64_t block_digits(struct block block)
{
    return BLOCK_BITS(block, digits_of);
}

static inline uint8x16_t hex_letters_of(uint8x16_t bytes)
{
    return vcltq_u8(vsubq_u8(lower_of(bytes), vdupq_n_u8('a')), vdupq_n_u8(6));
}

static inline uint64_t block_hex_letters(struct block block)
{
    return BLOCK_BITS(block, hex_letters_of);
}

static inline uint8x16_t letter_d_of(uint8x16_t bytes)
{
    return vceqq_u8(lower_of(bytes), vdupq_n_u8('d'));
}

static inline uint64_t block_letter_d(struct block block)
{
    return BLOCK_BITS(block, letter_d_of);
}

/* By their low four bits, but for r, which shares its own with b. */
static inline uint8x16_t letters_of(uint8x16_t bytes)
{
    const uint8x16_t letters = {255, 255, 'b', 255, 't', 255, 'f', 255,
                                255, 255, 255, 255, 255, 255, 'n', '/'};
    const uint8x16_t wanted = vqtbl1q_u8(letters, vandq_u8(bytes, vdupq_n_u8(15)));
    return vorrq_u8(vceqq_u8(wanted, bytes), vceqq_u8(bytes, vdupq_n_u8('r')));
}

static inline uint64_t block_letters(struct block block)
{
    return BLOCK_BITS(block, letters_of);
}

static inline uint8x16_t highs_of(uint8x16_t bytes)
{
    return vcgeq_u8(bytes, vdupq_n_u8(0x80));
}

static inline uint64_t block_highs(struct block block)
{
    return BLOCK_BITS(block, highs_of);
}

static inline uint64_t lowest_bit(uint64_t bits)
{
    /* rbit and clz, which is 64 for 0. */
    return bits == 0 ? 64 : (uint64_t)__builtin_ctzll(bits);
}

struct differ {
    uint8x16_t bytes;
};

static inline struct differ differ_none(void)
{
    return (struct differ){.bytes = vdupq_n_u8(0)};
}

/* The bytes of a part that differ from the literal where it has any. */
static inline uint8x16_t part_differ(struct block block, const struct node *node, int part)
{
    const uint8x16_t literal = vld1q_u8((const uint8_t *)node->literal + part * 16);
    const uint8x16_t cover = vld1q_u8((const uint8_t *)node->cover + part * 16);
    return vandq_u8(veorq_u8(block.part[part], literal), cover);
}

static inline void differ_add(struct differ *differ, struct block block, const struct node *node)
{
    differ->bytes =
        vorrq_u8(differ->bytes, vorrq_u8(part_differ(block, node, 0), part_differ(block, node, 1)));
    /* Most literals are no longer than two vectors. */
    if (__builtin_expect(node->len > 32, 0))
        differ->bytes = vorrq_u8(
            differ->bytes, vorrq_u8(part_differ(block, node, 2), part_differ(block, node, 3)));
}

static inline bool differ_any(const struct differ *differ)
{
    return vmaxvq_u8(differ->bytes) != 0;
}

static inline uint64_t block_mismatch(struct block block, const struct node *node)
{
    struct differ differ = differ_none();
    differ_add(&differ, block, node);
    return (uint64_t)differ_any(&differ);
}

#define SCAN_KERNEL scan_neon
#define SCAN_LINES scan_neon_lines
#include "event/scan_kernel.h"
#endif
