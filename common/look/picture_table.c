/* Tables: groups of windows added up, rows one by one, counters of runs. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/object.h"
#include "look/picture_inside.h"
#include "look/sheet.h"

/* What a column of a table of groups shows. */
enum shows { SHOWS_GROUP, SHOWS_MEASURE, SHOWS_RATE, SHOWS_THEN, SHOWS_CHANGE, SHOWS_DETAIL };

struct table_column {
    enum shows shows;
    size_t number; /* of the member in the group, of the measure, of the detail */
    size_t whole;  /* SHOWS_RATE: number / whole */
};

struct group_table {
    const struct frame *frame;
    struct pivot now, then;
    struct table_column column[SHEET_COLUMNS];
    size_t columns;
    size_t *order; /* lines as they are shown */
    size_t sort;
    bool reversed;
    struct buffer scratch;
};

static void column_add(struct group_table *table, struct sheet *sheet, struct table_column column,
                       struct slice title)
{
    if (table->columns == SHEET_COLUMNS) return;
    sheet->column[table->columns] = (struct sheet_column){
        .title = title, .is_number = column.shows != SHOWS_GROUP && column.shows != SHOWS_DETAIL};
    table->column[table->columns++] = column;
    sheet->columns = table->columns;
}

/* The shares that the table of kinds names: NAME=PART/WHOLE. */
static void rates_add(struct group_table *table, struct sheet *sheet)
{
    const struct layout *const layout = table->frame->grid->layout;
    const char *at = layout->kind->rates;
    while (at != NULL && *at != '\0') {
        const struct slice name = {.text = at, .len = strcspn(at, "=")};
        at += name.len + 1;
        const struct slice part = {.text = at, .len = strcspn(at, "/")};
        at += part.len + 1;
        const struct slice whole = {.text = at, .len = strcspn(at, " ")};
        at += whole.len + (at[whole.len] == ' ');
        const size_t one = measure_named(layout, part), other = measure_named(layout, whole);
        if (one == SIZE_MAX || other == SIZE_MAX) continue;
        column_add(table, sheet,
                   (struct table_column){.shows = SHOWS_RATE, .number = one, .whole = other}, name);
    }
}

static size_t lead_of(const struct layout *layout)
{
    size_t lead =
        layout->kind->lead == NULL ? 0 : measure_named(layout, slice_of(layout->kind->lead));
    if (lead == SIZE_MAX) lead = 0;
    const size_t steps = headline_steps(layout);
    return steps > 0 ? steps - 1 : lead; /* of a funnel who has come to its end */
}

/* The measure in front, and what it is compared with. */
static void lead_add(struct group_table *table, struct sheet *sheet, size_t lead)
{
    const struct layout *const layout = table->frame->grid->layout;
    const enum against against = table->frame->base.against;
    column_add(table, sheet, (struct table_column){.shows = SHOWS_MEASURE, .number = lead},
               layout->name[layout_measure(layout, lead)]);
    if (against == AGAINST_NOTHING) return;
    column_add(table, sheet, (struct table_column){.shows = SHOWS_THEN, .number = lead},
               against == AGAINST_WEEK  ? SLICE("week ago")
               : against == AGAINST_DAY ? SLICE("day ago")
                                        : SLICE("mean"));
    column_add(table, sheet, (struct table_column){.shows = SHOWS_CHANGE, .number = lead},
               SLICE("change"));
}

static void columns_make(struct group_table *table, struct sheet *sheet, size_t by)
{
    const struct layout *const layout = table->frame->grid->layout;
    const size_t lead = lead_of(layout), steps = headline_steps(layout);
    size_t group = 0, measure = 0, detail = 0;
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != ROLE_GROUP) continue;
        if (by == 0 || by == group + 1)
            column_add(table, sheet, (struct table_column){.shows = SHOWS_GROUP, .number = group},
                       layout->name[i]);
        group++;
    }
    if (table->frame->grid->measures == 0) return;
    lead_add(table, sheet, lead);
    if (steps > 1)
        column_add(table, sheet,
                   (struct table_column){.shows = SHOWS_RATE, .number = steps - 1, .whole = 0},
                   SLICE("conversion"));
    rates_add(table, sheet);
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] == ROLE_MEASURE || layout->role[i] == ROLE_APART) {
            if (measure != lead)
                column_add(table, sheet,
                           (struct table_column){.shows = SHOWS_MEASURE, .number = measure},
                           layout->name[i]);
            measure++;
        } else if (layout->role[i] == ROLE_DETAIL && by == 0) {
            column_add(table, sheet, (struct table_column){.shows = SHOWS_DETAIL, .number = detail},
                       layout->name[i]);
        }
        detail += layout->role[i] == ROLE_DETAIL;
    }
}

