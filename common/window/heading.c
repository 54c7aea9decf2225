#include "window/heading.h"

/* All of it is the row's key. */
static void heading_describe(const struct heading *heading, struct rows *rows)
{
    const struct group_by *by = heading->by;
    rows_describe(rows, heading->start, COLUMN_TIME, SLICE("the start of the window"));
    rows_describe(rows, heading->end, COLUMN_TIME, SLICE("its end, which is not in it"));
    for (int i = 0; i < by->count; i++)
        rows_describe(rows, heading->group[i], column_of_member(by->value[i].operand.slot),
                      slice_of(by->value[i].operand.text));
    if (heading->values > by->count)
        rows_describe(rows, heading->group[by->count], COLUMN_COUNT, SLICE("of the topic"));
    rows_key(rows, heading->start, true);
    rows_key(rows, heading->end, true);
    for (int i = 0; i < heading->values; i++)
        rows_key(rows, heading->group[i], true);
}

void heading_declare(struct heading *heading, struct rows *rows, const struct group_by *by,
                     bool partition, struct buffer *why)
{
    heading->by = by;
    heading->values = by->count + partition;
    heading->start = rows_declare(rows, SLICE("window_start"), why);
    heading->end = rows_declare(rows, SLICE("window_end"), why);
    for (int i = 0; i < by->count; i++)
        heading->group[i] = rows_declare(rows, by->value[i].name, why);
    if (partition) heading->group[by->count] = rows_declare(rows, SLICE("partition"), why);
    heading_describe(heading, rows);
}

void heading_print(const struct heading *heading, struct rows *rows, int64_t start_us,
                   int64_t end_us, struct slice key)
{
    struct value values[GROUP_VALUES_MAX + 1];
    (void)group_values(key, values, heading->values);
    rows_time(rows, heading->start, start_us);
    rows_time(rows, heading->end, end_us);
    for (int i = 0; i < heading->values; i++)
        rows_value(rows, heading->group[i], values[i]);
}

bool heading_value(const struct heading *heading, int member, struct slice key, struct value *value)
{
    struct value values[GROUP_VALUES_MAX + 1];
    for (int i = 0; i < heading->values; i++) {
        if (heading->group[i] != member) continue;
        (void)group_values(key, values, group_width(heading->by));
        *value = values[i];
        return true;
    }
    return false;
}
