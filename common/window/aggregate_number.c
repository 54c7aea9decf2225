/* Numbers added up: exactly, so that the order in which they come and go leaves no trace. */
#include <string.h>

#include "window/aggregate_inside.h"

/* A two's complement number of 192 bits, in units of 1e-9: 2^64 addends cannot overflow it. */
struct sum_cell {
    uint64_t word[3];
    uint64_t count; /* numbers added */
    uint64_t lost;  /* numbers too large for a decimal: the total is null */
};

static unsigned __int128 low_words(const struct sum_cell *sum)
{
    return (unsigned __int128)sum->word[1] << 64 | sum->word[0];
}

static void low_words_set(struct sum_cell *sum, unsigned __int128 low)
{
    sum->word[1] = (uint64_t)(low >> 64);
    sum->word[0] = (uint64_t)low;
}

static void decimal_put(struct sum_cell *sum, decimal addend)
{
    const unsigned __int128 low = low_words(sum);
    const unsigned __int128 total = low + (unsigned __int128)addend;
    sum->word[2] += (addend < 0 ? UINT64_MAX : 0) + (total < low);
    low_words_set(sum, total);
}

/* The total. False: it is too large. */
static bool sum_get(const struct sum_cell *sum, decimal *out)
{
    *out = (decimal)low_words(sum);
    return sum->lost == 0 && sum->word[2] == (*out < 0 ? UINT64_MAX : 0);
}

static unsigned sum_add(const struct aggregate *item, void *cell, struct buffer *text,
                        struct value value, int64_t time_us)
{
    struct sum_cell *sum = cell;
    decimal addend;
    (void)item;
    (void)text;
    (void)time_us;
    if (value.kind != KIND_NUMBER) return value.kind != KIND_NULL;
    if (decimal_parse(value_slice(value), &addend)) {
        decimal_put(sum, addend);
    } else {
        sum->lost++;
    }
    sum->count++;
    return 0;
}

static void sum_join(struct sum_cell *sum, const struct sum_cell *other)
{
    const unsigned __int128 low = low_words(sum);
    const unsigned __int128 total = low + low_words(other);
    sum->word[2] += other->word[2] + (total < low);
    low_words_set(sum, total);
    sum->count += other->count;
    sum->lost += other->lost;
}

static void sum_combine(const struct aggregate *item, void *cell, struct buffer *text,
                        const void *other, const struct buffer *other_text)
{
    (void)item;
    (void)text;
    (void)other_text;
    sum_join(cell, other);
}

static bool sum_remove(const struct aggregate *item, void *cell, const struct buffer *text,
                       const void *other, const struct buffer *other_text)
{
    struct sum_cell *sum = cell;
    const struct sum_cell *less = other;
    const unsigned __int128 low = low_words(sum), taken = low_words(less);
    (void)item;
    (void)text;
    (void)other_text;
    sum->word[2] -= less->word[2] + (low < taken);
    low_words_set(sum, low - taken);
    sum->count -= less->count;
    sum->lost -= less->lost;
    return true;
}

static bool sum_share(const struct aggregate_view *from, const struct aggregate *item, decimal *out)
{
    const struct sum_cell *sum = view_cell(from, item);
    return sum->count != 0 && sum_get(sum, out);
}

static bool sum_number(const struct aggregate_view *from, const struct aggregate *item,
                       decimal *out)
{
    const struct sum_cell *sum = view_cell(from, item);
    *out = 0;
    return sum->count == 0 || sum_get(sum, out);
}

static bool average_number(const struct aggregate_view *from, const struct aggregate *item,
                           decimal *out)
{
    const struct sum_cell *sum = view_cell(from, item);
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

static void sum_save(const struct aggregate *item, const void *cell, const struct buffer *text,
                     struct buffer *out)
{
    const struct sum_cell *sum = cell;
    (void)item;
    (void)text;
    for (int word = 0; word < 3; word++)
        pack_u64(out, sum->word[word]);
    pack_u64(out, sum->count);
    pack_u64(out, sum->lost);
}

static void sum_load(const struct aggregate *item, void *cell, struct buffer *text,
                     struct unpack *in)
{
    struct sum_cell more;
    (void)item;
    (void)text;
    for (int word = 0; word < 3; word++)
        more.word[word] = unpack_u64(in);
    more.count = unpack_u64(in);
    more.lost = unpack_u64(in);
    sum_join(cell, &more);
}

static bool sum_part_valid(struct value value)
{
    return value.kind == KIND_NUMBER || value.kind == KIND_NULL;
}

static void sum_part_read(const struct aggregate *item, void *cell, struct buffer *text,
                          struct value value, bool too_large)
{
    struct sum_cell *sum = cell;
    memset(sum, 0, sizeof *sum);
    (void)sum_add(item, sum, text, value, 0);
    if (too_large) sum->count = sum->lost = 1;
}

static bool sum_too_large(const void *cell)
{
    decimal ignored;
    return !sum_get(cell, &ignored);
}

#define SUM                                                                                        \
    .argument = ARGUMENT_VALUE, .values = VALUES_NUMBERS, .cell_bytes = sizeof(struct sum_cell),   \
    .add = sum_add, .combine = sum_combine, .remove = sum_remove, .save = sum_save,                \
    .load = sum_load

const struct aggregate_function aggregate_numbers[] = {
    {.name = "sum",
     SUM,
     .measure = MEASURE_AMOUNT,
     .print = sum_print,
     .number = sum_number,
     .share = sum_share,
     .part_valid = sum_part_valid,
     .part_read = sum_part_read,
     .too_large = sum_too_large},
    {.name = "avg", SUM, .print = average_print, .number = average_number},
    {0},
};
