/*
 * attempt.h - how far an id got on the steps of an ordered funnel, by its events in a window.
 *
 * Every event that is the first step begins an attempt. The next step is reached by the first event
 * that selects it, at or after the last step's time and at most within_us after the attempt's
 * first. An optional step may be left out: it is reached by an event that selects it and not the
 * next step that is not optional. Events of one time come in the order that takes an attempt
 * furthest: as many steps that are not optional as can be, then those optional ones that can be as
 * well, the earlier first. An event takes an attempt one step. Which events to take for which step
 * is a matching of steps and events, so it is found without trying orders.
 *
 * Strict: the next event must be the next step, else the attempt is over. A ban voids an attempt
 * with an event that is later than one step and earlier than another, or than the end of an attempt
 * that has not reached that.
 *
 * Counted is the attempt that got furthest, of equals the earliest, of those that began at one time
 * the one that got further at that time. Nothing is tried twice for it:
 * attempts that stand at the same step go on together, and one that began earlier is never behind
 * one that began later. So they are kept in a list for each step, and events are gone through once,
 * however many attempts there are; then once more with the one that counts, for its times.
 */
#ifndef CS_ATTEMPT_H
#define CS_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEPS_MAX 30 /* with the bans: a bit of a touch each */

/* An event of an id, as far as a funnel has to know. */
struct touch {
    int64_t time_us;
    uint32_t mask;  /* the steps that it selects, then the bans, from bit 0 on */
    uint32_t group; /* the owner's business */
};

/* An event of this bit voids attempts that stand at step from or behind it, but not yet at to. */
struct ban {
    int from, to;
};

/* What is asked of attempts. */
struct course {
    int steps;
    uint32_t optional; /* a bit each; never the first or the last */
    bool strict;
    int64_t within_us;
    struct ban ban[STEPS_MAX];
    int bans; /* their bits are behind those of the steps */
    /* Worked out by course_init: of each step, the next that is not optional, and the optional ones
     * before that, as bits. Of the place before the first step likewise, at 0. */
    int next[STEPS_MAX + 1];
    uint32_t between[STEPS_MAX + 1];
};

/* The rest is set. */
void course_init(struct course *course);

/* Room to work in, which grows as is needed. A zeroed struct is empty. */
struct attempt_room {
    uint32_t *next;
    int8_t *step;
    bool *tried;
    size_t cap;
};

void attempt_room_release(struct attempt_room *room);

/* An attempt: where it began, how far it got. */
struct attempt {
    uint32_t first; /* touch */
    int level;      /* the last step that it reached */
    bool voided;
    bool over;                 /* it cannot go on, whatever comes */
    uint32_t reached;          /* the steps, a bit each */
    int64_t at_us[STEPS_MAX];  /* when, of those */
    uint32_t touch[STEPS_MAX]; /* the first of that time that selects the step */
};

/* What there is to say of an id and a window. */
struct verdict {
    bool began;    /* there is an attempt */
    bool excluded; /* there are, and all were voided; counted is then the earliest */
    bool going_on; /* one of them may still get further than the one that counts */
    struct attempt counted;
};

/* Judges the attempts that begin before until_us. touch: of one id, from the window's start on, in
 * order of time; of one time, in the order in which the first counts where all else is equal.
 * now_us: no event before it will come any more. */
void attempts_judge(const struct course *course, struct attempt_room *room,
                    const struct touch *touch, size_t count, int64_t until_us, int64_t now_us,
                    struct verdict *verdict);

#endif
