/* baseline.c - the past of groups: exact sums, and how far a value is from their mean. */
#include "window/baseline.h"

#include <stdlib.h>

#include "base/held.h"
#include "base/id.h"
#include "tap.h"

static struct series *series_of(struct baseline *baseline, const char *key)
{
    return baseline_series(baseline, id_of(slice_of(key)), slice_of(key));
}

static struct past past(int64_t end_us, int64_t value)
{
    return (struct past){.end_us = end_us, .value = value * DECIMAL_ONE};
}

static void test_series(void)
{
    struct baseline baseline;
    baseline_init(&baseline);
    struct series *series = series_of(&baseline, "a");

    ok(series_of(&baseline, "a") == series && series_of(&baseline, "b") != series,
       "a group has one series");
    series_add(series, past(10, 3));
    series_add(series, past(20, 5));
    series_add(series, (struct past){.end_us = 30, .value = PAST_MISSING});
    ok(series->count == 3 && series->missing == 1 && series->sum == 8 * DECIMAL_ONE,
       "a missing window is no 0: it does not count");
    decimal value = 0;
    ok(series_find(series, 20, &value) && value == 5 * DECIMAL_ONE &&
           !series_find(series, 15, &value) && !series_find(series, 31, &value),
       "a window is found by its end");
    series_forget(series, 10);
    ok(series->count == 2 && series->sum == 5 * DECIMAL_ONE, "what is too old is forgotten");
    series_forget(series, 30);
    ok(series->count == 0 && series->missing == 0 && series->sum == 0, "all of it without a trace");
    baseline_drop(&baseline, id_of(SLICE("a")));
    is_int((int64_t)baseline.table.count, 1, "a group can be dropped");
    baseline_release(&baseline);
}

/* A window that slides over many values has the sum of those in it. */
static void test_sliding(void)
{
    enum { WIDTH = 13, TURNS = 5000 };
    struct baseline baseline;
    int64_t values[TURNS];
    int wrong = 0;

    baseline_init(&baseline);
    struct series *series = series_of(&baseline, "");
    srand48(1);
    for (int i = 0; i < TURNS; i++) {
        values[i] = lrand48() % 1000 - 500;
        series_add(series, past(i, values[i]));
        series_forget(series, i - WIDTH);
        decimal sum = 0;
        for (int j = i < WIDTH ? 0 : i - WIDTH + 1; j <= i; j++)
            sum += values[j] * DECIMAL_ONE;
        wrong += series->sum != sum;
    }
    is_int(wrong, 0, "the sum is that of the windows there are");
    baseline_release(&baseline);
}

/* Values of few and of many bits, and windows without one: whatever came before, each is kept as it
 * was, and the same series is the same bytes. */
static void test_widths(void)
{
    static const decimal values[] = {0,
                                     1,
                                     -1,
                                     DECIMAL_ONE,
                                     INT64_MAX,
                                     (decimal)INT64_MAX + 1,
                                     INT64_MIN,
                                     (decimal)INT64_MIN + 1,
                                     (decimal)INT64_MIN - 1,
                                     BASELINE_VALUE_MAX,
                                     -BASELINE_VALUE_MAX,
                                     PAST_MISSING};
    enum { VALUES = sizeof values / sizeof values[0], TURNS = 3000 };
    int wrong = 0;

    srand48(2);
    for (int turn = 0; turn < TURNS; turn++) {
        struct baseline baseline;
        decimal kept[20];
        const int64_t count = 1 + lrand48() % 20, forgotten = lrand48() % (count + 1);
        /* In two of three turns nothing large. */
        const int64_t kinds = turn % 3 == 0 ? VALUES : 5;
        decimal sum = 0;
        baseline_init(&baseline);
        struct series *series = series_of(&baseline, "");
        for (int i = 0; i < count; i++) {
            kept[i] = values[lrand48() % kinds];
            series_add(series, (struct past){.end_us = i, .value = kept[i]});
        }
        series_forget(series, forgotten - 1);
        for (int64_t i = 0; i < count; i++) {
            decimal value = 0;
            wrong += series_find(series, i, &value) != (i >= forgotten);
            if (i < forgotten) continue;
            wrong += value != kept[i];
            const struct past at = series_at(series, (uint32_t)(i - forgotten));
            wrong += at.end_us != i || at.value != kept[i];
            if (kept[i] != PAST_MISSING) sum += kept[i];
        }
        wrong += series->sum != sum || series->count != count - forgotten;
        baseline_release(&baseline);
    }
    is_int(wrong, 0, "values are kept as they are, of however many bits");
    is_int((int64_t)held.bytes[HELD_SERIES], 0, "and what they take is given back");
}

