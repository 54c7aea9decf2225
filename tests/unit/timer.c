/* timer.c - what is due, against a plain array. */
#include "base/timer.h"

#include <stdlib.h>

#include "base/memory.h"
#include "tap.h"

static uint64_t random_bits(void)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

struct plain {
    int64_t due_us;
    bool done;
};

static int64_t later(int64_t time_us, int64_t duration_us)
{
    return time_us > INT64_MAX - duration_us ? INT64_MAX : time_us + duration_us;
}

/* Pushes and pops at random around a time that moves on by steps of any size; returns how often the
 * timer was wrong. */
static int check(int64_t now_us, int bits, int pushes)
{
    struct plain *plain = memory_zero((size_t)pushes, sizeof(*plain));
    struct timer timer;
    struct timer_item item;
    int wrong = 0, count = 0;

    timer_init(&timer, HELD_SESSIONS);
    while (count < pushes || timer.count > 0) {
        for (int i = 0; i < 20 && count < pushes; i++) {
            const int64_t ahead_us = (int64_t)(random_bits() >> (64 - bits));
            plain[count].due_us = later(now_us, ahead_us);
            timer_push(&timer, (struct timer_item){.due_us = plain[count].due_us,
                                                   .number = (uint32_t)count});
            count++;
        }
        const int64_t step_us =
            (int64_t)(random_bits() >> (64 - bits + (int)(random_bits() % (uint64_t)bits)));
        now_us = count == pushes ? INT64_MAX : later(now_us, step_us);
        /* Due before now, or now as well: then more that is due now may come. */
        const bool at = now_us < INT64_MAX && random_bits() % 4 == 0;
        while (at ? timer_pop_at(&timer, now_us, &item) : timer_pop(&timer, now_us, &item)) {
            wrong += plain[item.number].done || plain[item.number].due_us != item.due_us ||
                     item.due_us > now_us || (!at && item.due_us == now_us);
            plain[item.number].done = true;
        }
        for (int i = 0; i < count; i++)
            wrong +=
                !plain[i].done && (plain[i].due_us < now_us || (at && plain[i].due_us == now_us));
        if (now_us == INT64_MAX) break;
    }
    timer_release(&timer);
    free(plain);
    return wrong;
}

int main(void)
{
    struct timer timer;
    struct timer_item item;

    timer_init(&timer, HELD_SESSIONS);
    ok(!timer_pop(&timer, INT64_MIN, &item), "an empty timer hands out nothing");
    timer_push(&timer, (struct timer_item){.due_us = 100, .number = 7});
    ok(!timer_pop(&timer, 100, &item), "what is due now is not yet due before now");
    ok(timer_pop(&timer, 101, &item) && item.number == 7 && item.due_us == 100,
       "what is due before now is handed out");
    ok(!timer_pop(&timer, 101, &item), "and only once");
    timer_push(&timer, (struct timer_item){.due_us = 5, .number = 8});
    ok(!timer_pop(&timer, 101, &item), "what is pushed too late waits until time moves on");
    ok(timer_pop(&timer, 102, &item) && item.due_us == 5, "and then comes out as it was");
    timer_push(&timer, (struct timer_item){.due_us = 102, .number = 9});
    ok(timer_pop_at(&timer, 102, &item) && item.number == 9, "what is due now can be asked for");
    timer_push(&timer, (struct timer_item){.due_us = 102, .number = 10});
    ok(timer_pop_at(&timer, 102, &item) && item.number == 10, "as often as more comes");
    timer_push(&timer, (struct timer_item){.due_us = 500, .number = 1});
    timer_push(&timer, (struct timer_item){.due_us = INT64_MAX, .number = 2});
    timer_push(&timer, (struct timer_item){.due_us = 500, .number = 4});
    struct timer_place place = {0};
    uint32_t met = 0, count = 0;
    for (; timer_next(&timer, &place, &item); count++)
        met += item.number;
    ok(met == 7 && count == 3, "all that are there can be gone through");
    ok(timer_pop(&timer, 501, &item) && item.due_us == 500, "and are still there");
    timer_release(&timer);

    is_int(check(0, 4, 3000), 0, "times close together");
    is_int(check(INT64_C(1767225600000000), 24, 3000), 0, "times within seconds");
    is_int(check(INT64_C(-62135596800000000), 40, 3000), 0, "times over days");
    is_int(check(INT64_MIN, 63, 3000), 0, "times all over the range");
    is_int(check(INT64_MAX - 5000, 12, 3000), 0, "times at the end of the range");
    return plan();
}
