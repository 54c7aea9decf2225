#include "funnel/attempt.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define RUNS 20000
#define TOUCHES_MAX 24
#define MANY 300000

static uint64_t seed = 7;

static uint32_t random_below(uint32_t bound)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % bound;
}

/* Steps a, b, c, ... are bits from 0 on. */
static struct course course_of(int steps, int64_t within_us)
{
    struct course course = {.steps = steps, .within_us = within_us};
    course_init(&course);
    return course;
}

static struct verdict judge(const struct course *course, const struct touch *touch, size_t count,
                            int64_t until_us)
{
    struct attempt_room room = {0};
    struct verdict verdict = {0};
    attempts_judge(course, &room, touch, count, until_us, touch[count - 1].time_us, &verdict);
    attempt_room_release(&room);
    return verdict;
}

static void examples(void)
{
    struct course course = course_of(3, 60);
    const struct touch path[] = {{0, 1, 0}, {30, 2, 0}, {60, 4, 0}};
    struct verdict verdict = judge(&course, path, 3, 100);
    ok(verdict.began && !verdict.excluded && !verdict.going_on && verdict.counted.level == 2,
       "an attempt may take as long as is said");
    is_int(verdict.counted.at_us[2], 60, "and has the time of each step");
    course.within_us = 59;
    is_int(judge(&course, path, 3, 100).counted.level, 1, "but no longer");
    ok(!judge(&course, path, 3, 0).began, "what begins after the window is not of it");
    const struct touch together[] = {{0, 1, 0}, {0, 2, 0}, {0, 4, 0}, {0, 6, 0}};
    is_int(judge(&course, together, 4, 1).counted.level, 2, "events of one time are put in order");
    const struct touch same[] = {{0, 7, 0}, {0, 7, 0}};
    is_int(judge(&course, same, 2, 1).counted.level, 1, "an event is one step at most");
    course.strict = true;
    const struct touch between[] = {{0, 1, 0}, {1, 0, 0}, {2, 2, 0}};
    verdict = judge(&course, between, 3, 9);
    ok(verdict.counted.level == 0 && verdict.counted.over, "strict: nothing may come between");
}

static void touches_make(struct touch *touch, size_t count, uint32_t masks)
{
    int64_t time_us = 0;
    for (size_t i = 0; i < count; i++) {
        time_us += random_below(3) == 0 ? random_below(5) : 0;
        touch[i] = (struct touch){.time_us = time_us, .mask = random_below(masks)};
    }
}

/* The attempt that begins with one touch, as if no other began. */
static struct verdict judge_alone(const struct course *course, const struct touch *touch,
                                  size_t count, size_t first, int64_t until_us)
{
    struct touch alone[TOUCHES_MAX];
    memcpy(alone, touch, count * sizeof touch[0]);
    for (size_t i = 0; i < count; i++)
        if (i != first) alone[i].mask &= ~UINT32_C(1);
    return judge(course, alone, count, until_us);
}

/* Is what is said of all what is said of each? */
static bool race_agrees(const struct course *course, const struct touch *touch, size_t count,
                        int64_t until_us)
{
    const struct verdict all = judge(course, touch, count, until_us);
    int level = -1;
    int64_t first_us = 0;
    bool began = false, going_on = false;
    for (size_t i = 0; i < count; i++) {
        if ((touch[i].mask & 1) == 0 || touch[i].time_us >= until_us) continue;
        const struct verdict one = judge_alone(course, touch, count, i, until_us);
        began = true;
        if (one.excluded) continue;
        going_on |= one.going_on;
        if (one.counted.level <= level) continue;
        level = one.counted.level;
        first_us = touch[i].time_us;
    }
    if (all.began != began) return false;
    if (!began) return true;
    if (all.excluded != (level < 0)) return false;
    if (all.excluded) return true;
    return all.counted.level == level && touch[all.counted.first].time_us == first_us &&
           all.going_on == (going_on && level < course->steps - 1);
}

static void properties(void)
{
    struct touch touch[TOUCHES_MAX];
    int wrong[3] = {0};
    for (int run = 0; run < rounds(RUNS); run++) {
        struct course course = {.steps = 2 + (int)random_below(4),
                                .within_us = 1 + random_below(20),
                                .bans = 1,
                                .ban = {{.from = 0, .to = 1}}};
        const int kind = run % 3;
        course.strict = kind == 1;
        if (kind == 2) course.optional = random_below(1U << (course.steps - 1)) & ~1U;
        while ((course.optional >> course.ban[0].to & 1) != 0)
            course.ban[0].to++;
        course_init(&course);
        const size_t count = 1 + random_below(TOUCHES_MAX);
        /* With or without bans, which are the highest bit. */
        touches_make(touch, count, 1U << (course.steps + (int)random_below(2)));
        wrong[kind] += !race_agrees(&course, touch, count, 1 + random_below(20));
    }
    is_int(wrong[0], 0, "all attempts together say what each says alone");
    is_int(wrong[1], 0, "so they do where they are strict");
    is_int(wrong[2], 0, "and where steps are optional");
}

/* Were each followed by itself, this would take hours. */
static void many(void)
{
    struct course course = course_of(3, INT64_C(3600000000));
    struct touch *touch = calloc(MANY, sizeof touch[0]);
    if (touch == NULL) abort();
    for (size_t i = 0; i < MANY; i++)
        touch[i] = (struct touch){.time_us = (int64_t)i, .mask = i % 3 == 2 ? 2 : 1};
    is_int(judge(&course, touch, MANY, MANY).counted.first, 0,
           "however many attempts there are, events are gone through a few times");
    for (size_t i = 0; i < MANY; i++)
        touch[i].time_us = 0;
    is_int(judge(&course, touch, MANY, MANY).counted.level, 1, "also where all are of one time");
    for (size_t i = 0; i < MANY; i++)
        touch[i].mask = 3;
    is_int(judge(&course, touch, MANY, MANY).counted.level, 1,
           "and where each of these selects several steps");
    free(touch);
}

int main(void)
{
    examples();
    properties();
    many();
    return plan();
}
