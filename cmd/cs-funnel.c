/*
 * cs-funnel - how many ids reach each step, by group and window.
 *
 * With --order=any a funnel is a preset of cs-window's aggregates: NAME=distinct(ID) if EXPR for
 * every step, and the share of the last in the first. All steps count the same ids, so an event
 * costs one look-up however many there are. With the other orders it is funnel.h's business who got
 * how far.
 */
#include "base/die.h"
#include "base/duration.h"
#include "funnel/funnel.h"
#include "funnel/steps.h"
#include "run/tool.h"
#include "window/report.h"
#include "window/span.h"

static int64_t size_us = INT64_C(600000000);
static struct option_list by_list;
static struct option_list step_list;
static const char *id = "session_id";
enum { ORDER_ANY, ORDER_ORDERED, ORDER_STRICT };
static int order = ORDER_ANY;
static int64_t within_us = INT64_C(3600000000);
static struct option_list optional_list;
static struct option_list exclude_list;
enum { ATTRIBUTE_FIRST, ATTRIBUTE_LAST };
static int attribute = ATTRIBUTE_FIRST;

static int64_t drops_us; /* DROPS_WITHIN: as long as --within */
#define DROPS_WITHIN (-1)

static const char *drops_set(const char *value)
{
    drops_us = DROPS_WITHIN;
    if (value == NULL) return NULL;
    const char *why = duration_parse(value, &drops_us);
    return why == NULL && drops_us == 0 ? "must be longer than 0" : why;
}

static const struct option_row options[] = {
    {.name = "size",
     .type = OPTION_DURATION,
     .call = duration_refuse_weeks,
     .target = &size_us,
     .argument = "DUR",
     .least = 1,
     .help = "length of a window (default 10m)"},
    {.name = "by",
     .type = OPTION_LIST,
     .target = &by_list,
     .argument = "F|NAME=lower(F)|NAME=EXPR,...",
     .help = "group by these (default traffic_source,device_type; --by= for none)"},
    {.name = "step",
     .type = OPTION_LIST,
     .target = &step_list,
     .argument = "NAME=EXPR",
     .help = "a step, in order; repeatable (default: page_view to purchase)"},
    {.name = "id",
     .type = OPTION_TEXT,
     .target = &id,
     .argument = "F",
     .help = "what is counted once per step (default session_id)"},
    {.name = "order",
     .type = OPTION_CHOICE,
     .target = &order,
     .words = "any|ordered|strict",
     .help =
         "any: each step counts by itself; ordered: one after the other; strict: nothing between"},
    {.name = "within",
     .type = OPTION_DURATION,
     .target = &within_us,
     .argument = "DUR",
     .least = 1,
     .help = "all steps within DUR of the first (default 1h; not with --order=any)"},
    {.name = "optional",
     .type = OPTION_LIST,
     .target = &optional_list,
     .argument = "NAME,...",
     .help = "steps that may be left out (--order=ordered)"},
    {.name = "exclude",
     .type = OPTION_LIST,
     .target = &exclude_list,
     .argument = "EXPR[@FROM..TO]",
     .help = "an event that voids an attempt between two steps (default: first and last); "
             "repeatable"},
    {.name = "attribute",
     .type = OPTION_CHOICE,
     .target = &attribute,
     .words = "first|last",
     .help = "whose event gives the group: the first step's, or the last one's that was reached"},
    {.name = "drops",
     .type = OPTION_CALL,
     .call = drops_set,
     .target = &drops_us,
     .argument = "[DUR]",
     .help =
         "instead of windows, a row for each attempt without a further step for DUR (--within)"},
    OPTION_END,
};

static const char *default_by[] = {"traffic_source,device_type"};

static const struct option_list by_default = {.text = default_by, .count = 1};
/* Each step by itself. */
static void any_start(struct run *run, const struct option_list *steps, struct buffer *why)
{
    static const char *const others[] = {"within", "optional", "exclude", "attribute", "drops"};
    struct option_list aggregates = {0};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (option_given(others[i]))
            die_usage("--%s: only with --order=ordered or --order=strict", others[i]);
    if (!steps_aggregates(steps, id, &aggregates, why)) return;
    const struct report_request request = {
        .by = by_list.count == 0 ? &by_default : &by_list,
        .aggregates = &aggregates,
        .option = "--step",
        .size_us = size_us,
        .slide_us = size_us,
    };
    (void)report_init(run, &request, why);
    steps_aggregates_release(&aggregates);
}

/* One step after the other. */
static void ordered_start(struct run *run, const struct option_list *steps, struct buffer *why)
{
    const struct funnel_request request = {
        .by = by_list.count == 0 ? &by_default : &by_list,
        .steps = steps,
        .optional = &optional_list,
        .bans = &exclude_list,
        .id = id,
        .size_us = size_us,
        .within_us = within_us,
        .strict = order == ORDER_STRICT,
        .by_last = attribute == ATTRIBUTE_LAST,
        .drops_us = drops_us == DROPS_WITHIN ? within_us : drops_us,
    };
    (void)funnel_init(run, &request, why);
}

static const struct analysis *start(struct run *run)
{
    const struct option_list *steps = step_list.count == 0 ? &steps_default : &step_list;
    struct buffer why = {0};
    if (!run->settings.merge)
        span_tell_utc(size_us, run->settings.tz, "cs-window has days of a zone");
    if (order == ORDER_ANY)
        any_start(run, steps, &why);
    else
        ordered_start(run, steps, &why);
    if (why.len > 0) die_usage("%.*s", (int)why.len, why.data);
    buffer_release(&why);
    return order == ORDER_ANY ? report_analysis(run) : funnel_analysis(run);
}

static void release(struct run *run)
{
    if (run->own == NULL) return;
    if (order == ORDER_ANY)
        report_release(run);
    else
        funnel_release(run);
}

static const struct tool tool = {
    .name = "cs-funnel",
    .summary = "count the ids that reach each step of a funnel, by group and window",
    .options = options,
    .flags = TOOL_WINDOWS | TOOL_MERGES | TOOL_UPDATES,
    .start = start,
    .release = release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
