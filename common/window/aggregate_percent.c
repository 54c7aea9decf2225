/* One aggregate as a percentage of another. */
#include "base/ratio.h"
#include "window/aggregate_inside.h"

#define HUNDREDTH (DECIMAL_ONE / 100)
#define PERCENT_PLACES 4 /* a part of 1 with two places as a percentage */

static bool share_of(const struct aggregate_view *from, int index, decimal *out)
{
    const struct aggregate *item = &from->all->item[index];
    return item->function->share(from, item, out);
}

static bool is_whole(decimal number)
{
    return number % DECIMAL_ONE == 0 && number / DECIMAL_ONE <= INT64_MAX &&
           number / DECIMAL_ONE >= INT64_MIN;
}

static bool percent_of(decimal part, decimal whole, decimal *percent)
{
    return decimal_ratio(part, whole, PERCENT_PLACES, percent) &&
           !__builtin_mul_overflow(*percent, HUNDREDTH, percent);
}

static void percent_print_row(const struct aggregate_view *from, const struct aggregate *item,
                              struct rows *rows, int member)
{
    decimal part, whole, percent;
    if (!share_of(from, item->part, &part) || !share_of(from, item->whole, &whole))
        rows_null(rows, member);
    else if (is_whole(part) && is_whole(whole))
        rows_percent(rows, member, (int64_t)(part / DECIMAL_ONE), (int64_t)(whole / DECIMAL_ONE));
    else if (percent_of(part, whole, &percent))
        rows_decimal(rows, member, percent);
    else
        rows_null(rows, member);
}

static enum aggregate_size percent_size(const struct aggregate_view *from,
                                        const struct aggregate *item)
{
    decimal part, whole, percent;
    if (aggregates_size(from->all, item->part, from->cells, from->text) == SIZE_LOST ||
        aggregates_size(from->all, item->whole, from->cells, from->text) == SIZE_LOST)
        return SIZE_LOST;
    if (!share_of(from, item->part, &part) || !share_of(from, item->whole, &whole) || whole == 0 ||
        (is_whole(part) && is_whole(whole)))
        return SIZE_FITS;
    return percent_of(part, whole, &percent) ? SIZE_FITS : SIZE_LOST;
}

const struct aggregate_function aggregate_percents[] = {
    {.name = "percent",
     .argument = ARGUMENT_AGGREGATES,
     .column = COLUMN_NUMBER,
     .print = percent_print_row,
     .size = percent_size},
    {0},
};
