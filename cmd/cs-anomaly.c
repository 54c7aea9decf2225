/*
 * cs-anomaly - windows whose value is far from the mean of the windows before them.
 *
 * Events are counted up in windows (window.h); each window that is done is judged for every group that
 * has a past (baseline.h), the empty ones too. With --rows the values come from rows of cs-window or cs-funnel, and
 * each is judged as it comes.
 *
 * Silence costs nothing: a group whose whole baseline is 0 is dropped, and when none is left the next
 * window that is judged is the next one with an event.
 */
#include <stdlib.h>

#include "aggregate.h"
#include "baseline.h"
#include "die.h"
#include "group.h"
#include "memory.h"
#include "tool.h"
#include "window.h"

#define MINUTE_US INT64_C(60000000)
#define WEEK_US (7 * 24 * 60 * MINUTE_US)

static int64_t size_us = 5 * MINUTE_US;
static int64_t baseline_us = 120 * MINUTE_US;
static const char *threshold_text = "50";
static const char *value_text;
static struct option_list by_list;
static bool show_all;
static bool rows_mode;

static decimal threshold;
static struct group_by by;
static struct aggregates aggregates; /* one: the value */
static struct windows windows;
static struct baseline baseline;
static struct operand value_operand; /* --rows */
static int end_slot, final_slot;     /* --rows: of the row's members */
static int64_t reach;                /* windows in a whole baseline */

/* Which window is judged next. */
static struct {
    bool begun;             /* one has been judged: first_us stands */
    int64_t first_us;       /* the first that is in a baseline */
    int64_t next_us;        /* its start */
    int64_t swept_us;       /* --rows: when series were last looked through */
} progress;

/* Members of the rows. */
static struct {
    int start, end, group[GROUP_VALUES_MAX], value, average, percent, alert, direction, partial;
} member;

/* A value with its verdict, to be printed. */
struct judged {
    const struct series *series;
    int64_t start_us, end_us;
    bool has_value;
    decimal value;
    struct verdict verdict;
    bool alert;
    bool partial;
};

static struct {
    struct judged *list;
    size_t count, cap;
} judged;

static const struct option_row options[] = {
    {.name = "size",
     .type = OPTION_DURATION,
     .target = &size_us,
     .argument = "DUR",
     .least = 1,
     .help = "length of a window (default 5m)"},
    {.name = "baseline",
     .type = OPTION_DURATION,
     .target = &baseline_us,
     .argument = "DUR",
     .least = 1,
     .help = "compare with the windows that end within DUR before (default 2h)"},
    {.name = "threshold",
     .type = OPTION_TEXT,
     .target = &threshold_text,
     .argument = "PERCENT",
     .help = "an alert is further from the mean than that (default 50)"},
    {.name = "value",
     .type = OPTION_TEXT,
     .target = &value_text,
     .argument = "[NAME=]FUNC[(F)][ if EXPR]",
     .help = "what is judged (default current_sessions=distinct(session_id)); --rows: a member"},
    {.name = "by",
     .type = OPTION_LIST,
     .target = &by_list,
     .argument = "F|NAME=lower(F)|NAME=EXPR,...",
     .help = "judge each group by itself; repeatable"},
    {.name = "all",
     .type = OPTION_FLAG,
     .target = &show_all,
     .help = "print every window, not only alerts"},
    {.name = "rows",
     .type = OPTION_FLAG,
     .target = &rows_mode,
     .help = "the input is rows of cs-window or cs-funnel"},
    OPTION_END,
};

/* Start. */

/* NAME=..., where a name stands before the first '='; else the whole text has no name. */
static struct slice name_split(struct slice text, struct slice *rest)
{
    *rest = text;
    const char *equals = memchr(text.text, '=', text.len);
    if (equals == NULL || equals[1] == '=') return (struct slice){0};
    const struct slice name =
        text_trim((struct slice){.text = text.text, .len = (size_t)(equals - text.text)});
    if (!name_valid(name)) return (struct slice){0};
    *rest = (struct slice){.text = equals + 1, .len = text.len - (size_t)(equals + 1 - text.text)};
    return name;
}

