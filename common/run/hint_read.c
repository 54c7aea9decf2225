/* What is said of how the input's bytes and times were read. */
#include "run/common_options.h"
#include "run/hint.h"
#include "run/hint_inside.h"
#include "run/signals.h"

/* No shop has events from before then, and seconds taken for milliseconds, or these for
 * microseconds, are always earlier. */
#define UNIT_DOUBTED_US (INT64_C(10) * 365 * 24 * 3600 * 1000000)

void hint_filtered(const struct loop *l, uint64_t events)
{
    static const char *const filters[] = {"where", "at", "map", "map-file", "pages"};
    const uint64_t filtered = l->stats.filtered - l->before.filtered;
    struct buffer text = {0};
    size_t named = 0;
    if (filtered == 0 || l->stats.used != l->before.used) return;
    if (l->run.settings.has_state || stop_signal != 0) return; /* it was not all there is */
    if (events == 1) {
        buffer_add_literal(&text, "the only event was filtered");
    } else {
        buffer_add_literal(&text, "none of ");
        hint_count_add(&text, events);
        buffer_add_literal(&text, " events was used: ");
        hint_count_add(&text, filtered);
        buffer_printf(&text, " %s filtered", filtered == 1 ? "was" : "were");
    }
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
        if (option_given(filters[i]))
            buffer_printf(&text, "%s--%s", named++ == 0 ? " (" : ", ", filters[i]);
    if (named > 0) buffer_add_char(&text, ')');
    hint_tell(&text);
}

void hint_unit(const struct loop *l)
{
    const int64_t largest_us = l->admission.clock.largest_us;
    struct buffer text = {0};
    if (options->time.unit == UNIT_AUTO || options->time.unit > UNIT_NS) return;
    if (l->stats.used == l->before.used || largest_us < 0 || largest_us > UNIT_DOUBTED_US) return;
    buffer_add_literal(&text, "--time-unit: all times are before 1980: without it they are read by "
                              "their size");
    hint_tell(&text);
}

void hint_offsets(const struct loop *l)
{
    const uint64_t read = l->stats.read - l->before.read;
    struct buffer text = {0};
    if (l->passed_by == 0 || l->run.settings.has_state || options->merge) return;
    hint_count_add(&text, l->passed_by);
    buffer_add_literal(&text, " of ");
    hint_count_add(&text, read);
    buffer_printf(&text,
                  " records %s an offset that the partition was past already, and %s left out as "
                  "%s: one topic a run, and each of its records once",
                  l->passed_by == 1 ? "has" : "have", l->passed_by == 1 ? "is" : "are",
                  l->passed_by == 1 ? "a repeat" : "repeats");
    hint_tell(&text);
}

void hint_doubts(const struct loop *l)
{
    const uint64_t times = l->stats.doubtful_times - l->before.doubtful_times;
    struct buffer text = {0};
    if (times == 0) return;
    hint_count_add(&text, times);
    buffer_printf(
        &text,
        " time%s of an hour that came twice, or not at all, as the clock was changed (--tz): "
        "of two instants the earlier one is meant",
        times == 1 ? " is" : "s are");
    hint_tell(&text);
}

void hint_encoding(const struct loop *l)
{
    const uint64_t foreign = l->admission.fates.rejects.foreign;
    struct buffer text = {0};
    bool sized = false;
    for (int i = 0; i < l->inputs.count; i++)
        sized |= l->inputs.input[i].framing == FRAMING_SIZED;
    if (foreign == 0 || options->encoding != NULL) return;
    hint_count_add(&text, foreign);
    buffer_printf(&text, " record%s not UTF-8: %s", foreign == 1 ? " is" : "s are",
                  sized ? "cs-parse --repair=utf8 --keep-frame mends what it can"
                        : "--encoding=latin1 if all is in that (or CP1252, or another); "
                          "cs-parse --repair=utf8 mends single bytes");
    hint_tell(&text);
}
