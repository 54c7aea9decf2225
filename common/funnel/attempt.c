#include "funnel/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"

#define NOWHERE UINT32_MAX
#define BEFORE_FIRST (-1) /* the level of an attempt that is about to begin */

/* What a course says of the place behind a level. */
static inline int next_of(const struct course *course, int level)
{
    return course->next[level + 1];
}

void course_init(struct course *course)
{
    for (int level = BEFORE_FIRST; level < course->steps; level++) {
        uint32_t between = 0;
        int step = level + 1;
        for (; step < course->steps && (course->optional >> step & 1) != 0; step++)
            between |= UINT32_C(1) << step;
        course->next[level + 1] = step;
        course->between[level + 1] = between;
    }
}

void attempt_room_release(struct attempt_room *room)
{
    free(room->next);
    free(room->step);
    free(room->tried);
    *room = (struct attempt_room){0};
}

static void room_reserve(struct attempt_room *room, size_t count)
{
    if (count <= room->cap) return;
    room->cap = count + count / 2;
    room->next = memory_resize(room->next, room->cap, sizeof room->next[0]);
    room->step = memory_resize(room->step, room->cap, sizeof room->step[0]);
    room->tried = memory_resize(room->tried, room->cap, sizeof room->tried[0]);
}

/* Events of one time. */
struct moment {
    const struct touch *touch;
    uint32_t count;
    uint32_t masks; /* of all together */
    bool plain;     /* none selects two steps */
};

static inline struct moment moment_at(const struct course *course, const struct touch *touch,
                                      size_t count)
{
    const uint32_t steps = (UINT32_C(1) << course->steps) - 1;
    struct moment moment = {.touch = touch, .count = 1, .masks = touch[0].mask};
    if (count == 1 || touch[1].time_us != touch[0].time_us) return moment; /* nearly always */
    uint32_t twice = touch[0].mask & steps;
    moment.plain = (twice & (twice - 1)) == 0;
    while (moment.count < count && touch[moment.count].time_us == touch[0].time_us) {
        twice = touch[moment.count].mask & steps;
        moment.plain &= (twice & (twice - 1)) == 0;
        moment.masks |= touch[moment.count++].mask;
    }
    return moment;
}

/* What a moment does to an attempt. */
struct advance {
    int level;
    uint32_t reached; /* by it */
    bool whole;       /* every event of the moment was a step */
};

static struct advance advance_single(const struct course *course, uint32_t mask, int level)
{
    const int next = next_of(course, level);
    struct advance advance = {.level = level};
    uint32_t bits = mask & course->between[level + 1];
    if (next < course->steps && (mask >> next & 1) != 0) bits = UINT32_C(1) << next;
    if (bits == 0) return advance;
    advance.level = __builtin_ctz(bits);
    advance.reached = UINT32_C(1) << advance.level;
    advance.whole = true;
    return advance;
}

/* May that event be the one by which that step is reached? */
static inline bool may_reach(const struct course *course, uint32_t mask, int step)
{
    if ((mask >> step & 1) == 0) return false;
    if ((course->optional >> step & 1) == 0) return true;
    return (mask >> next_of(course, step) & 1) == 0;
}

/* Finds an event for one more step; those that have one keep one (Kuhn's augmenting paths). The
 * recursion is as deep as there are steps. */
static bool step_match(const struct course *course, struct attempt_room *room,
                       const struct moment *moment, uint32_t except, int step)
{
    for (uint32_t i = 0; i < moment->count; i++) {
        if (i == except || room->tried[i] || !may_reach(course, moment->touch[i].mask, step))
            continue;
        room->tried[i] = true;
        if (room->step[i] >= 0 && !step_match(course, room, moment, except, room->step[i]))
            continue;
        room->step[i] = (int8_t)step;
        return true;
    }
    return false;
}

static bool step_try(const struct course *course, struct attempt_room *room,
                     const struct moment *moment, uint32_t except, int step,
                     struct advance *advance)
{
    if ((moment->masks >> step & 1) == 0) return false;
    memset(room->tried, 0, moment->count * sizeof room->tried[0]);
    if (!step_match(course, room, moment, except, step)) return false;
    advance->reached |= UINT32_C(1) << step;
    return true;
}

static struct advance advance_matched(const struct course *course, struct attempt_room *room,
                                      const struct moment *moment, uint32_t except, int level)
{
    struct advance advance = {.level = level};
    int next = next_of(course, level);
    room_reserve(room, moment->count);
    memset(room->step, -1, moment->count * sizeof room->step[0]);
    while (next < course->steps && step_try(course, room, moment, except, next, &advance))
        next = next_of(course, next);
    for (int step = level + 1; step < next && course->optional != 0; step++)
        if ((course->optional >> step & 1) != 0)
            (void)step_try(course, room, moment, except, step, &advance);
    if (advance.reached != 0) advance.level = 31 - __builtin_clz(advance.reached);
    advance.whole = (uint32_t)__builtin_popcount(advance.reached) == moment->count;
    return advance;
}

