/*
 * verdict.h - when the value of a window is an alert.
 *
 * Far from what is usual is not enough. Of few windows nobody knows what is usual; small counts
 * leap by themselves; and a group of which there is next to nothing is not worth a word. Each rule
 * can only take an alert away, but for one: a group that was not there at all has no percentage,
 * and is new.
 *
 * Counts: events that come by themselves, at a mean of m a window, are m give or take sqrt(m)
 * (Poisson). Compared are the squares, which are exact.
 */
#ifndef CS_VERDICT_H
#define CS_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/number.h"
#include "window/baseline.h"
#include "window/usual.h"

#define VERDICT_SIGMA (4 * DECIMAL_ONE) /* for counts, where nothing else is said */

struct verdict_rules {
    decimal threshold;    /* per cent */
    decimal clear;        /* per cent: an incident ends at or below it */
    int64_t min_baseline; /* windows; 0: six, or as many as a baseline holds if that is fewer */
    decimal min_value;    /* 0: off */
    decimal sigma;        /* standard deviations of a count; 0: off */
};

/* The rules as options give them; NULL where they say nothing. */
struct verdict_texts {
    const char *threshold, *clear, *min_value, *sigma;
};

/* Reads all but min_baseline. of_counts: the values are counts. False: what is wrong is added to
 * why. */
bool verdict_rules_read(struct verdict_rules *rules, const struct verdict_texts *texts,
                        bool of_counts, struct buffer *why);

/* How many windows a baseline needs of which there are windows_max at most. */
int64_t verdict_windows(const struct verdict_rules *rules, int64_t windows_max);

/* Adds the rules as phrases, for --explain. */
void verdict_explain(const struct verdict_rules *rules, const struct usual_rule *usual,
                     struct buffer *out);

struct verdict {
    struct deviation deviation;
    bool alert;
    bool is_new; /* an alert because nothing was there before */
    bool calm;   /* so near to what is usual that an incident ends, or nothing is usual any more */
};

/* Judges a value (NULL: there is none) by what is usual, of windows_needed windows at least. */
struct verdict verdict_of(const struct verdict_rules *rules, const struct usual *usual,
                          const decimal *value, int64_t windows_needed);

#endif
