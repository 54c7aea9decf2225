/* What is said of how the input's bytes and times were read. */
#include "run/common_options.h"
#include "run/hint.h"
#include "run/hint_inside.h"

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
