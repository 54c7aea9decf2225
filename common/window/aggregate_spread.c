/* How far numbers are from their average: the standard deviation, of the sums of the numbers and of
 * their squares. Both are exact, so the order in which numbers come and go leaves no trace, and
 * nothing is lost where they are large and near to each other. */
#include <string.h>

#include "base/wide.h"
#include "window/aggregate_inside.h"

/* In units of 1e-9, and 1e-18: 2^64 addends of 127 bits overflow neither. */
struct spread_cell {
    struct wide sum, squares;
    uint64_t count; /* numbers added */
    uint64_t lost;  /* numbers too large for a decimal: the deviation is null */
};

#define PLACE ((decimal)1000) /* of the six that are printed, in units of 1e-9 */
#define ROOT_MOST (((unsigned __int128)1 << 127) - 1 - PLACE) /* rounded, it is a decimal */

static unsigned spread_add(const struct aggregate *item, void *cell, struct buffer *text,
                           struct value value, int64_t time_us)
{
    struct spread_cell *spread = cell;
    decimal number;
    (void)item;
    (void)text;
    (void)time_us;
    if (value.kind != KIND_NUMBER) return value.kind != KIND_NULL;
    spread->count++;
    if (decimal_parse(value_slice(value), &number)) {
        const struct wide size = wide_of(number < 0 ? -number : number);
        spread->sum = wide_add(spread->sum, wide_of(number));
        spread->squares = wide_add(spread->squares, wide_multiply(size, size));
        return 0;
    }
    spread->lost++;
    return AGGREGATE_HUGE;
}

static void spread_join(struct spread_cell *spread, const struct spread_cell *more)
{
    spread->sum = wide_add(spread->sum, more->sum);
    spread->squares = wide_add(spread->squares, more->squares);
    spread->count += more->count;
    spread->lost += more->lost;
}

static void spread_combine(const struct aggregate *item, void *cell, struct buffer *text,
                           const void *other, const struct buffer *other_text)
{
    (void)item;
    (void)text;
    (void)other_text;
    spread_join(cell, other);
}

static bool spread_remove(const struct aggregate *item, void *cell, const struct buffer *text,
                          const void *other, const struct buffer *other_text)
{
    struct spread_cell *spread = cell;
    const struct spread_cell *less = other;
    (void)item;
    (void)text;
    (void)other_text;
    spread->sum = wide_subtract(spread->sum, less->sum);
    spread->squares = wide_subtract(spread->squares, less->squares);
    spread->count -= less->count;
    spread->lost -= less->lost;
    return true;
}

/* The square root of (n * squares - sum^2) / (n * (n - 1)), rounded once. False: there is none, or
 * it is too large for a decimal. */
static bool deviation_get(const struct spread_cell *spread, decimal *out)
{
    *out = 0;
    if (spread->count < 2 || spread->lost != 0) return false;
    const struct wide none = {{0}};
    const struct wide sum =
        wide_is_negative(spread->sum) ? wide_subtract(none, spread->sum) : spread->sum;
    const struct wide whole = wide_multiply(wide_of_unsigned(spread->count), spread->squares);
    const struct wide square = wide_multiply(sum, sum);
    if (wide_is_less(whole, square)) return false; /* these sums are of no numbers */
    const struct wide divisor =
        wide_of_unsigned((unsigned __int128)spread->count * (spread->count - 1));
    const unsigned __int128 root = wide_root(wide_subtract(whole, square), divisor);
    if (root > ROOT_MOST) return false;
    *out = (decimal)((root / (PLACE / 2) + 1) / 2) * PLACE;
    return true;
}

static bool spread_number(const struct aggregate_view *from, const struct aggregate *item,
                          decimal *out)
{
    return deviation_get(view_cell(from, item), out);
}

static enum aggregate_size spread_size(const struct aggregate_view *from,
                                       const struct aggregate *item)
{
    const struct spread_cell *spread = view_cell(from, item);
    decimal ignored;
    return spread->count < 2 || deviation_get(spread, &ignored) ? SIZE_FITS : SIZE_LOST;
}

static void spread_print(const struct aggregate_view *from, const struct aggregate *item,
                         struct rows *rows, int member)
{
    decimal deviation;
    if (deviation_get(view_cell(from, item), &deviation))
        rows_decimal(rows, member, deviation);
    else
        rows_null(rows, member);
}

static void wide_pack(struct buffer *out, const struct wide *wide)
{
    for (int i = 0; i < WIDE_WORDS; i++)
        pack_u64(out, wide->word[i]);
}

static struct wide wide_unpack(struct unpack *in)
{
    struct wide wide;
    for (int i = 0; i < WIDE_WORDS; i++)
        wide.word[i] = unpack_u64(in);
    return wide;
}

static void spread_save(const struct aggregate *item, const void *cell, const struct buffer *text,
                        struct buffer *out)
{
    const struct spread_cell *spread = cell;
    (void)item;
    (void)text;
    wide_pack(out, &spread->sum);
    wide_pack(out, &spread->squares);
    pack_u64(out, spread->count);
    pack_u64(out, spread->lost);
}

static void spread_load(const struct aggregate *item, void *cell, struct buffer *text,
                        struct unpack *in)
{
    struct spread_cell more;
    (void)item;
    (void)text;
    more.sum = wide_unpack(in);
    more.squares = wide_unpack(in);
    more.count = unpack_u64(in);
    more.lost = unpack_u64(in);
    if (more.lost > more.count || wide_is_negative(more.squares)) in->broken = true;
    if (!in->broken) spread_join(cell, &more);
}

const struct aggregate_function aggregate_spreads[] = {
    {.name = "stddev",
     .argument = ARGUMENT_VALUE,
     .column = COLUMN_NUMBER,
     .values = VALUES_NUMBERS,
     .cell_bytes = sizeof(struct spread_cell),
     .add = spread_add,
     .combine = spread_combine,
     .remove = spread_remove,
     .print = spread_print,
     .number = spread_number,
     .size = spread_size,
     .save = spread_save,
     .load = spread_load,
     .partial = true},
    {0},
};