static const decimal *line_then(const struct group_table *table, size_t line)
{
    return pivot_find(&table->then, table->now.line[line].id);
}

static decimal value_then(const struct group_table *table, size_t line, size_t measure)
{
    const decimal *const then = line_then(table, line);
    return then == NULL ? NOTHING : base_value(&table->frame->base, then[measure]);
}

static void group_cell(const void *owner, size_t row, size_t column, struct buffer *out,
                       enum tone *tone)
{
    const struct group_table *const table = owner;
    const size_t line = table->order[row];
    const decimal *const value = pivot_values(&table->now, line);
    const struct table_column *const shown = &table->column[column];
    const struct grid_group *const group = &table->frame->grid->group[table->now.line[line].group];
    switch (shown->shows) {
    case SHOWS_GROUP: {
        const struct value text = values_get(group->text, shown->number);
        if (text.kind == KIND_NULL) {
            *tone = TONE_DIM;
            buffer_add_literal(out, "null");
        } else {
            wording_value(out, text);
        }
        break;
    }
    case SHOWS_MEASURE: wording_number(out, value[shown->number]); break;
    case SHOWS_RATE: wording_share(out, value[shown->number], value[shown->whole]); break;
    case SHOWS_THEN:
        *tone = TONE_DIM;
        wording_number(out, value_then(table, line, shown->number));
        break;
    case SHOWS_CHANGE: {
        const decimal then = value_then(table, line, shown->number);
        wording_change(out, value[shown->number], then);
        if (then != NOTHING && value[shown->number] != NOTHING)
            *tone = value[shown->number] < then / 2   ? TONE_BAD
                    : value[shown->number] / 2 > then ? TONE_GOOD
                                                      : TONE_PLAIN;
        break;
    }
    case SHOWS_DETAIL:
        if (group->detail.text != NULL)
            wording_value(out, values_get(group->detail, shown->number));
        break;
    }
}

/* By what a line is sorted where its column is a number; none comes last. */
static double line_number(const struct group_table *table, size_t line,
                          const struct table_column *column)
{
    const decimal value = pivot_values(&table->now, line)[column->number];
    const decimal then = column->shows == SHOWS_THEN || column->shows == SHOWS_CHANGE
                             ? value_then(table, line, column->number)
                             : 0;
    const decimal whole =
        column->shows == SHOWS_RATE ? pivot_values(&table->now, line)[column->whole] : 1;
    if (value == NOTHING || then == NOTHING || whole == NOTHING || whole <= 0) return -1e300;
    switch (column->shows) {
    case SHOWS_RATE: return (double)value / (double)whole;
    case SHOWS_THEN: return (double)then;
    case SHOWS_CHANGE: return then <= 0 ? -1e300 : ((double)value - (double)then) / (double)then;
    default: return (double)value;
    }
}

static int lines_compare(const void *a, const void *b, void *owner)
{
    const struct group_table *const table = owner;
    const size_t one = *(const size_t *)a, other = *(const size_t *)b;
    const struct table_column *const column = &table->column[table->sort - 1];
    const struct grid_group *const group = table->frame->grid->group;
    const struct slice texts[] = {group[table->now.line[one].group].text,
                                  group[table->now.line[other].group].text};
    int order = 0;
    if (column->shows == SHOWS_GROUP)
        order = value_compare(values_get(texts[0], column->number),
                              values_get(texts[1], column->number));
    else if (column->shows != SHOWS_DETAIL) {
        const double first = line_number(table, one, column);
        const double second = line_number(table, other, column);
        order = first > second ? -1 : first < second;
    }
    if (table->reversed) order = -order;
    return order != 0 ? order : slice_compare(texts[0], texts[1]);
}

