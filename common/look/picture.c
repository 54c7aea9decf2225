#include "look/picture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/object.h"
#include "look/picture_inside.h"

/* The kinds that come first, in that order; figures come last, others between. */
static const char *const first_kinds[] = {"funnel", "incident", "alert",      "transition",
                                          "cart",   "session",  "sales",      "revenue",
                                          "visits", "products", "conversion", "searches"};

/* Rows that end so long ago are an archive; those between are late. */
#define ARCHIVE_US (INT64_C(2) * 86400 * 1000000)
#define STALE_US (INT64_C(3600) * 1000000)

static size_t panel_rank(const struct panel *panel)
{
    const size_t count = sizeof first_kinds / sizeof first_kinds[0];
    if (panel->layout.kind->store == STORE_FIGURES) return count + 1;
    size_t i = 0;
    while (i < count && !panel_is(panel, first_kinds[i]))
        i++;
    return i;
}

/* board_order has sorted them; ranks keep that order among themselves. */
static void panels_order(struct picture *picture)
{
    const size_t ranks = sizeof first_kinds / sizeof first_kinds[0] + 2;
    board_order(picture->board);
    picture->panels = 0;
    for (size_t rank = 0; rank < ranks; rank++)
        for (size_t i = 0; i < picture->board->panels; i++)
            if (panel_rank(picture->board->panel[i]) == rank)
                picture->panel[picture->panels++] = picture->board->panel[i];
}

bool panel_is(const struct panel *panel, const char *kind)
{
    return strcmp(panel->layout.kind->name, kind) == 0;
}

struct panel *panel_of_kind(const struct picture *picture, const char *kind)
{
    for (size_t i = 0; i < picture->panels; i++)
        if (panel_is(picture->panel[i], kind)) return picture->panel[i];
    return NULL;
}

size_t member_named(const struct layout *layout, struct slice name)
{
    for (size_t i = 0; i < layout->count; i++)
        if (slice_equal(layout->name[i], name)) return i;
    return SIZE_MAX;
}

size_t measure_named(const struct layout *layout, struct slice name)
{
    size_t measure = 0;
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != ROLE_MEASURE && layout->role[i] != ROLE_APART) continue;
        if (slice_equal(layout->name[i], name)) return measure;
        measure++;
    }
    return SIZE_MAX;
}

size_t layout_measure(const struct layout *layout, size_t measure)
{
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != ROLE_MEASURE && layout->role[i] != ROLE_APART) continue;
        if (measure-- == 0) return i;
    }
    return 0;
}

/* An incident is of a value; rows of no view of ours are of their measures and groups. */
void panel_title(const struct panel *panel, struct buffer *out)
{
    const struct layout *const layout = &panel->layout;
    const struct row_kind *const kind = layout->kind;
    if (kind->title != NULL) buffer_add_slice(out, slice_of(kind->title));
    if (panel_is(panel, "incident") || panel_is(panel, "alert")) {
        for (size_t i = 2; i < layout->count; i++) {
            if (layout->role[i] != ROLE_DETAIL) continue;
            buffer_add_literal(out, ": ");
            buffer_add_slice(out, layout->name[i]);
            return;
        }
    }
    if (kind->title != NULL) return;
    if (panel->layout.kind->store == STORE_WINDOWS && panel->grid.measures == 0)
        buffer_add_literal(out, "windows");
    else
        buffer_add_slice(out, layout->name[layout_measure(layout, 0)]);
    bool first = true;
    for (size_t i = 0; i < layout->count; i++) {
        if (layout->role[i] != ROLE_GROUP) continue;
        buffer_add_slice(out, first ? SLICE(" by ") : SLICE(", "));
        buffer_add_slice(out, layout->name[i]);
        first = false;
    }
}

/* The panel that is shown stays so when others come before it. */
static void shown_follow(struct picture *picture)
{
    struct view *const view = picture->view;
    view->panels = picture->panels;
    for (size_t i = 0; i < picture->panels; i++)
        if (view->panel != 0 && view->panel == picture->shown_number &&
            picture->panel[i] == picture->shown) {
            view->panel = i + 1;
            break;
        }
    if (view->panels == 0) return; /* one that was asked for may still come */
    if (view->panel > view->panels) view->panel = 0;
    picture->shown_number = view->panel;
    picture->shown = view->panel == 0 ? NULL : picture->panel[view->panel - 1];
}

