#include "admit/partition.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* How often event time is moved on while everything is silent. */
#define IDLE_TICK_US INT64_C(50000)

/* An entry of clock.numbers. */
struct numbered {
    struct id id;
    struct partition *partition;
};

void clock_init(struct clock *clock, int64_t lateness_us, int64_t idle_us)
{
    *clock = (struct clock){
        .lateness_us = lateness_us,
        .idle_us = idle_us,
        .floor_us = TIME_NONE,
        .largest_us = TIME_NONE,
        .is_sorted = true,
        .most = INT_MAX,
    };
    table_init(&clock->numbers, sizeof(struct numbered), HELD_PARTITIONS);
}

static void partition_free(struct partition *partition)
{
    held_drop(HELD_PARTITIONS, sizeof *partition);
    buffer_release(&partition->held);
    free(partition);
}

void clock_release(struct clock *clock)
{
    for (int i = 0; i < clock->count; i++)
        partition_free(clock->partition[i]);
    free(clock->partition);
    free(clock->heap);
    table_release(&clock->numbers);
    clock->partition = clock->heap = NULL;
    clock->count = clock->cap = clock->heap_count = 0;
}

/* --- the lists --- */

static void list_leave(struct partition *partition)
{
    struct partitions *list = partition->list;
    if (list == NULL) return;
    *(partition->earlier != NULL ? &partition->earlier->later : &list->first) = partition->later;
    *(partition->later != NULL ? &partition->later->earlier : &list->last) = partition->earlier;
    partition->list = NULL;
}

static void list_join(struct partitions *list, struct partition *partition)
{
    partition->list = list;
    partition->earlier = list->last;
    partition->later = NULL;
    *(list->last != NULL ? &list->last->later : &list->first) = partition;
    list->last = partition;
}

/* --- the heap --- */

static void heap_set(struct clock *clock, int place, struct partition *partition)
{
    clock->heap[place] = partition;
    partition->heap_place = place;
}

static void heap_rise(struct clock *clock, struct partition *partition)
{
    int place = partition->heap_place;
    for (; place > 0; place = (place - 1) / 2) {
        struct partition *above = clock->heap[(place - 1) / 2];
        if (above->known_us <= partition->known_us) break;
        heap_set(clock, place, above);
    }
    heap_set(clock, place, partition);
}

static void heap_sink(struct clock *clock, struct partition *partition)
{
    int place = partition->heap_place;
    for (int below; (below = 2 * place + 1) < clock->heap_count; place = below) {
        if (below + 1 < clock->heap_count &&
            clock->heap[below + 1]->known_us < clock->heap[below]->known_us)
            below++;
        if (clock->heap[below]->known_us >= partition->known_us) break;
        heap_set(clock, place, clock->heap[below]);
    }
    heap_set(clock, place, partition);
}

static void heap_put(struct clock *clock, struct partition *partition)
{
    if (partition->heap_place >= 0) return;
    partition->known_us = partition->largest_us;
    heap_set(clock, clock->heap_count++, partition);
    heap_rise(clock, partition);
}

static void heap_drop(struct clock *clock, struct partition *partition)
{
    const int place = partition->heap_place;
    if (place < 0) return;
    partition->heap_place = -1;
    struct partition *last = clock->heap[--clock->heap_count];
    if (last == partition) return;
    heap_set(clock, place, last);
    heap_rise(clock, last);
    heap_sink(clock, last);
}

/* The one furthest behind of those waited for, or NULL. */
static const struct partition *heap_first(struct clock *clock)
{
    while (clock->heap_count > 0) {
        struct partition *partition = clock->heap[0];
        if (partition->ended || partition->released) {
            heap_drop(clock, partition);
        } else if (partition->known_us != partition->largest_us) {
            partition->known_us = partition->largest_us;
            heap_sink(clock, partition);
        } else {
            return partition;
        }
    }
    return NULL;
}

