/*
 * timer.h - what is due when: hands out everything due before a point in time, earliest buckets
 * first.
 *
 * A hierarchical timing wheel (Varghese & Lauck, "Hashed and Hierarchical Timing Wheels", SOSP
 * 1987) laid out as a radix queue (Ahuja, Mehlhorn, Orlin & Tarjan, JACM 1990): an item lies on the
 * level of the highest byte in which its due time differs from now, in the bucket of that byte.
 * Times are exact microseconds of the whole int64 range; nothing ticks. As now never moves back, an
 * item only ever moves to lower levels: at most seven times, two or three times in practice. An
 * item cannot be taken out again. Owners let it come and look whether it still means anything.
 */
#ifndef CS_TIMER_H
#define CS_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/held.h"

#define TIMER_LEVELS 8
#define TIMER_BUCKETS 256

/* Four-byte aligned, because millions are kept: 12 bytes. */
struct timer_item {
    int64_t due_us;
    uint32_t number; /* whose it is: the owner's business */
} __attribute__((packed, aligned(4)));

struct timer_bucket {
    struct timer_item *item;
    uint32_t count, cap;
};

struct timer {
    uint64_t now; /* nothing is due before; ordered as unsigned, the sign bit turned */
    size_t count;
    struct timer_bucket bucket[TIMER_LEVELS][TIMER_BUCKETS];
    uint64_t filled[TIMER_LEVELS][TIMER_BUCKETS / 64]; /* bit per bucket that has items */
    uint8_t levels;                                    /* bit per level that has items */
    enum held_kind kind;                               /* what its memory is for */
};

/* An empty timer, at the beginning of time. */
void timer_init(struct timer *timer, enum held_kind kind);

void timer_release(struct timer *timer);

/* Adds an item; one that is due before now is as good as due now. */
void timer_push(struct timer *timer, struct timer_item item);

/* Takes out an item due before the given time, the earlier buckets first, in no order within one.
 * False: there is none (any more), and it is now that time. The time given never goes back. */
bool timer_pop(struct timer *timer, int64_t before_us, struct timer_item *item);

/* The items that are there, from *place on, a zeroed one at first, in no order; they stay. False:
 * there are no more. */
struct timer_place {
    int level, byte;
    uint32_t item;
};
bool timer_next(const struct timer *timer, struct timer_place *place, struct timer_item *item);

/* Takes out an item due at that time or before. False: there is none now, and it is now that time,
 * but more may be added that is due then. The time is less than INT64_MAX. */
bool timer_pop_at(struct timer *timer, int64_t at_us, struct timer_item *item);

#endif