/* The panel whose windows LEFT and RIGHT go through: the one that is shown, else the first. */
static struct grid *grid_shown(const struct picture *picture)
{
    const size_t panel = picture->view->panel;
    if (panel > 0)
        return picture->panel[panel - 1]->layout.kind->store == STORE_WINDOWS
                   ? &picture->panel[panel - 1]->grid
                   : NULL;
    for (size_t i = 0; i < picture->panels; i++)
        if (picture->panel[i]->layout.kind->store == STORE_WINDOWS) return &picture->panel[i]->grid;
    return NULL;
}

int64_t picture_at(const struct picture *picture)
{
    const struct grid *const grid = grid_shown(picture);
    if (grid == NULL || grid->windows.count == 0) return INT64_MAX;
    const size_t at = axis_at(&grid->windows, picture->view->at_us);
    return grid->windows.one[at == AXIS_NONE ? 0 : at].start_us;
}

/* --- a grid as it is looked at --- */

void frame_make(struct frame *frame, const struct picture *picture, struct grid *grid)
{
    const struct view *const view = picture->view;
    const size_t windows = grid->windows.count, measures = grid->measures;
    *frame = (struct frame){.grid = grid, .window = AXIS_NONE};
    if (windows == 0) return;
    frame->window = axis_at(&grid->windows, picture_at(picture));
    if (frame->window == AXIS_NONE) frame->window = 0;
    sieve_make(&frame->sieve, grid, view_filter(view));
    frame->series = memory_zero(windows * measures + 1, sizeof(decimal));
    pivot_series(grid, 0, windows, &frame->sieve, frame->series);
    frame->base = base_of(&grid->windows, frame->window, view->against);
    frame->then = memory_zero(measures + 1, sizeof(decimal));
    base_sum(grid, &frame->base, frame->series, frame->then);
}

void frame_release(struct frame *frame)
{
    sieve_release(&frame->sieve);
    free(frame->series);
    free(frame->then);
}

void base_print(struct buffer *out, const struct base *base)
{
    switch (base->against) {
    case AGAINST_WEEK: buffer_add_literal(out, "a week ago"); break;
    case AGAINST_DAY: buffer_add_literal(out, "a day ago"); break;
    case AGAINST_BEFORE:
        if (base->count == 1)
            buffer_add_literal(out, "the window before");
        else
            buffer_printf(out, "the %zu before", base->count);
        break;
    default: break;
    }
}

decimal base_value(const struct base *base, decimal sum)
{
    if (base->against == AGAINST_NOTHING || sum == NOTHING) return NOTHING;
    return base->count <= 1 ? sum : decimal_average(sum, base->count);
}

/* --- what stands around a panel --- */

/* The steps that keys have asked for, as far as there are windows. */
static void steps_take(struct picture *picture)
{
    struct view *const view = picture->view;
    const struct grid *const grid = grid_shown(picture);
    const int64_t step = view->to_oldest ? INT64_MIN : view->step;
    view->step = 0;
    view->to_oldest = false;
    if (grid == NULL || grid->windows.count == 0 || step == 0) return;
    const int64_t last = (int64_t)grid->windows.count - 1;
    int64_t at = last;
    if (view->at_us != INT64_MAX) {
        const size_t found = axis_at(&grid->windows, view->at_us);
        at = found == AXIS_NONE ? 0 : (int64_t)found;
    }
    if (step < -at)
        at = 0;
    else
        at = at + step > last ? last : at + step;
    view->at_us = at == last ? INT64_MAX : grid->windows.one[at].start_us;
}

/* Panels as tabs, each with its key; where there are too many, those around the one shown. */
static void tabs_draw(const struct picture *picture)
{
    struct canvas *const canvas = picture->canvas;
    struct buffer text = {0};
    struct place place = {.y = 0, .x = 0, .width = canvas->columns};
    canvas_tint(canvas, place, TONE_REVERSE);
    size_t first = 0;
    if (picture->view->panel * 18 > (size_t)canvas->columns) first = picture->view->panel - 1;
    for (size_t i = first; i <= picture->panels && place.width > 0; i++) {
        buffer_clear(&text);
        if (i < 9)
            buffer_printf(&text, " %zu ", i + 1);
        else
            buffer_add_literal(&text, " ");
        if (i == 0)
            buffer_add_literal(&text, "Shop");
        else
            panel_title(picture->panel[i - 1], &text);
        buffer_add_char(&text, ' ');
        const enum tone tone = i == picture->view->panel ? TONE_TITLE : TONE_REVERSE;
        const int taken = canvas_put(canvas, place, tone, text_slice(&text));
        place.x += taken;
        place.width -= taken;
    }
    buffer_release(&text);
}

