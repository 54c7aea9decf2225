#include "window/report.h"

#include <stdlib.h>

#include "base/memory.h"

/* Declares the aggregate's second member, if it has one. */
static int extra_declare(const struct aggregates *aggregates, int i, struct rows *rows,
                         struct buffer *why)
{
    const char *const extra = aggregates_extra(aggregates, i);
    struct buffer name = {0};
    if (extra == NULL) return -1;
    buffer_printf(&name, "%s%s", aggregates->item[i].name, extra);
    const int member = rows_declare(rows, buffer_slice(&name), why);
    buffer_release(&name);
    return member;
}

static bool members_declare(struct report *report, struct run *run, struct buffer *why)
{
    struct rows *rows = run->rows;
    const struct aggregates *aggregates = &report->aggregates;

    heading_declare(&report->heading, rows, &report->by, run->settings.by_partition, why);
    for (int i = 0; i < aggregates->count; i++) {
        report->aggregate[i] = rows_declare(rows, slice_of(aggregates->item[i].name), why);
        report->extra[i] = extra_declare(aggregates, i, rows, why);
    }
    report->too_large = run->settings.by_partition && aggregates_may_be_too_large(aggregates)
                            ? rows_declare(rows, SLICE("too_large"), why)
                            : -1;
    report->partials = run->settings.by_partition && aggregates_have_partials(aggregates)
                           ? rows_declare(rows, SLICE("partials"), why)
                           : -1;
    report->final = run->settings.updates ? rows_declare(rows, SLICE("final"), why) : -1;
    for (int i = 0; i < aggregates->count; i++)
        aggregates_describe(aggregates, i, rows);
    rows_describe(rows, report->too_large, COLUMN_DOCUMENT, SLICE("sums too large to be printed"));
    rows_describe(rows, report->partials, COLUMN_DOCUMENT, SLICE("for --merge"));
    rows_describe(rows, report->final, COLUMN_TRUTH, SLICE("false: the window is open"));
    return why->len == 0;
}

static bool lists_read(struct report *report, struct run *run, const struct report_request *request,
                       struct buffer *why)
{
    buffer_add_literal(why, "--by: ");
    for (size_t i = 0; i < request->by->count; i++)
        if (!group_by_add(&report->by, request->by->text[i], &run->schema, why)) return false;
    buffer_clear(why);
    buffer_printf(why, "%s: ", request->option);
    for (size_t i = 0; i < request->aggregates->count; i++)
        if (!aggregates_add(&report->aggregates, request->aggregates->text[i], &run->schema, why))
            return false;
    if (!aggregates_complete(&report->aggregates, why)) return false;
    buffer_clear(why);
    return true;
}

/* --merge: the members are read from rows. */
static bool merge_init(struct report *report, struct run *run, struct buffer *why)
{
    if (run->settings.by_partition) {
        buffer_add_literal(why, "--merge adds up what --by-partition has split: use one of them");
        return false;
    }
    report->end_slot = schema_need(&run->schema, SLICE("window_end"));
    return aggregates_rows(&report->aggregates, &run->schema, why) &&
           group_by_rows(&report->by, &run->schema, why);
}

/* After the members. */
static bool having_read(struct run *run, const struct option_list *having, struct buffer *why)
{
    if (having == NULL || having->count == 0) return true;
    if (run->settings.by_partition) {
        buffer_add_literal(why, "--having: a part is not the row: it belongs to --merge");
        return false;
    }
    if (run->settings.updates) {
        buffer_add_literal(why, "--emit=updates does not go with --having: a row that was printed "
                                "may not be selected any more");
        return false;
    }
    for (size_t i = 0; i < having->count && why->len == 0; i++) {
        const char *const wrong = rows_having(run->rows, having->text[i]);
        if (wrong != NULL) buffer_add_slice(why, slice_of(wrong));
    }
    return why->len == 0;
}

bool report_init(struct run *run, const struct report_request *request, struct buffer *why)
{
    struct report *report = memory_zero(1, sizeof *report);
    run->own = report;
    report->end_slot = -1;
    group_by_init(&report->by);
    aggregates_init(&report->aggregates);
    if (!lists_read(report, run, request, why)) return false;
    report->by.partition = run->settings.by_partition;
    if (run->settings.merge && !merge_init(report, run, why)) return false;
    windows_init(&report->windows, run, &report->by, &report->aggregates, request->size_us,
                 request->slide_us, request->offset_us);
    if (request->span != NULL) windows_by_calendar(&report->windows, request->span);
    if (run->settings.merge) windows_by_lanes(&report->windows);
    report->total = memory_zero(1, report->aggregates.cell_bytes);
    return members_declare(report, run, why) && having_read(run, request->having, why);
}

/* The cells of a row, and the text they keep values in. */
struct row_cells {
    const char *cells;
    const struct buffer *text;
};

static void row_members(const struct report *report, const struct window *window, struct slice key,
                        struct row_cells row, bool final)
{
    const struct aggregates *aggregates = &report->aggregates;
    struct rows *rows = report->windows.run->rows;

