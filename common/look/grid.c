#include "look/grid.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/json.h"
#include "base/memory.h"
#include "look/grid_inside.h"

struct entry {
    struct id id;
    uint64_t number;
};

/* So much of a text that is only shown is kept. */
#define DETAIL_BYTES ((size_t)2 << 10)

void grid_init(struct grid *grid, const struct layout *layout)
{
    *grid = (struct grid){.layout = layout, .since_us = INT64_MIN};
    grid->measures = layout_count(layout, ROLE_MEASURE) + layout_count(layout, ROLE_APART);
    table_init(&grid->rows, sizeof(struct entry), HELD_ROWS);
    table_init(&grid->groups, sizeof(struct entry), HELD_GROUPS);
}

static void group_release(struct grid_group *group)
{
    free((char *)group->text.text);
    free((char *)group->detail.text);
}

void grid_release(struct grid *grid)
{
    for (size_t i = 0; i < grid->group_count; i++)
        group_release(&grid->group[i]);
    free(grid->group);
    free(grid->row);
    free(grid->value);
    table_release(&grid->rows);
    table_release(&grid->groups);
    buffer_release(&grid->scratch);
}

/* The values of the members of that role, as a JSON array. */
static void values_print(struct buffer *out, const struct layout *layout, const struct row *row,
                         enum role role)
{
    bool first = true;
    buffer_clear(out);
    buffer_add_char(out, '[');
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != role) continue;
        if (!first) buffer_add_char(out, ',');
        first = false;
        value_print(out, row->value[i]);
    }
    buffer_add_char(out, ']');
}

static struct slice text_of(const struct buffer *buffer)
{
    return (struct slice){.text = memory_text(buffer->data, buffer->len), .len = buffer->len};
}

/* The number of the row's group, which is noted when it is new. */
static uint32_t group_of(struct grid *grid, const struct row *row, struct id *id)
{
    bool is_new;
    values_print(&grid->scratch, grid->layout, row, ROLE_GROUP);
    *id = id_of(buffer_slice(&grid->scratch));
    struct entry *const entry = table_put(&grid->groups, *id, &is_new);
    if (!is_new) return (uint32_t)entry->number;
    if (grid->group_count == grid->group_cap) {
        grid->group_cap = grid->group_cap == 0 ? 64 : grid->group_cap * 2;
        grid->group = memory_resize(grid->group, grid->group_cap, sizeof grid->group[0]);
    }
    entry->number = grid->group_count;
    grid->group[grid->group_count] =
        (struct grid_group){.text = text_of(&grid->scratch), .detail_us = INT64_MIN};
    return (uint32_t)grid->group_count++;
}

static void detail_take(struct grid *grid, const struct row *row, uint32_t number, int64_t start_us)
{
    struct grid_group *const group = &grid->group[number];
    if (start_us < group->detail_us || layout_count(grid->layout, ROLE_DETAIL) == 0) return;
    values_print(&grid->scratch, grid->layout, row, ROLE_DETAIL);
    if (grid->scratch.len > DETAIL_BYTES) return;
    free((char *)group->detail.text);
    group->detail = text_of(&grid->scratch);
    group->detail_us = start_us;
}

/* The id of a window's row. */
static struct id row_id(struct id group, int64_t start_us)
{
    return id_mix(group, (struct id){.low = (uint64_t)start_us, .high = 1});
}

static size_t row_place(struct grid *grid, struct id id)
{
    bool is_new;
    struct entry *const entry = table_put(&grid->rows, id, &is_new);
    if (!is_new) {
        grid->replaced++;
        return entry->number;
    }
    if (grid->count == grid->cap) {
        grid->cap = grid->cap == 0 ? 1024 : grid->cap * 2;
        grid->row = memory_resize(grid->row, grid->cap, sizeof grid->row[0]);
        grid->value = memory_resize(grid->value, grid->cap * (grid->measures + 1), sizeof(decimal));
    }
    return entry->number = grid->count++;
}

