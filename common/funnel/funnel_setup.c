/* A funnel made of what the options say. */
#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "funnel/funnel_inside.h"
#include "funnel/steps.h"

/* The step of that name; -1: there is none. */
static int step_find(const struct funnel *funnel, struct slice name)
{
    for (int step = 0; step < funnel->course.steps; step++)
        if (slice_equal(funnel->name[step], name)) return step;
    return -1;
}

/* Adds "NAME=count if EXPR" for a step or ban: its condition is what is wanted of it. */
static bool condition_add(struct funnel *funnel, struct run *run, struct slice name,
                          struct slice expr, struct buffer *why)
{
    struct aggregates *selection = &funnel->selection;
    const int number = funnel->course.steps + funnel->course.bans;
    struct buffer text = {0};
    if (number == STEPS_MAX) {
        buffer_printf(why, "more than %d steps and exclusions", STEPS_MAX);
        return false;
    }
    buffer_printf(&text, "%.*s=count if %.*s", (int)name.len, name.text, (int)expr.len, expr.text);
    buffer_add_char(&text, '\0');
    const bool good = aggregates_add(selection, text.data, &run->schema, why);
    buffer_release(&text);
    if (!good) return false;
    funnel->condition[number] = (uint8_t)selection->item[selection->count - 1].condition;
    return true;
}

static bool steps_read(struct funnel *funnel, struct run *run, const struct option_list *steps,
                       struct buffer *why)
{
    struct slice name, expr;
    for (size_t i = 0; i < steps->count; i++) {
        if (!step_read(steps->text[i], &name, &expr, why)) return false;
        buffer_add_literal(why, "--step: ");
        if (!condition_add(funnel, run, name, expr, why)) return false;
        buffer_clear(why);
        funnel->name[funnel->course.steps++] =
            (struct slice){.text = memory_text(name.text, name.len), .len = name.len};
    }
    return true;
}

static bool optional_read(struct funnel *funnel, const struct option_list *optional,
                          struct buffer *why)
{
    struct list names = {0};
    for (size_t i = 0; i < optional->count && why->len == 0; i++) {
        const char *wrong = list_add(&names, LIST_NAMES, slice_of(optional->text[i]));
        if (wrong != NULL) buffer_printf(why, "--optional: %s", wrong);
    }
    for (size_t i = 0; i < names.count && why->len == 0; i++) {
        const int step = step_find(funnel, names.item[i].name);
        if (step < 0)
            buffer_printf(why, "--optional: there is no step '%s'", names.item[i].name.text);
        else if (step == 0 || step == funnel->course.steps - 1)
            buffer_printf(why, "--optional: '%s' is the %s step, which cannot be left out",
                          names.item[i].name.text, step == 0 ? "first" : "last");
        else
            funnel->course.optional |= UINT32_C(1) << step;
    }
    list_release(&names);
    return why->len == 0;
}

/* Where "@FROM..TO" begins in EXPR@FROM..TO; NULL: it is not there. An expression may have an @
 * (of @base64), but then no two names with dots between are behind it. */
static const char *bounds_find(const char *text)
{
    const char *at = strrchr(text, '@');
    if (at == NULL) return NULL;
    const char *dots = strstr(at, "..");
    if (dots == NULL || !name_valid((struct slice){.text = at + 1, .len = (size_t)(dots - at - 1)}))
        return NULL;
    return at;
}

static int bound_read(const struct funnel *funnel, struct slice name, struct buffer *why)
{
    const int step = step_find(funnel, name);
    if (step < 0)
        buffer_printf(why, "--exclude: there is no step '%.*s'", (int)name.len, name.text);
    else if ((funnel->course.optional >> step & 1) != 0)
        buffer_printf(why, "--exclude: '%.*s' is optional, and may never be reached", (int)name.len,
                      name.text);
    return step;
}

static bool ban_read(struct funnel *funnel, struct run *run, const char *text, struct buffer *why)
{
    struct course *course = &funnel->course;
    struct ban ban = {.from = 0, .to = course->steps - 1};
    const char *bounds = bounds_find(text);
    const size_t len = bounds == NULL ? strlen(text) : (size_t)(bounds - text);
    const struct slice expr = text_trim((struct slice){.text = text, .len = len});
    if (bounds != NULL) {
        const char *dots = strstr(bounds, "..");
        ban.from = bound_read(
            funnel, (struct slice){.text = bounds + 1, .len = (size_t)(dots - bounds - 1)}, why);
        if (why->len == 0) ban.to = bound_read(funnel, slice_of(dots + 2), why);
        if (why->len > 0) return false;
    }
    if (expr.len == 0) {
        buffer_add_literal(why, "--exclude: which events?");
        return false;
    }
    if (ban.from >= ban.to) {
        buffer_printf(why, "--exclude: '%s' is not before '%s'", funnel->name[ban.from].text,
                      funnel->name[ban.to].text);
        return false;
    }
    struct buffer name = {0};
    buffer_printf(&name, "exclude-%d", course->bans + 1);
    buffer_add_literal(why, "--exclude: ");
    const bool good = condition_add(funnel, run, buffer_slice(&name), expr, why);
    buffer_release(&name);
    if (!good) return false;
    buffer_clear(why);
    course->ban[course->bans++] = ban;
    return true;
}

