#include "report.h"

#include <stdlib.h>

#include "memory.h"

static int member_add(struct rows *rows, struct slice name, struct buffer *why)
{
    if (rows_find(rows, name) >= 0 && why->len == 0)
        buffer_printf(why, "rows would have two members '%.*s'", (int)name.len, name.text);
    return rows_member(rows, name);
}

static bool members_declare(struct report *report, struct run *run, struct buffer *why)
{
    struct rows *rows = run->rows;
    const struct group_by *by = &report->by;
    const struct aggregates *aggregates = &report->aggregates;

    report->start = member_add(rows, SLICE("window_start"), why);
    report->end = member_add(rows, SLICE("window_end"), why);
    for (int i = 0; i < by->count; i++)
        report->group[i] = member_add(rows, by->value[i].name, why);
    if (run->settings.by_partition)
        report->group[by->count] = member_add(rows, SLICE("partition"), why);
    for (int i = 0; i < aggregates->count; i++)
        report->aggregate[i] = member_add(rows, slice_of(aggregates->item[i].name), why);
    report->final = run->settings.updates ? member_add(rows, SLICE("final"), why) : -1;
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

bool report_init(struct report *report, struct run *run, const struct report_request *request,
                 struct buffer *why)
{
    run->own = report;
    run->unamended = !run->settings.merge;
    *report = (struct report){.end_slot = -1};
    group_by_init(&report->by);
    aggregates_init(&report->aggregates);
    if (!lists_read(report, run, request, why)) return false;
    report->by.partition = run->settings.by_partition;
    if (run->settings.merge && !merge_init(report, run, why)) return false;
    windows_init(&report->windows, run, &report->by, &report->aggregates, request->size_us,
                 request->slide_us, request->offset_us);
    report->total = memory_zero(1, report->aggregates.cell_bytes);
    return members_declare(report, run, why);
}

static void row_print(const struct report *report, const struct window *window, struct slice key,
                      const char *cells, bool final)
{
    const struct run *run = report->windows.run;
    struct rows *rows = run->rows;
    const struct group_by *by = &report->by;
    const struct aggregates *aggregates = &report->aggregates;
    const int width = by->count + run->settings.by_partition;
    struct value values[GROUP_VALUES_MAX + 1];

    (void)group_values(key, values, group_width(by));
    rows_begin(rows);
    instant_print_string(rows_value(rows, report->start), window->start_us);
    instant_print_string(rows_value(rows, report->end), window->start_us + report->windows.size_us);
    for (int i = 0; i < width; i++)
        value_print(rows_value(rows, report->group[i]), values[i]);
    for (int i = 0; i < aggregates->count; i++)
        aggregates_print(aggregates, i, cells, &window->text,
                         rows_value(rows, report->aggregate[i]));
    if (report->final >= 0) {
        struct buffer *out = rows_value(rows, report->final);
        if (final) {
            buffer_add_literal(out, "true");
        } else {
            buffer_add_literal(out, "false");
        }
    }
    rows_end(rows);
}

/* --merge: how many of the groups from the first on are parts of the same one. */
static size_t parts_count(const struct report *report, const struct window *window,
                          struct group **groups, size_t count)
{
    const int width = report->by.count;
    size_t parts = 1;
    while (parts < count && group_compare(window_key(window, groups[0]),
                                          window_key(window, groups[parts]), width) == 0)
        parts++;
    return parts;
}

/* The groups from the first on that are one row. */
static size_t parts_of(const struct report *report, const struct window *window,
                       struct group **groups, size_t count)
{
    return report->windows.run->settings.merge ? parts_count(report, window, groups, count) : 1;
}

/* Their cells together. */
static const char *parts_cells(const struct report *report, const struct window *window,
                               struct group **groups, size_t parts)
{
    const struct windows *windows = &report->windows;
    if (parts == 1) return group_cells(groups[0]);
    memset(report->total, 0, windows->aggregates->cell_bytes);
    for (size_t part = 0; part < parts; part++)
        aggregates_combine(windows->aggregates, report->total, group_cells(groups[part]),
                           &window->text);
    return report->total;
}

/* Has one of them changed since it was printed last? It is now. */
static bool parts_changed(struct group **groups, size_t parts)
{
    bool changed = false;
    for (size_t part = 0; part < parts; part++) {
        changed |= groups[part]->changed;
        groups[part]->changed = false;
    }
    return changed;
}

/* Prints a member of the row that is no value of the group. */
static void member_print(const struct report *report, const struct window *window, int member,
                         const char *cells, struct buffer *out)
{
    if (member == report->start) instant_print_string(out, window->start_us);
    if (member == report->end)
        instant_print_string(out, window->start_us + report->windows.size_us);
    for (int i = 0; i < report->aggregates.count; i++)
        if (member == report->aggregate[i])
            aggregates_print(&report->aggregates, i, cells, &window->text, out);
    if (member == report->final) buffer_add_literal(out, "true"); /* of all or of none */
}

/* Hands over what the row is sorted by. */
static void row_rank(const struct report *report, const struct window *window, struct slice key,
                     const char *cells, size_t number)
{
    struct rows *rows = report->windows.run->rows;
    const int member = rows_order(rows);
    struct value values[GROUP_VALUES_MAX + 1];

    (void)group_values(key, values, group_width(&report->by));
    for (int i = 0; i < report->by.count + report->windows.run->settings.by_partition; i++) {
        if (report->group[i] != member) continue;
        rows_rank(rows, number, values[i]);
        return;
    }
    if (member < 0) {
        rows_rank(rows, number, VALUE_NULL);
        return;
    }
    member_print(report, window, member, cells, rows_rank_text(rows));
    rows_rank_printed(rows, number);
}

static void parts_print(const struct report *report, const struct window *window,
                        struct group **groups, size_t parts, bool final)
{
    row_print(report, window, window_key(window, groups[0]),
              parts_cells(report, window, groups, parts), final);
}

/* Prints the rows that were handed over, in their order. */
static void ranks_print(const struct report *report, const struct window *window,
                        struct group **groups, size_t count, bool final)
{
    struct rows *rows = report->windows.run->rows;
    const size_t ranked = rows_ranks(rows);

    for (size_t place = 0; place < ranked; place++) {
        const size_t i = rows_rank_at(rows, place);
        parts_print(report, window, groups + i, parts_of(report, window, groups + i, count - i),
                    final);
    }
    rows_ranks_end(rows);
}

static void window_print(struct report *report, struct window *window, bool final)
{
    const bool ranked = rows_ranked(report->windows.run->rows);
    size_t count;
    struct group **groups = windows_sorted(&report->windows, window, &count);

    for (size_t i = 0, parts = 1; i < count; i += parts) {
        parts = parts_of(report, window, groups + i, count - i);
        if (!parts_changed(groups + i, parts) && !final) continue;
        if (ranked)
            row_rank(report, window, window_key(window, groups[i]),
                     parts_cells(report, window, groups + i, parts), i);
        else
            parts_print(report, window, groups + i, parts, final);
    }
    if (ranked) ranks_print(report, window, groups, count, final);
    window->changed = false;
}

static void window_done_print(void *report, struct window *window)
{
    window_print(report, window, true);
}

enum reason report_amend(struct run *run, struct event *ev)
{
    const struct report *report = run->own;
    return windows_row_check(&report->windows, ev, report->end_slot);
}

void report_hint(struct run *run, struct event *ev)
{
    struct report *report = run->own;
    windows_hint(&report->windows, ev);
}

enum fate report_event(struct run *run, const struct event *ev)
{
    struct report *report = run->own;
    const enum fate fate = windows_event(&report->windows, ev);
    run->counters.keys = report->windows.keys;
    return fate;
}

void report_advance(struct run *run, int64_t watermark_us)
{
    struct report *report = run->own;
    windows_close(&report->windows, watermark_us, window_done_print, report);
    run->counters.keys = report->windows.keys;
}

void report_updates(struct run *run)
{
    struct report *report = run->own;
    const size_t count = windows_order(&report->windows);
    for (size_t i = 0; i < count; i++) {
        struct window *window = windows_at(&report->windows, i);
        if (window->changed) window_print(report, window, false);
    }
}

void report_finish(struct run *run)
{
    struct report *report = run->own;
    struct windows *windows = &report->windows;
    const size_t count = windows_order(windows);
    if (count != 0) run->finished_us = windows_at(windows, count - 1)->start_us + windows->size_us;
    report_advance(run, INT64_MAX);
}

void report_save(struct run *run, struct buffer *out)
{
    struct report *report = run->own;
    windows_save(&report->windows, out);
}

bool report_load(struct run *run, struct unpack *in)
{
    struct report *report = run->own;
    const bool good = windows_load(&report->windows, in);
    run->counters.keys = report->windows.keys;
    return good;
}

void report_explain(struct run *run, struct buffer *out)
{
    const struct report *report = run->own;
    group_explain(&report->by, out);
    aggregates_explain(&report->aggregates, out);
}

void report_release(struct run *run)
{
    struct report *report = run->own;
    windows_release(&report->windows);
    aggregates_release(&report->aggregates);
    group_by_release(&report->by);
    free(report->total);
    report->total = NULL;
}
