/*
 * slice.h - some bytes that belong to somebody else: a pointer and a length.
 *
 * Not NUL-terminated and may hold NULs. A slice is valid as long as what it points into.
 */
#ifndef CS_SLICE_H
#define CS_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
    const char *text;
    size_t len;
};

/* The slice of a string literal. */
#define SLICE(literal) ((struct slice){.text = (literal), .len = sizeof(literal) - 1})

static inline struct slice slice_of(const char *string)
{
    return (struct slice){.text = string, .len = strlen(string)};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.text, b.text, a.len) == 0);
}

/* Byte order, the shorter first where one begins the other: negative, 0, positive. */
static inline int slice_compare(struct slice a, struct slice b)
{
    const size_t shared = a.len < b.len ? a.len : b.len;
    const int order = shared == 0 ? 0 : memcmp(a.text, b.text, shared);
    if (order != 0) return order;
    return (a.len > b.len) - (a.len < b.len);
}

/* The eight bytes at text as one number, the first byte lowest: for code that looks at eight at
 * once. */
static inline uint64_t slice_word(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* Nothing but blanks, tabs and line ends? */
static inline bool slice_is_blank(struct slice slice)
{
    for (size_t i = 0; i < slice.len; i++) {
        const char c = slice.text[i];
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return false;
    }
    return true;
}

#endif
