/* jumps.c - a piece that was read as if nothing had come before it is taken only where one run
 * would have decided the same: all short pieces of small times. */

#include "admit/jumps.h"

#include <string.h>

#include "admit/hold.h"
#include "base/instant.h"
#include "tap.h"

#define TIMES 8
#define EVENTS_MOST 6
#define JUMP_US 2

/* What became of each event of a piece, in the order in which it was decided: the event's number
 * and whether it was kept. */
struct run {
    struct partition partition;
    int held;
    char decided[2 * EVENTS_MOST + 1];
    size_t count;
};

static void decide(struct run *run, int event, bool is_kept, int64_t time_us)
{
    run->decided[run->count++] = (char)('0' + event);
    run->decided[run->count++] = is_kept ? '+' : '-';
    if (is_kept && time_us > run->partition.largest_us) run->partition.largest_us = time_us;
    run->partition.began = true;
}

static void hold(struct run *run, int event, int64_t time_us)
{
    const struct origin origin = {0};
    hold_put(&run->partition, time_us, SLICE(""), &origin, ID_NONE);
    run->held = event;
}

/* As a partition's events are judged (admission.c). */
static void take(struct run *run, int event, int64_t time_us)
{
    struct partition *const partition = &run->partition;
    if (partition->holding) {
        const bool is_right = hold_is_right(partition, time_us, JUMP_US);
        partition->holding = false;
        decide(run, run->held, is_right, partition->held_us);
        if (!is_right) {
            decide(run, event, true, time_us);
            return;
        }
    }
    if (hold_needed(partition, time_us, JUMP_US))
        hold(run, event, time_us);
    else
        decide(run, event, true, time_us);
}

static void run_begin(struct run *run, int64_t largest_us)
{
    buffer_release(&run->partition.held);
    memset(run, 0, sizeof *run);
    run->partition.largest_us = largest_us;
    run->partition.began = largest_us != TIME_NONE;
    jumps_clear(&run->partition.jumps);
}

int main(void)
{
    static struct run alone, one;
    size_t wrong = 0, fits = 0, differ = 0, tried = 0;
    for (int events = 0; events <= EVENTS_MOST; events++) {
        uint32_t pieces = 1;
        for (int i = 0; i < events; i++)
            pieces *= TIMES;
        for (uint32_t piece = 0; piece < pieces; piece++) {
            run_begin(&alone, TIME_NONE);
            uint32_t digits = piece;
            for (int i = 0; i < events; i++, digits /= TIMES)
                take(&alone, i, digits % TIMES);
            if (alone.partition.holding) continue; /* it is for the run in any case */
            for (int64_t largest_us = 0; largest_us < TIMES; largest_us++, tried++) {
                run_begin(&one, largest_us);
                digits = piece;
                for (int i = 0; i < events; i++, digits /= TIMES)
                    take(&one, i, digits % TIMES);
                const bool is_same = !one.partition.holding && one.count == alone.count &&
                                     memcmp(one.decided, alone.decided, one.count) == 0;
                const bool is_taken = jumps_fit(&alone.partition.jumps, largest_us, JUMP_US);
                fits += is_taken;
                differ += !is_same;
                wrong += is_taken && !is_same;
            }
        }
    }
    is_int((int64_t)wrong, 0, "what is taken, one run would have decided in the same way");
    ok(differ > tried / 20, "some pieces one run would have decided in another way");
    ok(fits + differ > tried / 10 * 9, "nearly all that it would have decided the same are taken");
    printf("# %zu tried, %zu taken, %zu differ\n", tried, fits, differ);

    const struct jumps none = {
        .least_us = INT64_MAX, .first_us = INT64_MAX, .second_us = INT64_MAX};
    ok(jumps_fit(&none, 5, 1), "a piece without an event fits");
    struct jumps first = none;
    first.first_us = 100;
    ok(jumps_fit(&first, 5, 1), "so does one whose only event was kept at the end of the input");
    first.second_us = 90;
    first.first_refused = true;
    ok(!jumps_fit(&first, 100, 1), "a first event that was refused may have been none too far");
    ok(jumps_fit(&first, TIME_NONE, 1), "it was, where nothing came before");
    ok(jumps_fit(&first, 100, 0), "without --max-jump nothing was decided");
    struct buffer packed = {0};
    jumps_pack(&first, &packed);
    struct unpack in = {.at = packed.data, .end = packed.data + packed.len};
    const struct jumps back = jumps_unpack(&in);
    ok(!in.broken && in.at == in.end && back.first_us == 100 && back.second_us == 90 &&
           back.least_us == INT64_MAX && back.first_refused && back.refused == 0,
       "what is packed comes back");
    buffer_release(&packed);
    buffer_release(&alone.partition.held);
    buffer_release(&one.partition.held);
    return plan();
}
