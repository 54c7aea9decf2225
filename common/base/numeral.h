/*
 * numeral.h - numbers as people and their programs write them, made into JSON numbers.
 *
 * Blanks around, a plus sign, zeros in front, a point without digits before or behind it:
 * " +05.10" is 5.10, ".5" is 0.5, "5." is 5. Digits stay as they are, so 5.10 does not become 5.1.
 * With the comma as the decimal mark, points or blanks stand between groups of three digits:
 * "1.234,50" and "1 234,50" are 1234.50. Nothing is guessed: what fits only the other way of
 * writing, or has a currency, a percent sign or thousands in commas, is no number here.
 */
#ifndef CS_NUMERAL_H
#define CS_NUMERAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/* What a text may grow by: a 0 before its point. */
#define NUMERAL_MORE 1

/* Writes the number that the text is as JSON; out has room for NUMERAL_MORE bytes more than the
 * text. Returns the length, 0 where the text is no number. */
size_t numeral_write(char *out, struct slice text, bool decimal_comma);

/* Would it be a number? */
bool numeral_valid(struct slice text, bool decimal_comma);

/* Why a text that is no number is none, and what would help, as far as that can be seen: a phrase
 * to stand in parentheses, or NULL. */
const char *numeral_fault(struct slice text, bool decimal_comma);

#endif