static const char *time_read(const struct row *row, size_t member, int64_t *out_us)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    return instant_parse(row->value[member], &format, out_us) ? NULL : "its time is none";
}

const char *grid_take(struct grid *grid, const struct row *row)
{
    const struct layout *const layout = grid->layout;
    struct grid_row one = {0};
    struct id group;
    for (size_t i = 0; i < layout->count; i++) {
        const enum role role = layout->role[i];
        const enum kind kind = row->value[i].kind;
        if (role == ROLE_TIME && time_read(row, i, &one.start_us) != NULL)
            return "window_start is no time";
        if (role == ROLE_END && time_read(row, i, &one.end_us) != NULL)
            return "window_end is no time";
        if ((role == ROLE_MEASURE || role == ROLE_APART) && kind != KIND_NUMBER &&
            kind != KIND_NULL)
            return "has text where the rows before it had a number";
    }
    if (one.end_us <= one.start_us) return "its window ends before it begins";
    grid->taken++;
    if (one.start_us < grid->since_us) {
        grid->let_go++;
        return NULL;
    }
    one.group = group_of(grid, row, &group);
    detail_take(grid, row, one.group, one.start_us);
    const size_t place = row_place(grid, row_id(group, one.start_us));
    grid->row[place] = one;
    decimal *value = grid->value + place * grid->measures;
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != ROLE_MEASURE && layout->role[i] != ROLE_APART) continue;
        if (row->value[i].kind != KIND_NUMBER || !decimal_parse(value_slice(row->value[i]), value))
            *value = NOTHING;
        value++;
    }
    return NULL;
}

static int by_number(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* Where the tenth of the rows ends that are oldest. */
static int64_t tenth_of(const struct grid *grid)
{
    int64_t *const start = memory_zero(grid->count, sizeof start[0]);
    for (size_t i = 0; i < grid->count; i++)
        start[i] = grid->row[i].start_us;
    qsort(start, grid->count, sizeof start[0], by_number);
    int64_t since_us = start[grid->count / 10] + 1;
    if (since_us > start[grid->count - 1]) since_us = start[grid->count - 1];
    free(start);
    return since_us;
}

/* Groups without a row are forgotten; the others get new numbers. */
static void groups_tidy(struct grid *grid)
{
    uint32_t *const number = memory_zero(grid->group_count + 1, sizeof number[0]);
    for (size_t i = 0; i < grid->count; i++)
        number[grid->row[i].group] = 1;
    size_t count = 0;
    for (size_t i = 0; i < grid->group_count; i++) {
        if (number[i] == 0) {
            group_release(&grid->group[i]);
            continue;
        }
        grid->group[count] = grid->group[i];
        number[i] = (uint32_t)count++;
    }
    grid->group_count = count;
    for (size_t i = 0; i < grid->count; i++)
        grid->row[i].group = number[grid->row[i].group];
    free(number);
}

/* The tables are made anew from what is left. */
static void tables_make(struct grid *grid)
{
    bool is_new;
    table_clear(&grid->rows);
    table_clear(&grid->groups);
    for (size_t i = 0; i < grid->group_count; i++) {
        struct entry *const entry = table_put(&grid->groups, id_of(grid->group[i].text), &is_new);
        entry->number = i;
    }
    for (size_t i = 0; i < grid->count; i++) {
        const struct id group = id_of(grid->group[grid->row[i].group].text);
        struct entry *const entry =
            table_put(&grid->rows, row_id(group, grid->row[i].start_us), &is_new);
        entry->number = i;
    }
}

void grid_let_go(struct grid *grid)
{
    if (grid->count == 0) return;
    grid->since_us = tenth_of(grid);
    size_t count = 0;
    for (size_t i = 0; i < grid->count; i++) {
        if (grid->row[i].start_us < grid->since_us) continue;
        grid->row[count] = grid->row[i];
        memmove(grid->value + count * grid->measures, grid->value + i * grid->measures,
                grid->measures * sizeof(decimal));
        count++;
    }
    grid->let_go += grid->count - count;
    grid->count = count;
    groups_tidy(grid);
    tables_make(grid);
}
