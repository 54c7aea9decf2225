/*
 * ratio.h - one exact decimal divided by another, rounded once.
 *
 * Averages, percentages and deviations are printed with a few places of an exact quotient. A long
 * division, digit by digit, needs no number larger than its operands: so nothing overflows but a
 * result that is too large itself.
 */
#ifndef CS_RATIO_H
#define CS_RATIO_H

#include <stdbool.h>

#include "base/number.h"

/* part / whole * 10^power as a whole number, rounded half away from zero; exact. False when whole
 * is 0 or the result is 2^127 or more. */
bool decimal_ratio(decimal part, decimal whole, int power, decimal *out);

#endif
