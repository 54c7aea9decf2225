/*
 * wheel.h - what is due much later, by the million: four bytes each.
 *
 * timer.h takes twelve bytes for what is due, and room to grow. Where the owner of a number can say
 * when it is due, that need not be kept twice. So time is cut into parts; what is due in a later
 * part lies, as a number, in one of 64 slots, together with what is due whole turns of the slots
 * later (a hashed timing wheel: Varghese & Lauck, SOSP 1987). When a part begins its slot is gone
 * through once, and what is due in it goes to a timer, which knows the exact order. As there an
 * item cannot be taken out again: its owner says that it is gone, or due at another time, and then
 * it is forgotten, at the latest when its part begins; until then a number may be there twice.
 */
#ifndef CS_WHEEL_H
#define CS_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slab.h"
#include "base/timer.h"

#define WHEEL_SLOTS 64

struct wheel_chunk;

struct wheel {
    struct timer timer; /* what is due in this part, or earlier */
    struct slab *slab;  /* where chunks are from */
    struct wheel_chunk *slot[WHEEL_SLOTS];
    uint64_t part; /* the one it is now; ordered as unsigned */
    int shift;     /* a part is so many bits of microseconds */
};

/* When a number is due; INT64_MIN: it is gone. */
typedef int64_t wheel_due(const void *owner, uint32_t number);

/* An empty wheel at the beginning of time, for what is mostly due span_us later. The slab is
 * borrowed. */
void wheel_init(struct wheel *wheel, int64_t span_us, struct slab *slab);

/* Gives back what is not the slab's. */
void wheel_release(struct wheel *wheel);

void wheel_push(struct wheel *wheel, int64_t due_us, uint32_t number);

/* As timer_pop: what it takes out may be gone, or due at another time. */
bool wheel_pop(struct wheel *wheel, int64_t before_us, wheel_due *due, const void *owner,
               struct timer_item *item);

#endif
