/*
 * cs-funnel - how many ids reach each step, by group and window.
 *
 * With --order=any a funnel is a preset of cs-window's aggregates: NAME=distinct(ID) if EXPR for
 * every step, and the share of the last in the first. All steps count the same ids, so an event
 * costs one look-up however many there are. With the other orders it is funnel.h's business who got
 * how far.
 */
#include <stdlib.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/list.h"
#include "base/memory.h"
#include "funnel/funnel.h"
#include "run/tool.h"
#include "window/report.h"
#include "window/window.h"

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
    OPTION_END,
};

static const char *default_by[] = {"traffic_source,device_type"};

static const char *default_steps[] = {
    "sessions=.event_type == \"page_view\"",
    "product_views=.event_type == \"product_view\"",
    "add_to_carts=.event_type == \"add_to_cart\"",
    "checkout_starts=.event_type == \"checkout_start\"",
    "purchases=.event_type == \"purchase\"",
};

static void text_add(struct option_list *list, const struct buffer *text)
{
    list->text = memory_resize(list->text, list->count + 1, sizeof list->text[0]);
    list->text[list->count++] = memory_text(text->data, text->len);
}

static void texts_release(struct option_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free((char *)list->text[i]);
    free(list->text);
}

/* The name of a step, judged here: what is made of it below must mean what was written. */
static struct slice step_name(const char *step)
{
    const char *equals = strchr(step, '=');
    const struct slice name = {.text = step, .len = equals == NULL ? 0 : (size_t)(equals - step)};
    if (!name_valid(name) || equals[1] == '\0' || equals[1] == '=')
        die_usage("--step: '%s' is not NAME=EXPR", step);
    return name;
}

/* Writes the steps as aggregates; the texts are the caller's. */
static void steps_write(const struct option_list *steps, struct option_list *aggregates)
{
    const struct slice inside = slice_of(id);
    if (text_trim(inside).len == 0) die_usage("--id: which member?");
    if (text_find(inside, ')') != NULL) die_usage("--id: '%s' has a parenthesis too many", id);
    struct buffer text = {0};
    for (size_t i = 0; i < steps->count; i++) {
        const struct slice name = step_name(steps->text[i]);
        buffer_clear(&text);
        buffer_printf(&text, "%.*s=distinct(%s) if %s", (int)name.len, name.text, id,
                      name.text + name.len + 1);
        text_add(aggregates, &text);
    }
    const struct slice first = step_name(steps->text[0]);
    const struct slice last = step_name(steps->text[steps->count - 1]);
    buffer_clear(&text);
    buffer_printf(&text, "overall_conversion_rate=percent(%.*s,%.*s)", (int)last.len, last.text,
                  (int)first.len, first.text);
    text_add(aggregates, &text);
    buffer_release(&text);
}

static const struct option_list by_default = {.text = default_by, .count = 1};
static const struct option_list steps_default = {
    .text = default_steps, .count = sizeof default_steps / sizeof default_steps[0]};

/* Each step by itself. */
static void any_start(struct run *run, const struct option_list *steps, struct buffer *why)
{
    static const char *const others[] = {"within", "optional", "exclude", "attribute"};
    struct option_list aggregates = {0};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (option_given(others[i]))
            die_usage("--%s: only with --order=ordered or --order=strict", others[i]);
    steps_write(steps, &aggregates);
    const struct report_request request = {
        .by = by_list.count == 0 ? &by_default : &by_list,
        .aggregates = &aggregates,
        .option = "--step",
        .size_us = size_us,
        .slide_us = size_us,
    };
    if (!report_init(run, &request, why)) die_usage("%.*s", (int)why->len, why->data);
    texts_release(&aggregates);
}

/* One step after the other. */
static void ordered_start(struct run *run, const struct option_list *steps, struct buffer *why)
{
    if (order == ORDER_STRICT && option_given("optional"))
        die_usage("--optional: only with --order=ordered: with strict every event must be a step");
    if (attribute == ATTRIBUTE_LAST && run->settings.updates)
        die_usage("--attribute=last: not with --emit=updates: an id would be in one row after the "
                  "other, and stay in all");
    for (size_t i = 0; i < steps->count; i++)
        (void)step_name(steps->text[i]);
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
    };
    if (!funnel_init(run, &request, why)) die_usage("%.*s", (int)why->len, why->data);
}

static const struct analysis *start(struct run *run)
{
    const struct option_list *steps = step_list.count == 0 ? &steps_default : &step_list;
    struct buffer why = {0};
    if (order == ORDER_ANY)
        any_start(run, steps, &why);
    else
        ordered_start(run, steps, &why);
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
    .flags = TOOL_WINDOWS | TOOL_MERGES,
    .start = start,
    .release = release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
