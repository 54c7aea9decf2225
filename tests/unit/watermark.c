/* watermark.c - watermarks, and which of them time waits for. */
#include "admit/partition.h"

#include "tap.h"

#define LATENESS_US 10

static void test_watermark(void)
{
    struct clock clock;
    clock_init(&clock, LATENESS_US, 0);
    struct partition *a = clock_partition(&clock, 7);

    is_int(clock_watermark(&clock), TIME_NONE, "before the first event there is no watermark");
    partition_advance(&clock, a, 100);
    is_int(clock_watermark(&clock), 90, "the largest time less the lateness");
    partition_advance(&clock, a, 50);
    is_int(clock_watermark(&clock), 90, "which never moves back");
    is_int(partition_watermark(&clock, a), 90, "one partition's is its own");
    ok(clock_partition(&clock, 7) == a, "a number has one partition");

    struct partition *b = clock_partition(&clock, 3);
    partition_advance(&clock, a, 200);
    is_int(clock_watermark(&clock), 90, "time waits for one that has brought nothing");
    ok(partition_new(b) && !partition_new(a), "which is new until then");
    partition_advance(&clock, b, 120);
    is_int(clock_watermark(&clock), 110, "then for the one that is furthest behind");
    is_int(partition_watermark(&clock, a), 190, "each is judged by its own");

    struct partition *late = clock_meet(&clock, 9);
    is_int(partition_watermark(&clock, late), 110,
           "one met later is judged by the smallest so far");
    clock_remove(&clock, late);
    partition_advance(&clock, b, 300);
    is_int(clock_watermark(&clock), 190, "one that is forgotten holds nothing back");
    clock_release(&clock);

    clock_init(&clock, INT64_MAX, 0);
    partition_advance(&clock, clock_partition(&clock, 0), 100);
    is_int(clock_watermark(&clock), TIME_NONE, "with the largest lateness there never is one");
    clock_release(&clock);
}

static void test_idle(void)
{
    struct clock clock;
    clock_init(&clock, LATENESS_US, 50000);
    struct partition *a = clock_partition(&clock, 0);
    (void)clock_partition(&clock, 1);

    is_int(clock_next_idle(&clock), INT64_MAX, "nothing is released before the first event");
    partition_advance(&clock, a, 1000000);
    is_int(clock_next_idle(&clock), 50000, "then what is silent for so long");
    clock_waited(&clock, 20000);
    is_int(clock_next_idle(&clock), 30000, "counted while the tool waits");
    is_int(clock_watermark(&clock), TIME_NONE, "until then it holds time back");
    clock_waited(&clock, 40000);
    is_int(clock_watermark(&clock), 1000000 - LATENESS_US + 10000,
           "when all are silent, time goes on with the wall clock");
    clock_release(&clock);

    clock_init(&clock, LATENESS_US, 0);
    partition_advance(&clock, clock_partition(&clock, 0), 1000000);
    clock_waited(&clock, INT64_C(1000000000));
    is_int(clock_next_idle(&clock), INT64_MAX, "without --idle nothing is ever released");
    is_int(clock_watermark(&clock), 1000000 - LATENESS_US, "and waiting moves no time");
    clock_release(&clock);
}

/* A run over three partitions that an earlier one has left at 100. */
static void ends_begin(struct clock *clock)
{
    clock_init(clock, LATENESS_US, 0);
    for (int64_t number = 0; number < 3; number++)
        partition_advance(clock, clock_partition(clock, number), 100);
    clock_begin(clock);
}

static void test_ends(void)
{
    struct clock clock;

    ends_begin(&clock);
    struct partition *const zero = clock_partition(&clock, 0),
                            *const one = clock_partition(&clock, 1),
                            *const two = clock_partition(&clock, 2);
    one->end_us = two->end_us = 10000;
    is_int(clock_end_time(&clock), TIME_NONE, "where nothing has come, time stays");
    partition_advance(&clock, zero, 500);
    is_int(clock_end_time(&clock), 500 - LATENESS_US,
           "the silent do not hold back the one that has");
    partition_advance(&clock, one, 300);
    is_int(clock_end_time(&clock), 300 - LATENESS_US, "of two that have, the one behind does");
    partition_advance(&clock, zero, 50000);
    partition_advance(&clock, one, 40000);
    is_int(clock_end_time(&clock), 10000 - LATENESS_US,
           "time goes no further than the wall clock at the end of a silent one");
    two->end_us = TIME_NONE;
    is_int(clock_end_time(&clock), TIME_NONE, "one that may have more is waited for");
    two->end_us = 10000;
    two->holding = true;
    is_int(clock_end_time(&clock), TIME_NONE, "so is one that holds an event");
    two->holding = false;
    clock_end(&clock, two);
    is_int(clock_end_time(&clock), 40000 - LATENESS_US, "but not one that has ended");
    clock_release(&clock);
}

static void test_state(void)
{
    struct clock before, after;
    struct buffer out = {0}, again = {0};

    clock_init(&before, LATENESS_US, 0);
    partition_advance(&before, clock_partition(&before, 5), 100);
    partition_advance(&before, clock_partition(&before, 2), 80);
    struct partition *five = clock_partition(&before, 5);
    five->offset = 41;
    five->offset_used = 2;
    five->holding = true;
    five->held_us = 5000;
    buffer_add_literal(&five->held, "{held}");
    (void)clock_partition(&before, 9);
    (void)clock_watermark(&before);
    clock_save(&before, &out);
    struct unpack in = {.at = out.data, .end = out.data + out.len};
    clock_init(&after, LATENESS_US, 0);
    ok(clock_load(&after, &in) && in.at == in.end, "a state is taken, all of it");
    clock_save(&after, &again);
    ok(slice_equal(buffer_slice(&out), buffer_slice(&again)), "the same state is the same bytes");
    is_int(clock_watermark(&after), 70, "time goes on where it was, without those that are new");
    buffer_clear(&again);
    clock_print(&after, &again);
    is_text(buffer_slice(&again), "{\"partition\":5,\"offset\":41,\"used\":2}\n",
            "positions are those of framed partitions");
    five = clock_partition(&after, 5);
    ok(five->holding && five->held_us == 5000 &&
           slice_equal(buffer_slice(&five->held), SLICE("{held}")),
       "what is held is held again");
    in = (struct unpack){.at = out.data, .end = out.data + out.len - 1};
    clock_release(&after);
    clock_init(&after, LATENESS_US, 0);
    ok(!clock_load(&after, &in), "a state that is cut off is refused");
    clock_release(&before);
    clock_release(&after);
    buffer_release(&out);
    buffer_release(&again);
}

int main(void)
{
    test_watermark();
    test_idle();
    test_ends();
    test_state();
    return plan();
}