/* Compiles --value for events; sets the names of the rows' members. */
static void value_compile(struct run *run, struct buffer *name, struct buffer *average)
{
    struct buffer text = {0}, why = {0};
    struct slice rest = SLICE("distinct(session_id)");
    if (value_text == NULL) {
        buffer_add_literal(name, "current_sessions");
        buffer_add_literal(average, "avg_sessions");
    } else {
        const struct slice given = name_split(slice_of(value_text), &rest);
        buffer_add_slice(name, given.len == 0 ? SLICE("value") : given);
        buffer_printf(average, "avg_%.*s", (int)name->len, name->data);
    }
    buffer_printf(&text, "%.*s=%.*s", (int)name->len, name->data, (int)rest.len, rest.text);
    if (!aggregates_add(&aggregates, text.data, &run->schema, &why) ||
        !aggregates_complete(&aggregates, &why))
        die_usage("--value: %.*s", (int)why.len, why.data);
    buffer_release(&text);
    buffer_release(&why);
}

/* --rows: the value is a member of the row. */
static void value_of_rows(struct run *run, struct buffer *name, struct buffer *average)
{
    struct buffer why = {0};
    struct slice rest;

    if (value_text == NULL) die_usage("--rows: --value=FIELD is needed");
    if (option_given("size")) die_usage("--rows: the rows say how long a window is, not --size");
    struct slice given = name_split(slice_of(value_text), &rest);
    if (given.len == 0 && name_bare(rest)) given = rest;
    if (given.len == 0) die_usage("--value: '%s' needs a name: NAME=%s", value_text, value_text);
    buffer_add_slice(name, given);
    buffer_printf(average, "avg_%.*s", (int)given.len, given.text);
    if (!operand_compile(&value_operand, rest, &run->schema, &why))
        die_usage("--value: %.*s", (int)why.len, why.data);
    end_slot = schema_need(&run->schema, SLICE("window_end"));
    final_slot = schema_need(&run->schema, SLICE("final"));
    if (end_slot < 0 || final_slot < 0) die_usage("more than %d members are read", SCHEMA_MAX);
    run->settings.rows = true;
    buffer_release(&why);
}

static int member_add(struct rows *rows, struct slice name)
{
    if (rows_find(rows, name) >= 0)
        die_usage("rows would have two members '%.*s'", (int)name.len, name.text);
    return rows_member(rows, name);
}

static void members_declare(struct rows *rows, struct slice name, struct slice average)
{
    member.start = member_add(rows, SLICE("window_start"));
    member.end = member_add(rows, SLICE("window_end"));
    for (int i = 0; i < by.count; i++)
        member.group[i] = member_add(rows, by.value[i].name);
    member.value = member_add(rows, name);
    member.average = member_add(rows, average);
    member.percent = member_add(rows, SLICE("pct_deviation"));
    member.alert = member_add(rows, SLICE("alert"));
    member.direction = member_add(rows, SLICE("direction"));
    member.partial = member_add(rows, SLICE("partial"));
}

static void anomaly_start(struct run *run)
{
    struct buffer name = {0}, average = {0}, why = {0};

    const struct slice number = slice_of(threshold_text);
    if (!number_valid(number) || !decimal_parse(number, &threshold) || threshold < 0)
        die_usage("--threshold: '%s' is not a percentage", threshold_text);
    reach = (baseline_us - 1) / size_us;
    if (reach > BASELINE_WINDOWS_MAX && !rows_mode)
        die_usage("--baseline: more than %lld windows", (long long)BASELINE_WINDOWS_MAX);
    group_by_init(&by);
    aggregates_init(&aggregates);
    baseline_init(&baseline);
    value_operand.slot = -1;
    for (size_t i = 0; i < by_list.count; i++)
        if (!group_by_add(&by, by_list.text[i], &run->schema, &why))
            die_usage("--by: %.*s", (int)why.len, why.data);
    if (rows_mode) {
        value_of_rows(run, &name, &average);
    } else {
        value_compile(run, &name, &average);
    }
    windows_init(&windows, run, &by, &aggregates, size_us, size_us, 0);
    members_declare(run->rows, buffer_slice(&name), buffer_slice(&average));
    progress.swept_us = INT64_MIN;
    buffer_release(&name);
    buffer_release(&average);
    buffer_release(&why);
}

/* Judging and printing. */

static void keys_count(struct run *run)
{
    run->counters.keys = windows.keys + baseline.table.count;
}

static void instant_value(struct buffer *out, int64_t time_us)
{
    buffer_add_char(out, '"');
    instant_print(out, time_us);
    buffer_add_char(out, '"');
}

static void decimal_value(struct buffer *out, bool present, decimal number)
{
    if (present) {
        decimal_print(out, number);
    } else {
        buffer_add_literal(out, "null");
    }
}

static void direction_value(struct buffer *out, const struct verdict *verdict)
{
    if (!verdict->has_percent || verdict->percent == 0) {
        buffer_add_literal(out, "null");
    } else if (verdict->percent > 0) {
        buffer_add_literal(out, "\"up\"");
    } else {
        buffer_add_literal(out, "\"down\"");
    }
}