/* The column that lines are sorted by, unless somebody says otherwise: the lead. */
static size_t sort_usual(const struct group_table *table)
{
    const size_t lead = lead_of(table->frame->grid->layout);
    for (size_t i = 0; i < table->columns; i++)
        if (table->column[i].shows == SHOWS_MEASURE && table->column[i].number == lead)
            return i + 1;
    return 1;
}

static uint64_t members_of(size_t by)
{
    return by == 0 ? PIVOT_ALL : UINT64_C(1) << (by - 1);
}

static void group_table_make(struct group_table *table, struct sheet *sheet,
                             const struct frame *frame, size_t by, size_t sort, bool reversed)
{
    const struct axis_window *const window = frame->grid->windows.one;
    const int64_t start_us = window[frame->window].start_us;
    *table = (struct group_table){.frame = frame, .reversed = reversed};
    pivot_make(&table->now, frame->grid, start_us, start_us + 1, members_of(by), &frame->sieve);
    if (frame->base.against != AGAINST_NOTHING)
        pivot_make(&table->then, frame->grid, window[frame->base.first].start_us,
                   window[frame->base.first + frame->base.count - 1].start_us + 1, members_of(by),
                   &frame->sieve);
    columns_make(table, sheet, by);
    table->sort =
        sort == 0 || table->columns == 0 ? sort_usual(table) : (sort - 1) % table->columns + 1;
    table->order = memory_zero(table->now.count + 1, sizeof table->order[0]);
    for (size_t i = 0; i < table->now.count; i++)
        table->order[i] = i;
    if (table->columns > 0)
        qsort_r(table->order, table->now.count, sizeof table->order[0], lines_compare, table);
    sheet->owner = table;
    sheet->cell = group_cell;
    sheet->rows = table->now.count;
    sheet->sorted = table->sort;
}

/* Which lines are seen of how many, at the right of a title. */
static void range_draw(const struct picture *picture, struct place place, size_t top, size_t shown,
                       size_t rows, const char *what)
{
    struct buffer text = {0};
    if (rows > 0) {
        wording_number(&text, (decimal)(top + 1) * DECIMAL_ONE);
        buffer_add_literal(&text, "\xe2\x80\x93");
        wording_number(&text, (decimal)(top + shown) * DECIMAL_ONE);
        buffer_add_literal(&text, " of ");
    }
    wording_number(&text, (decimal)rows * DECIMAL_ONE);
    buffer_printf(&text, " %s", what);
    canvas_put_right(picture->canvas, place, TONE_DIM, text_slice(&text));
    buffer_release(&text);
}

/* The first line, as far as there are lines: what the view says is made to fit. */
static size_t top_fit(const struct picture *picture, size_t rows, int lines)
{
    struct view *const view = picture->view;
    view->page = lines > 1 ? (size_t)lines - 1 : 1;
    if (view->top + view->page > rows) view->top = rows > view->page ? rows - view->page : 0;
    return view->top;
}

int table_draw(const struct picture *picture, const struct frame *frame, struct area area,
               bool is_whole)
{
    const struct view *const view = picture->view;
    const size_t members = layout_count(frame->grid->layout, ROLE_GROUP);
    struct group_table table;
    struct sheet sheet = {0};
    struct buffer title = {0};
    if (area.lines < 3) return 0;
    const size_t by = is_whole && members > 1 ? view->group % (members + 1) : 0;
    group_table_make(&table, &sheet, frame, by, is_whole ? view->sort : 0,
                     is_whole && view->reversed);
    const size_t top = is_whole ? top_fit(picture, sheet.rows, area.lines - 1) : 0;
    size_t shown = sheet.rows - top;
    if (shown > (size_t)area.lines - 2) shown = (size_t)area.lines - 2;
    const struct panel *const panel =
        (const struct panel *)(const void *)((const char *)frame->grid -
                                             offsetof(struct panel, grid));
    if (headline_steps(frame->grid->layout) == 0)
        panel_title(panel, &title);
    else
        buffer_add_literal(&title, "By group");
    if (!is_whole) {
        buffer_add_literal(&title, " \xc2\xb7 ");
        window_print(&title, &frame->grid->windows.one[frame->window]);
    } else if (frame->grid->let_go > 0) {
        buffer_add_literal(&title, " \xc2\xb7 held from ");
        wording_day(&title, frame->grid->windows.one[0].start_us);
        buffer_add_char(&title, ' ');
        wording_clock(&title, frame->grid->windows.one[0].start_us);
        buffer_add_literal(&title, " on");
    }
    canvas_put(picture->canvas, area_line(area), TONE_STRONG, text_slice(&title));
    range_draw(picture, area_line(area), top, shown, sheet.rows, "groups");
    const int taken =
        sheet_draw(&sheet, picture->canvas, area_line(area_below(area, 1)), area.lines - 1, top);
    buffer_release(&title);
    buffer_release(&table.scratch);
    free(table.order);
    pivot_release(&table.now);
    if (frame->base.against != AGAINST_NOTHING) pivot_release(&table.then);
    return taken + 1;
}

