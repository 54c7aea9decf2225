/* qsort_r */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "window/judge.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/memory.h"
#include "window/aggregate.h"

/* Rows that ended so long before the watermark are late. */
#define ROW_LATE_US (INT64_C(7) * 24 * 60 * 60 * 1000000)

void judge_init(struct judge *judge, struct windows *windows, int64_t baseline_us,
                decimal threshold, bool show_all)
{
    *judge = (struct judge){
        .run = windows->run,
        .windows = windows,
        .by = windows->by,
        .size_us = windows->size_us,
        .baseline_us = baseline_us,
        .reach = (baseline_us - 1) / windows->size_us,
        .threshold = threshold,
        .show_all = show_all,
        .swept_us = INT64_MIN,
    };
    baseline_init(&judge->baseline);
}

void judge_release(struct judge *judge)
{
    baseline_release(&judge->baseline);
    free(judge->list);
    judge->list = NULL;
    buffer_release(&judge->kept);
}

bool judge_declare(struct judge *judge, struct slice name, struct slice average, struct buffer *why)
{
    struct rows *rows = judge->run->rows;
    judge->start = rows_declare(rows, SLICE("window_start"), why);
    judge->end = rows_declare(rows, SLICE("window_end"), why);
    for (int i = 0; i < judge->by->count; i++)
        judge->group[i] = rows_declare(rows, judge->by->value[i].name, why);
    judge->value = rows_declare(rows, name, why);
    judge->average = rows_declare(rows, average, why);
    judge->percent = rows_declare(rows, SLICE("pct_deviation"), why);
    judge->alert = rows_declare(rows, SLICE("alert"), why);
    judge->direction = rows_declare(rows, SLICE("direction"), why);
    judge->partial = rows_declare(rows, SLICE("partial"), why);
    return why->len == 0;
}

/* Printing. */

static void decimal_value(struct rows *rows, int member, bool present, decimal number)
{
    if (present)
        rows_decimal(rows, member, number);
    else
        rows_null(rows, member);
}

static void direction_value(struct rows *rows, int member, const struct verdict *verdict)
{
    if (!verdict->has_percent || verdict->percent == 0)
        rows_null(rows, member);
    else
        rows_text(rows, member, verdict->percent > 0 ? SLICE("up") : SLICE("down"));
}

static void judged_print(const struct judge *judge, const struct judged *one)
{
    struct rows *rows = judge->run->rows;
    const struct verdict *verdict = &one->verdict;
    struct value values[GROUP_VALUES_MAX + 1];

    (void)group_values(one->series->key, values, judge->by->count);
    rows_begin(rows);
    rows_time(rows, judge->start, one->start_us);
    rows_time(rows, judge->end, one->end_us);
    for (int i = 0; i < judge->by->count; i++)
        rows_value(rows, judge->group[i], values[i]);
    decimal_value(rows, judge->value, one->has_value, one->value);
    decimal_value(rows, judge->average, verdict->has_mean, verdict->mean);
    decimal_value(rows, judge->percent, verdict->has_percent, verdict->percent);
    rows_bool(rows, judge->alert, one->alert);
    direction_value(rows, judge->direction, verdict);
    if (one->partial) rows_bool(rows, judge->partial, true);
    rows_end(rows);
}

static int judged_compare(const void *a, const void *b, void *width)
{
    return group_compare(((const struct judged *)a)->series->key,
                         ((const struct judged *)b)->series->key, *(const int *)width);
}

static void judged_flush(struct judge *judge)
{
    int width = judge->by->count;
    if (judge->count > 1)
        qsort_r(judge->list, judge->count, sizeof judge->list[0], judged_compare, &width);
    for (size_t i = 0; i < judge->count; i++)
        judged_print(judge, &judge->list[i]);
    judge->count = 0;
}

static void judged_add(struct judge *judge, struct judged one)
{
    if (judge->count == judge->cap) {
        judge->cap = judge->cap == 0 ? 16 : judge->cap * 2;
        judge->list = memory_resize(judge->list, judge->cap, sizeof judge->list[0]);
    }
    judge->list[judge->count++] = one;
}

/* Windows. */

static bool is_alert(const struct judge *judge, const struct verdict *verdict)
{
    const decimal percent = verdict->percent < 0 ? -verdict->percent : verdict->percent;
    return verdict->has_percent && percent > judge->threshold;
}

/* How many windows before this one are in its baseline, empty ones counted. */
static int64_t windows_before(const struct judge *judge, int64_t start_us)
{
    if (start_us <= judge->first_us) return 0;
    const int64_t before = (start_us - judge->first_us) / judge->size_us;
    return before < judge->reach ? before : judge->reach;
}

/* Can the value be judged? */
static bool value_fits(decimal value)
{
    return value < BASELINE_VALUE_MAX && value > -BASELINE_VALUE_MAX;
}

