/*
 * sum.h - numbers added up exactly, so that the order in which they come and go leaves no trace.
 *
 *     struct sum sum = {0};
 *     sum_add(&sum, value_slice(value));
 *     if (sum.count != 0 && sum_get(&sum, &total)) decimal_print(out, total);
 *
 * Zeroes are the sum of nothing. Numbers are decimals (number.h): 9 places are kept.
 */
#ifndef CS_SUM_H
#define CS_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/number.h"
#include "base/pack.h"
#include "base/slice.h"

/* A two's complement number of 192 bits, in units of 1e-9: 2^64 addends cannot overflow it. */
struct sum {
    uint64_t word[3]; /* the least significant first */
    uint64_t count;   /* numbers added */
    uint64_t lost;    /* of these, too large for a decimal: there is no total */
};

/* Adds a valid JSON number. False: it is too large for a decimal, and lost. */
bool sum_add(struct sum *sum, struct slice number);

/* Adds another sum; takes one away that was added. */
void sum_join(struct sum *sum, const struct sum *more);
void sum_part(struct sum *sum, const struct sum *less);

/* The total, 0 of nothing. False: it is too large for a decimal. */
bool sum_get(const struct sum *sum, decimal *total);

/* As bytes, the same on every machine, at any address: returns behind them. And of such. */
#define SUM_BYTES 40

char *sum_write(char *to, const struct sum *sum);
void sum_read(struct sum *sum, const char *at);

/* As they are packed. */
void sum_pack(const struct sum *sum, struct buffer *out);
void sum_unpack(struct sum *sum, struct unpack *in);

#endif
