/* How many different values there are, about: hyperloglog.h.
 *
 * Few values are kept as their hashes, in a hash table, and counted exactly; where the table would
 * need more room than the registers they become these. Which of the two it is depends on the values
 * only, and not on how they have come together. */
#include <stdlib.h>

#include "base/hyperloglog.h"
#include "base/memory.h"
#include "window/aggregate_inside.h"

struct approximate_cell {
    uint64_t at;    /* of the room, in the text */
    uint32_t slots; /* of 8 bytes in the room */
    uint32_t count; /* of hashes in them; REGISTERS: the room is registers */
};

#define REGISTERS UINT32_MAX
#define SLOTS_LEAST 16u
#define SLOTS_MOST ((uint32_t)(HYPERLOGLOG_REGISTERS / sizeof(uint64_t)))
#define EXACT (SLOTS_MOST / 4 * 3) /* hashes; of any number of slots three quarters are taken */

static uint64_t *room_of(const struct approximate_cell *cell, const struct buffer *text)
{
    return (uint64_t *)(void *)(text->data + cell->at);
}

/* A free slot is 0, and so is one hash in 2^64: that is another value then. */
static uint64_t hash_of(struct value value)
{
    const uint64_t hash = aggregate_value_id(value).low;
    return hash == 0 ? 1 : hash;
}

/* Puts the hash where there is room for it. False: it was there. */
static bool slot_take(uint64_t *slot, uint32_t slots, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (slots - 1);
    while (slot[at] != 0) {
        if (slot[at] == hash) return false;
        at = (at + 1) & (slots - 1);
    }
    slot[at] = hash;
    return true;
}

/* A larger room, of the same hashes. */
static void room_grow(struct approximate_cell *cell, struct buffer *text)
{
    const uint32_t slots = cell->slots == 0 ? SLOTS_LEAST : cell->slots * 2;
    const uint64_t at = aggregate_room(text, slots * sizeof(uint64_t));
    uint64_t *const to = (uint64_t *)(void *)(text->data + at);
    for (uint32_t i = 0; i < cell->slots; i++)
        if (room_of(cell, text)[i] != 0) (void)slot_take(to, slots, room_of(cell, text)[i]);
    cell->at = at;
    cell->slots = slots;
}

/* Makes registers of the hashes. */
static void registers_make(struct approximate_cell *cell, struct buffer *text)
{
    uint64_t hashes[SLOTS_MOST];
    const uint32_t slots = cell->slots;
    if (slots != 0) memcpy(hashes, room_of(cell, text), slots * sizeof hashes[0]);
    if (slots < SLOTS_MOST) {
        cell->at = aggregate_room(text, HYPERLOGLOG_REGISTERS);
        cell->slots = SLOTS_MOST;
    }
    unsigned char *const registers = (unsigned char *)room_of(cell, text);
    memset(registers, 0, HYPERLOGLOG_REGISTERS);
    for (uint32_t i = 0; i < slots; i++)
        if (hashes[i] != 0) hyperloglog_add(registers, hashes[i]);
    cell->count = REGISTERS;
}

static void hash_add(struct approximate_cell *cell, struct buffer *text, uint64_t hash)
{
    if (cell->count != REGISTERS && cell->count >= cell->slots / 4 * 3 && cell->slots < SLOTS_MOST)
        room_grow(cell, text);
    if (cell->count != REGISTERS) {
        cell->count += slot_take(room_of(cell, text), cell->slots, hash);
        if (cell->count > EXACT) registers_make(cell, text);
    } else {
        hyperloglog_add((unsigned char *)room_of(cell, text), hash);
    }
}

static void registers_add(struct approximate_cell *cell, struct buffer *text,
                          const unsigned char *registers)
{
    if (cell->count != REGISTERS) registers_make(cell, text);
    hyperloglog_join((unsigned char *)room_of(cell, text), registers);
}

static unsigned approximate_add(const struct aggregate *item, void *cell, struct buffer *text,
                                struct value value, int64_t time_us)
{
    (void)item;
    (void)time_us;
    if (value.kind != KIND_NULL) hash_add(cell, text, hash_of(value));
    return 0;
}

