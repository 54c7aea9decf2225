#include "funnel/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "expr/operand.h"

static const char *defaults[] = {
    "sessions=.event_type == \"page_view\"",
    "product_views=.event_type == \"product_view\"",
    "add_to_carts=.event_type == \"add_to_cart\"",
    "checkout_starts=.event_type == \"checkout_start\"",
    "purchases=.event_type == \"purchase\"",
};

const struct option_list steps_default = {.text = defaults,
                                          .count = sizeof defaults / sizeof defaults[0]};

bool step_read(const char *step, struct slice *name, struct slice *expr, struct buffer *why)
{
    const char *equals = strchr(step, '=');
    *name = (struct slice){.text = step, .len = equals == NULL ? 0 : (size_t)(equals - step)};
    if (!name_valid(*name) || equals[1] == '\0' || equals[1] == '=') {
        buffer_printf(why, "--step: '%s' is not NAME=EXPR", step);
        return false;
    }
    *expr = slice_of(equals + 1);
    return true;
}

static void text_add(struct option_list *list, const struct buffer *text)
{
    list->text = memory_resize(list->text, list->count + 1, sizeof list->text[0]);
    list->text[list->count++] = memory_text(text->data, text->len);
}

void steps_aggregates_release(struct option_list *aggregates)
{
    for (size_t i = 0; i < aggregates->count; i++)
        free((char *)(uintptr_t)aggregates->text[i]);
    free(aggregates->text);
    *aggregates = (struct option_list){0};
}

bool steps_aggregates(const struct option_list *steps, const char *id,
                      struct option_list *aggregates, struct buffer *why)
{
    const struct slice inside = slice_of(id);
    struct slice first = {0}, name, expr;
    struct buffer text = {0};
    if (text_trim(inside).len == 0)
        buffer_add_literal(why, "--id: which member?");
    else if (text_find(inside, ')') != NULL)
        buffer_printf(why, "--id: '%s' has a parenthesis too many", id);
    for (size_t i = 0; i < steps->count && why->len == 0; i++) {
        if (!step_read(steps->text[i], &name, &expr, why)) break;
        if (i == 0) first = name;
        buffer_clear(&text);
        buffer_printf(&text, "%.*s=distinct(%s) if %.*s", (int)name.len, name.text, id,
                      (int)expr.len, expr.text);
        text_add(aggregates, &text);
    }
    if (why->len == 0) {
        buffer_clear(&text);
        buffer_printf(&text, "overall_conversion_rate=percent(%.*s,%.*s)", (int)name.len, name.text,
                      (int)first.len, first.text);
        text_add(aggregates, &text);
    }
    buffer_release(&text);
    return why->len == 0;
}
