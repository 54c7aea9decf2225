#include "base/wheel.h"

#include <stddef.h>

#define PARTS 32 /* or more, up to twice that, has what is waited for mostly: less than a turn */
#define CHUNK_NUMBERS 61

struct wheel_chunk {
    struct wheel_chunk *next;
    uint32_t count;
    uint32_t number[CHUNK_NUMBERS];
};

_Static_assert(sizeof(struct wheel_chunk) == 256, "a size that the slab has no loss with");

static uint64_t part_of(const struct wheel *wheel, int64_t time_us)
{
    return ((uint64_t)time_us ^ UINT64_C(1) << 63) >> wheel->shift;
}

void wheel_init(struct wheel *wheel, int64_t span_us, struct slab *slab)
{
    *wheel = (struct wheel){.slab = slab};
    timer_init(&wheel->timer, slab->kind);
    while (wheel->shift < 62 && span_us >> wheel->shift >= 2 * PARTS)
        wheel->shift++;
}

void wheel_release(struct wheel *wheel)
{
    timer_release(&wheel->timer);
}

static void slot_put(struct wheel *wheel, uint64_t part, uint32_t number)
{
    struct wheel_chunk **const slot = &wheel->slot[part % WHEEL_SLOTS];

    if (*slot == NULL || (*slot)->count == CHUNK_NUMBERS) {
        struct wheel_chunk *const chunk = (void *)slab_take(wheel->slab, sizeof *chunk);
        chunk->next = *slot;
        chunk->count = 0;
        *slot = chunk;
    }
    (*slot)->number[(*slot)->count++] = number;
}

void wheel_push(struct wheel *wheel, int64_t due_us, uint32_t number)
{
    const uint64_t part = part_of(wheel, due_us);

    if (part > wheel->part)
        slot_put(wheel, part, number);
    else
        timer_push(&wheel->timer, (struct timer_item){.due_us = due_us, .number = number});
}

/* What is in the slot of the part that begins: what is due in it, or should have been, goes to the
 * timer; what is due whole turns later back; and what is due in another slot is there, too. */
static void part_begin(struct wheel *wheel, wheel_due *due, const void *owner)
{
    const uint64_t slot = wheel->part % WHEEL_SLOTS;
    struct wheel_chunk *chunk = wheel->slot[slot];

    wheel->slot[slot] = NULL;
    while (chunk != NULL) {
        struct wheel_chunk *const next = chunk->next;
        for (uint32_t i = 0; i < chunk->count; i++) {
            const int64_t due_us = due(owner, chunk->number[i]);
            if (due_us != INT64_MIN && part_of(wheel, due_us) % WHEEL_SLOTS == slot)
                wheel_push(wheel, due_us, chunk->number[i]);
        }
        slab_give(wheel->slab, (char *)chunk, sizeof *chunk);
        chunk = next;
    }
}

bool wheel_pop(struct wheel *wheel, int64_t before_us, wheel_due *due, const void *owner,
               struct timer_item *item)
{
    const uint64_t part = part_of(wheel, before_us);

    if (part > wheel->part + WHEEL_SLOTS) wheel->part = part - WHEEL_SLOTS; /* each slot once */
    while (wheel->part < part) {
        wheel->part++;
        part_begin(wheel, due, owner);
    }
    return timer_pop(&wheel->timer, before_us, item);
}
