/* The most frequent values.
 *
 * Up to COUNTERS different values are counted, each by itself: exactly, so in any order. One more
 * takes the counter of the value that was met least, and goes on from its count (Space-Saving:
 * Metwally, Agrawal, El Abbadi, 2005). From there on counts may be too large, by the least count
 * there is at most, and which values have counters depends on the order of events: such cells can
 * be saved and gone on with, but not put together. Where that would have to be, the run ends. */
#include <stdlib.h>

#include "base/die.h"
#include "base/id.h"
#include "base/memory.h"
#include "base/table.h"
#include "window/aggregate_inside.h"

#define COUNTERS 10000u
#define TOP_MOST 1000
#define COUNTERS_LEAST 8u

struct counter {
    struct id id;
    uint64_t count;
    uint64_t at; /* of the value, in the text */
    uint32_t len;
    uint32_t cap; /* bytes that may be written over */
    uint32_t kind;
    uint32_t place; /* in the heap */
};

struct top_cell {
    uint64_t at;    /* in the text: the counters, an index of them by id, a heap of them by count */
    uint32_t cap;   /* counters that there is room for: a power of two */
    uint32_t count; /* of counters */
    uint32_t over;  /* there were more values than counters; only then there is a heap */
    uint32_t unused;
};

/* What stands behind the counters. */
#define INDEX_SLOTS(cap) (2 * (cap)) /* a counter's number and 1; 0: free */

struct top {
    struct top_cell *cell;
    struct buffer *text;
    struct counter *counter;
    uint32_t *index, *heap;
    uint32_t mask; /* of the index */
};

static size_t room_bytes(uint32_t cap)
{
    return cap * sizeof(struct counter) + (INDEX_SLOTS(cap) + cap) * sizeof(uint32_t);
}

static void top_seek(struct top *top)
{
    const uint32_t cap = top->cell->cap;
    top->counter = (struct counter *)(void *)(top->text->data + top->cell->at);
    top->index = (uint32_t *)(void *)(top->counter + cap);
    top->heap = top->index + INDEX_SLOTS(cap);
    top->mask = INDEX_SLOTS(cap) - 1;
}

static struct top top_of(const void *cell, const struct buffer *text)
{
    struct top top = {.cell = (struct top_cell *)(uintptr_t)cell,
                      .text = (struct buffer *)(uintptr_t)text};
    if (top.cell->cap != 0) top_seek(&top);
    return top;
}

static struct value value_of(const struct counter *counter, const struct buffer *text)
{
    return (struct value){.text = counter->len == 0 ? "" : text->data + counter->at,
                          .len = counter->len,
                          .kind = (uint8_t)counter->kind};
}

/* The index. */

static uint32_t home_of(const struct top *top, struct id id)
{
    static struct table secrets; /* as a table has it, nobody outside can aim at one slot */
    if (secrets.entry_size == 0) table_init(&secrets, sizeof(struct id), HELD_GROUPS);
    const unsigned __int128 product =
        (unsigned __int128)(id.low ^ secrets.secret) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)((uint64_t)(product >> 64) ^ (uint64_t)product ^ id.high) & top->mask;
}

/* The slot where the id is, or the free one where it would go. */
static uint32_t slot_find(const struct top *top, struct id id)
{
    uint32_t slot = home_of(top, id);
    while (top->index[slot] != 0 && !id_equal(top->counter[top->index[slot] - 1].id, id))
        slot = (slot + 1) & top->mask;
    return slot;
}

/* Frees a slot: those behind it that want to be nearer to their homes move up. */
static void slot_free(struct top *top, uint32_t slot)
{
    uint32_t at = slot;
    top->index[slot] = 0;
    for (;;) {
        at = (at + 1) & top->mask;
        if (top->index[at] == 0) return;
        const uint32_t home = home_of(top, top->counter[top->index[at] - 1].id);
        if (((at - home) & top->mask) < ((at - slot) & top->mask)) continue;
        top->index[slot] = top->index[at];
        top->index[at] = 0;
        slot = at;
    }
}

static void top_grow(struct top *top)
{
    struct top_cell *const cell = top->cell;
    const uint32_t cap = cell->cap == 0 ? COUNTERS_LEAST : cell->cap * 2;
    const uint64_t at = aggregate_room(top->text, room_bytes(cap));
    if (cell->count != 0)
        memcpy(top->text->data + at, top->text->data + cell->at,
               cell->count * sizeof(struct counter));
    cell->at = at;
    cell->cap = cap;
    top_seek(top);
    for (uint32_t i = 0; i < cell->count; i++)
        top->index[slot_find(top, top->counter[i].id)] = i + 1;
}

/* The heap: the counter with the least count comes first, of several the one with the least id. */

