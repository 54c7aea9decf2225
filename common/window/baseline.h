/*
 * baseline.h - the recent past of groups, and how far a new value is from its mean.
 *
 * A series is what one group has been worth in the windows that end within --baseline before the
 * one being scored. Its sum is exact, so the order in which values came and went leaves no trace,
 * and a deviation is computed from the exact mean, not from the one that is printed. A value of
 * 1e21 or more is not scored: so no sum of at most BASELINE_WINDOWS_MAX values overflows.
 *
 * There may be two dozen values for each of millions of groups. So they take 16 bytes each as long
 * as all of a series fit 64 bits, which counts do, and 24 from the first one on that does not.
 */
#ifndef CS_BASELINE_H
#define CS_BASELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/number.h"
#include "base/pack.h"
#include "base/table.h"
#include "window/incident.h"

#define BASELINE_WINDOWS_MAX (INT64_C(1) << 26)
#define BASELINE_VALUE_MAX (DECIMAL_ONE * 1000000000000 * 1000000000) /* 1e21 */

/* What a group was worth in the window that ends then. */
struct past {
    int64_t end_us;
    decimal value;
};

/* The value of a window that had none that could be scored: it counts for nothing, not for 0. */
#define PAST_MISSING (-((decimal)1 << 126))

struct series {
    struct slice key; /* of the group; owned */
    char *past;       /* the windows, as baseline.c keeps them; series_at reads one */
    uint32_t head, count, cap;
    uint32_t missing; /* how many of count are */
    bool is_wide;     /* past has values that 64 bits do not hold */
    decimal sum;
    int64_t last_start_us, last_end_us; /* of the last window; for --rows */
    struct incident incident;
};

/* An entry of the table of series. */
struct series_entry {
    struct id id; /* of the group's key */
    struct series *series;
};

/* All groups that have a past. */
struct baseline {
    struct table table;
};

void baseline_init(struct baseline *baseline);
void baseline_release(struct baseline *baseline);

/* The series of the group, made if need be. */
struct series *baseline_series(struct baseline *baseline, struct id id, struct slice key);

/* Forgets a group. */
void baseline_drop(struct baseline *baseline, struct id id);

/* Forgets the windows that end at until_us or before. */
void series_forget(struct series *series, int64_t until_us);

void series_add(struct series *series, struct past past);

/* The window at that place, 0 the oldest; of count. */
struct past series_at(const struct series *series, uint32_t place);

/* The value of the window that ends then; false: there is none. */
bool series_find(const struct series *series, int64_t end_us, decimal *value);

struct deviation {
    bool has_mean, has_percent;
    decimal mean;    /* two places */
    decimal percent; /* one place; without has_percent 0, or, where it is too large to be printed,
                        the largest number with its sign */
};

/* Can a percentage, which is not 0, be printed? */
bool percent_printable(decimal percent);

/* Scores a value by count windows that sum up to sum; value NULL: there is none. */
struct deviation deviation_of(const decimal *value, decimal sum, int64_t count);

/* Deterministic; loading adds to what is there, and is false when the bytes make no sense. */
void baseline_save(const struct baseline *baseline, struct buffer *out);
bool baseline_load(struct baseline *baseline, struct unpack *in);

#endif