static void test_deviation(void)
{
    const decimal value = 15 * DECIMAL_ONE, nothing = 0;

    struct deviation deviation = deviation_of(&value, 30 * DECIMAL_ONE, 3);
    ok(deviation.has_mean && deviation.mean == 10 * DECIMAL_ONE && deviation.has_percent &&
           deviation.percent == 50 * DECIMAL_ONE,
       "15 is 50 % above a mean of 10");
    deviation = deviation_of(&nothing, 10 * DECIMAL_ONE, 3);
    ok(deviation.mean == DECIMAL_ONE * 333 / 100 && deviation.percent == -100 * DECIMAL_ONE,
       "a mean is rounded to two places, a deviation is from the exact one");
    const decimal much = -DECIMAL_ONE * 1000000000 * 1000000000;
    deviation = deviation_of(&much, 10, 1);
    ok(deviation.has_percent && deviation.percent < 0, "1e26 times the mean has a percentage");
    deviation = deviation_of(&much, 1, 1000);
    ok(deviation.has_mean && !deviation.has_percent && deviation.percent < -much,
       "one that is too large to be printed is none, but it is large");
    deviation = deviation_of(&value, 0, 3);
    ok(deviation.has_mean && !deviation.has_percent, "nothing is a percentage of 0");
    deviation = deviation_of(&value, 0, 0);
    ok(!deviation.has_mean && !deviation.has_percent, "without windows there is no mean");
    deviation = deviation_of(NULL, DECIMAL_ONE, 1);
    ok(deviation.has_mean && !deviation.has_percent, "without a value there is no deviation");
}

static void test_state(void)
{
    struct baseline before, after;
    struct buffer out = {0}, again = {0};

    baseline_init(&before);
    baseline_init(&after);
    for (int i = 0; i < 50; i++) {
        char key[8];
        snprintf(key, sizeof key, "g%d", i % 7);
        series_add(series_of(&before, key), past(i, i));
    }
    baseline_save(&before, &out);
    struct unpack in = {.at = out.data, .end = out.data + out.len};
    ok(baseline_load(&after, &in) && in.at == in.end, "a state is taken, all of it");
    baseline_save(&after, &again);
    ok(slice_equal(buffer_slice(&out), buffer_slice(&again)), "the same state is the same bytes");
    ok(series_of(&after, "g3")->sum == series_of(&before, "g3")->sum, "with the same sums");
    baseline_release(&after);
    baseline_init(&after);
    in = (struct unpack){.at = out.data, .end = out.data + out.len - 1};
    ok(!baseline_load(&after, &in), "one that is cut off is refused");
    baseline_release(&before);
    baseline_release(&after);
    buffer_release(&out);
    buffer_release(&again);
}

/* Millions of groups, with the windows of two hours and more. */
static void test_size(void)
{
    enum { GROUPS = 30000, WINDOWS = 100, KEPT = 24 };
    struct baseline baseline;
    baseline_init(&baseline);
    for (int group = 0; group < GROUPS; group++) {
        char key[24];
        snprintf(key, sizeof key, "product-%d", group);
        struct series *series = series_of(&baseline, key);
        for (int i = 0; i < WINDOWS; i++) {
            series_forget(series, i - KEPT);
            series_add(series, past(i, i));
        }
    }
    const size_t bytes = held.bytes[HELD_SERIES] / GROUPS;
    printf("# %zu bytes\n", bytes);
    ok(bytes <= 1024, "a series of two hours takes 1 KB at most");
    baseline_release(&baseline);
    is_int((int64_t)held.bytes[HELD_SERIES], 0, "and gives all of it back");
}

int main(void)
{
    test_series();
    test_sliding();
    test_widths();
    test_deviation();
    test_state();
    test_size();
    return plan();
}
