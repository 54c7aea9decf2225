/*
 * scan_undo.h - undoing a string's escapes 64 bytes at a time, without a branch for each: bytes
 * that stay are pressed together. For kernels whose machine has BMI2.
 *
 * Included by scan_avx2.c and scan_avx512.c in front of scan_kernel.h, behind the functions on
 * blocks that are named there and
 *     block_octal(b)          bit i: byte i is one of 0-7
 *     bytes_undo(to,p,b,k,h)  writes those of the 64 bytes at p, which are block b, whose bit of k
 *                             is set, and up to UNDO_ROOM bytes of rubbish behind them. Where a bit
 *                             of h is set, too, two hexadecimal digits end: the byte they mean.
 */
#ifndef CS_SCAN_UNDO_H
#define CS_SCAN_UNDO_H

#include "base/json.h"

#define UNDO_ROOM 64 /* bytes that are written behind a text, at most */
#define ESCAPE_MAX 6 /* bytes, from the backslash on */

/* What stands for the escape \c where that is another byte. */
static inline char undo_meaning(char c)
{
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c; /* quote, slash */
    }
}

/* Undoes the escapes of the inside of a string, which are valid; out has UNDO_ROOM bytes more than
 * that takes. Returns the text's length. */
static size_t string_undo(char *out, struct slice inside)
{
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
            to[__builtin_popcountll(kept & before)] = undo_meaning(p[at]);
        }
        to += __builtin_popcountll(kept);
        p += len;
    }
    return (size_t)(to - out);
}

#endif
