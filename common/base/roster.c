#include "base/roster.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"

#define SLOTS_MIN 64
#define SLOTS_KEPT ((size_t)1 << 16)
#define PIECE (MEMORY_PAGES_BYTES / sizeof(struct roster_slot))

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

/* Such a one has large pages, and fills them. */
static bool is_large(size_t slots)
{
    return slots_bytes(slots) >= MEMORY_PAGES_BYTES;
}

static void slots_free(struct roster_slot *slot, size_t slots)
{
    if (is_large(slots))
        memory_pages_free(slot, slots_bytes(slots));
    else
        free(slot);
}

void roster_release(struct roster *roster)
{
    slots_free(roster->slot, roster->slots);
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

/* How many come next. */
static size_t more_slots(const struct roster *roster, size_t slots)
{
    if (slots == 0) return SLOTS_MIN;
    const size_t more = is_large(slots) ? slots + slots / (roster->sparse ? 2 : 8) : slots * 2;
    if (!is_large(more)) return more;
    const size_t pieces = (more + ROSTER_SPARE) / PIECE;
    const size_t least = (slots + ROSTER_SPARE) / PIECE + 1;
    return (pieces > least ? pieces : least) * PIECE - ROSTER_SPARE;
}

/* Will all slots find a place among so many? Too many may have theirs at the very end. What stands
 * before one that is free now does not reach those behind it then, but for the next one: so only
 * the end has to be looked at. */
static bool spread_fits(const struct roster *roster, size_t slots)
{
    const size_t old_end = roster->slots == 0 ? 0 : roster->slots + ROSTER_SPARE;
    const size_t look = 16 * ROSTER_SPARE;
    size_t at = old_end > look ? old_end - look : 0, to = 0;

    while (at > 0 && roster->slot[at].number != POOL_NONE)
        at--;
    for (; at < old_end; at++) {
        if (roster->slot[at].number == POOL_NONE) continue;
        const size_t home = (size_t)(((uint64_t)roster->slot[at].hash * slots) >> 32) + 1;
        to = (home > to ? home : to) + 1;
    }
    return to <= slots + ROSTER_SPARE - ROSTER_STEP;
}

/* Makes slots free, from one on to before another. */
static void slots_clear(struct roster_slot *slot, size_t from, size_t to)
{
    for (; from < to; from++)
        slot[from] = slot_none;
}

/* Large pages that were read become those that are written next, where any are: there is never more
 * memory than will be needed, and the system has to clear the less. */
static void piece_give(struct roster_slot *piece, struct roster_slot *slot, size_t clear,
                       size_t new_end)
{
    const size_t next = (clear + PIECE - 1) / PIECE * PIECE;

    if (next < new_end)
        memory_pages_move(piece, slot + next, MEMORY_PAGES_BYTES);
    else
        memory_pages_free(piece, MEMORY_PAGES_BYTES);
}

/* Puts the slots, which are in order, one after the other into so many that fit, each in its place
 * or behind the one before. Nobody can guess which slots are free, so those are moved as well, to
 * nowhere. */
static void roster_spread(struct roster *roster, size_t slots)
{
    struct roster_slot *const old = roster->slot;
    const size_t old_slots = roster->slots, old_end = old_slots == 0 ? 0 : old_slots + ROSTER_SPARE;
    const bool gives = is_large(old_slots);
    const size_t bytes = slots_bytes(slots), new_end = slots + ROSTER_SPARE;
    struct roster_slot *const slot =
        is_large(slots) ? memory_pages(bytes, true) : memory_new(bytes);
    struct roster_slot nowhere;
    size_t to = 0, clear = 0;

    roster->slot = slot;
    roster->slots = slots;
    for (size_t begin = 0; begin < old_end; begin += PIECE) {
        const size_t end = old_end - begin < PIECE ? old_end : begin + PIECE;
        /* No slot comes to stand further behind than by its share. */
        const size_t reach = (size_t)((double)(end + 1) * (double)slots / (double)old_slots) + 2;
        const size_t ahead = reach < new_end ? reach : new_end;
        slots_clear(slot, clear, ahead);
        clear = ahead > clear ? ahead : clear;
        for (size_t at = begin; at < end; at++) {
            const struct roster_slot moved = old[at];
            const bool is_free = moved.number == POOL_NONE;
            const size_t home = roster_home(roster, moved.hash);
            const size_t place = home > to ? home : to;
            *(is_free ? &nowhere : &slot[place]) = moved;
            to = is_free ? to : place + 1;
        }
        if (gives) piece_give(old + begin, slot, clear, new_end);
    }
    if (!gives) free(old);
    slots_clear(slot, clear, new_end);
}

/* must: whatever the bound is. */
static void roster_grow(struct roster *roster, bool must)
{
    size_t slots = more_slots(roster, roster->slots);

    while (!spread_fits(roster, slots)) {
        slots = more_slots(roster, slots);
        if (slots > UINT32_MAX) die("no memory for more ids of one hash");
    }
    const size_t bytes = slots_bytes(slots) - slots_bytes(roster->slots);
    if (!held_allows(bytes) && !must) {
        held_deny();
        return;
    }
    held_add(roster->kind, bytes);
    roster_spread(roster, slots);
}

/* Puts a slot where it belongs: those from there on move on by one, up to the first free slot. The
 * last ones of all have to be free again. */
static void slot_insert(struct roster *roster, size_t at, struct roster_slot put)
{
    for (;; at++) {
        const struct roster_slot moved = roster->slot[at];
        roster->slot[at] = put;
        if (moved.number == POOL_NONE) break;
        put = moved;
    }
    roster->count++;
    if (__builtin_expect(at >= roster->slots + ROSTER_SPARE - ROSTER_STEP, 0))
        roster_grow(roster, true);
}

void roster_insert(struct roster *roster, uint32_t hash, size_t at, uint32_t number)
{
    /* Beyond 7/8 it is too full for what may come before somebody looks at the bound. */
    if (__builtin_expect(roster->count >= roster_room(roster), 0)) {
        roster_grow(roster, roster->count >= roster->slots - roster->slots / 8);
        at = roster_place(roster, hash);
    }
    slot_insert(roster, at, (struct roster_slot){.hash = hash, .number = number});
}

void roster_put(struct roster *roster, struct id id, uint32_t number)
{
    const uint32_t hash = roster_hash(roster, id);

    roster_insert(roster, hash, roster->slots == 0 ? 0 : roster_place(roster, hash), number);
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