void window_print(struct buffer *out, const struct axis_window *window)
{
    wording_clock(out, window->start_us);
    buffer_add_literal(out, "\xe2\x80\x93");
    wording_clock(out, window->end_us);
}

/* How far the rows have come, in event time. */
static int64_t rows_until(const struct picture *picture)
{
    int64_t until_us = TIME_NONE;
    for (size_t i = 0; i < picture->panels; i++) {
        const struct panel *const panel = picture->panel[i];
        const struct axis *const windows = &panel->grid.windows;
        if (panel->layout.kind->store == STORE_WINDOWS && windows->count > 0)
            until_us = instant_max(until_us, windows->one[windows->count - 1].end_us);
        if (panel->layout.kind->store == STORE_ROWS && panel->roll.count > 0)
            until_us = instant_max(until_us, panel->roll.row[0].time_us);
    }
    return until_us;
}

/* The window, and what it is compared with; at the right how old the rows are. */
void picture_draw_age(const struct picture *picture)
{
    struct canvas *const canvas = picture->canvas;
    struct place place = {.y = 1, .x = 1, .width = canvas->columns - 2};
    canvas_clear(canvas, place);
    struct buffer text = {0};
    struct grid *const grid = grid_shown(picture);
    const int64_t until_us = rows_until(picture);
    enum tone tone = picture->view->paused ? TONE_WARN : TONE_DIM;
    if (picture->view->paused) {
        buffer_add_literal(&text, "PAUSED");
    } else if (until_us > picture->now_us && picture->arrived_us != TIME_NONE) {
        /* Of a window that is not over yet. */
        buffer_add_literal(&text, "a row came ");
        wording_age(&text, picture->now_us - picture->arrived_us);
        buffer_add_literal(&text, " ago");
    } else if (until_us != TIME_NONE) {
        const int64_t behind_us = picture->now_us - until_us;
        buffer_add_literal(&text, "rows end ");
        wording_age(&text, behind_us);
        buffer_add_literal(&text, " ago");
        if (behind_us > STALE_US && behind_us < ARCHIVE_US) tone = TONE_WARN;
    }
    const int right = canvas_put_right(canvas, place, tone, text_slice(&text));
    place.width -= right + 2;
    buffer_clear(&text);
    if (grid != NULL && grid->windows.count > 0) {
        const size_t window = axis_at(&grid->windows, picture_at(picture));
        const struct base base = base_of(&grid->windows, window, picture->view->against);
        wording_day(&text, grid->windows.one[window].start_us);
        buffer_add_char(&text, ' ');
        window_print(&text, &grid->windows.one[window]);
        buffer_add_literal(&text, " UTC");
        if (grid->windows.one[window].open) buffer_add_literal(&text, ", still open");
        if (base.against != AGAINST_NOTHING) {
            buffer_add_literal(&text, " \xc2\xb7 against ");
            base_print(&text, &base);
        }
    }
    if (picture->view->filter_len > 0) {
        buffer_add_literal(&text, " \xc2\xb7 only ");
        buffer_add_slice(&text, view_filter(picture->view));
    }
    canvas_put(canvas, place, TONE_STRONG, text_slice(&text));
    buffer_release(&text);
}

/* Rejected and late records, by the newest counters of all tools. */
static void add_figures(const struct picture *picture, struct buffer *text)
{
    uint64_t rejected = 0, late = 0;
    struct buffer scratch = {0};
    const struct panel *const panel = panel_of_kind(picture, "figures");
    if (panel == NULL) return;
    for (size_t i = 0; i < panel->figure_count; i++) {
        const struct slice figures = buffer_slice(&panel->figures[i]);
        int64_t number = 0;
        const struct value refused = object_find(figures, SLICE("rejected"), &scratch);
        if (refused.kind == KIND_NUMBER && number_floor(value_slice(refused), 0, &number))
            rejected += (uint64_t)number;
        const struct value behind = object_find(figures, SLICE("late"), &scratch);
        if (behind.kind == KIND_NUMBER && number_floor(value_slice(behind), 0, &number))
            late += (uint64_t)number;
    }
    buffer_printf(text, " \xc2\xb7 %" PRIu64 " rejected, %" PRIu64 " late", rejected, late);
    buffer_release(&scratch);
}

