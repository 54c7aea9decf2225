/*
 * wide.h - products of numbers that 128 bits do not hold, to be compared.
 *
 * Whether a value is further away than so many times a square root is asked of squares, which are
 * exact. Nothing but that is done with them.
 */
#ifndef CS_WIDE_H
#define CS_WIDE_H

#include <stdint.h>

#define WIDE_LIMBS 20 /* of 32 bits: five factors of 128 bits */

struct wide {
    uint32_t limb[WIDE_LIMBS]; /* the lowest first */
};

struct wide wide_of(unsigned __int128 number);

/* The product with one more factor; no product may need more than WIDE_LIMBS. */
void wide_multiply(struct wide *wide, unsigned __int128 factor);

/* Negative, 0, positive, as a is less than b, equal to it or more. */
int wide_compare(const struct wide *a, const struct wide *b);

#endif
