/*
 * number.h - numbers as text: exact decimals for sums, exact rates, order by value.
 *
 * A decimal is an __int128 count of 1e-9 (9 places kept; finer digits are rounded half
 * away from zero): sums of decimals are exact, so they do not depend on order. Range:
 * |value| below 1.7e29. Input is the JSON grammar of a number (RFC 8259), any length and exponent.
 */
#ifndef CS_NUMBER_H
#define CS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

typedef __int128
    decimal; /* units of 1e-9; a typedef, because it is a number like int64_t and no struct */

#define DECIMAL_ONE ((decimal)1000000000)

/* Is text a JSON number, all of it? */
bool number_valid(struct slice text);

/* Order of two valid JSON numbers by exact value, any size: negative, 0, positive (1 == 1.0 ==
 * 10e-1). */
int number_compare(struct slice a, struct slice b);

/* The double nearest to a valid JSON number, as strtod in the C locale gives it (overflow: +-inf).
 */
double number_double(struct slice text);

/* How many digits stand before the point when a valid number is written without exponent and
 * leading zeros: 10^(n-1) <= |value| < 10^n. Saturates far out; 0 for zero. */
int64_t number_magnitude(struct slice text);

/* The largest integer not above value * 10^shift; false when it has more than 18 digits. */
bool number_floor(struct slice text, int shift, int64_t *out);

/* Reads a valid JSON number; false when it does not fit. */
bool decimal_parse(struct slice text, decimal *out);

/* Adds the shortest text: no trailing zeros, no exponent, "-0" never. */
void decimal_print(struct buffer *out, decimal number);

/* sum / count rounded to 6 places, half away from zero; count > 0. */
decimal decimal_average(decimal sum, uint64_t count);

/* Adds part / whole * 100 rounded to two places, half away from zero, without padding (12.5, 100,
 * 0); "null" when whole is 0. Exact for any values. */
void percent_print(struct buffer *out, int64_t part, int64_t whole);

#endif
