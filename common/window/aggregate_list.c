/* The first N values, by time. */
#include "window/aggregate_inside.h"

#define LIST_MOST 10000

struct list_value {
    int64_t time_us;
    uint64_t at; /* in the text */
    uint32_t len;
    uint32_t cap; /* bytes that may be written over */
    uint32_t kind;
    uint32_t unused;
};

struct list_cell {
    uint64_t at;    /* of the values in the text, in order */
    uint32_t count; /* of values */
    uint32_t cap;   /* so many have room; those behind count have nothing but their cap */
};

static struct list_value *values_of(const struct list_cell *list, const struct buffer *text)
{
    return (struct list_value *)(void *)(text->data + list->at);
}

static struct value value_of(const struct list_value *from, const struct buffer *text)
{
    return (struct value){.text = from->len == 0 ? "" : text->data + from->at,
                          .len = from->len,
                          .kind = (uint8_t)from->kind};
}

/* Is that after what stands in the list? */
static bool is_after(const struct list_value *from, const struct buffer *text, struct value value,
                     int64_t time_us)
{
    if (time_us != from->time_us) return time_us > from->time_us;
    return value_compare(value, value_of(from, text)) >= 0;
}

/* Where in the list it belongs: behind all that are not after it. */
static uint32_t place_find(const struct list_cell *list, const struct buffer *text,
                           struct value value, int64_t time_us)
{
    const struct list_value *const values = values_of(list, text);
    uint32_t low = 0, high = list->count;
    if (high > 0 && is_after(&values[high - 1], text, value, time_us)) return high;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (is_after(&values[middle], text, value, time_us))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Room for one more. */
static void list_grow(struct list_cell *list, struct buffer *text)
{
    const uint32_t cap = list->cap == 0 ? 4 : list->cap * 2;
    const uint64_t at = aggregate_room(text, cap * sizeof(struct list_value));
    if (list->count != 0)
        memcpy(text->data + at, values_of(list, text), list->count * sizeof(struct list_value));
    list->at = at;
    list->cap = cap;
}

static void value_set(struct list_value *to, struct buffer *text, struct value value)
{
    to->len = value.len;
    to->kind = value.kind;
    if (value.len != 0) memcpy(text->data + to->at, value.text, value.len);
}

static void list_put(const struct aggregate *item, struct list_cell *list, struct buffer *text,
                     struct value value, int64_t time_us)
{
    const uint32_t most = (uint32_t)item->parameter;
    const uint32_t place = list->count == 0 ? 0 : place_find(list, text, value, time_us);
    if (place == most) return;
    if (list->count < most) {
        if (list->count == list->cap) list_grow(list, text);
        list->count++;
    }
    struct list_value *values = values_of(list, text);
    struct list_value made = values[list->count - 1]; /* what falls out, or was never there */
    memmove(values + place + 1, values + place,
            (list->count - 1 - place) * sizeof(struct list_value));
    if (value.len > made.cap) {
        made.cap = value.len < UINT32_MAX / 2 ? value.len + value.len / 4 : value.len;
        made.at = aggregate_room(text, made.cap);
    }
    value_set(&made, text, value);
    made.time_us = time_us;
    values_of(list, text)[place] = made;
}

static unsigned list_event(const struct aggregate *item, void *cell, struct buffer *text,
                           struct value value, int64_t time_us)
{
    if (value.kind != KIND_NULL) list_put(item, cell, text, value, time_us);
    return 0;
}

static void list_combine(const struct aggregate *item, void *cell, struct buffer *text,
                         const void *other, const struct buffer *other_text)
{
    const struct list_cell *more = other;
    for (uint32_t i = 0; i < more->count; i++) {
        const struct list_value *const from = &values_of(more, other_text)[i];
        list_put(item, cell, text, value_of(from, other_text), from->time_us);
    }
}

/* What was cut off for the other's values may belong there again. */
static bool list_remove(const struct aggregate *item, void *cell, const struct buffer *text,
                        const void *other, const struct buffer *other_text)
{
    (void)item;
    (void)text;
    (void)other_text;
    if (((const struct list_cell *)other)->count == 0) return true;
    ((struct list_cell *)cell)->count = 0; /* its room stays */
    return false;
}

static void list_print(const struct aggregate_view *from, const struct aggregate *item,
                       struct rows *rows, int member)
{
    const struct list_cell *const list = view_cell(from, item);
    struct buffer *const out = rows_list(rows, member);
    for (uint32_t i = 0; i < list->count; i++) {
        value_print(out, value_of(&values_of(list, from->text)[i], from->text));
        buffer_add_char(out, ',');
    }
    rows_list_end(out);
}

static void list_save(const struct aggregate *item, const void *cell, const struct buffer *text,
                      struct buffer *out)
{
    const struct list_cell *const list = cell;
    (void)item;
    pack_u32(out, list->count);
    for (uint32_t i = 0; i < list->count; i++) {
        pack_value(out, value_of(&values_of(list, text)[i], text));
        pack_i64(out, values_of(list, text)[i].time_us);
    }
}

static void list_load(const struct aggregate *item, void *cell, struct buffer *text,
                      struct unpack *in)
{
    const uint32_t count = unpack_u32(in);
    if (count > item->parameter) in->broken = true;
    for (uint32_t i = 0; i < count && !in->broken; i++) {
        const struct value value = unpack_value(in);
        const int64_t time_us = unpack_i64(in);
        if (value.kind == KIND_NULL) in->broken = true;
        if (!in->broken) list_put(item, cell, text, value, time_us);
    }
}

static bool list_size(struct slice text, int64_t *out)
{
    return aggregate_whole(text, LIST_MOST, out);
}

const struct aggregate_function aggregate_lists[] = {
    {.name = "list",
     .argument = ARGUMENT_VALUE_AND,
     .column = COLUMN_DOCUMENT,
     .parameter = list_size,
     .parameter_range = "(F,N), N a whole number from 1 to 10000",
     .cell_bytes = sizeof(struct list_cell),
     .add = list_event,
     .combine = list_combine,
     .remove = list_remove,
     .print = list_print,
     .save = list_save,
     .load = list_load,
     .partial = true},
    {0},
};
