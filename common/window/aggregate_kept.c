/* One of the values is kept: the least or the greatest, the first or the last. */
#include <string.h>

#include "window/aggregate_inside.h"

struct kept_cell {
    int64_t time_us; /* 0 where time does not matter: which of several equal ones leaves no trace */
    uint64_t at;     /* in the text */
    uint32_t len;
    uint32_t cap; /* bytes that may be written over */
    uint32_t kind;
    uint32_t present;
};

/* Variants. */
#define BY_TIME 1u  /* by time, and only at the same time by value */
#define GREATEST 2u /* the greatest or last one, not the least or first */

static struct value kept_value(const struct kept_cell *kept, const struct buffer *text)
{
    if (kept->present == 0) return VALUE_NULL;
    return (struct value){.text = kept->len == 0 ? "" : text->data + kept->at,
                          .len = kept->len,
                          .kind = (uint8_t)kept->kind};
}

/* Is value at time_us before what is kept (negative), the same (0), or after it? */
static int kept_compare(unsigned variant, const struct kept_cell *kept, const struct buffer *text,
                        struct value value, int64_t time_us)
{
    if ((variant & BY_TIME) != 0 && time_us != kept->time_us)
        return time_us < kept->time_us ? -1 : 1;
    return value_compare(value, kept_value(kept, text));
}

static void kept_set(struct kept_cell *kept, struct buffer *text, struct value value,
                     int64_t time_us)
{
    if (value.len > kept->cap) {
        kept->cap = value.len < UINT32_MAX / 2 ? value.len + value.len / 4 : value.len;
        buffer_reserve(text, kept->cap);
        kept->at = text->len;
        text->len += kept->cap;
    }
    if (value.len != 0) memcpy(text->data + kept->at, value.text, value.len);
    kept->len = value.len;
    kept->kind = value.kind;
    kept->time_us = time_us;
    kept->present = 1;
}

static unsigned kept_add(const struct aggregate *item, void *cell, struct buffer *text,
                         struct value value, int64_t time_us)
{
    const unsigned variant = item->function->variant;
    struct kept_cell *kept = cell;
    if (value.kind == KIND_NULL) return 0;
    if ((variant & BY_TIME) == 0) time_us = 0;
    if (kept->present != 0) {
        const int order = kept_compare(variant, kept, text, value, time_us);
        if ((variant & GREATEST) != 0 ? order <= 0 : order >= 0) return 0;
    }
    kept_set(kept, text, value, time_us);
    return 0;
}

static void kept_combine(const struct aggregate *item, void *cell, struct buffer *text,
                         const void *other, const struct buffer *other_text)
{
    const struct kept_cell *more = other;
    if (more->present != 0)
        (void)kept_add(item, cell, text, kept_value(more, other_text), more->time_us);
}

/* Another part may have kept the same: so where the value goes, nobody knows what is left. */
static bool kept_remove(const struct aggregate *item, void *cell, const struct buffer *text,
                        const void *other, const struct buffer *other_text)
{
    struct kept_cell *kept = cell;
    const struct kept_cell *less = other;
    if (less->present == 0) return true;
    if (kept->present != 0 && kept_compare(item->function->variant, kept, text,
                                           kept_value(less, other_text), less->time_us) != 0)
        return true;
    kept->present = 0; /* its room stays */
    kept->time_us = 0;
    return false;
}

static void kept_print(const struct aggregate_view *from, const struct aggregate *item,
                       struct rows *rows, int member)
{
    rows_value(rows, member, kept_value(view_cell(from, item), from->text));
}

static bool kept_number(const struct aggregate_view *from, const struct aggregate *item,
                        decimal *out)
{
    const struct value value = kept_value(view_cell(from, item), from->text);
    return value.kind == KIND_NUMBER && decimal_parse(value_slice(value), out);
}

static enum aggregate_size kept_size(const struct aggregate_view *from,
                                     const struct aggregate *item)
{
    const struct value value = kept_value(view_cell(from, item), from->text);
    decimal ignored;
    if (value.kind != KIND_NUMBER || decimal_parse(value_slice(value), &ignored)) return SIZE_FITS;
    return SIZE_PRINTED;
}

static void kept_save(const struct aggregate *item, const void *cell, const struct buffer *text,
                      struct buffer *out)
{
    const struct kept_cell *kept = cell;
    (void)item;
    pack_value(out, kept_value(kept, text));
    pack_i64(out, kept->time_us);
}

static void kept_load(const struct aggregate *item, void *cell, struct buffer *text,
                      struct unpack *in)
{
    const struct value value = unpack_value(in);
    (void)kept_add(item, cell, text, value, unpack_i64(in));
}

static bool kept_part_valid(struct value value)
{
    (void)value; /* any */
    return true;
}

static void kept_part_read(const struct aggregate *item, void *cell, struct buffer *text,
                           struct value value, bool too_large)
{
    struct kept_cell *kept = cell;
    (void)item;
    (void)too_large;
    kept->present = 0;
    if (value.kind != KIND_NULL) kept_set(kept, text, value, 0);
}

#define KEPT                                                                                       \
    .argument = ARGUMENT_VALUE, .cell_bytes = sizeof(struct kept_cell), .add = kept_add,           \
    .combine = kept_combine, .remove = kept_remove, .print = kept_print, .number = kept_number,    \
    .size = kept_size, .save = kept_save, .load = kept_load

const struct aggregate_function aggregate_kept[] = {
    {.name = "min",
     KEPT,
     .values = VALUES_ORDERED,
     .part_valid = kept_part_valid,
     .part_read = kept_part_read},
    {.name = "max",
     KEPT,
     .values = VALUES_ORDERED,
     .variant = GREATEST,
     .part_valid = kept_part_valid,
     .part_read = kept_part_read},
    {.name = "first", KEPT, .variant = BY_TIME},
    {.name = "last", KEPT, .variant = BY_TIME | GREATEST},
    {0},
};
