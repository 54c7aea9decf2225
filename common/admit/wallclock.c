#include "admit/wallclock.h"

#include "base/buffer.h"
#include "base/die.h"
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

void wallclock_end_run(const struct wallclock *clock, enum wallclock_finding finding,
                       bool has_state)
{
    struct buffer now = {0};
    instant_print(&now, clock->now_us);
    if (finding == WALLCLOCK_WRONG)
        die_person("the clock says %.*s, and the first %d events are all more than a year ahead of "
                   "it: set the clock, or give --max-ahead (0s: off)",
                   (int)now.len, now.data, WALLCLOCK_DOUBTS);
    if (finding == WALLCLOCK_WAS_WRONG && has_state)
        die("the clock was set to %.*s after the first events had been refused as years ahead: "
            "start again, nothing has been saved",
            (int)now.len, now.data);
    buffer_release(&now);
}
