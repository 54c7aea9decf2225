/* Quantiles of numbers: DDSketch (Masson, Rim, Lee, VLDB 2019), with the buckets of sketch.h.
 *
 * Up to EXACT different numbers are counted as they are, more by bucket. Which of the two it is
 * depends on the numbers only, and counts in buckets add up: so the order in which numbers come,
 * and the parts in which they do, leave no trace. In either case they stand in order. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sketch.h"
#include "window/aggregate_inside.h"

#define EXACT 64u
#define POINTS_LEAST 4u
#define ONE INT64_C(1000000000) /* Q is kept in units of 1e-9 */
#define DIGITS 4                /* of a bucket's value that are printed */

/* Variants. */
#define OF_ANY 0u
#define OF_HALF 1u /* the median */

struct point {
    double number; /* or that of a bucket, which is a whole one */
    uint64_t count;
};

struct quantile_cell {
    uint64_t at;    /* of the points in the text */
    uint32_t used;  /* points */
    uint32_t cap;   /* so many have room */
    uint64_t count; /* of numbers */
    uint64_t lost;  /* numbers too large for a double: there is no quantile */
    uint64_t in_buckets;
};

static struct point *points_of(const struct quantile_cell *cell, const struct buffer *text)
{
    return (struct point *)(void *)(text->data + cell->at);
}

