#include "base/timer.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/memory.h"

#define KEEP_ITEMS 64

static uint64_t sortable(int64_t time_us)
{
    return (uint64_t)time_us ^ UINT64_C(1) << 63;
}

/* The level of a time: that of the highest byte in which it differs from now. */
static int level_of(uint64_t time, uint64_t now)
{
    return time == now ? 0 : (63 - __builtin_clzll(time ^ now)) / 8;
}

void timer_init(struct timer *timer, enum held_kind kind)
{
    memset(timer, 0, sizeof(*timer));
    timer->kind = kind;
}

static void items_free(struct timer *timer, const struct timer_bucket *bucket)
{
    held_drop(timer->kind, bucket->cap * sizeof(*bucket->item));
    free(bucket->item);
}

void timer_release(struct timer *timer)
{
    for (int level = 0; level < TIMER_LEVELS; level++)
        for (int i = 0; i < TIMER_BUCKETS; i++)
            items_free(timer, &timer->bucket[level][i]);
    timer_init(timer, timer->kind);
}

static void timer_file(struct timer *timer, struct timer_item item, uint64_t time)
{
    const int level = level_of(time, timer->now);
    const unsigned byte = (unsigned)(time >> (level * 8)) & 0xff;
    struct timer_bucket *bucket = &timer->bucket[level][byte];

    if (bucket->count == bucket->cap) {
        if (bucket->cap > UINT32_MAX / 2) die("no memory for more timers");
        const uint32_t cap = bucket->cap;
        bucket->cap = bucket->cap < 4 ? 4 : bucket->cap + bucket->cap / 2;
        bucket->item = memory_resize(bucket->item, bucket->cap, sizeof(*bucket->item));
        held_add(timer->kind, (bucket->cap - cap) * sizeof(*bucket->item));
    }
    bucket->item[bucket->count++] = item;
    timer->filled[level][byte / 64] |= UINT64_C(1) << (byte % 64);
    timer->levels |= (uint8_t)(1 << level);
}

void timer_push(struct timer *timer, struct timer_item item)
{
    const uint64_t time = sortable(item.due_us);

    timer_file(timer, item, time < timer->now ? timer->now : time);
    timer->count++;
}

/* The first bucket of a level that has items. */
static unsigned first_byte(const struct timer *timer, int level)
{
    unsigned word = 0;

    while (timer->filled[level][word] == 0)
        word++;
    return word * 64 + (unsigned)__builtin_ctzll(timer->filled[level][word]);
}

static void bucket_emptied(struct timer *timer, int level, unsigned byte)
{
    struct timer_bucket *bucket = &timer->bucket[level][byte];
    uint64_t *filled = timer->filled[level];

    if (bucket->cap > KEEP_ITEMS) {
        items_free(timer, bucket);
        *bucket = (struct timer_bucket){0};
    }
    filled[byte / 64] &= ~(UINT64_C(1) << (byte % 64));
    if ((filled[0] | filled[1] | filled[2] | filled[3]) == 0)
        timer->levels &= (uint8_t) ~(1 << level);
}

/* Moves a bucket's items to lower levels, now being where the bucket begins or later in it. */
static void bucket_spread(struct timer *timer, int level, unsigned byte)
{
    const struct timer_bucket bucket = timer->bucket[level][byte];

    timer->bucket[level][byte] = (struct timer_bucket){0};
    bucket_emptied(timer, level, byte);
    for (uint32_t i = 0; i < bucket.count; i++) {
        const uint64_t time = sortable(bucket.item[i].due_us);
        timer_file(timer, bucket.item[i], time < timer->now ? timer->now : time);
    }
    items_free(timer, &bucket);
}

/* Takes out an item due before that time; where there is none it is now then, at least. */
static inline bool item_take(struct timer *timer, uint64_t before, uint64_t then,
                             struct timer_item *item)
{
    while (timer->levels != 0 && before > timer->now) {
        const int level = __builtin_ctz(timer->levels);
        const unsigned byte = first_byte(timer, level);
        const uint64_t inside = (UINT64_C(1) << (level * 8)) - 1;
        const uint64_t above = timer->now >> (level * 8) & ~UINT64_C(0xff);
        const uint64_t begin = (above | byte) << (level * 8);
        if (begin > then || (begin == before && level == 0)) break;

        if ((begin | inside) < before) { /* all of it is due: no need to look closer */
            struct timer_bucket *bucket = &timer->bucket[level][byte];
            *item = bucket->item[--bucket->count];
            if (bucket->count == 0) bucket_emptied(timer, level, byte);
            timer->count--;
            return true;
        }
        timer->now = begin;
        bucket_spread(timer, level, byte);
    }
    if (then > timer->now) timer->now = then;
    return false;
}

bool timer_pop(struct timer *timer, int64_t before_us, struct timer_item *item)
{
    const uint64_t before = sortable(before_us);

    return item_take(timer, before, before, item);
}

bool timer_next(const struct timer *timer, struct timer_place *place, struct timer_item *item)
{
    for (; place->level < TIMER_LEVELS; place->level++, place->byte = 0)
        for (; place->byte < TIMER_BUCKETS; place->byte++, place->item = 0) {
            const struct timer_bucket *bucket = &timer->bucket[place->level][place->byte];
            if (place->item == bucket->count) continue;
            *item = bucket->item[place->item++];
            return true;
        }
    return false;
}

bool timer_pop_at(struct timer *timer, int64_t at_us, struct timer_item *item)
{
    const uint64_t at = sortable(at_us);

    return item_take(timer, at + 1, at, item);
}