/* The group's value in the window. False: it has none that can be judged. */
static bool group_number(const struct judge *judge, const struct window *window, struct id id,
                         decimal *out)
{
    *out = 0;
    struct group *group = window == NULL ? NULL : table_find(&window->groups, id);
    if (group == NULL) return true;
    return aggregates_number(judge->windows->aggregates, 0, group_cells(group), &window->text,
                             out) &&
           value_fits(*out);
}

/* An event whose value is 0, like one without an id, still makes its group's row exist. */
static bool has_event(const struct window *window, struct id id)
{
    return window != NULL && table_find(&window->groups, id) != NULL;
}

/* Judges one group; the value joins its series afterwards. Returns whether the group may be
 * dropped. */
static bool series_judge(struct judge *judge, const struct series_entry *entry,
                         const struct window *window, int64_t start_us, bool partial)
{
    struct series *series = entry->series;
    struct judged one = {.series = series,
                         .start_us = start_us,
                         .end_us = start_us + judge->size_us,
                         .partial = partial};
    const int64_t count = windows_before(judge, start_us);

    series_forget(series, one.end_us - judge->baseline_us);
    one.has_value = group_number(judge, window, entry->id, &one.value);
    const bool silent = series->count == 0 && one.has_value && one.value == 0;
    if (silent && (!judge->show_all || (count == judge->reach && !has_event(window, entry->id))))
        return true;
    one.verdict = verdict_of(one.has_value && !partial ? &one.value : NULL, series->sum,
                             count - (int64_t)series->missing);
    one.alert = is_alert(judge, &one.verdict);
    if (judge->show_all || one.alert) judged_add(judge, one);
    if (!partial && start_us >= judge->first_us && (!one.has_value || one.value != 0))
        series_add(series, (struct past){.end_us = one.end_us,
                                         .missing = !one.has_value,
                                         .value = one.has_value ? one.value : 0});
    return false;
}

/* Groups to be dropped: a table does not change while it is gone through. */
struct drops {
    struct id *id;
    size_t count;
};

static struct drops drops_new(const struct judge *judge)
{
    return (struct drops){.id = memory_zero(judge->baseline.table.count + 1, sizeof(struct id))};
}

static void drops_do(struct judge *judge, struct drops *drops)
{
    for (size_t i = 0; i < drops->count; i++)
        baseline_drop(&judge->baseline, drops->id[i]);
    free(drops->id);
}

/* Judges one window for all groups; window is NULL when it is empty. */
static void window_judge(struct judge *judge, const struct window *window, int64_t start_us,
                         bool partial)
{
    const struct group *group = NULL;
    while (window != NULL && (group = table_next(&window->groups, group)) != NULL)
        (void)baseline_series(&judge->baseline, group->id, window_key(window, group));

    struct drops drops = drops_new(judge);
    const struct series_entry *entry = NULL;
    while ((entry = table_next(&judge->baseline.table, entry)) != NULL)
        if (series_judge(judge, entry, window, start_us, partial))
            drops.id[drops.count++] = entry->id;
    judged_flush(judge);
    drops_do(judge, &drops);
}

/* Judges the empty windows before start_us. */
static void judge_until(struct judge *judge, int64_t start_us)
{
    while (judge->next_us < start_us && judge->baseline.table.count > 0) {
        window_judge(judge, NULL, judge->next_us, false);
        judge->next_us += judge->size_us;
    }
    if (judge->next_us < start_us) judge->next_us = start_us;
}

static void window_done_judge(void *context, struct window *window)
{
    struct judge *judge = context;
    judge_until(judge, window->start_us);
    window_judge(judge, window, window->start_us, false);
    judge->next_us = window->start_us + judge->size_us;
}

/* A range of --jobs has no past to judge by: its windows are judged by the run. */
static void window_done_keep(void *context, struct window *window)
{
    struct judge *judge = context;
    windows_save_done(judge->windows, window, &judge->kept);
    judge->kept_count++;
}

/* The start of the earliest window there is to judge; false: none. */
static bool earliest_window(const struct judge *judge, int64_t *start_us)
{
    const struct windows *windows = judge->windows;
    const int64_t first_us = judge->run->first_time_us;
    if (first_us == INT64_MAX && windows->count == 0) return false;
    *start_us = first_us == INT64_MAX ? INT64_MAX : windows_floor(windows, first_us);
    if (windows->count > 0 && windows->open[0]->start_us < *start_us)
        *start_us = windows->open[0]->start_us;
    return true;
}

/* Baselines begin with the first window that begins at the first event's time or later. Another
 * partition may still bring an earlier first event, but none before the watermark; so windows that
 * end by then come before the first one, whichever it turns out to be. */
static void judge_first(struct judge *judge)
{
    const int64_t first_us = judge->run->first_time_us;
    judge->first_us = INT64_MAX;
    if (first_us == INT64_MAX) return;
    judge->first_us = windows_floor(judge->windows, first_us);
    if (judge->first_us < first_us) judge->first_us += judge->size_us;
}

