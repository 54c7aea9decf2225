/* Numbers added up. */
#include <string.h>

#include "base/sum.h"
#include "window/aggregate_inside.h"

static unsigned cell_add(const struct aggregate *item, void *cell, struct buffer *text,
                         struct value value, int64_t time_us)
{
    (void)item;
    (void)text;
    (void)time_us;
    if (value.kind != KIND_NUMBER) return value.kind != KIND_NULL;
    return sum_add(cell, value_slice(value)) ? 0 : AGGREGATE_HUGE;
}

static void cell_combine(const struct aggregate *item, void *cell, struct buffer *text,
                         const void *other, const struct buffer *other_text)
{
    (void)item;
    (void)text;
    (void)other_text;
    sum_join(cell, other);
}

static bool cell_remove(const struct aggregate *item, void *cell, const struct buffer *text,
                        const void *other, const struct buffer *other_text)
{
    (void)item;
    (void)text;
    (void)other_text;
    sum_part(cell, other);
    return true;
}

static bool sum_share(const struct aggregate_view *from, const struct aggregate *item, decimal *out)
{
    const struct sum *sum = view_cell(from, item);
    return sum->count != 0 && sum_get(sum, out);
}

static bool sum_number(const struct aggregate_view *from, const struct aggregate *item,
                       decimal *out)
{
    const struct sum *sum = view_cell(from, item);
    *out = 0;
    return sum->count == 0 || sum_get(sum, out);
}

static bool average_number(const struct aggregate_view *from, const struct aggregate *item,
                           decimal *out)
{
    const struct sum *sum = view_cell(from, item);
    if (!sum_share(from, item, out)) return false;
    *out = decimal_average(*out, sum->count);
    return true;
}

static void sum_print(const struct aggregate_view *from, const struct aggregate *item,
                      struct rows *rows, int member)
{
    decimal total;
    if (sum_share(from, item, &total))
        rows_decimal(rows, member, total);
    else
        rows_null(rows, member);
}

static void average_print(const struct aggregate_view *from, const struct aggregate *item,
                          struct rows *rows, int member)
{
    decimal average;
    if (average_number(from, item, &average))
        rows_decimal(rows, member, average);
    else
        rows_null(rows, member);
}

static void cell_save(const struct aggregate *item, const void *cell, const struct buffer *text,
                      struct buffer *out)
{
    (void)item;
    (void)text;
    sum_pack(cell, out);
}

static void cell_load(const struct aggregate *item, void *cell, struct buffer *text,
                      struct unpack *in)
{
    struct sum more;
    (void)item;
    (void)text;
    sum_unpack(&more, in);
    sum_join(cell, &more);
}

static bool sum_part_valid(struct value value)
{
    return value.kind == KIND_NUMBER || value.kind == KIND_NULL;
}

static void sum_part_read(const struct aggregate *item, void *cell, struct buffer *text,
                          struct value value, bool too_large)
{
    struct sum *sum = cell;
    memset(sum, 0, sizeof *sum);
    (void)cell_add(item, sum, text, value, 0);
    if (too_large) sum->count = sum->lost = 1;
}

static enum aggregate_size sum_size(const struct aggregate_view *from, const struct aggregate *item)
{
    decimal ignored;
    return sum_get(view_cell(from, item), &ignored) ? SIZE_FITS : SIZE_LOST;
}

#define SUM                                                                                        \
    .argument = ARGUMENT_VALUE, .column = COLUMN_NUMBER, .values = VALUES_NUMBERS,                 \
    .cell_bytes = sizeof(struct sum), .add = cell_add, .combine = cell_combine,                    \
    .remove = cell_remove, .size = sum_size, .save = cell_save, .load = cell_load

const struct aggregate_function aggregate_numbers[] = {
    {.name = "sum",
     SUM,
     .measure = MEASURE_AMOUNT,
     .print = sum_print,
     .number = sum_number,
     .share = sum_share,
     .part_valid = sum_part_valid,
     .part_read = sum_part_read},
    {.name = "avg", SUM, .print = average_print, .number = average_number},
    {0},
};
