/*
 * A grid as JSON: columns, thinned where that is asked for.
 */
#include <stdlib.h>

#include "base/instant.h"
#include "base/memory.h"
#include "look/grid_inside.h"

#define SECOND_US INT64_C(1000000)
#define HOUR_US (3600 * SECOND_US)
#define DAY_US (24 * HOUR_US)
#define PLACES_MAX 9
/* What a number of a page holds exactly. */
#define EXACT_MAX ((decimal)1 << 53)
/* So few groups are not made fewer. */
#define GROUPS_MIN 20

/* Rows in order, those of one window and group made one. */
struct sheet {
    struct grid_row *row;
    decimal *value;
    size_t count;
    uint32_t *place; /* of a group in print, or NONE */
    size_t groups;
    uint32_t *group; /* the groups in print */
};

#define NONE UINT32_MAX

static int64_t bin_of(int64_t time_us, int64_t window_us)
{
    if (window_us == 0) return time_us;
    const int64_t rest = time_us % window_us;
    return time_us - rest - (rest < 0 ? window_us : 0);
}

/* The largest groups by the leading measure, if there are too many. */
struct rank {
    decimal total;
    uint32_t group;
};

static const struct grid *compared; /* whose groups are compared */

static int by_total(const void *a, const void *b)
{
    const struct rank *const one = a, *const other = b;
    if (one->total != other->total) return one->total > other->total ? -1 : 1;
    return slice_compare(compared->group[one->group].text, compared->group[other->group].text);
}

static int by_text(const void *a, const void *b)
{
    return slice_compare(compared->group[*(const uint32_t *)a].text,
                         compared->group[*(const uint32_t *)b].text);
}

/* Which measure leads; there is none: 0. */
static size_t lead_of(const struct layout *layout)
{
    size_t measure = 0;
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != ROLE_MEASURE && layout->role[i] != ROLE_APART) continue;
        if (layout->kind->lead != NULL &&
            slice_equal(layout->name[i], slice_of(layout->kind->lead)))
            return measure;
        measure++;
    }
    return 0;
}

static void groups_choose(const struct grid *grid, size_t most, struct sheet *sheet)
{
    const size_t lead = lead_of(grid->layout);
    struct rank *const rank = memory_zero(grid->group_count + 1, sizeof rank[0]);
    for (size_t i = 0; i < grid->group_count; i++)
        rank[i].group = (uint32_t)i;
    for (size_t i = 0; i < grid->count && grid->measures > 0; i++) {
        const decimal value = grid->value[i * grid->measures + lead];
        if (value != NOTHING) rank[grid->row[i].group].total += value;
    }
    compared = grid;
    if (most < grid->group_count) qsort(rank, grid->group_count, sizeof rank[0], by_total);
    sheet->groups = most < grid->group_count ? most : grid->group_count;
    sheet->group = memory_zero(sheet->groups + 1, sizeof sheet->group[0]);
    sheet->place = memory_zero(grid->group_count + 1, sizeof sheet->place[0]);
    for (size_t i = 0; i < grid->group_count; i++)
        sheet->place[i] = NONE;
    for (size_t i = 0; i < sheet->groups; i++)
        sheet->group[i] = rank[i].group;
    qsort(sheet->group, sheet->groups, sizeof sheet->group[0], by_text);
    for (size_t i = 0; i < sheet->groups; i++)
        sheet->place[sheet->group[i]] = (uint32_t)i;
    free(rank);
}

static int by_row(const void *a, const void *b)
{
    const struct grid_row *const one = a, *const other = b;
    if (one->start_us != other->start_us) return one->start_us < other->start_us ? -1 : 1;
    return (one->group > other->group) - (one->group < other->group);
}

/* A row on its way to its place: where its values are is in end_us. */
static void rows_sort(const struct grid *grid, const struct thinning *thinning, struct sheet *sheet)
{
    sheet->row = memory_zero(grid->count + 1, sizeof sheet->row[0]);
    sheet->count = 0;
    for (size_t i = 0; i < grid->count; i++) {
        const struct grid_row *const row = &grid->row[i];
        if (sheet->place[row->group] == NONE) continue;
        sheet->row[sheet->count++] =
            (struct grid_row){.start_us = bin_of(row->start_us, thinning->window_us),
                              .end_us = (int64_t)i,
                              .group = sheet->place[row->group]};
    }
    qsort(sheet->row, sheet->count, sizeof sheet->row[0], by_row);
}