static void approximate_combine(const struct aggregate *item, void *cell, struct buffer *text,
                                const void *other, const struct buffer *other_text)
{
    const struct approximate_cell *more = other;
    (void)item;
    if (more->count == 0) return;
    const uint64_t *const slot = room_of(more, other_text);
    if (more->count == REGISTERS) {
        registers_add(cell, text, (const unsigned char *)slot);
        return;
    }
    for (uint32_t i = 0; i < more->slots; i++)
        if (slot[i] != 0) hash_add(cell, text, slot[i]);
}

/* What is left may have had the same values. */
static bool approximate_remove(const struct aggregate *item, void *cell, const struct buffer *text,
                               const void *other, const struct buffer *other_text)
{
    struct approximate_cell *whole = cell;
    (void)item;
    (void)other_text;
    if (((const struct approximate_cell *)other)->count == 0) return true;
    memset(room_of(whole, text), 0, whole->slots * sizeof(uint64_t)); /* the room stays */
    whole->count = 0;
    return false;
}

static uint64_t count_of(const struct approximate_cell *cell, const struct buffer *text)
{
    return cell->count == REGISTERS ? hyperloglog_count((const unsigned char *)room_of(cell, text))
                                    : cell->count;
}

static void approximate_print(const struct aggregate_view *from, const struct aggregate *item,
                              struct rows *rows, int member)
{
    rows_int(rows, member, (int64_t)count_of(view_cell(from, item), from->text));
}

static bool approximate_number(const struct aggregate_view *from, const struct aggregate *item,
                               decimal *out)
{
    *out = (decimal)count_of(view_cell(from, item), from->text) * DECIMAL_ONE;
    return true;
}

static int hash_compare(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void approximate_save(const struct aggregate *item, const void *cell,
                             const struct buffer *text, struct buffer *out)
{
    const struct approximate_cell *const from = cell;
    uint64_t hashes[EXACT];
    uint32_t count = 0;
    (void)item;
    pack_u32(out, from->count);
    if (from->count == REGISTERS) {
        buffer_add(out, (const char *)room_of(from, text), HYPERLOGLOG_REGISTERS);
        return;
    }
    for (uint32_t i = 0; i < from->slots; i++)
        if (room_of(from, text)[i] != 0) hashes[count++] = room_of(from, text)[i];
    qsort(hashes, count, sizeof hashes[0], hash_compare);
    for (uint32_t i = 0; i < count; i++)
        pack_u64(out, hashes[i]);
}

static void registers_load(struct approximate_cell *cell, struct buffer *text, struct unpack *in)
{
    const unsigned char *const registers = (const unsigned char *)in->at;
    if ((size_t)(in->end - in->at) < HYPERLOGLOG_REGISTERS) in->broken = true;
    for (size_t i = 0; i < HYPERLOGLOG_REGISTERS && !in->broken; i++)
        in->broken = registers[i] > HYPERLOGLOG_LARGEST;
    if (in->broken) return;
    registers_add(cell, text, registers);
    in->at += HYPERLOGLOG_REGISTERS;
}

static void approximate_load(const struct aggregate *item, void *cell, struct buffer *text,
                             struct unpack *in)
{
    const uint32_t count = unpack_u32(in);
    (void)item;
    if (count == REGISTERS) {
        registers_load(cell, text, in);
        return;
    }
    if (count > EXACT) in->broken = true;
    for (uint32_t i = 0; i < count && !in->broken; i++) {
        const uint64_t hash = unpack_u64(in);
        if (hash == 0) in->broken = true;
        if (!in->broken) hash_add(cell, text, hash);
    }
}

const struct aggregate_function aggregate_approximate[] = {
    {.name = "approx_distinct",
     .of_each = true,
     .measure = MEASURE_COUNT,
     .column = COLUMN_COUNT,
     .argument = ARGUMENT_VALUE,
     .cell_bytes = sizeof(struct approximate_cell),
     .add = approximate_add,
     .combine = approximate_combine,
     .remove = approximate_remove,
     .print = approximate_print,
     .number = approximate_number,
     .share = approximate_number,
     .save = approximate_save,
     .load = approximate_load,
     .partial = true},
    {0},
};