/* --- rows one by one --- */

struct roll_table {
    const struct roll *roll;
    size_t member[SHEET_COLUMNS]; /* of the layout, for each column */
    size_t *order, count;
    size_t sort;
    bool reversed;
};

static bool is_shown(const struct roll_table *table, size_t columns, size_t member)
{
    for (size_t i = 0; i < columns; i++)
        if (table->member[i] == member) return true;
    return false;
}

/* Members in the order of the table of kinds, "*" for those that it does not name. */
static void roll_columns(struct roll_table *table, struct sheet *sheet)
{
    const struct layout *const layout = table->roll->layout;
    const char *at = layout->kind->show == NULL ? "*" : layout->kind->show;
    while (*at != '\0') {
        const struct slice name = {.text = at, .len = strcspn(at, " ")};
        const bool is_rest = slice_equal(name, SLICE("*"));
        at += name.len + (at[name.len] == ' ');
        for (size_t i = 0; i < layout->count && sheet->columns < SHEET_COLUMNS; i++) {
            const bool named = kind_word(layout->kind->show, layout->name[i]);
            if (is_rest ? named : !slice_equal(layout->name[i], name)) continue;
            if (is_shown(table, sheet->columns, i)) continue;
            table->member[sheet->columns] = i;
            sheet->column[sheet->columns++].title = layout->name[i];
        }
    }
}

static struct value roll_value(const struct roll_table *table, size_t row, size_t column)
{
    return values_get(table->roll->row[table->order[row]].text, table->member[column]);
}

static enum tone state_tone(struct value state)
{
    const struct slice text = value_slice(state);
    if (slice_equal(text, SLICE("start")) || slice_equal(text, SLICE("ongoing"))) return TONE_BAD;
    if (slice_equal(text, SLICE("abandoned"))) return TONE_WARN;
    if (slice_equal(text, SLICE("recovered"))) return TONE_GOOD;
    return TONE_DIM;
}

static void roll_cell(const void *owner, size_t row, size_t column, struct buffer *out,
                      enum tone *tone)
{
    const struct roll_table *const table = owner;
    const struct value value = roll_value(table, row, column);
    if (table->roll->row[table->order[row]].open) *tone = TONE_STRONG;
    if (slice_equal(table->roll->layout->name[table->member[column]], SLICE("state")))
        *tone = state_tone(value);
    wording_value(out, value);
}

static int roll_compare(const void *a, const void *b, void *owner)
{
    const struct roll_table *const table = owner;
    const size_t one = *(const size_t *)a, other = *(const size_t *)b;
    int order = 0;
    if (table->sort > 0) {
        const size_t member = table->member[table->sort - 1];
        const struct value first = values_get(table->roll->row[one].text, member);
        order = value_compare(first, values_get(table->roll->row[other].text, member));
        if (first.kind == KIND_NUMBER) order = -order;
    }
    if (order == 0) order = one < other ? -1 : one > other;
    return table->reversed ? -order : order;
}

/* Is a column of numbers, as far as one looks? */
static void roll_aligns(const struct roll_table *table, struct sheet *sheet)
{
    for (size_t c = 0; c < sheet->columns; c++)
        for (size_t r = 0; r < table->count && r < 50; r++)
            sheet->column[c].is_number |= roll_value(table, r, c).kind == KIND_NUMBER;
}