static void rows_join(const struct grid *grid, const struct thinning *thinning, struct sheet *sheet)
{
    bool *const apart = grid_apart(grid);
    const size_t measures = grid->measures;
    size_t count = 0;
    sheet->value = memory_zero(sheet->count * measures + 1, sizeof(decimal));
    for (size_t i = 0; i < sheet->count; i++) {
        struct grid_row row = sheet->row[i];
        const size_t source = (size_t)row.end_us;
        row.end_us = thinning->window_us == 0 ? grid->row[source].end_us
                                              : row.start_us + thinning->window_us;
        const bool same = thinning->window_us != 0 && count > 0 &&
                          sheet->row[count - 1].start_us == row.start_us &&
                          sheet->row[count - 1].group == row.group;
        decimal *const to = sheet->value + (count - same) * measures;
        for (size_t m = 0; m < measures; m++) {
            const decimal value = grid->value[source * measures + m];
            if (!same)
                to[m] = thinning->window_us != 0 && apart[m] ? NOTHING : value;
            else if (!apart[m])
                measure_join(&to[m], value);
        }
        if (!same) sheet->row[count++] = row;
    }
    sheet->count = count;
    free(apart);
}

/* --- as text --- */

static void times_print(const struct sheet *sheet, struct buffer *out)
{
    int64_t before = 0;
    buffer_add_literal(out, ",\"start\":[");
    for (size_t i = 0; i < sheet->count; i++) {
        const int64_t start_us = sheet->row[i].start_us;
        if (i > 0 && start_us == sheet->row[i - 1].start_us) continue;
        if (i > 0) buffer_add_char(out, ',');
        buffer_add_int(out, start_us / 1000 - before);
        before = start_us / 1000;
    }
    buffer_add_literal(out, "],\"rows\":[");
    for (size_t i = 0, first = 0; i < sheet->count; i++) {
        if (i + 1 < sheet->count && sheet->row[i + 1].start_us == sheet->row[i].start_us) continue;
        if (first > 0) buffer_add_char(out, ',');
        buffer_add_int(out, (int64_t)(i + 1 - first));
        first = i + 1;
    }
    buffer_add_char(out, ']');
}

/* One length, or one for each window: of its first row. */
static void lengths_print(const struct sheet *sheet, struct buffer *out)
{
    bool same = true;
    for (size_t i = 1; i < sheet->count; i++)
        same &= sheet->row[i].end_us - sheet->row[i].start_us ==
                sheet->row[0].end_us - sheet->row[0].start_us;
    buffer_add_literal(out, ",\"length\":");
    if (same) {
        const int64_t length_us =
            sheet->count == 0 ? 0 : sheet->row[0].end_us - sheet->row[0].start_us;
        buffer_add_int(out, length_us / 1000);
        return;
    }
    buffer_add_char(out, '[');
    for (size_t i = 0; i < sheet->count; i++) {
        if (i > 0 && sheet->row[i].start_us == sheet->row[i - 1].start_us) continue;
        if (i > 0) buffer_add_char(out, ',');
        buffer_add_int(out, (sheet->row[i].end_us - sheet->row[i].start_us) / 1000);
    }
    buffer_add_char(out, ']');
}

/* How many decimal places a measure needs. */
static int places_of(const struct sheet *sheet, size_t measures, size_t measure)
{
    int places = 0;
    decimal unit = DECIMAL_ONE;
    for (size_t i = 0; i < sheet->count; i++) {
        const decimal value = sheet->value[i * measures + measure];
        while (value != NOTHING && places < PLACES_MAX && value % unit != 0) {
            unit /= 10;
            places++;
        }
    }
    return places;
}

static void measure_print(struct grid *grid, const struct sheet *sheet, size_t measure, int places,
                          struct buffer *out)
{
    decimal unit = DECIMAL_ONE;
    for (int i = 0; i < places; i++)
        unit /= 10;
    buffer_add_char(out, '[');
    for (size_t i = 0; i < sheet->count; i++) {
        const decimal value = sheet->value[i * grid->measures + measure];
        const decimal units = value / unit;
        if (i > 0) buffer_add_char(out, ',');
        if (value == NOTHING) {
            buffer_add_literal(out, "null");
        } else if (units > EXACT_MAX || units < -EXACT_MAX) {
            grid->too_large++;
            buffer_add_literal(out, "null");
        } else {
            buffer_add_int(out, (int64_t)units);
        }
    }
    buffer_add_char(out, ']');
}

