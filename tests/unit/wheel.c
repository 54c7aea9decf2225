/* wheel.c - what is due much later, against a plain array. */
#include "base/wheel.h"

#include <stdlib.h>

#include "tap.h"

#define NUMBERS 4000

static int64_t due_of[NUMBERS];

static int64_t number_due(const void *owner, uint32_t number)
{
    (void)owner;
    return due_of[number];
}

/* Some are due much later than the span, or have been already. */
static int64_t random_due(int64_t now_us, int64_t span_us)
{
    const double far = lrand48() % 10 == 0 ? 300.0 : 1.0;
    return now_us + (int64_t)(drand48() * far * (double)span_us) - span_us / 50;
}

/* Pops what is due; returns how many of these have been popped never, or when they were not due. */
static int64_t step(struct wheel *wheel, int64_t now_us)
{
    struct timer_item item;
    int64_t wrong = 0;

    while (wheel_pop(wheel, now_us, number_due, NULL, &item)) {
        wrong += item.due_us >= now_us;
        if (due_of[item.number] == item.due_us) due_of[item.number] = INT64_MIN;
    }
    for (uint32_t i = 0; i < NUMBERS; i++)
        wrong += due_of[i] != INT64_MIN && due_of[i] < now_us;
    return wrong;
}

/* Numbers come, are dropped and come again, while time goes on by steps of any size. */
static int64_t check(int64_t now_us, int64_t span_us)
{
    struct slab slab = {.kind = HELD_DORMANT};
    struct wheel wheel;
    int64_t wrong = 0;

    for (uint32_t i = 0; i < NUMBERS; i++)
        due_of[i] = INT64_MIN;
    wheel_init(&wheel, span_us, &slab);
    for (int turn = 0; turn < 500; turn++) {
        for (int i = 0; i < 50; i++) {
            const uint32_t number = (uint32_t)(lrand48() % NUMBERS);
            due_of[number] = lrand48() % 4 == 0 ? INT64_MIN : random_due(now_us, span_us);
            if (due_of[number] != INT64_MIN) wheel_push(&wheel, due_of[number], number);
        }
        now_us += 1 + ((int64_t)(drand48() * drand48() * (double)span_us) >> lrand48() % 8);
        wrong += step(&wheel, now_us);
    }
    wrong += step(&wheel, INT64_MAX);
    wrong += slab.live != 0;
    wheel_release(&wheel);
    slab_release(&slab);
    return wrong;
}

int main(void)
{
    srand48(1);
    is_int(check(INT64_C(1767225600000000), INT64_C(86400000000)), 0, "a day");
    is_int(check(0, INT64_C(1000000)), 0, "a second");
    is_int(check(-100, 1), 0, "a microsecond, around 1970");
    is_int(check(INT64_MIN / 2, INT64_C(1) << 50), 0, "many years");
    return plan();
}