static bool options_read(struct funnel *funnel, struct run *run,
                         const struct funnel_request *request, struct buffer *why)
{
    buffer_add_literal(why, "--by: ");
    for (size_t i = 0; i < request->by->count; i++)
        if (!group_by_add(&funnel->by, request->by->text[i], &run->schema, why)) return false;
    buffer_clear(why);
    if (!steps_read(funnel, run, request->steps, why) ||
        !optional_read(funnel, request->optional, why))
        return false;
    for (size_t i = 0; i < request->bans->count; i++)
        if (!ban_read(funnel, run, request->bans->text[i], why)) return false;
    if (!aggregates_complete(&funnel->selection, why)) return false;
    buffer_add_literal(why, "--id: ");
    if (!operand_compile(&funnel->id, slice_of(request->id), &run->schema, why)) return false;
    schema_apart(&run->schema, funnel->id.slot);
    buffer_clear(why);
    return true;
}

/* --merge: the members are read from rows. */
static bool rows_init(struct funnel *funnel, struct run *run, struct buffer *why)
{
    if (run->settings.by_partition) {
        buffer_add_literal(why, "--merge adds up what --by-partition has split: use one of them");
        return false;
    }
    funnel->end_slot = schema_need(&run->schema, SLICE("window_end"));
    if (funnel->end_slot < 0 || !tally_need(&funnel->members, &run->schema)) {
        buffer_printf(why, "more than %d members are read", SCHEMA_MAX);
        return false;
    }
    return group_by_rows(&funnel->by, &run->schema, why);
}

static bool members_declare(struct funnel *funnel, struct run *run, const char *id,
                            struct buffer *why)
{
    if (funnel->drops.after_us != 0) return drops_declare(funnel, run, id, why);
    heading_declare(&funnel->heading, run->rows, &funnel->by, run->settings.by_partition, why);
    tally_declare(&funnel->members, run->rows, run->settings.by_partition, why);
    funnel->final = run->settings.updates ? rows_declare(run->rows, SLICE("final"), why) : -1;
    rows_describe(run->rows, funnel->final, COLUMN_TRUTH, SLICE("false: the window is open"));
    return why->len == 0;
}

/* What does not go together. */
static bool options_fit(const struct run *run, const struct funnel_request *request,
                        struct buffer *why)
{
    const struct settings *settings = &run->settings;
    if (request->strict && request->optional->count > 0)
        buffer_add_literal(why, "--optional: only with --order=ordered: with strict every event "
                                "must be a step");
    else if (request->by_last && settings->updates)
        buffer_add_literal(why, "--attribute=last: not with --emit=updates: an id would be in one "
                                "row after the other, and stay in all");
    else if (request->drops_us != 0 && settings->updates)
        buffer_add_literal(why, "--drops: not with --emit=updates");
    else if (request->drops_us != 0 && settings->by_partition)
        buffer_add_literal(why, "--drops: not with --by-partition");
    else if (request->drops_us != 0 && settings->merge)
        buffer_add_literal(why, "--drops: not with --merge");
    else if (request->drops_us != 0 && (option_given("top") || option_given("order-by")))
        buffer_add_literal(why, "--drops: not with --top and --order-by, which are for windows");
    return why->len == 0;
}

bool funnel_init(struct run *run, const struct funnel_request *request, struct buffer *why)
{
    struct funnel *funnel = memory_zero(1, sizeof *funnel);
    run->own = funnel;
    funnel->run = run;
    funnel->course.strict = request->strict;
    funnel->course.within_us = request->within_us;
    funnel->by_last = request->by_last;
    funnel->drops.after_us = request->drops_us;
    funnel->border_us = funnel->kept_us = funnel->closed_us = INT64_MIN;
    funnel->changed_us = INT64_MAX;
    funnel->members.course = &funnel->course;
    funnel->members.name = funnel->name;
    group_by_init(&funnel->by);
    aggregates_init(&funnel->selection);
    if (!options_fit(run, request, why) || !options_read(funnel, run, request, why)) return false;
    course_init(&funnel->course);
    funnel->in_place = true;
    for (int i = 0; i < funnel->course.steps + funnel->course.bans; i++)
        funnel->in_place &= funnel->condition[i] == i;
    funnel->by.partition = run->settings.by_partition;
    if (run->settings.merge && !rows_init(funnel, run, why)) return false;
    if (!members_declare(funnel, run, request->id, why)) return false;
    funnel->hinted = group_native(&funnel->by) && aggregates_native(&funnel->selection) &&
                     operand_native(&funnel->id);
    spans_init(&funnel->spans, &funnel->by, &funnel->course, request->size_us);
    if (run->settings.merge) lanes_init(&funnel->lanes, run, funnel->by.count);
    trails_init(&funnel->trails, &funnel->spans);
    return true;
}