/* Where no event selects two steps, and none is optional: they come in the order of steps. */
static struct advance advance_plain(const struct course *course, const struct moment *moment,
                                    int level)
{
    struct advance advance = {.level = level};
    while (advance.level + 1 < course->steps && (moment->masks >> (advance.level + 1) & 1) != 0)
        advance.reached |= UINT32_C(1) << ++advance.level;
    advance.whole = (uint32_t)(advance.level - level) == moment->count;
    return advance;
}

/* An attempt comes to a moment. */
static inline struct advance advance_over(const struct course *course, struct attempt_room *room,
                                          const struct moment *moment, int level)
{
    if (moment->count == 1) return advance_single(course, moment->masks, level);
    if (moment->plain && course->optional == 0) return advance_plain(course, moment, level);
    return advance_matched(course, room, moment, NOWHERE, level);
}

/* An attempt begins with one event of a moment; what can be of use comes behind it, and all else
 * before. */
static inline struct advance advance_from(const struct course *course, struct attempt_room *room,
                                          const struct moment *moment, uint32_t first)
{
    struct advance advance = {.level = 0};
    if (moment->count == 1) return advance;
    if (moment->plain && course->optional == 0) return advance_plain(course, moment, 0);
    return advance_matched(course, room, moment, first, 0);
}

/* Does one of a moment's events void an attempt that it takes from one level to another? */
static inline bool is_banned(const struct course *course, const struct moment *moment, int from,
                             int to)
{
    uint32_t bits = moment->masks >> course->steps;
    for (; bits != 0; bits &= bits - 1) {
        const struct ban *ban = &course->ban[__builtin_ctz(bits)];
        if (from >= ban->from && to < ban->to) return true;
    }
    return false;
}

/* --- one attempt, with its times --- */

static void attempt_note(struct attempt *attempt, const struct moment *moment, uint32_t at,
                         const struct advance *advance)
{
    attempt->level = advance->level;
    attempt->reached |= advance->reached;
    for (uint32_t bits = advance->reached; bits != 0; bits &= bits - 1) {
        const int step = __builtin_ctz(bits);
        uint32_t i = 0;
        while ((moment->touch[i].mask >> step & 1) == 0)
            i++;
        attempt->at_us[step] = moment->touch[i].time_us;
        attempt->touch[step] = at + i;
    }
}

/* Where the moment of a touch begins. */
static uint32_t moment_begin(const struct touch *touch, uint32_t at)
{
    while (at > 0 && touch[at - 1].time_us == touch[at].time_us)
        at--;
    return at;
}

static void attempt_follow(const struct course *course, struct attempt_room *room,
                           const struct touch *touch, size_t count, uint32_t first,
                           struct attempt *attempt)
{
    const int64_t limit_us = instant_add_capped(touch[first].time_us, course->within_us);
    const int last = course->steps - 1;
    uint32_t at = moment_begin(touch, first);
    struct moment moment = moment_at(course, touch + at, count - at);
    struct advance advance = advance_from(course, room, &moment, first - at);
    attempt->first = first;
    attempt->voided = attempt->over = false;
    attempt->reached = 1;
    attempt->at_us[0] = touch[first].time_us;
    attempt->touch[0] = first;
    attempt_note(attempt, &moment, at, &advance);
    for (at += moment.count; at < count && attempt->level < last; at += moment.count) {
        if (touch[at].time_us > limit_us) break;
        moment = moment_at(course, touch + at, count - at);
        advance = advance_over(course, room, &moment, attempt->level);
        if (is_banned(course, &moment, attempt->level, advance.level)) {
            attempt->voided = attempt->over = true;
            return;
        }
        attempt_note(attempt, &moment, at, &advance);
        if (course->strict && !advance.whole) {
            attempt->over = true;
            return;
        }
    }
    attempt->over = attempt->level == last;
}

/* --- all attempts of a window --- */

/* Those that stand at one step, by their first touches, linked in room->next. */
struct standing {
    uint32_t first, last; /* NOWHERE: there is none */
};

struct race {
    const struct course *course;
    struct attempt_room *room;
    const struct touch *touch;
    struct standing standing[STEPS_MAX];
    uint32_t occupied; /* steps at which there are some, a bit each */
    uint32_t best;     /* of those that are over; NOWHERE: there is none */
    int best_level;
};

/* Of those that began at one time, the one that was ahead comes first, in every list. */
static void race_over(struct race *race, uint32_t first, int level)
{
    if (level < race->best_level) return;
    if (level == race->best_level && race->touch[first].time_us >= race->touch[race->best].time_us)
        return;
    race->best_level = level;
    race->best = first;
}

static void standing_append(struct race *race, int level, uint32_t first, uint32_t last)
{
    struct standing *standing = &race->standing[level];
    if ((race->occupied >> level & 1) == 0)
        standing->first = first;
    else
        race->room->next[standing->last] = first;
    standing->last = last;
    race->room->next[last] = NOWHERE;
    race->occupied |= UINT32_C(1) << level;
}

static void standing_leave(struct race *race, int level)
{
    race->occupied &= ~(UINT32_C(1) << level);
}

