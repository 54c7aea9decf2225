/* Counts: of events, of values, and of ids. */
#include "window/aggregate_inside.h"

/* What rows claim may be more than a count holds: then it is COUNT_LOST, and printed as null. */
#define COUNT_LOST UINT64_MAX

static unsigned count_add(const struct aggregate *item, void *cell, struct buffer *text,
                          struct value value, int64_t time_us)
{
    (void)item;
    (void)text;
    (void)time_us;
    *(uint64_t *)cell += value.kind != KIND_NULL;
    return 0;
}

static void count_combine(const struct aggregate *item, void *cell, struct buffer *text,
                          const void *other, const struct buffer *other_text)
{
    uint64_t *count = cell;
    const uint64_t more = *(const uint64_t *)other;
    (void)item;
    (void)text;
    (void)other_text;
    *count = *count > INT64_MAX - more ? COUNT_LOST : *count + more;
}

static bool count_remove(const struct aggregate *item, void *cell, const struct buffer *text,
                         const void *other, const struct buffer *other_text)
{
    uint64_t *count = cell;
    const uint64_t less = *(const uint64_t *)other;
    (void)item;
    (void)text;
    (void)other_text;
    const bool known = *count != COUNT_LOST && less <= *count;
    *count = known ? *count - less : 0;
    return known;
}

static bool count_number(const struct aggregate_view *from, const struct aggregate *item,
                         decimal *out)
{
    const uint64_t count = *(const uint64_t *)view_cell(from, item);
    *out = (decimal)count * DECIMAL_ONE;
    return count != COUNT_LOST;
}

static void count_print(const struct aggregate_view *from, const struct aggregate *item,
                        struct rows *rows, int member)
{
    const uint64_t count = *(const uint64_t *)view_cell(from, item);
    if (count == COUNT_LOST)
        rows_null(rows, member);
    else
        rows_int(rows, member, (int64_t)count);
}

static void count_save(const struct aggregate *item, const void *cell, const struct buffer *text,
                       struct buffer *out)
{
    (void)item;
    (void)text;
    pack_u64(out, *(const uint64_t *)cell);
}

static void count_load(const struct aggregate *item, void *cell, struct buffer *text,
                       struct unpack *in)
{
    (void)item;
    (void)text;
    *(uint64_t *)cell += unpack_u64(in);
}

static bool count_read(struct value value, uint64_t *out)
{
    decimal number;
    if (value.kind != KIND_NUMBER || !decimal_parse(value_slice(value), &number)) return false;
    if (number < 0 || number % DECIMAL_ONE != 0) return false;
    number /= DECIMAL_ONE;
    if (number > INT64_MAX) return false;
    *out = (uint64_t)number;
    return true;
}

static bool count_part_valid(struct value value)
{
    uint64_t count;
    return count_read(value, &count);
}

static void count_part_read(const struct aggregate *item, void *cell, struct buffer *text,
                            struct value value, bool too_large)
{
    (void)item;
    (void)text;
    (void)too_large;
    (void)count_read(value, cell);
}

#define COUNT                                                                                      \
    .measure = MEASURE_COUNT, .column = COLUMN_COUNT, .cell_bytes = sizeof(uint64_t),              \
    .combine = count_combine, .remove = count_remove, .print = count_print,                        \
    .number = count_number, .share = count_number, .save = count_save, .load = count_load,         \
    .part_valid = count_part_valid, .part_read = count_part_read

const struct aggregate_function aggregate_counts[] = {
    {.name = "count", .argument = ARGUMENT_MAYBE, .add = count_add, COUNT},
    {.name = "distinct", .argument = ARGUMENT_VALUE, .of_ids = true, .of_each = true, COUNT},
    {0},
};