static void roll_table_make(struct roll_table *table, struct sheet *sheet, struct roll *roll,
                            const struct view *view)
{
    struct buffer scratch = {0}, lower = {0};
    *table = (struct roll_table){.roll = roll, .reversed = view->reversed};
    table->order = memory_zero(roll->count + 1, sizeof table->order[0]);
    buffer_add_slice(&lower, view_filter(view));
    for (size_t i = 0; i < lower.len; i++)
        if (lower.data[i] >= 'A' && lower.data[i] <= 'Z') lower.data[i] += 'a' - 'A';
    for (size_t i = 0; i < roll->count; i++)
        if (sieve_finds(roll->row[i].text, buffer_slice(&lower), &scratch))
            table->order[table->count++] = i;
    roll_columns(table, sheet);
    table->sort = sheet->columns == 0 ? 0 : view->sort % (sheet->columns + 1);
    qsort_r(table->order, table->count, sizeof table->order[0], roll_compare, table);
    roll_aligns(table, sheet);
    sheet->owner = table;
    sheet->cell = roll_cell;
    sheet->rows = table->count;
    sheet->sorted = table->sort;
    buffer_release(&scratch);
    buffer_release(&lower);
}

int roll_draw(const struct picture *picture, struct panel *panel, struct area area)
{
    struct roll_table table;
    struct sheet sheet = {0};
    struct buffer title = {0};
    roll_table_make(&table, &sheet, &panel->roll, picture->view);
    const size_t top = top_fit(picture, sheet.rows, area.lines - 1);
    size_t shown = sheet.rows - top;
    if (area.lines > 2 && shown > (size_t)area.lines - 2) shown = (size_t)area.lines - 2;
    panel_title(panel, &title);
    size_t open = 0;
    for (size_t i = 0; i < panel->roll.count; i++)
        open += panel->roll.row[i].open;
    if (open > 0) buffer_printf(&title, ", %zu there now", open);
    if (panel->roll.let_go > 0)
        buffer_printf(&title, ", the newest %zu of %" PRIu64, panel->roll.count,
                      panel->roll.count + panel->roll.let_go);
    canvas_put(picture->canvas, area_line(area), TONE_STRONG, text_slice(&title));
    range_draw(picture, area_line(area), top, shown, sheet.rows, "rows");
    const int taken =
        sheet_draw(&sheet, picture->canvas, area_line(area_below(area, 1)), area.lines - 1, top);
    free(table.order);
    buffer_release(&title);
    return taken + 1;
}

/* --- counters --- */

static const char *const figures_shown[] = {
    "tool", "read",       "used",      "rejected",        "late", "duplicate", "filtered",
    "rows", "event_time", "watermark", "largest_disorder"};

static void figure_cell(const void *owner, size_t row, size_t column, struct buffer *out,
                        enum tone *tone)
{
    const struct panel *const panel = owner;
    struct buffer scratch = {0};
    const struct value value =
        object_find(buffer_slice(&panel->figures[row]), slice_of(figures_shown[column]), &scratch);
    const bool is_loss = column == 3 || column == 4;
    if (is_loss && value.kind == KIND_NUMBER && !slice_equal(value_slice(value), SLICE("0")))
        *tone = TONE_WARN;
    wording_value(out, value);
    buffer_release(&scratch);
}

int figures_draw(const struct picture *picture, const struct panel *panel, struct area area)
{
    struct sheet sheet = {.rows = panel->figure_count, .owner = panel, .cell = figure_cell};
    sheet.columns = sizeof figures_shown / sizeof figures_shown[0];
    for (size_t i = 0; i < sheet.columns; i++) {
        sheet.column[i].title = slice_of(figures_shown[i]);
        sheet.column[i].is_number = i > 0 && i < 8;
    }
    const size_t top = top_fit(picture, sheet.rows, area.lines - 1);
    canvas_put(picture->canvas, area_line(area), TONE_STRONG,
               SLICE("Records: each is used, rejected, late, filtered or a duplicate"));
    return 1 +
           sheet_draw(&sheet, picture->canvas, area_line(area_below(area, 1)), area.lines - 1, top);
}
