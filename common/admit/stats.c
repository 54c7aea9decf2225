#include "admit/stats.h"

#include <stddef.h>

/* The counters, each declared here and nowhere else, in the order in which they are printed and
 * kept.
 */
static const struct counter {
    const char *name, *help;
    size_t at; /* in struct stats */
} counters[] = {
#define COUNTER(member, text)                                                                      \
    {                                                                                              \
#member, text, offsetof(struct stats, member)                                              \
    }
    COUNTER(read, "records read"),
    COUNTER(duplicate, "records dropped as repeats"),
    COUNTER(rejected, "records refused"),
    COUNTER(filtered, "events that --where did not select"),
    COUNTER(late, "events that came too late to be used"),
    COUNTER(used, "events used"),
    COUNTER(late_windows, "windows already closed for an event that other windows counted"),
    COUNTER(expired, "alerts not printed because they would have come after --until"),
    COUNTER(expression_errors, "events on which an expression failed"),
    COUNTER(not_numbers, "values that are not numbers, skipped by sum and avg"),
    COUNTER(too_large, "values of rows with too many digits to be printed or compared"),
    COUNTER(doubtful_times, "times without a zone that came twice, or not at all, as the clock was "
                            "changed"),
    COUNTER(gaps, "offsets missing in the input"),
    COUNTER(rows, "rows printed"),
#undef COUNTER
};
#define COUNTER_COUNT (sizeof counters / sizeof counters[0])

static uint64_t counter_value(const struct stats *stats, size_t i)
{
    return *(const uint64_t *)(const void *)((const char *)stats + counters[i].at);
}

bool stats_counter(const struct stats *stats, size_t i, struct stats_counter *counter)
{
    if (i < COUNTER_COUNT)
        *counter =
            (struct stats_counter){counters[i].name, counters[i].help, counter_value(stats, i)};
    else if (i == COUNTER_COUNT) /* a reason's, too */
        *counter = (struct stats_counter){"no_id", "events without an id",
                                          stats->rejected_by[REASON_NO_ID]};
    return i <= COUNTER_COUNT;
}

void stats_save(const struct stats *stats, struct buffer *out)
{
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        pack_u64(out, counter_value(stats, i));
    for (int reason = 0; reason < REASON_COUNT; reason++)
        pack_u64(out, stats->rejected_by[reason]);
    pack_i64(out, stats->disorder_us);
}

void stats_load(struct stats *stats, struct unpack *in)
{
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        *(uint64_t *)(void *)((char *)stats + counters[i].at) = unpack_u64(in);
    for (int reason = 0; reason < REASON_COUNT; reason++)
        stats->rejected_by[reason] = unpack_u64(in);
    stats->disorder_us = unpack_i64(in);
}
