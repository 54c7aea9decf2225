/*
 * cs-window - aggregates by group over windows of event time.
 *
 * The windows are in window.h, what --by and --agg mean in group.h and aggregate.h, the rows in
 * report.h. What is here: the options, and where a view is found.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/share.h"
#include "run/tool.h"
#include "window/report.h"
#include "window/window.h"

static struct span size;
static int64_t size_number; /* stands for it in what a state is bound to */
static int64_t slide_us;
static int64_t offset_us;
static struct option_list by_list;
static struct option_list agg_list;
static struct option_list having_list;

static char *view_path;

static const char *view_refuse(const char *name)
{
    static char why[512];
    char *const meant = share_meant("views", name, "");
    snprintf(why, sizeof why, "there is no view '%.100s', here or in %s/views%s%.100s%s", name,
             share_directory, meant == NULL ? "" : "; did you mean ", meant == NULL ? "" : meant,
             meant == NULL ? "" : "?");
    free(meant);
    return why;
}

/* --view: a file, or the name of a view that came with the tools. */
static const char *view_set(const char *value)
{
    struct buffer path = {0};

    free(view_path);
    view_path = NULL;
    if (value[0] == '\0') return "which view?";
    if (strchr(value, '/') != NULL || access(value, F_OK) == 0) {
        buffer_add(&path, value, strlen(value) + 1);
        view_path = path.data;
        return option_file(view_path);
    }
    if (share_find(&path, "views", value, "")) {
        view_path = path.data;
        return option_file(view_path);
    }
    buffer_release(&path);
    return view_refuse(value);
}

static const char *size_set(const char *value)
{
    const char *const why = span_parse(value, &size);
    size_number = span_number(&size);
    return why;
}

static const struct option_row options[] = {
    {.name = "size",
     .type = OPTION_CALL,
     .call = size_set,
     .target = &size_number,
     .argument = "DUR|1w|1mo|1y|all",
     .help = "length of a window (needed, unless a view gives it)"},
    {.name = "slide",
     .type = OPTION_DURATION,
     .call = duration_refuse_weeks,
     .target = &slide_us,
     .argument = "DUR",
     .least = 1,
     .help = "a window begins every DUR (default: the size)"},
    {.name = "offset",
     .type = OPTION_DURATION,
     .target = &offset_us,
     .argument = "DUR",
     .help = "move the starts by DUR from multiples since 1970 (default 0s)"},
    {.name = "by",
     .type = OPTION_LIST,
     .target = &by_list,
     .argument = "F|NAME=lower(F)|NAME=EXPR,...",
     .help = "group by members or expressions; repeatable"},
    {.name = "agg",
     .type = OPTION_LIST,
     .target = &agg_list,
     .argument = "NAME=FUNC[(F)][ if EXPR]",
     .help = "count distinct approx_distinct sum avg stddev min max median quantile\n"
             "                              first last list top any all percent; repeatable"},
    {.name = "having",
     .type = OPTION_LIST,
     .target = &having_list,
     .argument = "EXPR",
     .help = "only rows for which the jq expression selects; may repeat"},
    {.name = "view",
     .type = OPTION_CALL,
     .brings = true,
     .call = view_set,
     .argument = "NAME|FILE",
     .help = "read options from a file: product-performance, search-analytics, not-found,\n"
             "                              conversion-by-source, conversion-by-campaign, "
             "revenue-by-category, checkout-errors,\n"
             "                              landing-pages, exit-pages, page-flow, bot-sessions"},
    OPTION_END,
};

static const struct analysis *window_start(struct run *run)
{
    struct buffer why = {0};

    if (size_number == 0) die_usage("--size is needed, or a --view that gives it");
    if (!span_settle(&size, run->settings.tz, slide_us, offset_us, &why))
        die_usage("%.*s", (int)why.len, why.data);
    if (size.kind == SPAN_FIXED && offset_us == 0 && !run->settings.merge)
        span_tell_utc(size.slide_us, run->settings.tz,
                      "days, weeks, months and years begin by them");
    if (agg_list.count == 0) die_usage("--agg is needed, or a --view that gives it");
    const struct report_request request = {
        .by = &by_list,
        .aggregates = &agg_list,
        .having = &having_list,
        .option = "--agg",
        .size_us = size.size_us,
        .slide_us = size.slide_us,
        .offset_us = size.offset_us,
        .span = size.kind == SPAN_FIXED ? NULL : &size,
    };
    if (!report_init(run, &request, &why)) die_usage("%.*s", (int)why.len, why.data);
    buffer_release(&why);
    return report_analysis(run);
}

static void window_release(struct run *run)
{
    report_release(run);
    zone_free(size.zone);
    free(view_path);
}

static const struct tool tool = {
    .name = "cs-window",
    .summary = "aggregate events by group over windows of event time",
    .options = options,
    .flags = TOOL_WINDOWS | TOOL_MERGES | TOOL_UPDATES,
    .start = window_start,
    .release = window_release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
