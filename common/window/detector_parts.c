/*
 * --by-partition and --merge: windows counted up in parts of the events, each with all events of
 * its ids, and judged where the parts are added up.
 *
 * A verdict needs to know, beside the counts, where the events begin and where they end: baselines
 * begin with the first event, selected or not, and a window that ends behind the last one is not
 * judged. Each partition therefore prints rows that say so, the first as soon as no earlier event
 * can come, the second at the end. They stand where their time belongs, so a row behind the first
 * of a partition is never of a window that the merge would have to know it for.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit/partition.h"
#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "window/detector_inside.h"

static struct detector_part *part_of(struct detector_parts *parts, int64_t number)
{
    if (parts->now < parts->count && parts->part[parts->now].number == number)
        return &parts->part[parts->now];
    for (parts->now = 0; parts->now < parts->count; parts->now++)
        if (parts->part[parts->now].number == number) return &parts->part[parts->now];
    parts->part = memory_resize(parts->part, parts->count + 1, sizeof parts->part[0]);
    parts->part[parts->count] =
        (struct detector_part){.number = number, .first_us = INT64_MAX, .last_us = INT64_MIN};
    return &parts->part[parts->count++];
}

/* --- what is asked for --- */

static bool merge_init(struct detector *detector, struct buffer *why)
{
    struct schema *schema = &detector->run->schema;
    struct detector_parts *parts = &detector->parts;
    detector->end_slot = schema_need(schema, SLICE("window_end"));
    parts->first_slot = schema_need(schema, SLICE("first_event_time"));
    parts->last_slot = schema_need(schema, SLICE("last_event_time"));
    return aggregates_rows(&detector->aggregates, schema, why) &&
           group_by_rows(&detector->by, schema, why);
}

bool detector_parts_init(struct detector *detector, struct buffer *why)
{
    const struct settings *settings = &detector->run->settings;
    struct detector_parts *parts = &detector->parts;
    *parts = (struct detector_parts){.prints = settings->by_partition,
                                     .merges = settings->merge,
                                     .first_us = INT64_MAX,
                                     .last_us = INT64_MIN,
                                     .rows_us = INT64_MIN};
    if (!parts->prints && !parts->merges) return true;
    buffer_add_literal(why, "--value: ");
    if (!aggregates_parts(&detector->aggregates, why)) return false;
    buffer_clear(why);
    if (parts->merges) return merge_init(detector, why);
    detector->by.partition = true;
    return true;
}

void detector_parts_declare(struct detector *detector, struct slice value, struct buffer *why)
{
    const struct aggregates *aggregates = &detector->aggregates;
    struct rows *rows = detector->run->rows;
    struct detector_parts *parts = &detector->parts;
    heading_declare(&detector->heading, rows, &detector->by, true, why);
    detector->value = rows_declare(rows, value, why);
    parts->too_large =
        aggregates_may_be_too_large(aggregates) ? rows_declare(rows, SLICE("too_large"), why) : -1;
    parts->partials =
        aggregates_have_partials(aggregates) ? rows_declare(rows, SLICE("partials"), why) : -1;
    parts->first = rows_declare(rows, SLICE("first_event_time"), why);
    parts->last = rows_declare(rows, SLICE("last_event_time"), why);
    aggregates_describe(aggregates, 0, rows);
    rows_describe(rows, parts->too_large, COLUMN_DOCUMENT, SLICE("sums too large to be printed"));
    rows_describe(rows, parts->partials, COLUMN_DOCUMENT, SLICE("for --merge"));
    rows_describe(rows, parts->first, COLUMN_TIME, SLICE("for --merge: where the events begin"));
    rows_describe(rows, parts->last, COLUMN_TIME, SLICE("for --merge: where they end"));
    rows_key(rows, parts->first, true);
    rows_key(rows, parts->last, true);
}

void detector_parts_release(struct detector_parts *parts)
{
    if (parts->whole != NULL) {
        table_release(&parts->whole->groups);
        buffer_release(&parts->whole->text);
    }
    free(parts->whole);
    free(parts->part);
}

