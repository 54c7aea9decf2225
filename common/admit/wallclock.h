/*
 * wallclock.h - the wall clock: which events are too far ahead of it, and whether it can be right.
 *
 * --max-ahead refuses what is ahead of the wall clock. A clock that stands years in the past, as on
 * a machine that has just started and has not been told the time yet, would make it refuse
 * everything, for good once a position has moved. So from the start of a run the clock is in doubt,
 * until the first event that is not years ahead of it. While it is in doubt no state is saved, and
 * when that many events (WALLCLOCK_DOUBTS) were years ahead, with no other between, the run ends.
 * One event with a wrong clock of its own does no more than put off a save until the next event.
 */
#ifndef CS_WALLCLOCK_H
#define CS_WALLCLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define WALLCLOCK_DOUBTS 100

struct wallclock {
    int64_t now_us;       /* at the last read of input */
    int64_t max_ahead_us; /* 0: nothing is too far ahead */
    int64_t began_us;     /* the wall clock less the steady one, at the start */
    bool believed;        /* an event was not years ahead */
    int doubts;           /* events that were, before that */
};

enum wallclock_finding {
    WALLCLOCK_FINE,
    WALLCLOCK_WRONG,    /* the first WALLCLOCK_DOUBTS events were all years ahead */
    WALLCLOCK_WAS_WRONG /* some were, and since then the clock has been set */
};

/* max_ahead_us: 0, or how far ahead of the wall clock an event may be. */
void wallclock_init(struct wallclock *clock, int64_t max_ahead_us);

/* Looks at the clock. */
void wallclock_read(struct wallclock *clock);

/* Is that time too far ahead? */
static inline bool wallclock_ahead(const struct wallclock *clock, int64_t time_us)
{
    return clock->max_ahead_us != 0 && time_us - clock->now_us > clock->max_ahead_us;
}

/* What the time of an event says about a clock that is not believed yet. */
enum wallclock_finding wallclock_weigh(struct wallclock *clock, int64_t time_us);

/* Ends a run whose clock cannot be, or was not, right, and says why; fine: does nothing. has_state:
 * some of it might have been saved. */
void wallclock_end_run(const struct wallclock *clock, enum wallclock_finding finding,
                       bool has_state);

/* Have there been events, all of them years ahead? */
static inline bool wallclock_in_doubt(const struct wallclock *clock)
{
    return !clock->believed && clock->doubts != 0;
}

#endif
