/*
 * duration.h - lengths of time: int64 microseconds, written 500ms 30s 15m 2h 1d 1h30m.
 *
 * Units: us ms s m h d w (7 days), largest first, each at most once; whole numbers. "0" needs a
 * unit too.
 */
#ifndef CS_DURATION_H
#define CS_DURATION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

/* 9,999 years: no sum with an instant overflows. */
#define DURATION_MAX INT64_C(315537897600000000)

/* Returns NULL and sets *out_us, or the reason as a phrase: "'5x' has no known unit (us, ms, s,
 * m, h, d, w)", "which unit? (5s, 5m, 5h)", ... The phrase is good until the thread's next call. */
const char *duration_parse(const char *text, int64_t *out_us);

/* For the length of a window, which begins at multiples of it since 1970, a Thursday: whoever
 * writes weeks expects Mondays. Returns NULL, or the phrase that refuses a duration with weeks in
 * it. */
const char *duration_refuse_weeks(const char *text);

/* Adds such text, each unit at its largest, days being the last, and zero parts left out: 1h30m,
 * 1s500ms, 0s. */
void duration_print(struct buffer *out, int64_t duration_us);

#define SECONDS_TEXT_MAX (LONG_TEXT_MAX + 7)

/* A length of time that is not negative as a number of seconds: 0, 12.5, 0.000001. Writes it, at
 * most SECONDS_TEXT_MAX bytes, and returns behind it; adds it. */
char *duration_write_seconds(char *to, int64_t duration_us);
void duration_print_seconds(struct buffer *out, int64_t duration_us);

#endif
