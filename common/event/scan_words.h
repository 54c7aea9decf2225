/*
 * scan_words.h - eight bytes of a string at a time pressed together by BMI2: bytes_undo of
 * scan_undo.h where there is nothing better.
 */
#ifndef CS_SCAN_WORDS_H
#define CS_SCAN_WORDS_H

#include <string.h>
#include <immintrin.h>

#include "base/hex.h"
#include "event/scan_inside.h"

static inline void words_undo(char *to, const char *p, uint64_t kept, uint64_t pairs)
{
    char *next = to;
    for (int at = 0; at < 64 && kept >> at != 0; at += 8) {
        const uint64_t eight = kept >> at & 0xff;
        const uint64_t bytes = _pdep_u64(eight, UINT64_C(0x0101010101010101)) * 0xff;
        const uint64_t word = _pext_u64(scan_load64(p + at), bytes);
        memcpy(next, &word, sizeof word);
        next += __builtin_popcountll(eight);
    }
    for (; pairs != 0; pairs &= pairs - 1) {
        const char *const digit = p + _tzcnt_u64(pairs);
        to[__builtin_popcountll(kept & ((pairs & -pairs) - 1))] =
            (char)(hex_value[(unsigned char)digit[-1]] << 4 | hex_value[(unsigned char)digit[0]]);
    }
}

#endif
