#include "base/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"

#define SLOTS_MIN 64
#define SLOTS_KEPT ((size_t)1 << 16)
#define SLOTS_LARGE ((size_t)1 << 16) /* from here on it grows by an eighth */

static const struct roster_slot slot_none = {.hash = UINT32_MAX, .number = POOL_NONE};

void roster_init(struct roster *roster, enum held_kind kind)
{
    *roster = (struct roster){.kind = kind};
    if (!random_bytes(&roster->secret, sizeof roster->secret)) die_errno("getrandom");
}

static size_t slots_bytes(size_t slots)
{
    return slots == 0 ? 0 : (slots + ROSTER_SPARE) * sizeof(struct roster_slot);
}

void roster_release(struct roster *roster)
{
    free(roster->slot);
    held_drop(roster->kind, slots_bytes(roster->slots));
    roster->slot = NULL;
    roster->slots = roster->count = 0;
}

static struct id record_id(const struct pool *pool, uint32_t number)
{
    return *(const struct id *)pool_at(pool, number, pool->record_size);
}

uint32_t roster_find(const struct roster *roster, const struct pool *pool, struct id id)
{
    if (roster->count == 0) return POOL_NONE;
    const uint32_t hash = roster_hash(roster, id);
    for (size_t at = roster_place(roster, hash);; at++) {
        const struct roster_slot slot = roster->slot[at];
        if (slot.hash != hash || slot.number == POOL_NONE) return POOL_NONE;
        if (id_equal(record_id(pool, slot.number), id)) return slot.number;
    }
}

/* Moves all slots, which are in order, up to the places they have by now: first to the very end,
 * then from there, the lowest first, each to its place or behind the one before. No slot comes to
 * stand where one still waits, as all behind it have room up to the end. False: some would have to,
 * because too many have their places at the end; then there have to be more slots. */
static bool roster_spread(struct roster *roster, size_t old_end)
{
    const size_t end = roster->slots + ROSTER_SPARE;
    struct roster_slot *const slot = roster->slot;
    size_t from = end, to = 0;

    for (size_t at = old_end; at > 0; at--)
        if (slot[at - 1].number != POOL_NONE) {
            const struct roster_slot moved = slot[at - 1];
            slot[at - 1] = slot_none;
            slot[--from] = moved;
        }
    for (; from < end; from++, to++) {
        const struct roster_slot moved = slot[from];
        const size_t home = roster_home(roster, moved.hash);
        if (home > to) to = home;
        if (to > from) return false;
        slot[from] = slot_none;
        slot[to] = moved;
    }
    return to < end;
}

static size_t more_slots(size_t slots)
{
    if (slots == 0) return SLOTS_MIN;
    return slots < SLOTS_LARGE ? slots * 2 : slots + slots / 8;
}

/* must: whatever the bound is. */
static void roster_grow(struct roster *roster, bool must)
{
    bool good;

    do {
        const size_t old = roster->slots;
        const size_t slots = more_slots(old);
        const size_t bytes = slots_bytes(slots) - slots_bytes(old);
        if (!held_allows(bytes) && !must) {
            held_deny();
            return;
        }
        const size_t old_end = old == 0 ? 0 : old + ROSTER_SPARE;
        held_add(roster->kind, bytes);
        roster->slot = memory_resize(roster->slot, slots + ROSTER_SPARE, sizeof *roster->slot);
        for (size_t at = old_end; at < slots + ROSTER_SPARE; at++)
            roster->slot[at] = slot_none;
        roster->slots = slots;
        good = roster_spread(roster, old_end);
        must = true;
    } while (!good);
}

/* The free slot at this one or behind it; the last one of all stays free. */
static size_t slot_free(const struct roster *roster, size_t at)
{
    while (roster->slot[at].number != POOL_NONE)
        at++;
    return at;
}

void roster_put(struct roster *roster, struct id id, uint32_t number)
{
    const struct roster_slot put = {.hash = roster_hash(roster, id), .number = number};
    size_t at, free_at;

    /* Beyond 7/8 it is too full for what may come before somebody looks at the bound. */
    if (roster->count >= roster_room(roster))
        roster_grow(roster, roster->count >= roster->slots - roster->slots / 8);
    for (;;) {
        at = roster_place(roster, put.hash);
        free_at = slot_free(roster, at);
        if (free_at < roster->slots + ROSTER_SPARE - 1) break;
        roster_grow(roster, true);
    }
    if (free_at > at)
        memmove(&roster->slot[at + 1], &roster->slot[at], (free_at - at) * sizeof *roster->slot);
    roster->slot[at] = put;
    roster->count++;
}

void roster_remove(struct roster *roster, struct id id, uint32_t number)
{
    struct roster_slot *const slot = roster->slot;
    size_t at = roster_place(roster, roster_hash(roster, id));

    while (slot[at].number != number)
        at++;
    /* What has its place before its slot moves back, and that is all up to one that has it there.
     */
    for (; slot[at + 1].number != POOL_NONE && roster_home(roster, slot[at + 1].hash) <= at; at++)
        slot[at] = slot[at + 1];
    slot[at] = slot_none;
    if (--roster->count == 0 && roster->slots > SLOTS_KEPT) roster_release(roster);
}

uint32_t roster_next(const struct roster *roster, size_t *at)
{
    const size_t end = roster->slots == 0 ? 0 : roster->slots + ROSTER_SPARE;
    while (*at < end) {
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