/* --- who is there --- */

static struct id number_id(int64_t number)
{
    return (struct id){.low = (uint64_t)number, .high = 1};
}

static struct partition *partition_find(const struct clock *clock, int64_t number)
{
    const struct numbered *numbered = table_find(&clock->numbers, number_id(number));
    return numbered == NULL ? NULL : numbered->partition;
}

static void clock_extend(struct clock *clock)
{
    clock->cap = clock->cap == 0 ? 4 : clock->cap * 2;
    clock->partition =
        memory_resize(clock->partition, (size_t)clock->cap, sizeof clock->partition[0]);
    clock->heap = memory_resize(clock->heap, (size_t)clock->cap, sizeof clock->heap[0]);
}

static struct partition *partition_add(struct clock *clock, int64_t number)
{
    if (clock->count == clock->cap) clock_extend(clock);
    struct partition *partition = memory_zero(1, sizeof *partition);
    held_add(HELD_PARTITIONS, sizeof *partition);
    partition->held.kind = HELD_PARTITIONS;
    partition->number = number;
    partition->largest_us = partition->end_us = partition->before_us = TIME_NONE;
    partition->offset = -1;
    jumps_clear(&partition->jumps);
    partition->heard_us = clock->waited_us;
    partition->place = clock->count;
    partition->heap_place = -1;
    if (clock->count > 0 && clock->partition[clock->count - 1]->number > number)
        clock->is_sorted = false;
    clock->partition[clock->count++] = partition;
    clock->known += number >= 0;
    bool is_new;
    struct numbered *numbered = table_put(&clock->numbers, number_id(number), &is_new);
    numbered->partition = partition;
    list_join(&clock->waiting, partition);
    heap_put(clock, partition);
    return partition;
}

bool clock_knows(const struct clock *clock, int64_t number)
{
    return partition_find(clock, number) != NULL;
}

struct partition *clock_partition(struct clock *clock, int64_t number)
{
    struct partition *partition = partition_find(clock, number);
    return partition != NULL ? partition : partition_add(clock, number);
}

struct partition *clock_meet(struct clock *clock, int64_t number)
{
    struct partition *partition = partition_find(clock, number);
    if (__builtin_expect(partition != NULL, 1)) return partition;
    if (clock->known >= clock->most) return NULL;
    (void)clock_watermark(clock);
    return partition_add(clock, number);
}

void clock_remove(struct clock *clock, struct partition *partition)
{
    struct partition *last = clock->partition[--clock->count];
    if (last != partition) {
        clock->partition[partition->place] = last;
        last->place = partition->place;
        clock->is_sorted = false;
    }
    clock->known -= partition->number >= 0;
    list_leave(partition);
    heap_drop(clock, partition);
    table_remove(&clock->numbers, table_find(&clock->numbers, number_id(partition->number)));
    partition_free(partition);
}

static int partitions_compare(const void *a, const void *b)
{
    const int64_t left = (*(const struct partition *const *)a)->number;
    const int64_t right = (*(const struct partition *const *)b)->number;
    return (left > right) - (left < right);
}

void clock_sort(struct clock *clock)
{
    if (clock->is_sorted) return;
    qsort(clock->partition, (size_t)clock->count, sizeof clock->partition[0], partitions_compare);
    for (int i = 0; i < clock->count; i++)
        clock->partition[i]->place = i;
    clock->is_sorted = true;
}

void clock_hear(struct clock *clock, struct partition *partition)
{
    partition->heard_us = clock->waited_us;
    partition->released = false;
    if (partition->ended) return;
    list_leave(partition);
    list_join(&clock->waiting, partition);
    heap_put(clock, partition);
}

void clock_end(struct clock *clock, struct partition *partition)
{
    (void)clock;
    partition->ended = true;
    list_leave(partition);
}

