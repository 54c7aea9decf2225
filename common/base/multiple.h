/*
 * multiple.h - products of numbers that 128 bits do not hold, to be compared.
 *
 * Whether a value is further away than so many times a square root is asked of squares, which are
 * exact. Nothing but that is done with them.
 */
#ifndef CS_MULTIPLE_H
#define CS_MULTIPLE_H

#include <stdint.h>

#define MULTIPLE_LIMBS 20 /* of 32 bits: five factors of 128 bits */

struct multiple {
    uint32_t limb[MULTIPLE_LIMBS]; /* the lowest first */
};

struct multiple multiple_of(unsigned __int128 number);

/* The product with one more factor; no product may need more than MULTIPLE_LIMBS. */
void multiple_by(struct multiple *multiple, unsigned __int128 factor);

/* Negative, 0, positive, as a is less than b, equal to it or more. */
int multiple_compare(const struct multiple *a, const struct multiple *b);

#endif
