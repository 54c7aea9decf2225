/*
 * wide.h - whole numbers of 384 bits: sums of squares and products, exactly.
 *
 * Two's complement, so that what is subtracted from 0 can be added again; what does not fit is cut
 * off on the left. A zeroed one is 0.
 */
#ifndef CS_WIDE_H
#define CS_WIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/number.h"

#define WIDE_WORDS 6

struct wide {
    uint64_t word[WIDE_WORDS]; /* the least first */
};

struct wide wide_of(decimal number);
struct wide wide_of_unsigned(unsigned __int128 number);

struct wide wide_add(struct wide a, struct wide b);
struct wide wide_subtract(struct wide a, struct wide b);
struct wide wide_multiply(struct wide a, struct wide b);

bool wide_is_negative(struct wide a);

/* Order of two that are not negative. */
bool wide_is_less(struct wide a, struct wide b);

/* The largest whole number whose square is not above a / divisor; a is not negative, and divisor is
 * above 0. What has more than 127 bits is 2^127 - 1. */
unsigned __int128 wide_root(struct wide a, struct wide divisor);

#endif