static bool is_less(const struct top *top, uint32_t a, uint32_t b)
{
    const struct counter *const left = &top->counter[a], *const right = &top->counter[b];
    if (left->count != right->count) return left->count < right->count;
    return id_compare(left->id, right->id) < 0;
}

static void heap_set(struct top *top, uint32_t place, uint32_t number)
{
    top->heap[place] = number;
    top->counter[number].place = place;
}

/* The counter at that place has become greater. */
static void heap_sink(struct top *top, uint32_t place)
{
    const uint32_t number = top->heap[place], count = top->cell->count;
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= count) break;
        if (child + 1 < count && is_less(top, top->heap[child + 1], top->heap[child])) child++;
        if (!is_less(top, top->heap[child], number)) break;
        heap_set(top, place, top->heap[child]);
        place = child;
    }
    heap_set(top, place, number);
}

static void heap_make(struct top *top)
{
    const uint32_t count = top->cell->count;
    for (uint32_t i = 0; i < count; i++)
        heap_set(top, i, i);
    for (uint32_t place = count / 2; place > 0; place--)
        heap_sink(top, place - 1);
    top->cell->over = 1;
}

/* Counting. */

static void value_set(struct top *top, uint32_t number, struct id id, struct value value)
{
    struct counter *counter = &top->counter[number];
    if (value.len > counter->cap) {
        const uint32_t cap = value.len < UINT32_MAX / 2 ? value.len + value.len / 4 : value.len;
        const uint64_t at = aggregate_room(top->text, cap);
        top_seek(top);
        counter = &top->counter[number];
        counter->cap = cap;
        counter->at = at;
    }
    id_set(&counter->id, id);
    counter->len = value.len;
    counter->kind = value.kind;
    if (value.len != 0) memcpy(top->text->data + counter->at, value.text, value.len);
}

/* A counter more; there is room in the index. */
static uint32_t counter_new(struct top *top, struct id id, struct value value)
{
    if (top->cell->count == top->cell->cap) top_grow(top);
    const uint32_t number = top->cell->count++;
    value_set(top, number, id, value);
    top->counter[number].count = 0;
    top->index[slot_find(top, id)] = number + 1;
    return number;
}

/* The counter of the least count is the value's from now on. */
static uint32_t counter_take(struct top *top, struct id id, struct value value)
{
    if (top->cell->over == 0) heap_make(top);
    const uint32_t number = top->heap[0];
    slot_free(top, slot_find(top, top->counter[number].id));
    value_set(top, number, id, value);
    top->index[slot_find(top, id)] = number + 1;
    return number;
}

static void value_count(struct top *top, struct value value)
{
    const struct id id = aggregate_value_id(value);
    const uint32_t known = top->cell->count == 0 ? 0 : top->index[slot_find(top, id)];
    const uint32_t number = known != 0                    ? known - 1
                            : top->cell->count < COUNTERS ? counter_new(top, id, value)
                                                          : counter_take(top, id, value);
    top->counter[number].count++;
    if (top->cell->over != 0) heap_sink(top, top->counter[number].place);
}

static unsigned top_add(const struct aggregate *item, void *cell, struct buffer *text,
                        struct value value, int64_t time_us)
{
    (void)item;
    (void)time_us;
    if (value.kind == KIND_NULL) return 0;
    struct top top = top_of(cell, text);
    value_count(&top, value);
    return 0;
}

/* Parts. */

static void refuse_parts(const struct aggregate *item)
{
    die_person("'%s': a group has more than %u different values, from where on counts depend on "
               "the order of events: its parts cannot be put together (--jobs=1, without --merge)",
               item->text, COUNTERS);
}

/* Adds a count of a part to the cell. */
static void part_add(const struct aggregate *item, struct top *top, struct value value,
                     uint64_t count)
{
    const struct id id = aggregate_value_id(value);
    uint32_t number = top->cell->count == 0 ? 0 : top->index[slot_find(top, id)];
    if (number == 0 && top->cell->count == COUNTERS) refuse_parts(item);
    number = number == 0 ? counter_new(top, id, value) : number - 1;
    top->counter[number].count += count;
}

static void top_combine(const struct aggregate *item, void *cell, struct buffer *text,
                        const void *other, const struct buffer *other_text)
{
    const struct top more = top_of(other, other_text);
    struct top top = top_of(cell, text);
    if (more.cell->count == 0) return;
    if (top.cell->over != 0 || (more.cell->over != 0 && top.cell->count != 0)) refuse_parts(item);
    for (uint32_t i = 0; i < more.cell->count; i++)
        part_add(item, &top, value_of(&more.counter[i], other_text), more.counter[i].count);
    if (more.cell->over != 0) heap_make(&top);
}