    heading_print(&report->heading, rows, window->start_us,
                  window_end_us(&report->windows, window->start_us), key);
    for (int i = 0; i < aggregates->count; i++) {
        aggregates_print(aggregates, i, row.cells, row.text, rows, report->aggregate[i]);
        if (report->extra[i] >= 0)
            aggregates_print_extra(aggregates, i, row.cells, row.text, rows, report->extra[i]);
    }
    if (report->too_large >= 0)
        aggregates_print_too_large(aggregates, row.cells, rows, report->too_large);
    if (report->partials >= 0)
        aggregates_print_partials(aggregates, row.cells, row.text, rows, report->partials);
    if (report->final >= 0) rows_bool(rows, report->final, final);
}

static void row_print(const struct report *report, const struct window *window, struct slice key,
                      struct row_cells row, bool final)
{
    struct rows *rows = report->windows.run->rows;
    rows_begin(rows);
    row_members(report, window, key, row, final);
    rows_end(rows);
    if (final) aggregates_too_large(&report->aggregates, report->windows.run, row.cells, row.text);
}

/* The groups from the first on that are one row: with --merge, the parts of one group. */
static size_t parts_count(const struct report *report, const struct window *window,
                          struct group **groups, size_t count)
{
    const int width = report->by.count;
    size_t parts = 1;
    if (!report->windows.run->settings.merge) return 1;
    while (parts < count && group_compare(window_key(window, groups[0]),
                                          window_key(window, groups[parts]), width) == 0)
        parts++;
    return parts;
}

/* Their cells together; good until the next call. */
static struct row_cells parts_cells(struct report *report, const struct window *window,
                                    struct group **groups, size_t parts)
{
    const struct aggregates *aggregates = &report->aggregates;
    if (parts == 1)
        return (struct row_cells){.cells = group_cells(groups[0]), .text = &window->text};
    memset(report->total, 0, aggregates->cell_bytes);
    buffer_clear(&report->total_text);
    for (size_t part = 0; part < parts; part++)
        aggregates_combine(aggregates, aggregates_all(aggregates), report->total,
                           &report->total_text, group_cells(groups[part]), &window->text);
    return (struct row_cells){.cells = report->total, .text = &report->total_text};
}

/* Has one of them changed since it was printed last? It is printed now. */
static bool parts_changed(struct group **groups, size_t parts)
{
    bool changed = false;
    for (size_t part = 0; part < parts; part++) {
        changed |= groups[part]->changed;
        groups[part]->changed = false;
    }
    return changed;
}

static void parts_print(struct report *report, const struct window *window, struct group **groups,
                        size_t parts, bool final)
{
    row_print(report, window, window_key(window, groups[0]),
              parts_cells(report, window, groups, parts), final);
}

/* Hands over what the row is sorted by, or all of it where --having asks. */
static void parts_rank(struct report *report, const struct window *window, struct group **groups,
                       size_t parts, size_t number)
{
    struct rows *rows = report->windows.run->rows;
    const int member = rows_order_member(rows);
    struct value value = VALUE_NULL;

    if (rows_judged(rows)) {
        rows_rank_begin(rows);
        row_members(report, window, window_key(window, groups[0]),
                    parts_cells(report, window, groups, parts), true);
        rows_rank_end(rows, number);
        return;
    }
    /* Without a member they are only cut. */
    if (member < 0 ||
        heading_value(&report->heading, member, window_key(window, groups[0]), &value)) {
        rows_rank(rows, number, value);
        return;
    }
    rows_rank_begin(rows);
    const struct row_cells row = parts_cells(report, window, groups, parts);
    for (int i = 0; i < report->aggregates.count; i++) {
        if (report->aggregate[i] == member)
            aggregates_print(&report->aggregates, i, row.cells, row.text, rows, member);
        if (report->extra[i] == member)
            aggregates_print_extra(&report->aggregates, i, row.cells, row.text, rows, member);
    }
    if (report->too_large == member)
        aggregates_print_too_large(&report->aggregates, row.cells, rows, member);
    if (report->partials == member)
        aggregates_print_partials(&report->aggregates, row.cells, row.text, rows, member);
    rows_rank_end(rows, number); /* the window's bounds and final are the same for all */
}

/* Prints the rows that were handed over, in their order. */
static void ranks_print(struct report *report, const struct window *window, struct group **groups,
                        size_t count, bool final)
{
    struct rows *rows = report->windows.run->rows;
    const size_t ranked = rows_ranks(rows);

    for (size_t place = 0; place < ranked; place++) {
        const size_t i = rows_rank_at(rows, place);
        parts_print(report, window, groups + i, parts_count(report, window, groups + i, count - i),
                    final);
    }
}

static void group_print(void *report, struct window *window, struct group *group)
{
    parts_print(report, window, &group, 1, true);
}

