/*
 * cs-anomaly - windows whose value is far from the mean of the windows before them.
 *
 * Events are counted up in windows (window.h), which are judged when they are done (judge.h). With
 * --rows the values come from rows of cs-window or cs-funnel. What is here: the options, and the
 * value in an event or a row.
 */
#include "base/die.h"
#include "base/duration.h"
#include "base/list.h"
#include "run/tool.h"
#include "window/aggregate.h"
#include "window/group.h"
#include "window/judge.h"
#include "window/window.h"

#define MINUTE_US INT64_C(60000000)

static int64_t size_us = 5 * MINUTE_US;
static int64_t baseline_us = 120 * MINUTE_US;
static const char *threshold_text = "50";
static const char *value_text;
static struct option_list by_list;
static bool show_all;
static bool rows_mode;

static struct group_by by;
static struct aggregates aggregates; /* one: the value */
static struct windows windows;
static struct judge judge;
static struct operand value_operand; /* --rows */
static int end_slot, final_slot;     /* --rows: of the row's members */

static const struct option_row options[] = {
    {.name = "size",
     .type = OPTION_DURATION,
     .call = duration_refuse_weeks,
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
     .help = "alert when a value is further than this from the mean (default 50)"},
    {.name = "value",
     .type = OPTION_TEXT,
     .target = &value_text,
     .argument = "NAME=FUNC[(F)][ if EXPR]|FIELD",
     .help = "what is judged (default current_sessions=distinct(session_id)); FIELD: --rows"},
    {.name = "by",
     .type = OPTION_LIST,
     .target = &by_list,
     .argument = "F|NAME=lower(F)|NAME=EXPR,...",
     .help = "compare each group with its own past; repeatable"},
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

static void anomaly_settle(struct settings *settings)
{
    settings->rows = rows_mode;
}

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
    buffer_release(&why);
}

static decimal threshold_read(void)
{
    const struct slice number = slice_of(threshold_text);
    decimal threshold;
    if (!number_valid(number) || !decimal_parse(number, &threshold) || threshold < 0)
        die_usage("--threshold: '%s' is not a percentage", threshold_text);
    return threshold;
}

static void keys_count(struct run *run)
{
    run->counters.keys = windows.keys + judge.baseline.table.count;
}

static void anomaly_save(struct run *run, struct buffer *out)
{
    (void)run;
    judge_save(&judge, out);
}

static bool anomaly_load(struct run *run, struct unpack *in)
{
    const bool good = judge_load(&judge, in);
    keys_count(run);
    return good;
}

/* Events. */

static void event_hint(struct run *run, struct event *ev)
{
    (void)run;
    windows_hint(&windows, ev);
}

static enum fate event_event(struct run *run, const struct event *ev)
{
    const enum fate fate = windows_event(&windows, ev);
    keys_count(run);
    return fate;
}

static void event_advance(struct run *run, int64_t watermark_us)
{
    judge_advance(&judge, watermark_us);
    keys_count(run);
}

static void event_finish(struct run *run)
{
    judge_finish(&judge);
    keys_count(run);
}

static void event_explain(struct run *run, struct buffer *out)
{
    (void)run;
    group_explain(&by, out);
    aggregates_explain(&aggregates, out);
}

static void event_range(struct run *run, int64_t border_us)
{
    (void)run;
    windows_range(&windows, border_us);
}

static const struct ranges ranges = {
    .begin = event_range,
    .hand_over = anomaly_save,
    .add = anomaly_load,
};

static const struct analysis of_events = {
    .hint = event_hint,
    .event = event_event,
    .advance = event_advance,
    .finish = event_finish,
    .save = anomaly_save,
    .load = anomaly_load,
    .explain = event_explain,
    .ranges = &ranges,
};

/* Rows of cs-window or cs-funnel. */

static bool row_end(const struct event *ev, int64_t *end_us)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    return instant_parse(event_value(ev, end_slot), &format, end_us) && *end_us > ev->time_us;
}

static enum reason row_amend(struct run *run, struct event *ev)
{
    int64_t end_us;
    (void)run;
    if (row_end(ev, &end_us)) return REASON_NONE;
    return event_value(ev, end_slot).kind == KIND_NULL ? REASON_NO_TIME : REASON_BAD_TIME;
}

static enum fate row_event(struct run *run, const struct event *ev)
{
    struct judged one = {.start_us = ev->time_us};
    if (event_value(ev, final_slot).kind == KIND_FALSE) return FATE_FILTERED;
    (void)row_end(ev, &one.end_us); /* has been looked at */
    const struct value value = operand_value(&value_operand, ev);
    one.has_value = value.kind == KIND_NUMBER && decimal_parse(value_slice(value), &one.value);
    if (!one.has_value && value.kind != KIND_NULL) {
        run->counters.not_numbers++;
        misnumber_note(&run->misnumbers, MISNUMBER_OTHER, slice_of(value_operand.text), value);
    }
    group_key(&by, ev, &windows.key);
    const enum fate fate = judge_row(&judge, buffer_slice(&windows.key), one, ev->watermark_us);
    keys_count(run);
    return fate;
}

static void row_advance(struct run *run, int64_t watermark_us)
{
    judge_sweep(&judge, watermark_us);
    keys_count(run);
}

static void row_explain(struct run *run, struct buffer *out)
{
    event_explain(run, out);
    buffer_add_literal(out, "value    ");
    operand_explain(&value_operand, out);
    buffer_add_char(out, '\n');
}

static const struct analysis of_rows = {
    .amend = row_amend,
    .event = row_event,
    .advance = row_advance,
    .save = anomaly_save,
    .load = anomaly_load,
    .explain = row_explain,
};

/* The tool. */

static const struct analysis *anomaly_start(struct run *run)
{
    struct buffer name = {0}, average = {0}, why = {0};
    const decimal threshold = threshold_read();

    if (!rows_mode && baseline_us / size_us > BASELINE_WINDOWS_MAX)
        die_usage("--baseline: more than %lld windows", (long long)BASELINE_WINDOWS_MAX);
    group_by_init(&by);
    aggregates_init(&aggregates);
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
    judge_init(&judge, &windows, baseline_us, threshold, show_all);
    if (!judge_declare(&judge, buffer_slice(&name), buffer_slice(&average), &why))
        die_usage("%.*s", (int)why.len, why.data);
    buffer_release(&name);
    buffer_release(&average);
    buffer_release(&why);
    return rows_mode ? &of_rows : &of_events;
}

static void anomaly_release(struct run *run)
{
    (void)run;
    judge_release(&judge);
    windows_release(&windows);
    operand_release(&value_operand);
    aggregates_release(&aggregates);
    group_by_release(&by);
}

static const struct tool tool = {
    .name = "cs-anomaly",
    .summary = "find windows whose value is far from the mean of the windows before",
    .options = options,
    .settle = anomaly_settle,
    .start = anomaly_start,
    .release = anomaly_release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