static void judged_print(struct rows *rows, const struct judged *one)
{
    struct value values[GROUP_VALUES_MAX + 1];
    (void)group_values(one->series->key, values, by.count);
    rows_begin(rows);
    instant_value(rows_value(rows, member.start), one->start_us);
    instant_value(rows_value(rows, member.end), one->end_us);
    for (int i = 0; i < by.count; i++)
        value_print(rows_value(rows, member.group[i]), values[i]);
    decimal_value(rows_value(rows, member.value), one->has_value, one->value);
    decimal_value(rows_value(rows, member.average), one->verdict.has_mean, one->verdict.mean);
    decimal_value(rows_value(rows, member.percent), one->verdict.has_percent,
                  one->verdict.percent);
    struct buffer *out = rows_value(rows, member.alert);
    const struct slice alert = one->alert ? SLICE("true") : SLICE("false");
    buffer_add_slice(out, alert);
    direction_value(rows_value(rows, member.direction), &one->verdict);
    if (one->partial) buffer_add_literal(rows_value(rows, member.partial), "true");
    rows_end(rows);
}

static bool is_alert(const struct verdict *verdict)
{
    const decimal percent = verdict->percent < 0 ? -verdict->percent : verdict->percent;
    return verdict->has_percent && percent > threshold;
}

static int judged_compare(const void *a, const void *b)
{
    return group_compare(((const struct judged *)a)->series->key,
                         ((const struct judged *)b)->series->key, by.count);
}

static void judged_flush(struct rows *rows)
{
    if (judged.count > 1)
        qsort(judged.list, judged.count, sizeof judged.list[0], judged_compare);
    for (size_t i = 0; i < judged.count; i++)
        judged_print(rows, &judged.list[i]);
    judged.count = 0;
}

static void judged_add(struct judged one)
{
    if (judged.count == judged.cap) {
        judged.cap = judged.cap == 0 ? 16 : judged.cap * 2;
        judged.list = memory_resize(judged.list, judged.cap, sizeof judged.list[0]);
    }
    judged.list[judged.count++] = one;
}

/* How many windows before this one are in its baseline, empty ones counted. */
static int64_t windows_before(int64_t start_us)
{
    if (start_us <= progress.first_us) return 0;
    const int64_t before = (start_us - progress.first_us) / size_us;
    return before < reach ? before : reach;
}

/* The group's value in the window. False: it has none that can be judged. */
static bool group_number(const struct window *window, struct id id, decimal *out)
{
    *out = 0;
    struct group *group = window == NULL ? NULL : table_find(&window->groups, id);
    if (group == NULL) return true;
    return aggregates_number(&aggregates, 0, group_cells(group), &window->text, out) &&
           *out < BASELINE_VALUE_MAX && *out > -BASELINE_VALUE_MAX;
}

/* Judges one group; the value joins its series afterwards. Returns whether the group may be dropped. */
static bool series_judge(const struct series_entry *entry, const struct window *window,
                         int64_t start_us, bool partial)
{
    struct series *series = entry->series;
    struct judged one = {.series = series,
                         .start_us = start_us,
                         .end_us = start_us + size_us,
                         .partial = partial};
    const int64_t count = windows_before(start_us);

    series_forget(series, one.end_us - baseline_us);
    one.has_value = group_number(window, entry->id, &one.value);
    const bool silent = series->count == 0 && one.has_value && one.value == 0;
    if (silent && !partial && (count == reach || !show_all)) return true;
    one.verdict = verdict_of(one.has_value && !partial ? &one.value : NULL, series->sum,
                             count - (int64_t)series->missing);
    one.alert = is_alert(&one.verdict);
    if (show_all || one.alert) judged_add(one);
    if (!partial && start_us >= progress.first_us && (!one.has_value || one.value != 0))
        series_add(series, (struct past){.end_us = one.end_us,
                                         .missing = !one.has_value,
                                         .value = one.has_value ? one.value : 0});
    return false;
}

/* Judges one window for all groups; window is NULL when it is empty. */
static void window_judge(struct run *run, const struct window *window, int64_t start_us,
                         bool partial)
{
    const struct group *group = NULL;
    while (window != NULL && (group = table_next(&window->groups, group)) != NULL)
        (void)baseline_series(&baseline, group->id, window_key(window, group));

    struct id *dropped = memory_zero(baseline.table.count + 1, sizeof *dropped);
    size_t dropped_count = 0;
    const struct series_entry *entry = NULL;
    while ((entry = table_next(&baseline.table, entry)) != NULL)
        if (series_judge(entry, window, start_us, partial)) dropped[dropped_count++] = entry->id;
    judged_flush(run->rows);
    for (size_t i = 0; i < dropped_count; i++)
        baseline_drop(&baseline, dropped[i]);
    free(dropped);
}

