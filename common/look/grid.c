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

static void group_release(struct grid *grid, struct grid_group *group)
{
    grid->text_bytes -= group->text.len + group->detail.len;
    free((char *)group->text.text);
    free((char *)group->detail.text);
}

void grid_release(struct grid *grid)
{
    for (size_t i = 0; i < grid->group_count; i++)
        group_release(grid, &grid->group[i]);
    free(grid->group);
    free(grid->row);
    free(grid->value);
    table_release(&grid->rows);
    table_release(&grid->groups);
    axis_release(&grid->windows);
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

/* The number of the group whose text is in hand, which is noted when it is new. */
static uint32_t group_of(struct grid *grid, struct id id)
{
    bool is_new;
    struct entry *const entry = table_put(&grid->groups, id, &is_new);
    if (!is_new) return (uint32_t)entry->number;
    if (grid->group_count == grid->group_cap) {
        grid->group_cap = grid->group_cap == 0 ? 64 : grid->group_cap * 2;
        grid->group = memory_resize(grid->group, grid->group_cap, sizeof grid->group[0]);
    }
    entry->number = grid->group_count;
    grid->group[grid->group_count] =
        (struct grid_group){.text = text_of(&grid->scratch), .detail_us = INT64_MIN};
    grid->text_bytes += grid->scratch.len;
    return (uint32_t)grid->group_count++;
}

static void detail_take(struct grid *grid, const struct row *row, uint32_t number, int64_t start_us)
{
    struct grid_group *const group = &grid->group[number];
    if (start_us < group->detail_us || layout_count(grid->layout, ROLE_DETAIL) == 0) return;
    values_print(&grid->scratch, grid->layout, row, ROLE_DETAIL);
    if (grid->scratch.len > DETAIL_BYTES) return;
    grid->text_bytes += grid->scratch.len - group->detail.len;
    free((char *)group->detail.text);
    group->detail = text_of(&grid->scratch);
    group->detail_us = start_us;
}

/* The id of a window's row. */
static struct id row_id(struct id group, int64_t start_us)
{
    return id_mix(group, (struct id){.low = (uint64_t)start_us, .high = 1});
}

static size_t row_place(struct grid *grid, struct id id, struct axis_window *window)
{
    bool is_new;
    struct entry *const entry = table_put(&grid->rows, id, &is_new);
    if (!is_new) {
        grid->replaced++;
        return entry->number;
    }
    window->rows++;
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

/* Reads the row's times, and looks at its numbers. */
static const char *row_judge(const struct layout *layout, const struct row *row,
                             struct grid_row *one)
{
    for (size_t i = 0; i < layout->count; i++) {
        const enum role role = layout->role[i];
        const enum kind kind = row->value[i].kind;
        if (role == ROLE_TIME && time_read(row, i, &one->start_us) != NULL)
            return "window_start is no time";
        if (role == ROLE_END && time_read(row, i, &one->end_us) != NULL)
            return "window_end is no time";
        if ((role == ROLE_MEASURE || role == ROLE_APART) && kind != KIND_NUMBER &&
            kind != KIND_NULL)
            return "has text where the rows before it had a number";
    }
    return one->end_us > one->start_us ? NULL : "its window ends before it begins";
}

/* Is there room for the row? One that replaces another needs none, and a new window makes some. */
static bool row_fits(const struct grid *grid, struct id id, int64_t start_us)
{
    if (start_us < grid->since_us) return false;
    return !grid->full || table_find(&grid->rows, id) != NULL ||
           start_us > grid->windows.one[grid->windows.count - 1].start_us;
}

/* Where more windows are than are to be kept, the oldest ones go. */
static void grid_let_go_before(struct grid *grid, int64_t since_us);

static void windows_bound(struct grid *grid)
{
    const struct axis *const windows = &grid->windows;
    if (grid->keep == 0 || windows->count <= grid->keep + grid->keep / 10) return;
    grid_let_go_before(grid, windows->one[windows->count - grid->keep].start_us);
}

const char *grid_take(struct grid *grid, const struct row *row)
{
    const struct layout *const layout = grid->layout;
    struct grid_row one = {0};
    const char *const why = row_judge(layout, row, &one);
    if (why != NULL) return why;
    grid->taken++;
    values_print(&grid->scratch, layout, row, ROLE_GROUP);
    const struct id group = id_of(buffer_slice(&grid->scratch));
    const struct id id = row_id(group, one.start_us);
    if (!row_fits(grid, id, one.start_us)) {
        grid->let_go++;
        return NULL;
    }
    one.group = group_of(grid, group);
    detail_take(grid, row, one.group, one.start_us);
    struct axis_window *const window = axis_put(&grid->windows, one.start_us, one.end_us);
    window->open = row->finality == FINALITY_OPEN;
    const size_t place = row_place(grid, id, window);
    grid->row[place] = one;
    decimal *value = grid->value + place * grid->measures;
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != ROLE_MEASURE && layout->role[i] != ROLE_APART) continue;
        const bool is_number = row->value[i].kind == KIND_NUMBER;
        if (!is_number || !decimal_parse(value_slice(row->value[i]), value)) {
            grid->unread += is_number;
            *value = NOTHING;
        }
        value++;
    }
    windows_bound(grid);
    return NULL;
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
            group_release(grid, &grid->group[i]);
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

static void grid_let_go_before(struct grid *grid, int64_t since_us)
{
    grid->since_us = since_us;
    size_t count = 0;
    for (size_t i = 0; i < grid->count; i++) {
        if (grid->row[i].start_us < since_us) continue;
        grid->row[count] = grid->row[i];
        memmove(grid->value + count * grid->measures, grid->value + i * grid->measures,
                grid->measures * sizeof(decimal));
        count++;
    }
    grid->let_go += grid->count - count;
    grid->count = count;
    axis_let_go(&grid->windows, since_us);
    groups_tidy(grid);
    tables_make(grid);
}

bool grid_let_go(struct grid *grid)
{
    const int64_t since_us = axis_behind(&grid->windows, grid->count / 10 + 1);
    if (since_us == INT64_MIN) return false;
    grid_let_go_before(grid, since_us);
    return true;
}

size_t grid_bytes(const struct grid *grid)
{
    /* A table's places are up to four times as many as its entries, and half of that in the mean.
     */
    const size_t row =
        sizeof grid->row[0] + grid->measures * sizeof(decimal) + 2 * sizeof(struct entry);
    const size_t group = sizeof grid->group[0] + 2 * sizeof(struct entry) + 32;
    return grid->count * row + grid->group_count * group + grid->text_bytes;
}

bool *grid_apart(const struct grid *grid)
{
    bool *const apart = memory_zero(grid->measures + 1, sizeof apart[0]);
    size_t measure = 0;
    for (size_t i = 0; i < grid->layout->count; i++) {
        if (grid->layout->role[i] == ROLE_APART) apart[measure] = true;
        measure += grid->layout->role[i] == ROLE_APART || grid->layout->role[i] == ROLE_MEASURE;
    }
    return apart;
}
