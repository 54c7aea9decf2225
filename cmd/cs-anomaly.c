/*
 * cs-anomaly - windows whose value is far from the mean of the windows before them.
 *
 * The windows, or with --rows the rows of cs-window or cs-funnel, are compared in detector.h. What
 * is here: the options, and what --value means.
 */
#include "base/die.h"
#include "base/duration.h"
#include "base/list.h"
#include "run/tool.h"
#include "window/detector.h"

#define MINUTE_US INT64_C(60000000)

static int64_t size_us = 5 * MINUTE_US;
static int64_t baseline_us = 120 * MINUTE_US;
static const char *threshold_text = "50";
static const char *value_text;
static struct option_list by_list;
static bool show_all;
static bool rows_mode;

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

/* What --value is called in the rows. */
struct names {
    struct buffer value, average;
};

/* Compiles --value for events. */
static void value_of_events(struct detector *detector, struct names *names)
{
    struct buffer text = {0}, why = {0};
    struct slice rest = SLICE("distinct(session_id)");
    if (value_text == NULL) {
        buffer_add_literal(&names->value, "current_sessions");
        buffer_add_literal(&names->average, "avg_sessions");
    } else {
        const struct slice given = name_split(slice_of(value_text), &rest);
        buffer_add_slice(&names->value, given.len == 0 ? SLICE("value") : given);
        buffer_printf(&names->average, "avg_%.*s", (int)names->value.len, names->value.data);
    }
    buffer_printf(&text, "%.*s=%.*s", (int)names->value.len, names->value.data, (int)rest.len,
                  rest.text);
    if (!aggregates_add(&detector->aggregates, text.data, &detector->run->schema, &why) ||
        !aggregates_complete(&detector->aggregates, &why))
        die_usage("--value: %.*s", (int)why.len, why.data);
    buffer_release(&text);
    buffer_release(&why);
}

/* --rows: the value is a member of the row. */
static void value_of_rows(struct detector *detector, struct names *names)
{
    struct buffer why = {0};
    struct slice rest;

    if (value_text == NULL) die_usage("--rows: --value=FIELD is needed");
    if (option_given("size")) die_usage("--rows: the rows say how long a window is, not --size");
    struct slice given = name_split(slice_of(value_text), &rest);
    if (given.len == 0 && name_bare(rest)) given = rest;
    if (given.len == 0) die_usage("--value: '%s' needs a name: NAME=%s", value_text, value_text);
    buffer_add_slice(&names->value, given);
    buffer_printf(&names->average, "avg_%.*s", (int)given.len, given.text);
    if (!detector_rows(detector, rest, &why)) die_usage("--value: %.*s", (int)why.len, why.data);
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

static const struct analysis *anomaly_start(struct run *run)
{
    const decimal threshold = threshold_read();
    struct names names = {0};
    struct buffer why = {0};

    if (!rows_mode && baseline_us / size_us > BASELINE_WINDOWS_MAX)
        die_usage("--baseline: more than %lld windows", (long long)BASELINE_WINDOWS_MAX);
    struct detector *detector = detector_new(run);
    for (size_t i = 0; i < by_list.count; i++)
        if (!group_by_add(&detector->by, by_list.text[i], &run->schema, &why))
            die_usage("--by: %.*s", (int)why.len, why.data);
    if (rows_mode)
        value_of_rows(detector, &names);
    else
        value_of_events(detector, &names);
    const struct detector_request request = {
        .value = buffer_slice(&names.value),
        .average = buffer_slice(&names.average),
        .size_us = size_us,
        .baseline_us = baseline_us,
        .threshold = threshold,
        .show_all = show_all,
    };
    if (!detector_begin(detector, &request, &why)) die_usage("%.*s", (int)why.len, why.data);
    buffer_release(&names.value);
    buffer_release(&names.average);
    buffer_release(&why);
    return rows_mode ? &detector_of_rows : &detector_of_events;
}

static const struct tool tool = {
    .name = "cs-anomaly",
    .summary = "find windows whose value is far from the mean of the windows before",
    .options = options,
    .settle = anomaly_settle,
    .start = anomaly_start,
    .release = detector_release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