/* Judges the empty windows before start_us. */
static void judge_until(struct run *run, int64_t start_us)
{
    while (progress.next_us < start_us && baseline.table.count > 0) {
        window_judge(run, NULL, progress.next_us, false);
        progress.next_us += size_us;
    }
    if (progress.next_us < start_us) progress.next_us = start_us;
}

static void window_done_judge(void *context, struct window *window)
{
    judge_until(context, window->start_us);
    window_judge(context, window, window->start_us, false);
    progress.next_us = window->start_us + size_us;
}

/* The start of the earliest window there is to judge; false: none. */
static bool earliest_window(const struct run *run, int64_t *start_us)
{
    const bool seen = run->first_time_us != INT64_MAX;
    if (!seen && windows.count == 0) return false;
    *start_us = seen ? windows_floor(&windows, run->first_time_us) : windows.open[0]->start_us;
    if (windows.count > 0 && windows.open[0]->start_us < *start_us)
        *start_us = windows.open[0]->start_us;
    return true;
}

/* From here on the first event's time stands. False: there is no window that ends by until_us. */
static bool progress_begin(const struct run *run, int64_t until_us)
{
    int64_t start_us;
    if (progress.begun) return true;
    if (!earliest_window(run, &start_us) || start_us + size_us > until_us) return false;
    progress.begun = true;
    progress.next_us = start_us;
    progress.first_us = INT64_MAX;
    if (run->first_time_us != INT64_MAX) {
        progress.first_us = windows_floor(&windows, run->first_time_us);
        if (progress.first_us < run->first_time_us) progress.first_us += size_us;
    }
    /* Without --by there is one group, whether or not an event has passed --where. */
    if (by.count == 0) (void)baseline_series(&baseline, id_of(SLICE("")), SLICE(""));
    return true;
}

/* --rows. */

static enum fate row_event(struct run *run, const struct event *ev)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    struct judged one = {.start_us = ev->time_us, .has_value = true};

    if (event_value(ev, final_slot).kind == KIND_FALSE) return FATE_FILTERED;
    if (!instant_parse(event_value(ev, end_slot), &format, &one.end_us)) return FATE_FILTERED;
    if (ev->watermark_us > INSTANT_MIN && one.end_us <= ev->watermark_us - WEEK_US)
        return FATE_LATE;
    const struct value value = operand_value(&value_operand, ev);
    if (value.kind == KIND_NULL) return FATE_USED;
    if (value.kind != KIND_NUMBER || !decimal_parse(value_slice(value), &one.value) ||
        one.value >= BASELINE_VALUE_MAX || one.value <= -BASELINE_VALUE_MAX) {
        run->counters.not_numbers++;
        return FATE_USED;
    }
    group_key(&by, ev, &windows.key);
    const struct slice key = buffer_slice(&windows.key);
    struct series *series = baseline_series(&baseline, id_of(key), key);
    if (one.start_us <= series->last_start_us) return FATE_LATE;

    one.series = series;
    series_forget(series, one.end_us - baseline_us);
    int64_t count = (int64_t)series->count;
    decimal sum = series->sum;
    /* Rows of sliding windows: one may end where this one does. */
    for (size_t i = series->head + series->count; i-- > series->head;) {
        if (series->past[i].end_us < one.end_us) break;
        sum -= series->past[i].value;
        count--;
    }
    one.verdict = verdict_of(&one.value, sum, count);
    one.alert = is_alert(&one.verdict);
    if (show_all || one.alert) judged_print(run->rows, &one);
    series_add(series, (struct past){.end_us = one.end_us, .value = one.value});
    series->last_start_us = one.start_us;
    series->last_end_us = one.end_us;
    return FATE_USED;
}

/* Forgets groups that no row which is still in time can be compared with. */
static void rows_sweep(int64_t watermark_us)
{
    if (watermark_us < INSTANT_MIN) return;
    struct id *dropped = memory_zero(baseline.table.count + 1, sizeof *dropped);
    size_t count = 0;
    const struct series_entry *entry = NULL;
    while ((entry = table_next(&baseline.table, entry)) != NULL)
        if (entry->series->last_end_us <= watermark_us - WEEK_US - baseline_us)
            dropped[count++] = entry->id;
    for (size_t i = 0; i < count; i++)
        baseline_drop(&baseline, dropped[i]);
    free(dropped);
    progress.swept_us = watermark_us;
}