static void window_print(struct report *report, struct window *window, bool final)
{
    struct rows *rows = report->windows.run->rows;
    const bool ranked = rows_ranked(rows);
    size_t count;

    if (window->lent_count > 0) {
        windows_merge(&report->windows, window, group_print, report);
        rows_group_end(rows);
        return;
    }
    struct group **groups = windows_sorted(&report->windows, window, &count);
    for (size_t i = 0, parts = 1; i < count; i += parts) {
        windows_sorted_ahead(window, groups, i, count);
        parts = parts_count(report, window, groups + i, count - i);
        if (!parts_changed(groups + i, parts) && !final) continue;
        if (ranked)
            parts_rank(report, window, groups + i, parts, i);
        else
            parts_print(report, window, groups + i, parts, final);
    }
    if (ranked) ranks_print(report, window, groups, count, final);
    rows_group_end(rows);
    window->changed = false;
}

/* --merge: the groups that no input can add to any more. */
static void passed_print(struct report *report)
{
    struct group **groups;
    size_t count;
    struct window *const window = windows_passed(&report->windows, &groups, &count);
    if (window == NULL) return;
    for (size_t i = 0, parts = 1; i < count; i += parts) {
        parts = parts_count(report, window, groups + i, count - i);
        parts_print(report, window, groups + i, parts, true);
    }
    windows_forget(&report->windows, window, count);
}

static void window_done_print(void *report, struct window *window)
{
    window_print(report, window, true);
}

static enum reason report_amend(struct run *run, struct event *ev)
{
    const struct report *report = run->own;
    const enum reason reason = windows_row_check(&report->windows, ev, report->end_slot);
    return reason == REASON_NONE && !group_by_fits_row(&report->by, ev) ? REASON_BAD_MEMBER
                                                                        : reason;
}

static void report_hint(struct run *run, struct event *ev)
{
    struct report *report = run->own;
    windows_hint(&report->windows, ev);
}

static void report_ahead(struct run *run, const struct event *const *events, size_t count)
{
    struct report *report = run->own;
    windows_ahead(&report->windows, events, count);
}

static enum fate report_event(struct run *run, const struct event *ev)
{
    struct report *report = run->own;
    const enum fate fate = windows_event(&report->windows, ev);
    if (run->settings.merge) passed_print(report);
    run->counters.keys = report->windows.keys;
    return fate;
}

static void report_advance(struct run *run, int64_t watermark_us)
{
    struct report *report = run->own;
    windows_close(&report->windows, watermark_us, window_done_print, report);
    run->counters.keys = report->windows.keys;
}

static void report_updates(struct run *run)
{
    struct report *report = run->own;
    const size_t count = windows_order(&report->windows);
    for (size_t i = 0; i < count; i++) {
        struct window *window = windows_at(&report->windows, i);
        if (window->changed) window_print(report, window, false);
    }
}

static void report_finish(struct run *run)
{
    struct report *report = run->own;
    const int64_t end_us = windows_end_us(&report->windows);
    if (end_us != INT64_MIN) run->finished_us = end_us;
    report_advance(run, INT64_MAX);
}

static void report_save(struct run *run, struct buffer *out)
{
    struct report *report = run->own;
    windows_save(&report->windows, out);
}

static bool report_load(struct run *run, struct unpack *in)
{
    struct report *report = run->own;
    const bool good = windows_load(&report->windows, in);
    run->counters.keys = report->windows.keys;
    return good;
}

static void report_explain(struct run *run, struct buffer *out)
{
    const struct report *report = run->own;
    group_explain(&report->by, out);
    aggregates_explain(&report->aggregates, out);
    if (rows_judged(run->rows)) having_explain(run->rows->having, out);
    windows_explain(&report->windows, out);
}

void report_release(struct run *run)
{
    struct report *report = run->own;
    windows_release(&report->windows);
    aggregates_release(&report->aggregates);
    group_by_release(&report->by);
    free(report->total);
    buffer_release(&report->total_text);
    free(report);
    run->own = NULL;
}

static void report_range(struct run *run, int64_t border_us)
{
    struct report *report = run->own;
    windows_range(&report->windows, border_us);
}

/* Of a window whose rows are ranked all groups are needed at once. */
static bool report_add(struct run *run, struct unpack *in)
{
    struct report *report = run->own;
    if (run->settings.apart && !report->is_whole && !rows_ranked(run->rows))
        windows_borrow(&report->windows);
    return report_load(run, in);
}

static bool report_again(struct run *run)
{
    struct report *report = run->own;
    report->is_whole = true;
    const bool good = windows_borrow_end(&report->windows);
    run->counters.keys = report->windows.keys;
    return good;
}

static const struct ranges ranges = {
    .begin = report_range,
    .hand_over = report_save,
    .add = report_add,
    .again = report_again,
};

#define REPORT_ANALYSIS                                                                            \
    .hint = report_hint, .ahead = report_ahead, .event = report_event, .advance = report_advance,  \
    .updates = report_updates, .finish = report_finish, .save = report_save, .load = report_load,  \
    .explain = report_explain

const struct analysis *report_analysis(const struct run *run)
{
    static const struct analysis of_events = {REPORT_ANALYSIS, .ranges = &ranges};
    static const struct analysis of_rows = {REPORT_ANALYSIS, .amend = report_amend};
    return run->settings.merge ? &of_rows : &of_events;
}
