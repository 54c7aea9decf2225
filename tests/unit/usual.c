/* usual.c - means, medians and seasons, against sums and sorting in the plainest way. */
#include "window/usual.h"

#include <stdlib.h>

#include "tap.h"

enum { SIZE = 10, WINDOWS = 40 };

struct world {
    struct baseline baseline;
    struct series *series;
    int64_t value[WINDOWS]; /* of the window that ends at (i + 1) * SIZE */
};

static void world_make(struct world *world, bool empty_is_0)
{
    baseline_init(&world->baseline);
    world->series = baseline_series(&world->baseline, id_of(SLICE("")), SLICE(""));
    for (int i = 0; i < WINDOWS; i++) {
        world->value[i] = lrand48() % 3 == 0 ? 0 : lrand48() % 21 - 10;
        if (world->value[i] == 0 && empty_is_0) continue;
        series_add(world->series,
                   (struct past){.end_us = (i + 1) * SIZE, .value = world->value[i] * DECIMAL_ONE});
    }
}

static int order(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/* The sum of the two in the middle, or twice the one. */
static int64_t middles(int64_t *list, int count)
{
    qsort(list, (size_t)count, sizeof list[0], order);
    return list[(count - 1) / 2] + list[count / 2];
}

/* The next window after `known` ones, of which `baseline` may be in the baseline. */
static struct usual ask(struct world *world, const struct usual_rule *rule, int known,
                        bool empty_is_0)
{
    const struct usual_window window = {.end_us = (WINDOWS + 1) * SIZE,
                                        .size_us = SIZE,
                                        .known_us = known * SIZE,
                                        .empty_is_0 = empty_is_0};
    series_forget(world->series, window.end_us - usual_span_us(rule));
    return usual_of(rule, world->series, &window);
}

static void test_recent(bool empty_is_0)
{
    int wrong_means = 0, wrong_medians = 0, wrong_spreads = 0;
    for (int turn = 0; turn < 300; turn++) {
        const int width = (int)(1 + lrand48() % 30);
        struct usual_rule rule = {.baseline_us = (width + 1) * SIZE};
        struct world world;
        world_make(&world, empty_is_0);
        int64_t list[WINDOWS], sum = 0;
        for (int i = 0; i < width; i++)
            sum += list[i] = world.value[WINDOWS - 1 - i];
        const struct usual mean = ask(&world, &rule, WINDOWS, empty_is_0);
        wrong_means +=
            mean.sum != sum * DECIMAL_ONE || mean.count != width || mean.windows != width;
        rule.method = USUAL_MEDIAN;
        const struct usual median = ask(&world, &rule, WINDOWS, empty_is_0);
        const int64_t twice = middles(list, width);
        wrong_medians +=
            median.sum != twice * DECIMAL_ONE || median.count != 2 || median.windows != width;
        for (int i = 0; i < width; i++)
            list[i] = llabs(2 * list[i] - twice);
        wrong_spreads += median.spread_4 != middles(list, width) * DECIMAL_ONE;
        baseline_release(&world.baseline);
    }
    is_int(wrong_means, 0, "a mean is of the windows in the baseline");
    is_int(wrong_medians, 0, "so is a median");
    is_int(wrong_spreads, 0, "and the median of distances from it");
}

static void test_seasons(bool empty_is_0)
{
    int wrong = 0;
    for (int turn = 0; turn < 300; turn++) {
        const int season = (int)(1 + lrand48() % 12), seasons = (int)(1 + lrand48() % 4);
        const struct usual_rule rule = {
            .method = USUAL_SEASONAL, .season_us = season * SIZE, .seasons = seasons};
        struct world world;
        world_make(&world, empty_is_0);
        int64_t sum = 0, windows = 0;
        for (int i = 1; i <= seasons && i * season <= WINDOWS; i++, windows++)
            sum += world.value[WINDOWS - i * season];
        const struct usual usual = ask(&world, &rule, WINDOWS, empty_is_0);
        wrong += usual.sum != sum * DECIMAL_ONE || usual.windows != windows;
        baseline_release(&world.baseline);
    }
    is_int(wrong, 0, "a season is the windows so long before, as far as there are such");
}

static void test_silence(void)
{
    const struct usual_rule rule = {.baseline_us = 6 * SIZE};
    struct world world;
    baseline_init(&world.baseline);
    world.series = baseline_series(&world.baseline, id_of(SLICE("")), SLICE(""));
    is_int(ask(&world, &rule, 3, true).silent, 3, "where nothing was, all windows were silent");
    is_int(ask(&world, &rule, 30, true).silent, 5, "as many as a baseline holds");
    is_int(ask(&world, &rule, 30, false).silent, 5, "whether or not empty ones are 0");
    is_int(ask(&world, &rule, 0, false).silent, 0, "in rows, what is missing is not silent");
    series_add(world.series, (struct past){.end_us = WINDOWS * SIZE, .value = 0});
    is_int(ask(&world, &rule, 0, false).silent, 1, "but a 0 is");
    is_int(ask(&world, &rule, 30, false).silent, 0, "an average of 0 is no silence");
    baseline_release(&world.baseline);
}

static void test_check(void)
{
    struct buffer why = {0};
    const int64_t day_us = INT64_C(86400000000);
    struct usual_rule rule = {.method = USUAL_SEASONAL, .season_us = day_us, .seasons = 4};
    ok(usual_check(&rule, day_us / 24, 4, &why), "days of hours are seasons");
    ok(!usual_check(&rule, day_us / 24 + 1, 0, &why), "not where they end within a window");
    buffer_clear(&why);
    ok(!usual_check(&rule, day_us / 24, 5, &why), "four seasons have no five windows");
    is_text(buffer_slice(&why), "--min-baseline: more than the 4 windows of a baseline",
            "and that is said");
    rule.seasons = 40000;
    buffer_clear(&why);
    ok(!usual_check(&rule, 0, 0, &why), "a hundred years are enough");
    buffer_release(&why);
}

int main(void)
{
    srand48(1);
    test_recent(true);
    test_recent(false);
    test_seasons(true);
    test_seasons(false);
    test_silence();
    test_check();
    return plan();
}