/* The tool. */

static enum reason anomaly_amend(struct run *run, struct event *ev)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    int64_t end_us;
    (void)run;
    if (!rows_mode) return REASON_NONE;
    if (event_value(ev, end_slot).kind == KIND_NULL) return REASON_NO_TIME;
    if (!instant_parse(event_value(ev, end_slot), &format, &end_us)) return REASON_BAD_TIME;
    return end_us > ev->time_us ? REASON_NONE : REASON_BAD_TIME;
}

static void anomaly_hint(struct run *run, struct event *ev)
{
    (void)run;
    if (!rows_mode) windows_hint(&windows, ev);
}

static enum fate anomaly_event(struct run *run, const struct event *ev)
{
    const enum fate fate = rows_mode ? row_event(run, ev) : windows_event(&windows, ev);
    keys_count(run);
    return fate;
}

static void anomaly_advance(struct run *run, int64_t watermark_us)
{
    if (watermark_us > INSTANT_MAX) watermark_us = INSTANT_MAX;
    if (rows_mode) {
        if (progress.swept_us < INSTANT_MIN || watermark_us - progress.swept_us > baseline_us)
            rows_sweep(watermark_us);
    } else if (progress_begin(run, watermark_us)) {
        windows_close(&windows, watermark_us, window_done_judge, run);
        judge_until(run, windows_floor(&windows, watermark_us - size_us) + size_us);
    }
    keys_count(run);
}

static void window_drop(void *context, struct window *window)
{
    (void)context;
    (void)window;
}

/* The windows that end after the last event are shown, not judged. */
static void anomaly_finish(struct run *run)
{
    if (!rows_mode && show_all && run->end_time_us >= INSTANT_MIN &&
        progress_begin(run, INT64_MAX)) {
        size_t open = 0;
        const int64_t last_us = windows_floor(&windows, run->end_time_us);
        for (; progress.next_us <= last_us; progress.next_us += size_us) {
            const struct window *window = NULL;
            if (open < windows.count && windows.open[open]->start_us == progress.next_us)
                window = windows.open[open++];
            window_judge(run, window, progress.next_us, true);
        }
    }
    windows_close(&windows, INT64_MAX, window_drop, NULL);
    keys_count(run);
}

static void anomaly_save(struct run *run, struct buffer *out)
{
    (void)run;
    if (rows_mode) rows_sweep(progress.swept_us);
    pack_u8(out, progress.begun);
    pack_i64(out, progress.first_us);
    pack_i64(out, progress.next_us);
    pack_i64(out, progress.swept_us);
    baseline_save(&baseline, out);
    windows_save(&windows, out);
}

static bool anomaly_load(struct run *run, struct unpack *in)
{
    const bool begun = unpack_u8(in) != 0;
    const int64_t first_us = unpack_i64(in);
    const int64_t next_us = unpack_i64(in);
    const int64_t swept_us = unpack_i64(in);
    if (begun && (!progress.begun || next_us > progress.next_us)) {
        progress.begun = true;
        progress.first_us = first_us;
        progress.next_us = next_us;
    }
    if (swept_us > progress.swept_us) progress.swept_us = swept_us;
    const bool good = baseline_load(&baseline, in) && windows_load(&windows, in);
    keys_count(run);
    return good;
}

static void anomaly_explain(struct run *run, struct buffer *out)
{
    (void)run;
    group_explain(&by, out);
    aggregates_explain(&aggregates, out);
    if (!rows_mode) return;
    buffer_add_literal(out, "value    ");
    operand_explain(&value_operand, out);
    buffer_add_char(out, '\n');
}

static void anomaly_release(struct run *run)
{
    (void)run;
    windows_release(&windows);
    baseline_release(&baseline);
    operand_release(&value_operand);
    aggregates_release(&aggregates);
    group_by_release(&by);
    free(judged.list);
}

static const struct tool tool = {
    .name = "cs-anomaly",
    .summary = "windows whose value is far from the mean of those before",
    .options = options,
    .start = anomaly_start,
    .amend = anomaly_amend,
    .hint = anomaly_hint,
    .event = anomaly_event,
    .advance = anomaly_advance,
    .finish = anomaly_finish,
    .save = anomaly_save,
    .load = anomaly_load,
    .explain = anomaly_explain,
    .release = anomaly_release,
};

int main(int argc, char **argv) { return tool_main(&tool, argc, argv); }
