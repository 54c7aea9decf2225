/*
 * cs-funnel - how many ids reach each step, by group and window.
 *
 * A funnel is a preset of cs-window's aggregates: NAME=distinct(ID) if EXPR for every step, and the
 * share of the last in the first. All steps count the same ids, so an event costs one look-up
 * however many there are.
 */
#include <stdlib.h>

#include "base/die.h"
#include "base/duration.h"
#include "base/list.h"
#include "base/memory.h"
#include "run/tool.h"
#include "window/report.h"
#include "window/window.h"

static int64_t size_us = INT64_C(600000000);
static struct option_list by_list;
static struct option_list step_list;
static const char *id = "session_id";
static int order;
static int64_t within_us;

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
     .help = "any: each step counts by itself (the others: not yet)"},
    {.name = "within",
     .type = OPTION_DURATION,
     .target = &within_us,
     .argument = "DUR",
     .help = "all steps within DUR (not yet)"},
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

static const struct analysis *funnel_start(struct run *run)
{
    const struct option_list by_default = {.text = default_by, .count = 1};
    const struct option_list steps_default = {
        .text = default_steps, .count = sizeof default_steps / sizeof default_steps[0]};
    struct option_list aggregates = {0};
    struct buffer why = {0};

    if (order != 0) die_usage("--order: only 'any' is there, not yet 'ordered' and 'strict'");
    if (within_us != 0) die_usage("--within is not there yet");
    steps_write(step_list.count == 0 ? &steps_default : &step_list, &aggregates);
    const struct report_request request = {
        .by = by_list.count == 0 ? &by_default : &by_list,
        .aggregates = &aggregates,
        .option = "--step",
        .size_us = size_us,
        .slide_us = size_us,
    };
    if (!report_init(run, &request, &why)) die_usage("%.*s", (int)why.len, why.data);
    texts_release(&aggregates);
    buffer_release(&why);
    return report_analysis(run);
}

static const struct tool tool = {
    .name = "cs-funnel",
    .summary = "count the ids that reach each step of a funnel, by group and window",
    .options = options,
    .flags = TOOL_WINDOWS | TOOL_MERGES,
    .start = funnel_start,
    .release = report_release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