/* --- --by-partition: rows that are printed --- */

static void part_print(void *context, struct window *window)
{
    struct detector *detector = context;
    const struct aggregates *aggregates = &detector->aggregates;
    const struct detector_parts *parts = &detector->parts;
    struct rows *rows = detector->run->rows;
    size_t count;
    struct group **groups = windows_sorted(&detector->windows, window, &count);
    for (size_t i = 0; i < count; i++) {
        const char *cells = group_cells(groups[i]);
        windows_sorted_ahead(window, groups, i, count);
        rows_begin(rows);
        heading_print(&detector->heading, rows, window->start_us,
                      window->start_us + detector->size_us, window_key(window, groups[i]));
        aggregates_print(aggregates, 0, cells, &window->text, rows, detector->value);
        if (parts->too_large >= 0)
            aggregates_print_too_large(aggregates, cells, rows, parts->too_large);
        if (parts->partials >= 0)
            aggregates_print_partials(aggregates, cells, &window->text, rows, parts->partials);
        rows_end(rows);
        aggregates_too_large(aggregates, detector->run, cells, &window->text);
    }
}

/* Says where the events begin, and with at_end where they end: in the window of that time. */
static void bounds_print(struct detector *detector, int64_t time_us, bool at_end)
{
    const struct detector_parts *parts = &detector->parts;
    struct rows *rows = detector->run->rows;
    const int64_t start_us = windows_floor(&detector->windows, time_us);
    struct buffer key = {0};
    char text[24];
    for (size_t i = 0; i < parts->count; i++) {
        const int len = snprintf(text, sizeof text, "%" PRId64, parts->part[i].number);
        buffer_clear(&key);
        for (int j = 0; j < detector->by.count; j++)
            pack_value(&key, VALUE_NULL);
        pack_value(&key, (struct value){.text = text, .len = (uint32_t)len, .kind = KIND_NUMBER});
        rows_begin(rows);
        heading_print(&detector->heading, rows, start_us, start_us + detector->size_us,
                      buffer_slice(&key));
        rows_null(rows, detector->value);
        rows_time(rows, parts->first, detector->run->first_time_us);
        if (at_end) rows_time(rows, parts->last, detector->run->end_time_us);
        rows_end(rows);
    }
    buffer_release(&key);
}

static int parts_compare(const void *a, const void *b)
{
    const struct detector_part *const one = a;
    const struct detector_part *const other = b;
    return (one->number > other->number) - (one->number < other->number);
}

/* What begins before the window of the first event goes before it. */
static void parts_open(struct detector *detector)
{
    const int64_t first_us = detector->run->first_time_us;
    struct detector_parts *parts = &detector->parts;
    if (parts->opened || first_us == INT64_MAX) return;
    windows_close(&detector->windows, windows_floor(&detector->windows, first_us), part_print,
                  detector);
    qsort(parts->part, parts->count, sizeof parts->part[0], parts_compare);
    bounds_print(detector, first_us, false);
    parts->opened = true;
}

static void print_advance(struct run *run, int64_t watermark_us)
{
    struct detector *detector = run->own;
    if (watermark_us > INSTANT_MAX) watermark_us = INSTANT_MAX;
    if (detector->windows.in_range) {
        windows_close(&detector->windows, watermark_us, window_done_keep, detector);
    } else {
        if (watermark_us >= run->first_time_us) parts_open(detector);
        windows_close(&detector->windows, watermark_us, part_print, detector);
    }
    keys_count(detector);
}

/* Windows that are not over yet are part of what --merge --all shows. Where not all has been read,
 * nothing says that this is the end. */
static void print_finish(struct run *run)
{
    struct detector *detector = run->own;
    struct detector_parts *parts = &detector->parts;
    parts_open(detector);
    windows_close(&detector->windows, INT64_MAX, part_print, detector);
    qsort(parts->part, parts->count, sizeof parts->part[0], parts_compare);
    if (parts->opened && run->cut_short == NULL) bounds_print(detector, run->end_time_us, true);
    keys_count(detector);
}

