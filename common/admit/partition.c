#include "admit/partition.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* How often event time is moved on while everything is silent. */
#define IDLE_TICK_US INT64_C(50000)

void clock_init(struct clock *clock, int64_t lateness_us, int64_t idle_us)
{
    *clock = (struct clock){
        .lateness_us = lateness_us,
        .idle_us = idle_us,
        .floor_us = TIME_NONE,
        .largest_us = TIME_NONE,
    };
}

static void partition_free(struct partition *partition)
{
    buffer_release(&partition->held);
    free(partition);
}

void clock_release(struct clock *clock)
{
    for (int i = 0; i < clock->count; i++)
        partition_free(clock->partition[i]);
    free(clock->partition);
    clock->partition = NULL;
    clock->count = 0;
}

/* How many partitions have a smaller number: where this one is or would go. */
static int partition_place(const struct clock *clock, int64_t number)
{
    int low = 0;
    for (int high = clock->count; low < high;) {
        const int middle = (low + high) / 2;
        if (clock->partition[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool partition_is_at(const struct clock *clock, int place, int64_t number)
{
    return place < clock->count && clock->partition[place]->number == number;
}

struct partition *clock_meet(struct clock *clock, int64_t number)
{
    const int place = partition_place(clock, number);
    if (__builtin_expect(partition_is_at(clock, place, number), 1)) return clock->partition[place];
    (void)clock_watermark(clock);
    return clock_partition(clock, number);
}

struct partition *clock_partition(struct clock *clock, int64_t number)
{
    const int low = partition_place(clock, number);
    if (partition_is_at(clock, low, number)) return clock->partition[low];
    struct partition *partition = memory_zero(1, sizeof *partition);
    partition->number = number;
    partition->largest_us = TIME_NONE;
    partition->offset = -1;
    clock->partition =
        memory_resize(clock->partition, (size_t)clock->count + 1, sizeof clock->partition[0]);
    memmove(clock->partition + low + 1, clock->partition + low,
            (size_t)(clock->count - low) * sizeof clock->partition[0]);
    clock->partition[low] = partition;
    clock->count++;
    return partition;
}

void clock_remove(struct clock *clock, struct partition *partition)
{
    for (int i = 0; i < clock->count; i++) {
        if (clock->partition[i] != partition) continue;
        clock->count--;
        memmove(clock->partition + i, clock->partition + i + 1,
                (size_t)(clock->count - i) * sizeof clock->partition[0]);
        partition_free(partition);
        return;
    }
}

bool partition_new(const struct partition *partition)
{
    return partition->largest_us == TIME_NONE && partition->offset < 0 && !partition->holding;
}

int64_t partition_number(const struct partition *partition)
{
    return partition->number;
}

/* The watermark while every partition is silent: from the largest event_time at the pace of the
 * wall clock. */
static int64_t silent_watermark(const struct clock *clock, int64_t silent_us)
{
    const int64_t from = clock_behind(clock, clock->largest_us);
    return from == TIME_NONE ? TIME_NONE : from + (silent_us - clock->idle_us);
}

int64_t clock_watermark(struct clock *clock)
{
    int64_t smallest = INT64_MAX;
    int64_t silent_us = INT64_MAX;
    bool waiting = false; /* somebody counts and is not released */
    for (int i = 0; i < clock->count; i++) {
        const struct partition *partition = clock->partition[i];
        if (partition->ended) continue;
        if (partition->released) {
            if (partition->silent_us < silent_us) silent_us = partition->silent_us;
            continue;
        }
        waiting = true;
        const int64_t own = clock_behind(clock, partition->largest_us);
        if (own < smallest) smallest = own;
    }
    if (!waiting)
        smallest = silent_us == INT64_MAX ? TIME_NONE : silent_watermark(clock, silent_us);
    if (smallest > clock->floor_us) clock->floor_us = smallest;
    return clock->floor_us;
}

void clock_waited(struct clock *clock, int64_t waited_us)
{
    if (clock->idle_us == 0) return;
    for (int i = 0; i < clock->count; i++) {
        struct partition *partition = clock->partition[i];
        partition->silent_us += waited_us;
        if (partition->silent_us >= clock->idle_us) partition->released = true;
    }
}

int64_t clock_next_idle(const struct clock *clock)
{
    if (clock->idle_us == 0) return INT64_MAX;
    int64_t next = INT64_MAX;
    bool any = clock->largest_us != TIME_NONE; /* there is something to release */
    for (int i = 0; i < clock->count; i++) {
        const struct partition *partition = clock->partition[i];
        any |= partition->holding;
        if (partition->ended || partition->released) continue;
        const int64_t left = clock->idle_us - partition->silent_us;
        if (left < next) next = left;
    }
    if (!any) return INT64_MAX;
    if (next == INT64_MAX) return IDLE_TICK_US;
    return next > 1000 ? next : 1000;
}

void clock_print(const struct clock *clock, struct buffer *out)
{
    for (int i = 0; i < clock->count; i++) {
        const struct partition *partition = clock->partition[i];
        if (partition->offset < 0) continue;
        buffer_printf(out, "{\"partition\":%lld,\"offset\":%lld,\"used\":%lld}\n",
                      (long long)partition->number, (long long)partition->offset,
                      (long long)partition->offset_used);
    }
}

void clock_save(const struct clock *clock, struct buffer *out)
{
    uint32_t count = 0;
    for (int i = 0; i < clock->count; i++)
        count += !partition_new(clock->partition[i]);
    pack_i64(out, clock->floor_us);
    pack_i64(out, clock->largest_us);
    pack_u32(out, count);
    for (int i = 0; i < clock->count; i++) {
        const struct partition *partition = clock->partition[i];
        if (partition_new(partition)) continue; /* named again, or waited for, when it comes */
        pack_i64(out, partition->number);
        pack_i64(out, partition->largest_us);
        pack_i64(out, partition->offset);
        pack_i64(out, partition->offset_used);
        pack_u8(out, (uint8_t)(partition->began | partition->holding << 1));
        if (!partition->holding) continue;
        pack_i64(out, partition->held_us);
        pack_id(out, partition->held_id);
        pack_i64(out, partition->held_offset);
        pack_u64(out, partition->held_line_number);
        pack_text(out, buffer_slice(&partition->held));
    }
}

bool clock_load(struct clock *clock, struct unpack *in)
{
    clock->floor_us = unpack_i64(in);
    clock->largest_us = unpack_i64(in);
    const uint32_t count = unpack_u32(in);
    for (uint32_t i = 0; i < count && !in->broken; i++) {
        struct partition *partition = clock_partition(clock, unpack_i64(in));
        partition->largest_us = unpack_i64(in);
        partition->offset = unpack_i64(in);
        partition->offset_used = unpack_i64(in);
        const uint8_t flags = unpack_u8(in);
        partition->began = (flags & 1) != 0;
        partition->holding = (flags & 2) != 0;
        if (!partition->holding) continue;
        partition->held_us = unpack_i64(in);
        partition->held_id = unpack_id(in);
        partition->held_offset = unpack_i64(in);
        partition->held_line_number = unpack_u64(in);
        partition->held_input = NULL; /* the main loop knows */
        buffer_clear(&partition->held);
        buffer_add_slice(&partition->held, unpack_text(in));
    }
    return !in->broken;
}
