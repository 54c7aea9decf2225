/* partition.c - the smallest watermark against a look at all partitions, whatever comes of them. */
#include "admit/partition.h"

#include <stdlib.h>

#include "tap.h"

#define NUMBERS 40
#define IDLE_US 100
#define LATENESS_US 7

static uint64_t random_state = 88172645463325252u;

static int64_t random_below(int64_t bound)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int64_t)(random_state % (uint64_t)bound);
}

/* A partition as the test knows it. */
struct known {
    bool there, ended, released;
    int64_t largest_us, silent_us;
};

struct world {
    struct clock clock;
    struct known known[NUMBERS];
    int64_t floor_us, largest_us;
    int wrong;
};

/* As it was first written: all of them, every time. */
static int64_t plain_watermark(struct world *world)
{
    int64_t smallest_us = INT64_MAX, silent_us = INT64_MAX;
    bool waiting = false;
    for (int i = 0; i < NUMBERS; i++) {
        const struct known *known = &world->known[i];
        if (!known->there || known->ended) continue;
        if (known->released) {
            if (known->silent_us < silent_us) silent_us = known->silent_us;
            continue;
        }
        waiting = true;
        const int64_t own_us =
            known->largest_us == TIME_NONE ? TIME_NONE : known->largest_us - LATENESS_US;
        if (own_us < smallest_us) smallest_us = own_us;
    }
    if (!waiting && (silent_us == INT64_MAX || world->largest_us == TIME_NONE))
        smallest_us = TIME_NONE;
    else if (!waiting)
        smallest_us = world->largest_us - LATENESS_US + (silent_us - IDLE_US);
    if (smallest_us > world->floor_us) world->floor_us = smallest_us;
    return world->floor_us;
}

static int64_t plain_next(const struct world *world)
{
    int64_t next = INT64_MAX;
    for (int i = 0; i < NUMBERS; i++) {
        const struct known *known = &world->known[i];
        if (!known->there || known->ended || known->released) continue;
        if (IDLE_US - known->silent_us < next) next = IDLE_US - known->silent_us;
    }
    if (world->largest_us == TIME_NONE) return INT64_MAX;
    if (next == INT64_MAX) return 50000;
    return next > 1000 ? next : 1000;
}

static void record(struct world *world, int number)
{
    struct known *known = &world->known[number];
    const int64_t time_us = random_below(100000);
    struct partition *partition = clock_meet(&world->clock, number);

    if (!known->there) *known = (struct known){.there = true, .largest_us = TIME_NONE};
    clock_reopen(&world->clock, partition);
    clock_heard(&world->clock, partition);
    partition_advance(&world->clock, partition, time_us);
    known->ended = known->released = false;
    known->silent_us = 0;
    if (time_us > known->largest_us) known->largest_us = time_us;
    if (time_us > world->largest_us) world->largest_us = time_us;
}

static void wait_for(struct world *world, int64_t waited_us)
{
    clock_waited(&world->clock, waited_us);
    for (int i = 0; i < NUMBERS; i++) {
        struct known *known = &world->known[i];
        known->silent_us += waited_us;
        if (known->there && !known->ended && known->silent_us >= IDLE_US) known->released = true;
    }
}

static void leave(struct world *world, int number, bool forgotten)
{
    struct known *known = &world->known[number];
    if (!known->there) return;
    if (forgotten)
        clock_remove(&world->clock, clock_partition(&world->clock, number));
    else
        clock_end(&world->clock, clock_partition(&world->clock, number));
    known->ended = true;
    known->there = !forgotten;
}

static void world_step(struct world *world)
{
    const int number = (int)random_below(NUMBERS);
    switch (random_below(12)) {
    case 0: wait_for(world, random_below(60)); break;
    case 1: leave(world, number, random_below(4) == 0); break;
    default: record(world, number); break;
    }
    if (random_below(2) == 0)
        world->wrong += clock_watermark(&world->clock) != plain_watermark(world);
    world->wrong += clock_next_idle(&world->clock) != plain_next(world);
}

int main(void)
{
    int wrong = 0, unsorted = 0, lost = 0;

    for (int round = 0; round < 300; round++) {
        struct world world = {.floor_us = TIME_NONE, .largest_us = TIME_NONE};
        clock_init(&world.clock, LATENESS_US, IDLE_US);
        for (int i = 0; i < 400; i++) {
            /* One not seen before is judged by the watermark as it was just before. */
            (void)plain_watermark(&world);
            (void)clock_watermark(&world.clock);
            world_step(&world);
        }
        wrong += world.wrong;
        clock_sort(&world.clock);
        int there = 0;
        for (int i = 0; i < NUMBERS; i++)
            there += world.known[i].there;
        lost += there != world.clock.count;
        for (int i = 0; i < world.clock.count; i++) {
            const struct partition *partition = world.clock.partition[i];
            unsorted += i > 0 && world.clock.partition[i - 1]->number >= partition->number;
            lost += clock_partition(&world.clock, partition->number) != partition;
        }
        clock_release(&world.clock);
    }
    is_int(wrong, 0, "the smallest watermark is that of a look at all partitions");
    is_int(unsorted, 0, "they can be put in order");
    is_int(lost, 0, "and none is lost");
    return plan();
}