/* The first point that is not before number. */
static uint32_t place_find(const struct quantile_cell *cell, const struct buffer *text,
                           double number)
{
    const struct point *const point = points_of(cell, text);
    uint32_t low = 0, high = cell->used;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (point[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void points_grow(struct quantile_cell *cell, struct buffer *text)
{
    const uint32_t cap = cell->cap == 0 ? POINTS_LEAST : cell->cap * 2;
    const uint64_t at = aggregate_room(text, cap * sizeof(struct point));
    if (cell->used != 0)
        memcpy(text->data + at, points_of(cell, text), cell->used * sizeof(struct point));
    cell->at = at;
    cell->cap = cap;
}

static void point_add(struct quantile_cell *cell, struct buffer *text, double number,
                      uint64_t count)
{
    if (cell->cap == 0) points_grow(cell, text);
    const uint32_t place = place_find(cell, text, number);
    struct point *point = points_of(cell, text) + place;
    cell->count += count;
    if (place < cell->used && point->number == number) {
        point->count += count;
        return;
    }
    if (cell->used == cell->cap) points_grow(cell, text);
    point = points_of(cell, text) + place;
    memmove(point + 1, point, (cell->used - place) * sizeof *point);
    *point = (struct point){.number = number, .count = count};
    cell->used++;
}

/* From numbers to buckets. */
static void buckets_begin(struct quantile_cell *cell, struct buffer *text)
{
    struct point numbers[EXACT + 1];
    const uint32_t used = cell->used;
    if (used != 0) memcpy(numbers, points_of(cell, text), used * sizeof numbers[0]);
    cell->used = 0;
    cell->count = 0;
    cell->in_buckets = 1;
    for (uint32_t i = 0; i < used; i++)
        point_add(cell, text, sketch_bucket(numbers[i].number), numbers[i].count);
}

static void number_add(struct quantile_cell *cell, struct buffer *text, double number,
                       uint64_t count)
{
    number += 0.0; /* -0 is 0 */
    point_add(cell, text, cell->in_buckets ? sketch_bucket(number) : number, count);
    if (!cell->in_buckets && cell->used > EXACT) buckets_begin(cell, text);
}

static void bucket_add(struct quantile_cell *cell, struct buffer *text, double bucket,
                       uint64_t count)
{
    if (!cell->in_buckets) buckets_begin(cell, text);
    point_add(cell, text, bucket, count);
}

static unsigned quantile_add(const struct aggregate *item, void *cell, struct buffer *text,
                             struct value value, int64_t time_us)
{
    struct quantile_cell *const into = cell;
    (void)item;
    (void)time_us;
    if (value.kind != KIND_NUMBER) return value.kind != KIND_NULL;
    const double number = number_double(value_slice(value));
    if (!isfinite(number)) {
        into->lost++;
        return AGGREGATE_HUGE;
    }
    number_add(into, text, number, 1);
    return 0;
}

static void quantile_combine(const struct aggregate *item, void *cell, struct buffer *text,
                             const void *other, const struct buffer *other_text)
{
    struct quantile_cell *const into = cell;
    const struct quantile_cell *const more = other;
    (void)item;
    into->lost += more->lost;
    for (uint32_t i = 0; i < more->used; i++) {
        const struct point point = points_of(more, other_text)[i];
        if (more->in_buckets)
            bucket_add(into, text, point.number, point.count);
        else
            number_add(into, text, point.number, point.count);
    }
}

/* Takes a count away that was added. */
static void point_remove(struct quantile_cell *cell, const struct buffer *text, double number,
                         uint64_t count)
{
    const uint32_t place = place_find(cell, text, number);
    struct point *const point = points_of(cell, text) + place;
    cell->count -= count;
    point->count -= count;
    if (point->count != 0) return;
    cell->used--;
    memmove(point, point + 1, (cell->used - place) * sizeof *point);
}

/* Few numbers that are left are exact, and buckets no longer know them: but where so many buckets
 * are left, there are more numbers than that. */
static bool quantile_remove(const struct aggregate *item, void *cell, const struct buffer *text,
                            const void *other, const struct buffer *other_text)
{
    struct quantile_cell *const whole = cell;
    const struct quantile_cell *const less = other;
    (void)item;
    whole->lost -= less->lost;
    for (uint32_t i = 0; i < less->used; i++) {
        const struct point point = points_of(less, other_text)[i];
        const bool same = whole->in_buckets == less->in_buckets;
        point_remove(whole, text, same ? point.number : sketch_bucket(point.number), point.count);
    }
    if (less->used == 0 || !whole->in_buckets || whole->used > EXACT) return true;
    whole->used = 0; /* the room stays */
    whole->count = whole->lost = whole->in_buckets = 0;
    return false;
}

/* The number that the share is not above: of few its own, of a bucket the middle. */
static bool quantile_get(const struct quantile_cell *cell, const struct buffer *text, int64_t share,
                         double *out)
{
    if (cell->count == 0 || cell->lost != 0) return false;
    const unsigned __int128 wanted = (unsigned __int128)cell->count * (uint64_t)share;
    uint64_t rank = (uint64_t)((wanted + ONE - 1) / ONE);
    const struct point *point = points_of(cell, text);
    while (rank > point->count) {
        rank -= point->count;
        point++;
    }
    *out = cell->in_buckets ? sketch_value((int32_t)point->number) : point->number;
    return true;
}

/* Adds the shortest digits that are this number; of a bucket's no more than mean something. */
static void number_text(char text[static 32], double number, bool is_bucket)
{
    int digits = is_bucket ? DIGITS : DBL_DIG;
    snprintf(text, 32, "%.*g", digits, number);
    while (!is_bucket && digits < 17 && strtod(text, NULL) != number)
        snprintf(text, 32, "%.*g", ++digits, number);
}

/* As a decimal, where its digits are among those of one: nothing smaller than that is cut off. */
static bool text_decimal(const char *text, decimal *out)
{
    struct buffer back = {0};
    if (!decimal_parse(slice_of(text), out)) return false;
    decimal_print(&back, *out);
    const bool same = number_compare(buffer_slice(&back), slice_of(text)) == 0;
    buffer_release(&back);
    return same;
}

static int64_t share_of(const struct aggregate *item)
{
    return item->function->variant == OF_HALF ? ONE / 2 : item->parameter;
}

static void quantile_print(const struct aggregate_view *from, const struct aggregate *item,
                           struct rows *rows, int member)
{
    const struct quantile_cell *const cell = view_cell(from, item);
    char text[32];
    double number;
    decimal plain;
    if (!quantile_get(cell, from->text, share_of(item), &number)) {
        rows_null(rows, member);
        return;
    }
    number_text(text, number, cell->in_buckets);
    if (text_decimal(text, &plain))
        rows_decimal(rows, member, plain);
    else
        buffer_add_slice(rows_place(rows, member, KIND_NUMBER), slice_of(text));
}

static bool quantile_number(const struct aggregate_view *from, const struct aggregate *item,
                            decimal *out)
{
    const struct quantile_cell *const cell = view_cell(from, item);
    char text[32];
    double number;
    *out = 0;
    if (!quantile_get(cell, from->text, share_of(item), &number)) return false;
    number_text(text, number, cell->in_buckets);
    return decimal_parse(slice_of(text), out);
}

static enum aggregate_size quantile_size(const struct aggregate_view *from,
                                         const struct aggregate *item)
{
    const struct quantile_cell *const cell = view_cell(from, item);
    decimal ignored;
    if (cell->lost != 0) return SIZE_LOST;
    return cell->count == 0 || quantile_number(from, item, &ignored) ? SIZE_FITS : SIZE_PRINTED;
}

static void quantile_save(const struct aggregate *item, const void *cell, const struct buffer *text,
                          struct buffer *out)
{
    const struct quantile_cell *const from = cell;
    (void)item;
    pack_u8(out, (uint8_t)from->in_buckets);
    pack_u64(out, from->lost);
    pack_u32(out, from->used);
    for (uint32_t i = 0; i < from->used; i++) {
        uint64_t bits;
        memcpy(&bits, &points_of(from, text)[i].number, sizeof bits);
        pack_u64(out, bits);
        pack_u64(out, points_of(from, text)[i].count);
    }
}

static bool point_valid(const struct quantile_cell *cell, struct point point, bool is_bucket)
{
    if (point.count == 0 || point.count > INT64_MAX - cell->count) return false;
    return is_bucket ? sketch_bucket_valid(point.number) : isfinite(point.number);
}

static void quantile_load(const struct aggregate *item, void *cell, struct buffer *text,
                          struct unpack *in)
{
    struct quantile_cell *const into = cell;
    const uint8_t in_buckets = unpack_u8(in);
    const uint64_t lost = unpack_u64(in);
    const uint32_t used = unpack_u32(in);
    (void)item;
    if (in_buckets > 1 || (in_buckets == 0 ? used > EXACT : used == 0)) in->broken = true;
    if (!in->broken) into->lost += lost;
    if (in_buckets != 0 && !into->in_buckets && !in->broken) buckets_begin(into, text);
    for (uint32_t i = 0; i < used && !in->broken; i++) {
        const uint64_t bits = unpack_u64(in);
        struct point point = {.count = unpack_u64(in)};
        memcpy(&point.number, &bits, sizeof bits);
        if (in->broken || !point_valid(into, point, in_buckets != 0))
            in->broken = true;
        else if (in_buckets != 0)
            bucket_add(into, text, point.number, point.count);
        else
            number_add(into, text, point.number, point.count);
    }
}

/* A share: a decimal from 0 to 1. */
static bool quantile_share(struct slice text, int64_t *out)
{
    decimal share;
    if (!number_valid(text) || !decimal_parse(text, &share)) return false;
    if (share < 0 || share > DECIMAL_ONE) return false;
    *out = (int64_t)share;
    return true;
}

#define QUANTILE                                                                                   \
    .values = VALUES_DOUBLES, .column = COLUMN_NUMBER, .cell_bytes = sizeof(struct quantile_cell), \
    .add = quantile_add, .combine = quantile_combine, .remove = quantile_remove,                   \
    .print = quantile_print, .number = quantile_number, .size = quantile_size,                     \
    .save = quantile_save, .load = quantile_load, .partial = true

const struct aggregate_function aggregate_quantiles[] = {
    {.name = "quantile",
     QUANTILE,
     .argument = ARGUMENT_VALUE_AND,
     .parameter = quantile_share,
     .parameter_range = "(F,Q), Q a number from 0 to 1, as 0.95",
     .variant = OF_ANY},
    {.name = "median", QUANTILE, .argument = ARGUMENT_VALUE, .variant = OF_HALF},
    {0},
};