static void measures_print(struct grid *grid, const struct sheet *sheet, struct buffer *out)
{
    const struct layout *const layout = grid->layout;
    size_t measure = 0;
    grid->too_large = 0;
    buffer_add_literal(out, ",\"measures\":[");
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != ROLE_MEASURE && layout->role[i] != ROLE_APART) continue;
        const int places = places_of(sheet, grid->measures, measure);
        if (measure > 0) buffer_add_char(out, ',');
        buffer_add_literal(out, "{\"name\":\"");
        buffer_add_slice(out, layout->name[i]);
        buffer_printf(out, "\",\"places\":%d,\"adds\":%s,\"value\":", places,
                      layout->role[i] == ROLE_MEASURE ? "true" : "false");
        measure_print(grid, sheet, measure, places, out);
        buffer_add_char(out, '}');
        measure++;
    }
    buffer_add_char(out, ']');
}

static void groups_print(const struct grid *grid, const struct sheet *sheet, struct buffer *out)
{
    const bool details = layout_count(grid->layout, ROLE_DETAIL) > 0;
    buffer_add_literal(out, ",\"by\":");
    layout_names(grid->layout, ROLE_GROUP, out);
    buffer_add_literal(out, ",\"groups\":[");
    for (size_t i = 0; i < sheet->groups; i++) {
        if (i > 0) buffer_add_char(out, ',');
        buffer_add_slice(out, grid->group[sheet->group[i]].text);
    }
    buffer_add_char(out, ']');
    if (details) {
        buffer_add_literal(out, ",\"details\":");
        layout_names(grid->layout, ROLE_DETAIL, out);
        buffer_add_literal(out, ",\"detail\":[");
        for (size_t i = 0; i < sheet->groups; i++) {
            const struct slice detail = grid->group[sheet->group[i]].detail;
            if (i > 0) buffer_add_char(out, ',');
            if (detail.text == NULL)
                buffer_add_literal(out, "null");
            else
                buffer_add_slice(out, detail);
        }
        buffer_add_char(out, ']');
    }
    buffer_add_literal(out, ",\"group\":[");
    for (size_t i = 0; i < sheet->count; i++) {
        if (i > 0) buffer_add_char(out, ',');
        buffer_add_int(out, sheet->row[i].group);
    }
    buffer_add_char(out, ']');
}

void grid_print(struct grid *grid, const struct thinning *thinning, struct buffer *out)
{
    struct sheet sheet = {0};
    groups_choose(grid, thinning->groups, &sheet);
    rows_sort(grid, thinning, &sheet);
    rows_join(grid, thinning, &sheet);
    buffer_printf(out, "\"taken\":%llu,\"replaced\":%llu,\"let_go\":%llu,\"thinned\":%lld",
                  (unsigned long long)grid->taken, (unsigned long long)grid->replaced,
                  (unsigned long long)grid->let_go, (long long)(thinning->window_us / 1000));
    buffer_printf(out, ",\"groups_left_out\":%zu", grid->group_count - sheet.groups);
    times_print(&sheet, out);
    lengths_print(&sheet, out);
    groups_print(grid, &sheet, out);
    measures_print(grid, &sheet, out);
    free(sheet.row);
    free(sheet.value);
    free(sheet.place);
    free(sheet.group);
}

/* The shortest window of the rows. */
static int64_t shortest(const struct grid *grid)
{
    int64_t shortest_us = INT64_MAX;
    for (size_t i = 0; i < grid->count; i++) {
        const int64_t length_us = grid->row[i].end_us - grid->row[i].start_us;
        if (length_us < shortest_us) shortest_us = length_us;
    }
    return shortest_us;
}

bool grid_thin_more(const struct grid *grid, struct thinning *thinning)
{
    static const int64_t steps[] = {600 * SECOND_US, 1800 * SECOND_US, HOUR_US,
                                    3 * HOUR_US,     6 * HOUR_US,      12 * HOUR_US,
                                    DAY_US,          7 * DAY_US,       28 * DAY_US};
    const int64_t now_us = thinning->window_us == 0 ? shortest(grid) : thinning->window_us;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && thinning->window_us < DAY_US; i++) {
        if (steps[i] < 2 * now_us || steps[i] % now_us != 0) continue;
        thinning->window_us = steps[i];
        return true;
    }
    const size_t groups =
        thinning->groups < grid->group_count ? thinning->groups : grid->group_count;
    if (groups <= GROUPS_MIN) return false;
    thinning->groups = groups / 2 < GROUPS_MIN ? GROUPS_MIN : groups / 2;
    return true;
}