/* Takes out those whose time is up, which are the earliest of each step. */
static void standing_expire(struct race *race, int level, int64_t time_us)
{
    struct standing *standing = &race->standing[level];
    while (standing->first != NOWHERE && instant_add_capped(race->touch[standing->first].time_us,
                                                            race->course->within_us) < time_us) {
        race_over(race, standing->first, level);
        standing->first = race->room->next[standing->first];
    }
    if (standing->first == NOWHERE) standing_leave(race, level);
}

/* Takes those that stand at a step over a moment. True: they are at the end. */
static bool standing_move(struct race *race, const struct moment *moment, int level)
{
    const struct course *course = race->course;
    const struct standing standing = race->standing[level];
    const struct advance advance = advance_over(course, race->room, moment, level);
    if (is_banned(course, moment, level, advance.level)) {
        standing_leave(race, level);
        return false;
    }
    if (advance.level == course->steps - 1) {
        race_over(race, standing.first, advance.level);
        return true;
    }
    if (course->strict && !advance.whole) {
        standing_leave(race, level);
        race_over(race, standing.first, advance.level);
    } else if (advance.level != level) {
        standing_leave(race, level);
        standing_append(race, advance.level, standing.first, standing.last);
    }
    return false;
}

/* The attempts that begin in a moment. True: one of them is at the end with it. */
static bool race_begin(struct race *race, const struct moment *moment, uint32_t at)
{
    if ((moment->masks & 1) == 0) return false;
    for (uint32_t i = 0; i < moment->count; i++) {
        if ((moment->touch[i].mask & 1) == 0) continue;
        const struct advance advance = advance_from(race->course, race->room, moment, i);
        if (advance.level == race->course->steps - 1) {
            race_over(race, at + i, advance.level);
            return true;
        }
        standing_append(race, advance.level, at + i, at + i);
    }
    return false;
}

/* Runs it until somebody is at the end: then nobody does better, and nobody did it earlier. */
static bool race_run(struct race *race, uint32_t at, size_t count, int64_t until_us)
{
    const struct touch *touch = race->touch;
    struct moment moment;
    for (; at < count; at += moment.count) {
        const int64_t time_us = touch[at].time_us;
        if (race->occupied == 0 && time_us >= until_us) break;
        moment = moment_at(race->course, touch + at, count - at);
        for (uint32_t bits = race->occupied; bits != 0;) {
            const int level = 31 - __builtin_clz(bits); /* those ahead first */
            bits &= ~(UINT32_C(1) << level);
            standing_expire(race, level, time_us);
            if ((race->occupied >> level & 1) != 0 && standing_move(race, &moment, level))
                return true;
        }
        if (time_us < until_us && race_begin(race, &moment, at)) return true;
    }
    return false;
}

/* All others stay where they are. Can one of them still go on? */
static bool race_end(struct race *race, int64_t now_us)
{
    bool going_on = false;
    for (uint32_t bits = race->occupied; bits != 0; bits &= bits - 1) {
        const int level = __builtin_ctz(bits);
        const struct standing *standing = &race->standing[level];
        race_over(race, standing->first, level);
        going_on |= instant_add_capped(race->touch[standing->last].time_us,
                                       race->course->within_us) >= now_us;
    }
    return going_on;
}

/* The first touch from one on that begins an attempt; count: there is none. */
static size_t first_step(const struct touch *touch, size_t at, size_t count, int64_t until_us)
{
    while (at < count && touch[at].time_us < until_us) {
        if ((touch[at].mask & 1) != 0) return at;
        at++;
    }
    return count;
}

void attempts_judge(const struct course *course, struct attempt_room *room,
                    const struct touch *touch, size_t count, int64_t until_us, int64_t now_us,
                    struct verdict *verdict)
{
    const size_t first = first_step(touch, 0, count, until_us);
    struct attempt *counted = &verdict->counted;
    verdict->began = first < count;
    verdict->excluded = verdict->going_on = false;
    if (!verdict->began) return;
    attempt_follow(course, room, touch, count, (uint32_t)first, counted);
    const size_t second = first_step(touch, first + 1, count, until_us);
    const bool is_alone = second == count;
    const bool is_earliest = is_alone || touch[second].time_us > touch[first].time_us;
    if (is_earliest && !counted->voided && counted->level == course->steps - 1) return;
    if (is_alone) {
        verdict->excluded = counted->voided;
        verdict->going_on =
            !counted->over && instant_add_capped(touch[first].time_us, course->within_us) >= now_us;
        return;
    }
    room_reserve(room, count);
    struct race race = {
        .course = course, .room = room, .touch = touch, .best = NOWHERE, .best_level = -1};
    const bool is_won =
        race_run(&race, (uint32_t)moment_begin(touch, (uint32_t)first), count, until_us);
    verdict->going_on = !is_won && race_end(&race, now_us);
    verdict->excluded = race.best == NOWHERE;
    if (!verdict->excluded && race.best != first)
        attempt_follow(course, room, touch, count, race.best, counted);
}
