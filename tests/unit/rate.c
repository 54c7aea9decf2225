/* rate.c - visits that are too fast, against all pairs of their events. */
#include "people/rate.h"

#include <stdlib.h>

#include "tap.h"

#define EVENTS 200

/* When so many and one more were within the span first. */
static int64_t plain_over(const int64_t *time_us, int count, int most, int64_t span_us)
{
    for (int i = most; i < count; i++)
        if (time_us[i] - time_us[i - most] < span_us) return time_us[i];
    return RATE_NEVER;
}

/* One visit at random: is it over the rate when a plain look says so? */
static int check(int most, int64_t span_us, int64_t step_us)
{
    struct rate rate;
    int64_t time_us[EVENTS], now_us = 0;
    uint32_t visit = POOL_NONE;
    int wrong = 0;

    rate_init(&rate, (uint32_t)most, span_us);
    for (int i = 0; i < EVENTS; i++) {
        now_us += lrand48() % step_us;
        time_us[i] = now_us;
        const uint32_t of = rate_event(&rate, &visit, now_us);
        wrong += of != visit;
        wrong += rate_visit(&rate, of)->over_us != plain_over(time_us, i + 1, most, span_us);
        rate_drop(&rate, of);
    }
    rate_drop(&rate, visit);
    wrong += rate.pool.live != 0 || rate.times.live != 0;
    rate_release(&rate);
    return wrong;
}

static void test_visits(void)
{
    struct rate rate;
    uint32_t visit = POOL_NONE;

    rate_init(&rate, 1, 10);
    const uint32_t first = rate_event(&rate, &visit, 0);
    ok(rate_event(&rate, &visit, RATE_GAP_US) == first, "a pause of half an hour is in a visit");
    const uint32_t second = rate_event(&rate, &visit, 2 * RATE_GAP_US + 1);
    ok(second != first && visit == second, "a longer one is between two");
    ok(rate_visit(&rate, first)->users == 2, "the first is there while its events are");
    rate_drop(&rate, first);
    rate_drop(&rate, first);
    rate_drop(&rate, second);
    rate_drop(&rate, visit);
    is_int(rate.pool.live, 0, "and no longer");
    rate_release(&rate);
}

static void test_state(void)
{
    struct rate rate;
    struct buffer saved = {0}, again = {0};
    uint32_t visit = POOL_NONE;

    rate_init(&rate, 3, 100);
    for (int i = 0; i < 3; i++)
        rate_drop(&rate, rate_event(&rate, &visit, i * 40));
    rate_save(&rate, visit, &saved);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    uint32_t loaded = rate_load(&rate, &in);
    rate_visit(&rate, loaded)->users = 1;
    rate_save(&rate, loaded, &again);
    ok(slice_equal(buffer_slice(&saved), buffer_slice(&again)), "what is loaded is what was saved");
    rate_drop(&rate, rate_event(&rate, &loaded, 90));
    is_int(rate_visit(&rate, loaded)->over_us, 90, "and goes on like it");
    struct unpack cut = {.at = saved.data, .end = saved.data + saved.len - 1};
    const uint32_t broken = rate_load(&rate, &cut);
    ok(cut.broken, "a piece of one is none");
    rate_visit(&rate, broken)->users = 1;
    rate_drop(&rate, broken);
    rate_drop(&rate, loaded);
    rate_drop(&rate, visit);
    rate_release(&rate);
    buffer_release(&saved);
    buffer_release(&again);
}

int main(void)
{
    uint32_t most;
    int64_t span_us;

    srand48(1);
    is_int(check(1, 10, 30), 0, "one event is allowed in a while");
    is_int(check(5, 50, 30), 0, "a few, and the visit goes over now and then");
    is_int(check(7, 100, 3), 0, "it is over at once");
    is_int(check(150, 1000000, 10), 0, "many are allowed");
    test_visits();
    test_state();
    ok(rate_parse("200/1m", &most, &span_us) == NULL && most == 200 && span_us == 60000000,
       "200/1m is more than 200 within a minute");
    static const char *const wrong[] = {"",           "200",   "/1m",   "0/1m",  "-1/1m",
                                        "1/0s",       "1/1",   "1/",    "1/31m", " 1/1m",
                                        "1000001/1m", "1x/1m", "1.5/1m"};
    int taken = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        taken += rate_parse(wrong[i], &most, &span_us) == NULL;
    is_int(taken, 0, "what is no rate is refused");
    return plan();
}
