/*
 * varint.h - small numbers in few bytes: seven bits each, the lowest first, the high bit where more
 * follow (LEB128).
 */
#ifndef CS_VARINT_H
#define CS_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VARINT_MAX 10 /* bytes */

/* Writes number to out; returns the length. */
static inline size_t varint_write(char *out, uint64_t number)
{
    size_t len = 0;
    for (; number >= 0x80; number >>= 7)
        out[len++] = (char)(number | 0x80);
    out[len++] = (char)number;
    return len;
}

/* How many bytes varint_write will write. */
static inline size_t varint_len(uint64_t number)
{
    return (size_t)(70 - __builtin_clzll(number | 1)) / 7;
}

/* Reads what varint_write wrote, and moves *at behind it. */
static inline uint64_t varint_read(const char **at)
{
    uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
        const uint64_t byte = (unsigned char)*(*at)++;
        number |= (byte & 0x7f) << shift;
        if (byte < 0x80) return number;
    }
}

/* Is there a whole varint before end? What comes from a file is asked this before it is read. */
static inline bool varint_whole(const char *at, const char *end)
{
    for (size_t len = 0; len < VARINT_MAX && at + len < end; len++)
        if ((unsigned char)at[len] < 0x80) return true;
    return false;
}

#endif
