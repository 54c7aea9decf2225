/*
 * cs-abandon - who has put something into the cart and gone away without buying.
 *
 * As the stream goes by, each is printed once, when the pause has been long enough: cart.h. With
 * --at the question is how things stood at one point in time, and the answer comes at the end:
 * snapshot.h. With --transitions and --cart rows are of each cart of its own: history.h. The rows
 * are those of alert.h; what is here are the options.
 */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "run/tool.h"
#include "session/merged.h"
#include "session/watch.h"

static int64_t after_us = INT64_C(900000000);
static int64_t until_us = INT64_C(3600000000);
static int64_t forget_us = INT64_C(86400000000);
static struct alert_asks asks = {.id = "session_id", .emptied = "remove_from_cart"};
static int64_t at_us = INT64_MIN;

static const char *at_read(const char *text)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    static struct buffer why;

    if (strcmp(text, "now") == 0)
        at_us = instant_now();
    else if (!instant_parse(value_string(slice_of(text)), &format, &at_us)) {
        buffer_clear(&why);
        buffer_printf(&why, "'%s' is not a time (2026-01-01T00:10:00Z), and not 'now'", text);
        buffer_add_char(&why, '\0');
        return why.data;
    }
    return NULL;
}

static const struct option_row options[] = {
    {.name = "after",
     .type = OPTION_DURATION,
     .target = &after_us,
     .argument = "DUR",
     .least = 1,
     .help = "report a cart whose id has been idle for longer (default 15m)"},
    {.name = "until",
     .type = OPTION_DURATION,
     .target = &until_us,
     .argument = "DUR",
     .least = 1,
     .help = "with --idle and --at: not reported when idle longer than this (default 60m)"},
    {.name = "forget",
     .type = OPTION_DURATION,
     .target = &forget_us,
     .argument = "DUR",
     .least = 1,
     .help = "forget an id without events for longer (default 24h)"},
    {.name = "id",
     .type = OPTION_TEXT,
     .target = &asks.id,
     .argument = "F",
     .help = "the member that says whose cart it is (default session_id)"},
    {.name = "emptied",
     .type = OPTION_TEXT,
     .target = &asks.emptied,
     .argument = "TYPE",
     .help = "events of that type take something out of the cart (default remove_from_cart)"},
    {.name = "transitions",
     .type = OPTION_FLAG,
     .target = &asks.transitions,
     .help =
         "rows for all that becomes of a cart: abandoned, returned, recovered, emptied, expired"},
    {.name = "cart",
     .type = OPTION_FLAG,
     .target = &asks.cart,
     .help = "rows also say what is in the cart, its value, the last page and the furthest step"},
    {.name = "at",
     .type = OPTION_CALL,
     .call = at_read,
     .argument = "TIME|now",
     .help = "print only, when the input ends, who was idle at TIME"},
    OPTION_END,
};

static const struct analysis *start(struct run *run)
{
    const struct cart_rule rule = {
        .after_us = after_us, .until_us = until_us, .forget_us = forget_us};
    struct watch *watch = run->own = memory_zero(1, sizeof *watch);
    struct buffer why = {0};

    if (after_us >= until_us) die_usage("--until: must be longer than --after");
    if (after_us >= forget_us) die_usage("--forget: must be longer than --after");
    if (at_us != INT64_MIN && asks.transitions)
        die_usage(
            "--transitions: says what becomes of carts, and --at how they stood: one of them");
    asks.has_emptied = option_given("emptied");
    const struct analysis *analysis = watch_begin(watch, &rule, &asks, at_us, run, &why);
    if (analysis == NULL) die_usage("%.*s", (int)why.len, why.data);
    buffer_release(&why);
    if (!run->settings.merge) return analysis;
    return merged_begin(run, &watch->alerts.identity,
                        at_us != INT64_MIN && !asks.cart ? MERGED_AT : MERGED_ALERTS);
}

static void release(struct run *run)
{
    if (run->own != NULL) watch_release(run->own);
    merged_release();
    free(run->own);
}

static const struct tool tool = {
    .name = "cs-abandon",
    .summary = "report carts whose owners have gone away without buying",
    .options = options,
    .flags = TOOL_SORTS,
    .start = start,
    .release = release,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