void clock_reopen(struct clock *clock, struct partition *partition)
{
    if (!partition->ended) return;
    partition->ended = false;
    clock_hear(clock, partition);
}

void clock_restart(struct clock *clock, struct partition *partition)
{
    heap_drop(clock, partition);
    partition->largest_us = clock->largest_us = clock->floor_us = TIME_NONE;
    clock_reopen(clock, partition);
    heap_put(clock, partition);
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
 * wall clock, since the one heard of last. */
static int64_t silent_watermark(const struct clock *clock)
{
    const int64_t from = clock_behind(clock, clock->largest_us);
    if (from == TIME_NONE || clock->released.last == NULL) return TIME_NONE;
    return from + (clock->waited_us - clock->released.last->heard_us - clock->idle_us);
}

/* The one furthest behind of those waited for, or NULL. Mostly there is but one. */
static inline const struct partition *furthest_behind(struct clock *clock)
{
    const struct partition *only = clock->partition[0];
    return clock->count == 1 && !only->ended && !only->released ? only : heap_first(clock);
}

int64_t clock_watermark(struct clock *clock)
{
    const struct partition *first = clock->count == 0 ? NULL : furthest_behind(clock);
    const int64_t smallest_us =
        first != NULL ? clock_behind(clock, first->largest_us) : silent_watermark(clock);
    if (smallest_us > clock->floor_us) clock->floor_us = smallest_us;
    return clock->floor_us;
}

void clock_waited(struct clock *clock, int64_t waited_us)
{
    if (clock->idle_us == 0) return;
    clock->waited_us += waited_us;
    for (struct partition *first; (first = clock->waiting.first) != NULL;) {
        if (clock->waited_us - first->heard_us < clock->idle_us) return;
        first->released = true;
        list_leave(first);
        list_join(&clock->released, first);
    }
}

/* Is there something to release? */
static bool has_something(const struct clock *clock)
{
    if (clock->largest_us != TIME_NONE) return true;
    for (int i = 0; i < clock->count; i++) /* before the first event */
        if (clock->partition[i]->holding) return true;
    return false;
}

int64_t clock_next_idle(const struct clock *clock)
{
    if (clock->idle_us == 0 || !has_something(clock)) return INT64_MAX;
    if (clock->waiting.first == NULL) return IDLE_TICK_US;
    const int64_t next = clock->idle_us - (clock->waited_us - clock->waiting.first->heard_us);
    return next > 1000 ? next : 1000;
}

void clock_begin(struct clock *clock)
{
    for (int i = 0; i < clock->count; i++)
        clock->partition[i]->before_us = clock->partition[i]->largest_us;
}

int64_t clock_end_time(const struct clock *clock)
{
    int64_t time_us = INT64_MAX;
    bool any = false;
    for (int i = 0; i < clock->count; i++) {
        const struct partition *partition = clock->partition[i];
        const bool silent = partition->largest_us == partition->before_us;
        if (partition->ended) continue;
        if (silent && (partition->end_us == TIME_NONE || partition->holding)) return TIME_NONE;
        const int64_t behind_us =
            clock_behind(clock, silent ? partition->end_us : partition->largest_us);
        if (behind_us < time_us) time_us = behind_us;
        any |= !silent;
    }
    return any ? time_us : TIME_NONE;
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

void clock_save(struct clock *clock, struct buffer *out)
{
    clock_sort(clock);
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
        pack_u8(out, (uint8_t)(partition->began | partition->holding << 1 |
                               partition->held_counted << 2));
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
        heap_drop(clock, partition); /* it may be behind what the heap goes by */
        partition->largest_us = unpack_i64(in);
        heap_put(clock, partition);
        partition->offset = unpack_i64(in);
        partition->offset_used = unpack_i64(in);
        const uint8_t flags = unpack_u8(in);
        partition->began = (flags & 1) != 0;
        partition->holding = (flags & 2) != 0;
        partition->held_counted = (flags & 4) != 0;
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
