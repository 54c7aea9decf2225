/*
 * usual.h - what is usual for a group, by its windows before: their mean, their median, or the mean
 * at the same place of earlier seasons.
 *
 * The mean takes all of the last --baseline: simple, and drawn away by what it is to find. The
 * median is not, as long as that is less than half of it; its measure of spread is the median
 * absolute deviation (Rousseeuw and Croux, Alternatives to the Median Absolute Deviation, 1993).
 * Where a value depends on the hour or the day, what is usual is what was then, days or weeks ago.
 *
 * Empty windows are not kept in a series where their value is 0, so how many there were has to be
 * said. All results are exact.
 */
#ifndef CS_USUAL_H
#define CS_USUAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/number.h"
#include "window/baseline.h"

enum usual_method { USUAL_MEAN, USUAL_MEDIAN, USUAL_SEASONAL };

struct usual_rule {
    enum usual_method method;
    int64_t baseline_us;        /* of mean and median */
    int64_t season_us, seasons; /* of seasonal */
};

struct usual {
    /* What is usual is sum / count; count 0: nothing is. */
    decimal sum;
    int64_t count;
    int64_t windows;  /* of the baseline that have a value */
    int64_t silent;   /* of the baseline, if there was nothing in any of them; else 0 */
    decimal spread_4; /* median: four times the median distance of the windows from it */
};

/* Does the rule make sense for windows of that size (0: it is not known), and can min_baseline
 * windows be in a baseline? False: what is wrong is added to why. */
bool usual_check(const struct usual_rule *rule, int64_t size_us, int64_t min_baseline,
                 struct buffer *why);

/* How far back windows matter: those that end so long before the one that is judged, or longer, do
 * not. */
int64_t usual_span_us(const struct usual_rule *rule);

/* What is the most windows that can be in a baseline, where they have that size. */
int64_t usual_windows_max(const struct usual_rule *rule, int64_t size_us);

/* Adds what is usual as a phrase, for --explain. */
void usual_explain(const struct usual_rule *rule, struct buffer *out);

/* What is known of the time before the window that is judged. */
struct usual_window {
    int64_t end_us, size_us;
    int64_t known_us; /* for how long before it began events have been seen; of rows 0 */
    bool empty_is_0;  /* windows of that time that are not in the series count 0; else they have no
                         value */
};

/* What is usual for the window by the series, which has been forgotten as far as usual_span_us
 * says.
 */
struct usual usual_of(const struct usual_rule *rule, const struct series *series,
                      const struct usual_window *window);

#endif
