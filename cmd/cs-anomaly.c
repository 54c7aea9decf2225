/*
 * cs-anomaly - windows whose value is far from what is usual.
 *
 * The windows, or with --rows the rows of cs-window or cs-funnel, are compared in detector.h. What
 * is here: the options, and which of them go together.
 */
#include "base/die.h"
#include "base/duration.h"
#include "run/tool.h"
#include "window/detector.h"
#include "window/span.h"
#include "window/subject.h"

#define MINUTE_US INT64_C(60000000)
#define DAY_US (1440 * MINUTE_US)

static int64_t size_us = 5 * MINUTE_US;
static struct usual_rule usual = {
    .baseline_us = 120 * MINUTE_US, .season_us = 7 * DAY_US, .seasons = 4};
static int method;
static struct verdict_rules rules;
static struct verdict_texts limits = {.threshold = "50", .min_value = "0"};
static const char *value_text;
static struct option_list by_list;
static bool show_all, show_incidents, rows_mode;

static const struct option_row options[] = {
    {.name = "size",
     .type = OPTION_DURATION,
     .call = duration_refuse_weeks,
     .target = &size_us,
     .argument = "DUR",
     .least = 1,
     .help = "length of a window (default 5m)"},
    {.name = "method",
     .type = OPTION_CHOICE,
     .target = &method,
     .words = "mean|median|seasonal",
     .help = "what is usual: the mean or the median of the baseline, or the mean of seasons"},
    {.name = "baseline",
     .type = OPTION_DURATION,
     .target = &usual.baseline_us,
     .argument = "DUR",
     .least = 1,
     .help = "compare with the windows that end within DUR before (default 2h)"},
    {.name = "season",
     .type = OPTION_DURATION,
     .target = &usual.season_us,
     .argument = "1d|7d",
     .least = 1,
     .help = "seasonal: compare with the window so long before (default 7d)"},
    {.name = "seasons",
     .type = OPTION_NUMBER,
     .target = &usual.seasons,
     .argument = "N",
     .least = 1,
     .help = "seasonal: and with those of N seasons (default 4)"},
    {.name = "threshold",
     .type = OPTION_TEXT,
     .target = &limits.threshold,
     .argument = "PERCENT",
     .help = "alert when a value is further than this from what is usual (default 50)"},
    {.name = "min-baseline",
     .type = OPTION_NUMBER,
     .target = &rules.min_baseline,
     .argument = "N",
     .least = 1,
     .help = "alert only if there are N windows to compare with (default 6)"},
    {.name = "min-value",
     .type = OPTION_TEXT,
     .target = &limits.min_value,
     .argument = "NUMBER",
     .help = "alert only if the value or what is usual is so large; a new group of it, too"},
    {.name = "sigma",
     .type = OPTION_TEXT,
     .target = &limits.sigma,
     .argument = "K",
     .help = "alert only beyond K x sqrt(mean + 1) (default 4 for counts, else 0: off)"},
    {.name = "incidents",
     .type = OPTION_FLAG,
     .target = &show_incidents,
     .help = "print where alerts start and where they end, not each of them"},
    {.name = "clear",
     .type = OPTION_TEXT,
     .target = &limits.clear,
     .argument = "PERCENT",
     .help = "an incident ends at this deviation (default half the threshold)"},
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

static void anomaly_settle(struct settings *settings)
{
    settings->rows = rows_mode;
}

/* Settles what is usual, and how much of it there has to be. */
static void usual_settle(void)
{
    struct buffer why = {0};
    usual.method = (enum usual_method)method;
    const bool seasonal = usual.method == USUAL_SEASONAL;
    if (seasonal && option_given("baseline"))
        die_usage("--baseline: with --method=seasonal it is --seasons times --season");
    if (!seasonal && (option_given("season") || option_given("seasons")))
        die_usage("--%s: is for --method=seasonal", option_given("season") ? "season" : "seasons");
    if (!usual_check(&usual, rows_mode ? 0 : size_us, rules.min_baseline, &why))
        die_usage("%.*s", (int)why.len, why.data);
}

/* Says what is watched. */
static void subject_settle(struct detector *detector, struct subject *subject)
{
    const struct slice kind = usual.method == USUAL_MEDIAN ? SLICE("median") : SLICE("avg");
    struct buffer why = {0};
    struct slice operand;
    if (rows_mode && value_text == NULL) die_usage("--rows: --value=FIELD is needed");
    if (rows_mode && option_given("size"))
        die_usage("--rows: the rows say how long a window is, not --size");
    const bool good = rows_mode
                          ? subject_of_rows(subject, value_text, kind, &operand, &why) &&
                                detector_rows(detector, operand, &why)
                          : subject_of_events(subject, value_text, kind, &detector->aggregates,
                                              &detector->run->schema, &why);
    if (!good) die_usage("--value: %.*s", (int)why.len, why.data);
    buffer_release(&why);
}

/* Parts of the events are counted apart, and judged together. */
static void parts_settle(const struct settings *settings)
{
    const char *const option = settings->merge ? "merge" : "by-partition";
    if (!settings->merge && !settings->by_partition) return;
    if (rows_mode)
        die_usage("--rows: a row is judged as it is, and not added up: not with --%s", option);
    if (settings->has_state)
        die_usage("--state: with --%s this tool reads files that are complete; a topic is judged "
                  "as it comes by one run that reads all of its partitions",
                  option);
}

static const struct analysis *analysis_choose(const struct settings *settings)
{
    if (rows_mode) return &detector_of_rows;
    if (settings->by_partition) return &detector_of_parts;
    return settings->merge ? &detector_of_part_rows : &detector_of_events;
}

static const struct analysis *anomaly_start(struct run *run)
{
    struct subject subject = {0};
    struct buffer why = {0};

    parts_settle(&run->settings);
    usual_settle();
    struct detector *detector = detector_new(run);
    for (size_t i = 0; i < by_list.count; i++)
        if (!group_by_add(&detector->by, by_list.text[i], &run->schema, &why))
            die_usage("--by: %.*s", (int)why.len, why.data);
    subject_settle(detector, &subject);
    if (limits.clear != NULL && !show_incidents) die_usage("--clear: is for --incidents");
    if (!verdict_rules_read(&rules, &limits, detector_counts(detector), &why))
        die_usage("%.*s", (int)why.len, why.data);
    const struct detector_request request = {
        .value = buffer_slice(&subject.value),
        .average = buffer_slice(&subject.usual),
        .size_us = size_us,
        .usual = usual,
        .rules = rules,
        .show_all = show_all,
        .show_incidents = show_incidents,
    };
    if (!rows_mode && !run->settings.merge)
        span_tell_utc(size_us, run->settings.tz, "cs-window has days of a zone");
    if (!detector_begin(detector, &request, &why)) die_usage("%.*s", (int)why.len, why.data);
    subject_release(&subject);
    buffer_release(&why);
    return analysis_choose(&run->settings);
}

static const struct tool tool = {
    .name = "cs-anomaly",
    .summary = "find windows whose value is far from what is usual",
    .options = options,
    .flags = TOOL_MERGES,
    .settle = anomaly_settle,
    .start = anomaly_start,
    .release = detector_release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