/* Partitions of which -w selects nothing are there, too. */
static enum reason print_amend(struct run *run, struct event *ev)
{
    struct detector *detector = run->own;
    (void)part_of(&detector->parts, partition_number(ev->partition));
    return REASON_NONE;
}

static void print_hand_over(struct run *run, struct buffer *out)
{
    const struct detector *detector = run->own;
    detector_save(run, out);
    pack_u64(out, detector->parts.count);
    for (size_t i = 0; i < detector->parts.count; i++)
        pack_i64(out, detector->parts.part[i].number);
}

static bool print_add(struct run *run, struct unpack *in)
{
    struct detector *detector = run->own;
    if (!detector_load(run, in)) return false;
    for (uint64_t count = unpack_u64(in); count > 0 && !in->broken; count--)
        (void)part_of(&detector->parts, unpack_i64(in));
    return !in->broken;
}

/* --- --merge: rows that are read --- */

static bool is_time(const struct event *ev, int slot, int64_t *out_us)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    const struct value value = event_value(ev, slot);
    return value.kind == KIND_STRING && instant_parse(value, &format, out_us);
}

/* Does the row say where the events begin and end, instead of what was counted? */
static bool is_bounds(const struct detector *detector, const struct event *ev)
{
    return event_value(ev, detector->parts.first_slot).kind != KIND_NULL;
}

static bool bounds_valid(const struct detector *detector, const struct event *ev)
{
    int64_t first_us, last_us, end_us;
    const bool at_end = event_value(ev, detector->parts.last_slot).kind != KIND_NULL;
    /* Of another value they would be without what was counted. */
    if (event_written(ev, detector->aggregates.item[0].row_slot).text == NULL) return false;
    if (!is_time(ev, detector->parts.first_slot, &first_us) ||
        !is_time(ev, detector->end_slot, &end_us))
        return false;
    last_us = first_us;
    if (at_end && !is_time(ev, detector->parts.last_slot, &last_us)) return false;
    return last_us >= first_us && windows_floor(&detector->windows, last_us) == ev->time_us &&
           instant_within(ev->time_us + detector->size_us) == end_us;
}

static enum reason merge_amend(struct run *run, struct event *ev)
{
    const struct detector *detector = run->own;
    const bool good =
        is_bounds(detector, ev)
            ? bounds_valid(detector, ev)
            : windows_row_check(&detector->windows, ev, detector->end_slot) == REASON_NONE;
    return good && group_by_fits_row(&detector->by, ev) ? REASON_NONE : REASON_BAD_MEMBER;
}

static void bounds_differ(const struct detector *detector, const struct event *ev)
{
    rows_flush(detector->run->rows);
    die_person("--merge: two runs have printed rows of partition %" PRId64
               ", and say otherwise where its events begin or end: %.*s",
               partition_number(ev->partition), (int)ev->line.len, ev->line.text);
}

/* The same rows may come twice. */
static void bounds_take(struct detector *detector, struct detector_part *part,
                        const struct event *ev)
{
    struct detector_parts *parts = &detector->parts;
    int64_t first_us = INT64_MAX, last_us = INT64_MIN;
    (void)is_time(ev, parts->first_slot, &first_us);
    if (part->first_us != INT64_MAX && part->first_us != first_us) bounds_differ(detector, ev);
    part->first_us = first_us;
    if (first_us < parts->first_us) parts->first_us = first_us;
    if (!is_time(ev, parts->last_slot, &last_us)) return;
    if (part->last_us != INT64_MIN && part->last_us != last_us) bounds_differ(detector, ev);
    part->last_us = last_us;
    if (last_us > parts->last_us) parts->last_us = last_us;
}

