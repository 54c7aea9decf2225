/*
 * wording.h - numbers, shares, times and ages as people read them in a terminal.
 *
 * Times are UTC. A measure without a value is a dash.
 */
#ifndef CS_WORDING_H
#define CS_WORDING_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/number.h"
#include "base/value.h"

/* 1,234.50: two places where it is not whole. */
void wording_number(struct buffer *out, decimal number);

/* "58.62 %": part of whole, rounded as rows are. */
void wording_share(struct buffer *out, decimal part, decimal whole);

/* "-61.2 %": by how much now is more or less than then. Nothing where that cannot be said. */
void wording_change(struct buffer *out, decimal now, decimal then);

/* "05:50", and "Thu 1 Jan 2026". */
void wording_clock(struct buffer *out, int64_t time_us);
void wording_day(struct buffer *out, int64_t time_us);

/* "3 s", "5 min", "2 h", "12 d". */
void wording_age(struct buffer *out, int64_t age_us);

/* A value of a row: a text as it is, a time shorter, a number with its thousands apart. */
void wording_value(struct buffer *out, struct value value);

#endif
