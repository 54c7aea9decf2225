#include "base/utf8.h"

#include <stdbool.h>

static bool continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t utf8_sequence(const char *text, size_t len)
{
    const unsigned char *byte = (const unsigned char *)text;

    if (byte[0] < 0x80) return 1;
    if (byte[0] < 0xc2) return 0;
    if (byte[0] < 0xe0) return len >= 2 && continues(byte[1]) ? 2 : 0;
    if (byte[0] < 0xf0) {
        if (len < 3 || !continues(byte[1]) || !continues(byte[2])) return 0;
        if (byte[0] == 0xe0 && byte[1] < 0xa0) return 0; /* overlong */
        if (byte[0] == 0xed && byte[1] > 0x9f) return 0; /* surrogate */
        return 3;
    }
    if (byte[0] > 0xf4 || len < 4) return 0;
    if (!continues(byte[1]) || !continues(byte[2]) || !continues(byte[3])) return 0;
    if (byte[0] == 0xf0 && byte[1] < 0x90) return 0; /* overlong */
    if (byte[0] == 0xf4 && byte[1] > 0x8f) return 0; /* above U+10FFFF */
    return 4;
}

#define HIGH_BITS UINT64_C(0x8080808080808080)

/* Four two-byte sequences: most of Cyrillic, Greek, Arabic and Hebrew. */
static inline bool word_is_pairs(uint64_t word)
{
    const uint64_t shape = word & UINT64_C(0xc0e0c0e0c0e0c0e0);
    const uint64_t not_overlong =
        (word & UINT64_C(0x001e001e001e001e)) + UINT64_C(0x007e007e007e007e);
    return shape == UINT64_C(0x80c080c080c080c0) &&
           (not_overlong & UINT64_C(0x0080008000800080)) == UINT64_C(0x0080008000800080);
}

bool utf8_valid(struct slice text)
{
    if (text.len == 0) return true; /* of a slice that may be NULL */
    const char *at = text.text;
    const char *end = at + text.len;

    while (end - at >= 32 &&
           ((slice_word(at) | slice_word(at + 8) | slice_word(at + 16) | slice_word(at + 24)) &
            HIGH_BITS) == 0)
        at += 32;
    while (at != end) {
        if (end - at >= 8) {
            const uint64_t high = slice_word(at) & HIGH_BITS;
            if (high == 0) {
                at += 8;
                continue;
            }
            at += __builtin_ctzll(high) / 8;
        }
        do {
            while (end - at >= 8 && word_is_pairs(slice_word(at)))
                at += 8;
            if (at == end) break;
            const size_t len = utf8_sequence(at, (size_t)(end - at));
            if (len == 0) return false;
            at += len;
        } while (at != end && (*at & 0x80) != 0);
    }
    return true;
}

/* Bytes that are not ASCII are negative. */
typedef signed char bytes __attribute__((vector_size(16)));

static inline bytes bytes_foreign(const char *text)
{
    bytes at;
    memcpy(&at, text, sizeof(at));
    return (bytes)(at < 1);
}

bool utf8_is_ascii(struct slice text)
{
    bytes marks = {0};

    if (text.len < sizeof(bytes)) {
        for (size_t i = 0; i < text.len; i++)
            if ((signed char)text.text[i] < 1) return false;
        return true;
    }
    const char *at = text.text;
    const char *const last = at + text.len - sizeof(bytes);
    for (; last - at >= 64; at += 64)
        marks |= bytes_foreign(at) | bytes_foreign(at + 16) | bytes_foreign(at + 32) |
                 bytes_foreign(at + 48);
    for (; at < last; at += sizeof(bytes))
        marks |= bytes_foreign(at);
    marks |= bytes_foreign(last);
    uint64_t halves[2];
    memcpy(halves, &marks, sizeof(halves));
    return (halves[0] | halves[1]) == 0;
}
