#include "look/board.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/object.h"

/* So many lines that cannot be used are told of. */
#define UNUSED_TOLD 5
/* Of a run's counters. */
#define FIGURES_BYTES ((size_t)64 << 10)
#define FIGURES_TOOLS 64
/* So few rows of a list are not made fewer. */
#define ROLL_MIN 50

void board_name(struct board *board, const struct board_options *options)
{
    option_items(&board->groups, "by", &options->groups, LIST_NAMES);
    option_items(&board->apart, "no-sum", &options->apart, LIST_NAMES);
}

void board_init(struct board *board)
{
    schema_init(&board->schema);
    board->scanner = scanner_new(&board->schema);
}

static void panel_free(struct panel *panel)
{
    switch (panel->layout.kind->store) {
    case STORE_WINDOWS: grid_release(&panel->grid); break;
    case STORE_ROWS: roll_release(&panel->roll); break;
    case STORE_FIGURES: break;
    }
    for (size_t i = 0; i < panel->figure_count; i++)
        buffer_release(&panel->figures[i]);
    free(panel->figures);
    layout_release(&panel->layout);
    free(panel);
}

void board_release(struct board *board)
{
    for (size_t i = 0; i < board->panels; i++)
        panel_free(board->panel[i]);
    scanner_free(board->scanner);
    schema_release(&board->schema);
    list_release(&board->groups);
    list_release(&board->apart);
    buffer_release(&board->unused_why);
}

void board_refuse(struct board *board, const char *why, const char *where, uint64_t line_number)
{
    board->unused++;
    buffer_clear(&board->unused_why);
    buffer_printf(&board->unused_why, "%s:%" PRIu64 ": %s", where, line_number, why);
    if (board->unused <= UNUSED_TOLD) message("%s:%" PRIu64 ": %s", where, line_number, why);
    if (board->unused == UNUSED_TOLD) message("more lines that cannot be shown are only counted");
}

/* The panel of the row in hand; NULL, and *why: there is none. */
static struct panel *panel_of(struct board *board, const char **why)
{
    struct layout layout;
    for (size_t i = 0; i < board->panels; i++)
        if (id_equal(board->panel[i]->layout.id, board->row.id)) return board->panel[i];
    if (board->panels == BOARD_PANELS) {
        *why = "there are rows of 64 layouts already";
        return NULL;
    }
    if (!layout_make(&layout, &board->row, &board->groups, &board->apart)) {
        *why = "by its members, it is no row of a tool that is known";
        return NULL;
    }
    struct panel *const panel = memory_zero(1, sizeof *panel);
    panel->layout = layout;
    switch (layout.kind->store) {
    case STORE_WINDOWS:
        grid_init(&panel->grid, &panel->layout);
        panel->grid.keep = board->keep;
        break;
    case STORE_ROWS: roll_init(&panel->roll, &panel->layout, board->roll_max); break;
    case STORE_FIGURES: panel->figures = memory_zero(FIGURES_TOOLS, sizeof *panel->figures); break;
    }
    board->panel[board->panels++] = panel;
    return panel;
}

/* The counters of a tool replace those it had. */
static const char *figures_take(struct panel *panel, struct slice line)
{
    struct buffer scratch = {0}, other = {0};
    const struct value tool = object_find(line, SLICE("tool"), &scratch);
    const struct value labels = object_find(line, SLICE("labels"), &scratch);
    size_t at = 0;
    for (; at < panel->figure_count; at++) {
        const struct slice known = buffer_slice(&panel->figures[at]);
        if (value_equal(object_find(known, SLICE("tool"), &other), tool) &&
            value_equal(object_find(known, SLICE("labels"), &other), labels))
            break;
    }
    buffer_release(&scratch);
    buffer_release(&other);
    if (at == FIGURES_TOOLS) return "there are counters of 64 tools already";
    if (line.len > FIGURES_BYTES) return "has more counters than can be shown";
    panel->figure_count += at == panel->figure_count;
    buffer_clear(&panel->figures[at]);
    json_add_text(&panel->figures[at], line);
    return NULL;
}

static size_t panel_bytes(const struct panel *panel)
{
    switch (panel->layout.kind->store) {
    case STORE_WINDOWS: return grid_bytes(&panel->grid);
    case STORE_ROWS: return roll_bytes(&panel->roll);
    case STORE_FIGURES: break;
    }
    return 0;
}