static void footer_draw(const struct picture *picture)
{
    struct canvas *const canvas = picture->canvas;
    const struct view *const view = picture->view;
    struct place place = {.y = canvas->rows - 1, .x = 0, .width = canvas->columns};
    struct buffer text = {0};
    canvas_tint(canvas, place, TONE_REVERSE);
    place.x++;
    place.width -= 2;
    if (view->typing) {
        buffer_add_literal(&text, "only what has: ");
        buffer_add_slice(&text, view_filter(view));
        buffer_add_char(&text, '_');
        canvas_put(canvas, place, TONE_TITLE, text_slice(&text));
        buffer_release(&text);
        return;
    }
    wording_number(&text, (decimal)board_rows(picture->board) * DECIMAL_ONE);
    buffer_add_literal(&text, " rows");
    add_figures(picture, &text);
    place.width -= canvas_put_right(canvas, place, TONE_REVERSE, SLICE("? help  q quit")) + 2;
    int taken = canvas_put(canvas, place, TONE_REVERSE, text_slice(&text));
    place.x += taken;
    place.width -= taken;
    buffer_clear(&text);
    enum tone tone = TONE_REVERSE;
    if (picture->board->unused > 0) {
        tone = TONE_BAD;
        const uint64_t unused = picture->board->unused;
        buffer_printf(&text, " \xc2\xb7 %" PRIu64 " %s, the last: ", unused,
                      unused == 1 ? "line is no row" : "lines are no rows");
        buffer_add_slice(&text, buffer_slice(&picture->board->unused_why));
    } else if (picture->message.len > 0) {
        buffer_add_literal(&text, " \xc2\xb7 ");
        buffer_add_slice(&text, picture->message);
    }
    canvas_put(canvas, place, tone, text_slice(&text));
    buffer_release(&text);
}

static void help_draw(const struct picture *picture, struct area area)
{
    static const char *const lines[] = {
        "1-9 Tab       a panel; 1 is the first screen",
        "left right    the window before, the next one",
        "Home End      the oldest window, the newest one (which then stays the newest)",
        "up down       lines; also PgUp PgDn, k j, blank",
        "g             what lines are added up by: all of the group, or one of its members",
        "s  r          sort by the next column; the other way round",
        "/             only what has a text: anywhere, or MEMBER=TEXT; Esc takes it away",
        "c             compare: as it fits best, a week ago, a day ago, the windows before, not",
        "p             pause: nothing moves; rows are read all the same",
        "?             this help; any key ends it",
        "q Ctrl-C      end",
        "",
        "A window belongs to the time at which it begins. Sums are of rows: who is in two",
        "groups is counted in both. Of a step is said what part of the one before went on.",
        "A step is called broken where more are missing than chance takes away.",
    };
    canvas_put(picture->canvas, area_line(area), TONE_STRONG, SLICE("Keys"));
    for (size_t i = 0; i < sizeof lines / sizeof lines[0] && (int)i + 1 < area.lines; i++)
        canvas_put(picture->canvas, area_line(area_below(area, (int)i + 1)), TONE_PLAIN,
                   slice_of(lines[i]));
}

static void panel_draw(const struct picture *picture, struct panel *panel, struct area area)
{
    struct frame frame;
    switch (panel->layout.kind->store) {
    case STORE_ROWS: (void)roll_draw(picture, panel, area); return;
    case STORE_FIGURES: (void)figures_draw(picture, panel, area); return;
    case STORE_WINDOWS: break;
    }
    frame_make(&frame, picture, &panel->grid);
    if (frame.window == AXIS_NONE) return;
    if (panel_is(panel, "funnel") && headline_steps(&panel->layout) > 0) {
        if (area.lines > 26) area = area_below(area, headline_draw(picture, &frame, area));
        area = area_below(area, funnel_draw(picture, &frame, area, true) + 1);
    }
    (void)table_draw(picture, &frame, area, true);
    frame_release(&frame);
}

void picture_draw(struct picture *picture)
{
    const struct view *const view = picture->view;
    struct canvas *const canvas = picture->canvas;
    panels_order(picture);
    shown_follow(picture);
    for (size_t i = 0; i < picture->panels; i++)
        if (picture->panel[i]->layout.kind->store == STORE_ROWS)
            roll_tidy(&picture->panel[i]->roll);
    steps_take(picture);
    tabs_draw(picture);
    picture_draw_age(picture);
    const struct area area = {
        .y = 3, .x = 1, .width = canvas->columns - 2, .lines = canvas->rows - 4};
    if (view->help)
        help_draw(picture, area);
    else if (picture->panels == 0)
        canvas_put(canvas, area_line(area), TONE_DIM,
                   picture->waiting ? SLICE("no rows yet") : SLICE("no rows"));
    else if (view->panel == 0)
        first_draw(picture, area);
    else
        panel_draw(picture, picture->panel[view->panel - 1], area);
    footer_draw(picture);
}
