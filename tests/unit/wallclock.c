/* wallclock.c - when is the wall clock in doubt, and what ends that? */
#include "admit/wallclock.h"

#include "base/instant.h"
#include "tap.h"

#define HOUR_US (INT64_C(3600) * 1000000)
#define YEARS_US (24 * 365 * 3 * HOUR_US)

static struct wallclock fresh(void)
{
    struct wallclock clock;
    wallclock_init(&clock, HOUR_US);
    return clock;
}

static void test_doubt(void)
{
    struct wallclock clock = fresh();
    const int64_t far_us = clock.now_us + YEARS_US;
    bool fine = true;
    ok(!wallclock_in_doubt(&clock), "without events there is no doubt");
    for (int i = 1; i < WALLCLOCK_DOUBTS; i++)
        fine = fine && wallclock_weigh(&clock, far_us) == WALLCLOCK_FINE;
    ok(fine, "events that are years ahead are waited out");
    ok(wallclock_in_doubt(&clock), "they put the clock in doubt");
    ok(wallclock_weigh(&clock, far_us) == WALLCLOCK_WRONG, "so many of them are too many");

    clock = fresh();
    (void)wallclock_weigh(&clock, far_us);
    ok(wallclock_weigh(&clock, clock.now_us - YEARS_US) == WALLCLOCK_FINE,
       "an event of the past is no fault of the clock");
    ok(!wallclock_in_doubt(&clock), "one that is not years ahead ends the doubt");
    for (int i = 0; i < WALLCLOCK_DOUBTS; i++)
        fine = fine && wallclock_weigh(&clock, far_us) == WALLCLOCK_FINE;
    ok(fine && !wallclock_in_doubt(&clock), "after that nothing brings it back");

    clock = fresh();
    (void)wallclock_weigh(&clock, clock.now_us + 2 * HOUR_US);
    ok(!wallclock_in_doubt(&clock), "hours ahead are the device's fault, not the clock's");
}

static void test_set(void)
{
    struct wallclock clock = fresh();
    const int64_t far_us = clock.now_us + YEARS_US;
    (void)wallclock_weigh(&clock, far_us);
    clock.now_us = far_us;
    ok(wallclock_weigh(&clock, far_us) == WALLCLOCK_WAS_WRONG,
       "a clock that was set after it has refused events was wrong");

    clock = fresh();
    clock.now_us = far_us;
    ok(wallclock_weigh(&clock, far_us) == WALLCLOCK_FINE, "before that, nothing is lost");
}

static void test_off(void)
{
    struct wallclock clock;
    wallclock_init(&clock, 0);
    ok(!wallclock_ahead(&clock, clock.now_us + YEARS_US), "without a bound nothing is ahead");
    bool fine = true;
    for (int i = 0; i <= WALLCLOCK_DOUBTS; i++)
        fine = fine && wallclock_weigh(&clock, clock.now_us + YEARS_US) == WALLCLOCK_FINE;
    ok(fine && !wallclock_in_doubt(&clock), "and nothing is doubted");
}

int main(void)
{
    test_doubt();
    test_set();
    test_off();
    return plan();
}
