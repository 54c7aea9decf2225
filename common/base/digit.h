/*
 * digit.h - decimal digits of ASCII, whatever the locale.
 */
#ifndef CS_DIGIT_H
#define CS_DIGIT_H

#include <stdbool.h>

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

#endif