static enum fate merge_event(struct run *run, const struct event *ev)
{
    struct detector *detector = run->own;
    struct detector_parts *parts = &detector->parts;
    struct detector_part *part = part_of(parts, partition_number(ev->partition));
    enum fate fate = FATE_USED;
    if (is_bounds(detector, ev))
        bounds_take(detector, part, ev);
    else
        fate = windows_event(&detector->windows, ev);
    if (ev->time_us > parts->rows_us) parts->rows_us = ev->time_us;
    keys_count(detector);
    return fate;
}

/* A row says that events have come to the start of its window, and no more: neither --idle nor
 * --end do. */
static void merge_advance(struct run *run, int64_t watermark_us)
{
    struct detector *detector = run->own;
    const int64_t rows_us = detector->parts.rows_us;
    if (rows_us == INT64_MIN) return;
    detector_advance(detector, watermark_us < rows_us ? watermark_us : rows_us);
    keys_count(detector);
}

/* A part of which the end is missing may have had more. */
static void parts_check(const struct detector *detector)
{
    const struct detector_parts *parts = &detector->parts;
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->part[i].last_us != INT64_MIN) continue;
        rows_flush(detector->run->rows);
        die_person("--merge: the rows of partition %" PRId64
                   " do not say where its events end: the run that printed them was stopped, or "
                   "its last rows are missing",
                   parts->part[i].number);
    }
}

static void merge_finish(struct run *run)
{
    struct detector *detector = run->own;
    const struct detector_parts *parts = &detector->parts;
    if (run->cut_short == NULL) {
        parts_check(detector);
        if (parts->last_us != INT64_MIN) {
            if (run->end_time_us > parts->last_us) detector->parts.last_us = run->end_time_us;
            detector_advance(detector, parts->last_us);
        }
    }
    detector_finish(detector, run->cut_short == NULL ? parts->last_us : INT64_MIN);
    keys_count(detector);
}

/* A group's key without the partition, which is its last value. */
static struct slice key_whole(struct slice key, int width)
{
    struct unpack in = {.at = key.text, .end = key.text + key.len};
    for (int i = 0; i < width; i++)
        (void)unpack_value(&in);
    return (struct slice){.text = key.text, .len = (size_t)(in.at - key.text)};
}

const struct window *detector_parts_whole(struct detector *detector, const struct window *window)
{
    const struct aggregates *aggregates = &detector->aggregates;
    struct detector_parts *parts = &detector->parts;
    if (!parts->merges || window == NULL) return window;
    if (parts->whole == NULL) {
        parts->whole = memory_zero(1, sizeof *parts->whole);
        table_init(&parts->whole->groups, sizeof(struct group) + aggregates->cell_bytes,
                   HELD_GROUPS);
    }
    struct window *whole = parts->whole;
    const struct group *one = NULL;
    whole->start_us = window->start_us;
    table_clear(&whole->groups);
    buffer_clear(&whole->text);
    while ((one = table_next(&window->groups, one)) != NULL) {
        bool is_new;
        const struct slice key = key_whole(window_key(window, one), detector->by.count);
        struct group *group = table_put(&whole->groups, id_of(key), &is_new);
        if (is_new) {
            group->key_at = whole->text.len;
            group->key_len = (uint32_t)key.len;
            buffer_add_slice(&whole->text, key);
        }
        aggregates_combine(aggregates, aggregates_all(aggregates), group_cells(group), &whole->text,
                           (const char *)(one + 1), &window->text);
    }
    return whole;
}

/* --- the analyses --- */

static const struct ranges print_ranges = {
    .begin = event_range,
    .hand_over = print_hand_over,
    .add = print_add,
};

const struct analysis detector_of_parts = {
    .amend = print_amend,
    .hint = event_hint,
    .ahead = event_ahead,
    .event = event_event,
    .advance = print_advance,
    .finish = print_finish,
    .explain = detector_explain,
    .ranges = &print_ranges,
};

const struct analysis detector_of_part_rows = {
    .amend = merge_amend,
    .event = merge_event,
    .advance = merge_advance,
    .finish = merge_finish,
    .end = detector_end,
    .explain = detector_explain,
};
