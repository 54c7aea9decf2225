#include "window/usual.h"

#include <stdlib.h>

#include "base/duration.h"
#include "base/memory.h"

#define SPAN_MAX_US (INT64_C(100) * 366 * 24 * 60 * 60 * 1000000)

bool usual_check(const struct usual_rule *rule, int64_t size_us, int64_t min_baseline,
                 struct buffer *why)
{
    const bool seasonal = rule->method == USUAL_SEASONAL;
    if (seasonal && rule->season_us > SPAN_MAX_US / rule->seasons) {
        buffer_add_literal(why, "--seasons: more than a hundred years");
    } else if (size_us == 0) {
        return true;
    } else if (usual_span_us(rule) / size_us > BASELINE_WINDOWS_MAX) {
        buffer_printf(why, "--%s: more than %lld windows", seasonal ? "seasons" : "baseline",
                      (long long)BASELINE_WINDOWS_MAX);
    } else if (seasonal && rule->season_us % size_us != 0) {
        buffer_add_literal(why, "--season: is no multiple of --size");
    } else if (min_baseline > 1 && min_baseline > usual_windows_max(rule, size_us)) {
        buffer_printf(why, "--min-baseline: more than the %lld windows of a baseline",
                      (long long)usual_windows_max(rule, size_us));
    }
    return why->len == 0;
}

int64_t usual_span_us(const struct usual_rule *rule)
{
    if (rule->method != USUAL_SEASONAL) return rule->baseline_us;
    return rule->season_us * rule->seasons + 1; /* the first of the seasons' windows is kept */
}

int64_t usual_windows_max(const struct usual_rule *rule, int64_t size_us)
{
    if (rule->method == USUAL_SEASONAL) return rule->seasons;
    return (rule->baseline_us - 1) / size_us;
}

void usual_explain(const struct usual_rule *rule, struct buffer *out)
{
    if (rule->method == USUAL_SEASONAL) {
        buffer_add_literal(out, "the mean of the same window ");
        duration_print(out, rule->season_us);
        buffer_printf(out, " before, %lld times", (long long)rule->seasons);
    } else {
        buffer_printf(out, "the %s of the last ", rule->method == USUAL_MEDIAN ? "median" : "mean");
        duration_print(out, rule->baseline_us);
    }
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* All windows are added up: those that are not in the series add 0. */
static struct usual mean_of(const struct series *series, int64_t windows)
{
    struct usual usual = {.sum = series->sum, .count = windows, .windows = windows};
    bool silent = series->sum == 0 && series->missing == 0;
    for (uint32_t i = 0; i < series->count && silent; i++)
        silent = series_at(series, i).value == 0;
    usual.silent = silent ? windows : 0;
    return usual;
}

/* A value, and how many windows have it. */
struct weighed {
    decimal value;
    int64_t windows;
};

static int weighed_compare(const void *a, const void *b)
{
    const decimal left = ((const struct weighed *)a)->value;
    const decimal right = ((const struct weighed *)b)->value;
    return left < right ? -1 : left > right;
}

/* The value at that place, of all windows in order. */
static decimal weighed_at(const struct weighed *list, int64_t place)
{
    while (place >= list->windows)
        place -= (list++)->windows;
    return list->value;
}

/* Twice the median of so many windows; sorts. */
static decimal median_twice(struct weighed *list, size_t count, int64_t windows)
{
    qsort(list, count, sizeof list[0], weighed_compare);
    return weighed_at(list, (windows - 1) / 2) + weighed_at(list, windows / 2);
}

static struct usual median_of(const struct series *series, int64_t windows)
{
    struct usual usual = mean_of(series, windows);
    if (windows <= 0) return usual;
    struct weighed *list = memory_zero((size_t)series->count + 1, sizeof list[0]);
    size_t count = 0;
    int64_t zeros = windows;
    for (uint32_t i = 0; i < series->count; i++) {
        const decimal value = series_at(series, i).value;
        if (value == PAST_MISSING) continue;
        list[count++] = (struct weighed){.value = value, .windows = 1};
        zeros--;
    }
    if (zeros > 0) list[count++] = (struct weighed){.value = 0, .windows = zeros};
    usual.sum = median_twice(list, count, windows);
    usual.count = 2;
    for (size_t i = 0; i < count; i++) {
        const decimal away = 2 * list[i].value - usual.sum;
        list[i].value = away < 0 ? -away : away;
    }
    usual.spread_4 = median_twice(list, count, windows);
    free(list);
    return usual;
}

/* How many windows of the baseline there have been. */
static int64_t windows_known(const struct usual_rule *rule, const struct usual_window *window)
{
    const int64_t every_us = rule->method == USUAL_SEASONAL ? rule->season_us : window->size_us;
    return smaller(window->known_us / every_us, usual_windows_max(rule, window->size_us));
}

/* The windows that ended one season before, two seasons before, and so on. */
static struct usual seasonal_of(const struct usual_rule *rule, const struct series *series,
                                const struct usual_window *window)
{
    struct usual usual = {0};
    const int64_t known = windows_known(rule, window);
    bool silent = true;
    for (int64_t season = 1; season <= rule->seasons; season++) {
        decimal value = 0;
        if (!series_find(series, window->end_us - season * rule->season_us, &value) &&
            (!window->empty_is_0 || season > known))
            continue;
        silent = silent && value == 0;
        if (value == PAST_MISSING) continue;
        usual.windows++;
        usual.sum += value;
    }
    usual.count = usual.windows;
    usual.silent = silent ? usual.windows : 0;
    return usual;
}

static struct usual recent_of(const struct usual_rule *rule, const struct series *series,
                              const struct usual_window *window)
{
    const int64_t all = window->empty_is_0 ? windows_known(rule, window) : (int64_t)series->count;
    const int64_t windows = all - (int64_t)series->missing;
    return rule->method == USUAL_MEDIAN ? median_of(series, windows) : mean_of(series, windows);
}

struct usual usual_of(const struct usual_rule *rule, const struct series *series,
                      const struct usual_window *window)
{
    struct usual usual = rule->method == USUAL_SEASONAL ? seasonal_of(rule, series, window)
                                                        : recent_of(rule, series, window);
    /* Any value is a sign of the group, even 0. */
    if (!window->empty_is_0 && window->known_us > 0)
        usual.silent = usual.windows == 0 ? windows_known(rule, window) : 0;
    return usual;
}
