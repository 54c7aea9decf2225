#include "base/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"

#define SLOTS_MIN 64
#define SLOTS_KEPT ((size_t)1 << 16)
#define SLOTS_LARGE                                                                                \
    (MEMORY_PAGES_BYTES / sizeof(struct roster_slot)) /* whole pages from here on                  \
                                                       */

void roster_init(struct roster *roster, enum held_kind kind)
{
    *roster = (struct roster){.kind = kind};
    if (!random_bytes(&roster->secret, sizeof roster->secret)) die_errno("getrandom");
}

static struct roster_slot *slots_new(size_t slots)
{
    if (slots >= SLOTS_LARGE) return memory_pages(slots * sizeof(struct roster_slot), true);
    return memory_zero(slots, sizeof(struct roster_slot));
}

static void slots_free(struct roster_slot *slot, size_t slots)
{
    if (slots >= SLOTS_LARGE)
        memory_pages_free(slot, slots * sizeof *slot);
    else
        free(slot);
}

void roster_release(struct roster *roster)
{
    slots_free(roster->slot, roster->slots);
    held_drop(roster->kind, roster->slots * sizeof *roster->slot);
    roster->slot = NULL;
    roster->slots = roster->count = 0;
}

static inline size_t slot_after(const struct roster *roster, size_t slot)
{
    return (slot + 1) & (roster->slots - 1);
}

static struct id record_id(const struct pool *pool, uint32_t number)
{
    return *(const struct id *)pool_at(pool, number, pool->record_size);
}

uint32_t roster_find(const struct roster *roster, const struct pool *pool, struct id id)
{
    if (roster->count == 0) return POOL_NONE;
    const uint32_t hash = roster_hash(roster, id);
    size_t at = hash & (roster->slots - 1);
    for (;; at = slot_after(roster, at)) {
        const struct roster_slot slot = roster->slot[at];
        if (slot.number == POOL_NONE) return POOL_NONE;
        if (slot.hash != hash) continue;
        if (id_equal(record_id(pool, slot.number), id)) return slot.number;
    }
}

/* Puts a slot where it belongs; there is a free one. */
static inline void slot_put(struct roster *roster, struct roster_slot slot)
{
    size_t at = slot.hash & (roster->slots - 1);
    while (roster->slot[at].number != POOL_NONE)
        at = slot_after(roster, at);
    roster->slot[at] = slot;
}

static void roster_grow(struct roster *roster)
{
    struct roster bigger = *roster;
    bigger.slots = roster->slots == 0 ? SLOTS_MIN : roster->slots * 2;
    const size_t bytes = bigger.slots * sizeof *bigger.slot;
    /* Beyond that it is too full for what may come before somebody looks at the bound. */
    if (!held_allows(bytes) && roster->count < roster->slots - roster->slots / 8) {
        held_deny();
        return;
    }
    held_add(roster->kind, bytes);
    bigger.slot = slots_new(bigger.slots);
    for (size_t at = 0; at < roster->slots; at++)
        if (roster->slot[at].number != POOL_NONE) slot_put(&bigger, roster->slot[at]);
    roster_release(roster);
    *roster = bigger;
}

void roster_put(struct roster *roster, struct id id, uint32_t number)
{
    if (roster->count >= roster_room(roster)) roster_grow(roster);
    slot_put(roster, (struct roster_slot){.hash = roster_hash(roster, id), .number = number});
    roster->count++;
}

void roster_remove(struct roster *roster, struct id id, uint32_t number)
{
    const size_t wrap = roster->slots - 1;
    size_t hole = roster_hash(roster, id) & wrap;
    while (roster->slot[hole].number != number)
        hole = slot_after(roster, hole);
    /* Move back what could not be found any more with the hole before it (Knuth 6.4, algorithm R).
     */
    for (size_t at = slot_after(roster, hole); roster->slot[at].number != POOL_NONE;
         at = slot_after(roster, at)) {
        if (((at - roster->slot[at].hash) & wrap) < ((at - hole) & wrap)) continue;
        roster->slot[hole] = roster->slot[at];
        hole = at;
    }
    roster->slot[hole] = (struct roster_slot){0};
    if (--roster->count == 0 && roster->slots > SLOTS_KEPT) roster_release(roster);
}

uint32_t roster_next(const struct roster *roster, size_t *at)
{
    while (*at < roster->slots) {
        const uint32_t number = roster->slot[(*at)++].number;
        if (number != POOL_NONE) return number;
    }
    return POOL_NONE;
}

static int ids_compare(const void *a, const void *b, void *context)
{
    const struct sort_item *left = a;
    const struct sort_item *right = b;

    return id_compare(record_id(context, left->number), record_id(context, right->number));
}

struct sort_item *roster_sorted(const struct roster *roster, const struct pool *pool)
{
    struct sort_item *sorted = memory_zero(roster->count, sizeof(*sorted));
    size_t slot = 0;

    for (size_t i = 0; i < roster->count; i++) {
        sorted[i].number = roster_next(roster, &slot);
        sorted[i].key = record_id(pool, sorted[i].number).high;
    }
    sort_items(sorted, roster->count, ids_compare, (void *)(uintptr_t)pool);
    return sorted;
}