static bool panel_let_go(struct panel *panel)
{
    switch (panel->layout.kind->store) {
    case STORE_WINDOWS: return grid_let_go(&panel->grid);
    case STORE_ROWS: return roll_let_go(&panel->roll);
    case STORE_FIGURES: break;
    }
    return false;
}

/* Is more held than may be? *largest: the panel that has most of it. */
static bool is_over(const struct board *board, struct panel **largest)
{
    size_t rows = 0, bytes = 0, most = 0;
    for (size_t i = 0; i < board->panels; i++) {
        struct panel *const panel = board->panel[i];
        const size_t size = panel_bytes(panel);
        bytes += size;
        if (panel->layout.kind->store == STORE_WINDOWS) rows += panel->grid.count;
        if (size < most) continue;
        most = size;
        *largest = panel;
    }
    return rows > board->rows_max || (board->bytes_max != 0 && bytes > board->bytes_max);
}

/* Lets the oldest go until what is held is within bounds. Where each panel has only its newest
 * window, the one that has just got a row takes no further groups. */
static void board_bound(struct board *board, struct panel *panel)
{
    struct panel *largest = panel;
    panel->grid.full = false;
    while (is_over(board, &largest)) {
        if (panel_let_go(largest) || panel_let_go(panel)) continue;
        panel->grid.full = panel->layout.kind->store == STORE_WINDOWS;
        return;
    }
}

static const char *row_take(struct board *board, struct slice line)
{
    const char *why = NULL;
    if (!row_read(&board->row, line)) return "has more members than a row has";
    struct panel *const panel = panel_of(board, &why);
    if (panel == NULL) return why;
    switch (panel->layout.kind->store) {
    case STORE_ROWS: why = roll_take(&panel->roll, &board->row); break;
    case STORE_FIGURES: return figures_take(panel, line);
    case STORE_WINDOWS: why = grid_take(&panel->grid, &board->row); break;
    }
    board_bound(board, panel);
    return why;
}

/* Behind what --key puts in front of a row. */
static const char *behind_key(const char *text)
{
    if (*text == '{') return text;
    const char *at = text;
    while (*at != '\t' && *at != '\n')
        at++;
    return *at == '\t' && at[1] == '{' ? at + 1 : text;
}

const char *board_take(struct board *board, const char *text, bool torn, const char *where,
                       uint64_t line_number)
{
    struct value value[SLOT_CANONICAL + 1]; /* one for what nobody has asked for */
    struct event ev = {.value = value};
    const char *next;
    enum reason reason = scanner_scan(board->scanner, behind_key(text), &ev, &next);
    const bool is_blank = reason == REASON_NONE && ev.line.len == 0;
    if (!is_blank) {
        struct buffer detail = {0};
        board->lines++;
        if (torn && reason != REASON_NONE) reason = REASON_TORN;
        if (reason != REASON_NONE) {
            buffer_printf(&detail, "%s: ", reason_name(reason));
            reason_detail(reason, "", &detail);
            buffer_add_char(&detail, '\0');
        }
        const char *const why = reason == REASON_NONE ? row_take(board, ev.line) : detail.data;
        if (why != NULL) board_refuse(board, why, where, line_number);
        buffer_release(&detail);
    }
    scanner_clear(board->scanner);
    return next;
}

/* --- as JSON --- */

static void panel_print(struct panel *panel, struct buffer *out)
{
    const struct row_kind *const kind = panel->layout.kind;
    buffer_clear(out);
    buffer_printf(out, "{\"kind\":\"%s\",", kind->name);
    if (kind->title != NULL) buffer_printf(out, "\"title\":\"%s\",", kind->title);
    if (kind->lead != NULL) buffer_printf(out, "\"lead\":\"%s\",", kind->lead);
    if (kind->rates != NULL) buffer_printf(out, "\"rates\":\"%s\",", kind->rates);
    switch (kind->store) {
    case STORE_WINDOWS: grid_print(&panel->grid, &panel->thinning, out); break;
    case STORE_ROWS: roll_print(&panel->roll, panel->most, out); break;
    case STORE_FIGURES:
        buffer_add_literal(out, "\"figures\":[");
        for (size_t i = 0; i < panel->figure_count; i++) {
            if (i > 0) buffer_add_char(out, ',');
            buffer_add_slice(out, buffer_slice(&panel->figures[i]));
        }
        buffer_add_char(out, ']');
        break;
    }
    buffer_add_char(out, '}');
}

