/*
 * hex.h - hexadecimal digits to numbers, without branches: four of them follow every \u.
 */
#ifndef CS_HEX_H
#define CS_HEX_H

#include <stdint.h>

/* The value of a digit, or 0xf0000 for what is none. */
extern const uint32_t hex_value[256];

/* The number that four characters make; above 0xffff if one of them is no hex digit. */
static inline uint32_t hex_four(const char *digits)
{
    return hex_value[(unsigned char)digits[0]] << 12 | hex_value[(unsigned char)digits[1]] << 8 |
           hex_value[(unsigned char)digits[2]] << 4 | hex_value[(unsigned char)digits[3]];
}

#endif