/* False: there is no window that ends by until_us. */
static bool judge_begin(struct judge *judge, int64_t until_us)
{
    int64_t start_us;
    judge_first(judge);
    if (judge->begun) return true;
    if (!earliest_window(judge, &start_us) || start_us + judge->size_us > until_us) return false;
    judge->begun = true;
    judge->next_us = start_us;
    /* Without --by there is one group, whether or not an event has passed --where. */
    if (judge->by->count == 0) (void)baseline_series(&judge->baseline, id_of(SLICE("")), SLICE(""));
    return true;
}

void judge_advance(struct judge *judge, int64_t watermark_us)
{
    if (watermark_us > INSTANT_MAX) watermark_us = INSTANT_MAX;
    if (judge->windows->in_range) {
        windows_close(judge->windows, watermark_us, window_done_keep, judge);
        return;
    }
    if (!judge_begin(judge, watermark_us)) return;
    windows_close(judge->windows, watermark_us, window_done_judge, judge);
    judge_until(judge,
                windows_floor(judge->windows, watermark_us - judge->size_us) + judge->size_us);
}

static void window_drop(void *context, struct window *window)
{
    (void)context;
    (void)window;
}

void judge_finish(struct judge *judge)
{
    const struct windows *windows = judge->windows;
    const int64_t end_us = judge->run->end_time_us;
    if (judge->show_all && end_us >= INSTANT_MIN && judge_begin(judge, INT64_MAX)) {
        size_t open = 0;
        for (; judge->next_us <= windows_floor(windows, end_us); judge->next_us += judge->size_us) {
            const struct window *window = NULL;
            if (open < windows->count && windows->open[open]->start_us == judge->next_us)
                window = windows->open[open++];
            window_judge(judge, window, judge->next_us, true);
        }
    }
    windows_close(judge->windows, INT64_MAX, window_drop, NULL);
}

/* Rows. */

enum fate judge_row(struct judge *judge, struct slice key, struct judged one, int64_t watermark_us)
{
    if (watermark_us > INSTANT_MIN && one.end_us <= watermark_us - ROW_LATE_US) return FATE_LATE;
    if (!one.has_value) return FATE_USED;
    if (!value_fits(one.value)) {
        judge->run->counters.not_numbers++;
        return FATE_USED;
    }
    struct series *series = baseline_series(&judge->baseline, id_of(key), key);
    if (one.start_us <= series->last_start_us || one.end_us <= series->last_end_us)
        return FATE_LATE;

    series_forget(series, one.end_us - judge->baseline_us);
    one.series = series;
    one.verdict = verdict_of(&one.value, series->sum, (int64_t)series->count);
    one.alert = is_alert(judge, &one.verdict);
    if (judge->show_all || one.alert) judged_print(judge, &one);
    series_add(series, (struct past){.end_us = one.end_us, .value = one.value});
    series->last_start_us = one.start_us;
    series->last_end_us = one.end_us;
    return FATE_USED;
}

/* At fixed points of event time, so that what is left does not depend on how often this is called.
 */
void judge_sweep(struct judge *judge, int64_t watermark_us)
{
    if (watermark_us < INSTANT_MIN) return;
    const int64_t at_us = watermark_us - watermark_us % judge->baseline_us;
    if (at_us <= judge->swept_us) return;
    judge->swept_us = at_us;
    struct drops drops = drops_new(judge);
    const struct series_entry *entry = NULL;
    while ((entry = table_next(&judge->baseline.table, entry)) != NULL)
        if (entry->series->last_end_us <= at_us - ROW_LATE_US - judge->baseline_us)
            drops.id[drops.count++] = entry->id;
    drops_do(judge, &drops);
}

/* The state. */

void judge_save(struct judge *judge, struct buffer *out)
{
    pack_u8(out, judge->begun);
    pack_i64(out, judge->next_us);
    baseline_save(&judge->baseline, out);
    windows_save(judge->windows, out);
    pack_i64(out, judge->run->first_time_us);
    pack_u64(out, judge->kept_count);
    if (judge->kept_count > 0) buffer_add_slice(out, buffer_slice(&judge->kept));
}

bool judge_load(struct judge *judge, struct unpack *in)
{
    const bool begun = unpack_u8(in) != 0;
    const int64_t next_us = unpack_i64(in);
    if (begun && (!judge->begun || next_us > judge->next_us)) {
        judge->begun = true;
        judge->next_us = next_us;
    }
    if (!baseline_load(&judge->baseline, in) || !windows_load(judge->windows, in)) return false;
    const int64_t first_time_us = unpack_i64(in);
    if (first_time_us < judge->run->first_time_us) judge->run->first_time_us = first_time_us;
    for (uint64_t kept = unpack_u64(in); kept > 0; kept--)
        if (!windows_load_done(judge->windows, in)) return false;
    return !in->broken;
}