static bool panel_thin(struct panel *panel)
{
    switch (panel->layout.kind->store) {
    case STORE_WINDOWS: return grid_thin_more(&panel->grid, &panel->thinning);
    case STORE_ROWS:
        if (panel->most > panel->roll.count) panel->most = panel->roll.count;
        if (panel->most <= ROLL_MIN) return false;
        panel->most /= 2;
        return true;
    case STORE_FIGURES: break;
    }
    return false;
}

/* In the order of the table of kinds, and of the members' names. */
static int panels_compare(const void *a, const void *b)
{
    const struct layout *const one = &(*(struct panel *const *)a)->layout;
    const struct layout *const other = &(*(struct panel *const *)b)->layout;
    if (one->kind != other->kind) return kind_place(one->kind) < kind_place(other->kind) ? -1 : 1;
    for (size_t i = 0; i < one->count && i < other->count; i++) {
        const int order = slice_compare(one->name[i], other->name[i]);
        if (order != 0) return order;
    }
    return (one->count > other->count) - (one->count < other->count);
}

/* Prints each panel, and the largest ones again, thinner, until all fit. */
static void panels_fit(struct board *board, size_t bytes_max, struct buffer *text)
{
    size_t total = 0;
    bool done[BOARD_PANELS] = {false};
    for (size_t i = 0; i < board->panels; i++) {
        board->panel[i]->thinning = (struct thinning){.groups = SIZE_MAX};
        board->panel[i]->most = board->roll_max;
        panel_print(board->panel[i], &text[i]);
        total += text[i].len;
    }
    while (total > bytes_max) {
        size_t largest = BOARD_PANELS;
        for (size_t i = 0; i < board->panels; i++)
            if (!done[i] && (largest == BOARD_PANELS || text[i].len > text[largest].len))
                largest = i;
        if (largest == BOARD_PANELS) return;
        done[largest] = !panel_thin(board->panel[largest]);
        total -= text[largest].len;
        panel_print(board->panel[largest], &text[largest]);
        total += text[largest].len;
    }
}

/* Adds JSON as it may stand in a page and in a script: what would end either is escaped. */
static void add_for_page(struct buffer *out, struct slice json)
{
    for (size_t i = 0; i < json.len; i++) {
        const char *const at = json.text + i;
        if (*at == '<') {
            buffer_add_literal(out, "\\u003c");
        } else if (json.len - i > 2 && memcmp(at, "\xe2\x80", 2) == 0 &&
                   (at[2] == '\xa8' || at[2] == '\xa9')) {
            buffer_printf(out, "\\u202%c", at[2] == '\xa8' ? '8' : '9');
            i += 2;
        } else {
            buffer_add_char(out, *at);
        }
    }
}

void board_order(struct board *board)
{
    qsort(board->panel, board->panels, sizeof board->panel[0], panels_compare);
}

void board_print(struct board *board, size_t bytes_max, struct buffer *out)
{
    struct buffer text[BOARD_PANELS] = {{0}};
    board_order(board);
    panels_fit(board, bytes_max, text);
    buffer_add_char(out, '[');
    for (size_t i = 0; i < board->panels; i++) {
        if (i > 0) buffer_add_literal(out, ",\n");
        add_for_page(out, buffer_slice(&text[i]));
        buffer_release(&text[i]);
    }
    buffer_add_char(out, ']');
}

uint64_t board_rows(const struct board *board)
{
    return board->lines - board->unused;
}

/* hold_all: what was let go is a loss. */
static void panel_tell(const struct panel *panel, bool hold_all)
{
    const char *const name = panel->layout.kind->name;
    const struct grid *const grid = &panel->grid;
    if (panel->layout.kind->store != STORE_WINDOWS) return;
    if (panel->thinning.window_us != 0)
        message("%s: thinned: windows of %" PRId64 " s are added up, %zu groups are left out", name,
                panel->thinning.window_us / 1000000,
                panel->thinning.groups < grid->group_count
                    ? grid->group_count - panel->thinning.groups
                    : 0);
    if (grid->let_go > 0 && hold_all)
        message("%s: %" PRIu64 " rows of the oldest windows are left out (--max-rows)", name,
                grid->let_go);
    const uint64_t too_large = grid->too_large + grid->unread;
    if (too_large > 0)
        message("%s: %" PRIu64 " number%s too large to be shown", name, too_large,
                too_large == 1 ? " is" : "s are");
}

void board_tell(const struct board *board)
{
    for (size_t i = 0; i < board->panels; i++)
        panel_tell(board->panel[i], board->bytes_max == 0);
    if (board->unused > UNUSED_TOLD)
        message("%" PRIu64 " of %" PRIu64 " lines cannot be shown", board->unused, board->lines);
}
