#include "admit/wallclock.h"

#include "base/instant.h"

#define YEAR_US (INT64_C(365) * 24 * 60 * 60 * 1000000)

void wallclock_read(struct wallclock *clock)
{
    clock->now_us = instant_now();
}

void wallclock_init(struct wallclock *clock, int64_t max_ahead_us)
{
    *clock = (struct wallclock){.max_ahead_us = max_ahead_us, .believed = max_ahead_us == 0};
    wallclock_read(clock);
    clock->began_us = clock->now_us - instant_steady();
}

/* Has the clock been set forward since the run began, by more than what events may be ahead? */
static bool was_set(const struct wallclock *clock)
{
    return clock->now_us - instant_steady() - clock->began_us > clock->max_ahead_us;
}

enum wallclock_finding wallclock_weigh(struct wallclock *clock, int64_t time_us)
{
    if (clock->believed) return WALLCLOCK_FINE;
    if (wallclock_ahead(clock, time_us) && time_us - clock->now_us > YEAR_US)
        return ++clock->doubts < WALLCLOCK_DOUBTS ? WALLCLOCK_FINE : WALLCLOCK_WRONG;
    clock->believed = true;
    return clock->doubts != 0 && was_set(clock) ? WALLCLOCK_WAS_WRONG : WALLCLOCK_FINE;
}