static bool top_remove(const struct aggregate *item, void *cell, const struct buffer *text,
                       const void *other, const struct buffer *other_text)
{
    struct top top = top_of(cell, text);
    (void)item;
    (void)other_text;
    if (((const struct top_cell *)other)->count == 0) return true;
    memset(top.index, 0, INDEX_SLOTS(top.cell->cap) * sizeof top.index[0]);
    top.cell->count = top.cell->over = 0; /* the room stays, and that of the values */
    return false;
}

/* What comes out. */

struct ranked {
    const struct counter *counter;
    const struct buffer *text;
};

static int ranked_compare(const void *left, const void *right)
{
    const struct ranked *const a = left, *const b = right;
    if (a->counter->count != b->counter->count)
        return a->counter->count > b->counter->count ? -1 : 1;
    return value_compare(value_of(a->counter, a->text), value_of(b->counter, b->text));
}

static struct ranked *ranked_make(const struct top *top)
{
    struct ranked *ranked = memory_zero(top->cell->count + 1u, sizeof *ranked);
    for (uint32_t i = 0; i < top->cell->count; i++)
        ranked[i] = (struct ranked){.counter = &top->counter[i], .text = top->text};
    qsort(ranked, top->cell->count, sizeof *ranked, ranked_compare);
    return ranked;
}

static void top_print(const struct aggregate_view *from, const struct aggregate *item,
                      struct rows *rows, int member)
{
    const struct top top = top_of(view_cell(from, item), from->text);
    struct ranked *ranked = ranked_make(&top);
    struct buffer *const out = rows_list(rows, member);
    for (uint32_t i = 0; i < top.cell->count && i < item->parameter; i++) {
        buffer_add_literal(out, "{\"value\":");
        value_print(out, value_of(ranked[i].counter, from->text));
        buffer_add_literal(out, ",\"count\":");
        buffer_add_int(out, (int64_t)ranked[i].counter->count);
        buffer_add_literal(out, "},");
    }
    rows_list_end(out);
    free(ranked);
}

static void top_print_error(const struct aggregate_view *from, const struct aggregate *item,
                            struct rows *rows, int member)
{
    const struct top top = top_of(view_cell(from, item), from->text);
    if (top.cell->over != 0) rows_int(rows, member, (int64_t)top.counter[top.heap[0]].count);
}

static int counter_compare(const void *left, const void *right)
{
    const struct ranked *const a = left, *const b = right;
    return id_compare(a->counter->id, b->counter->id);
}

static void top_save(const struct aggregate *item, const void *cell, const struct buffer *text,
                     struct buffer *out)
{
    const struct top top = top_of(cell, text);
    struct ranked *ranked = ranked_make(&top);
    (void)item;
    qsort(ranked, top.cell->count, sizeof *ranked, counter_compare);
    pack_u8(out, (uint8_t)top.cell->over);
    pack_u32(out, top.cell->count);
    for (uint32_t i = 0; i < top.cell->count; i++) {
        pack_value(out, value_of(ranked[i].counter, text));
        pack_u64(out, ranked[i].counter->count);
    }
    free(ranked);
}

static void top_load(const struct aggregate *item, void *cell, struct buffer *text,
                     struct unpack *in)
{
    struct top top = top_of(cell, text);
    const uint8_t over = unpack_u8(in);
    const uint32_t count = unpack_u32(in);
    const bool is_first = top.cell->count == 0;
    if (over > 1 || count > COUNTERS || (over == 1 && count != COUNTERS)) in->broken = true;
    if (in->broken || count == 0) return;
    if (top.cell->over != 0 || (over != 0 && !is_first)) refuse_parts(item);
    for (uint32_t i = 0; i < count && !in->broken; i++) {
        const struct value value = unpack_value(in);
        const uint64_t times = unpack_u64(in);
        if (value.kind == KIND_NULL || times == 0 || times > INT64_MAX) in->broken = true;
        if (!in->broken) part_add(item, &top, value, times);
    }
    if (is_first && top.cell->count != count) in->broken = true; /* a value was there twice */
    if (over != 0 && !in->broken) heap_make(&top);
}

static bool top_size(struct slice text, int64_t *out)
{
    return aggregate_whole(text, TOP_MOST, out);
}

const struct aggregate_function aggregate_tops[] = {
    {.name = "top",
     .of_each = true,
     .argument = ARGUMENT_VALUE_AND,
     .column = COLUMN_DOCUMENT,
     .parameter = top_size,
     .parameter_range = "(F,N), N a whole number from 1 to 1000",
     .cell_bytes = sizeof(struct top_cell),
     .in_order = true,
     .add = top_add,
     .combine = top_combine,
     .remove = top_remove,
     .print = top_print,
     .extra = "_error",
     .print_extra = top_print_error,
     .save = top_save,
     .load = top_load,
     .partial = true},
    {0},
};
