#include "collect/figures.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "base/die.h"
#include "base/instant.h"
#include "collect/collect_options.h"
#include "run/common_options.h"
#include "run/metrics.h"
#include "writer/whole.h"

static struct {
    struct tally *tally;
    size_t count;
} figures;

/* Counters beside those that every tool has. */
static const struct counter {
    const char *name;
    size_t at; /* in a struct tally */
} counters[] = {
    {"produced", offsetof(struct tally, produced)},
    {"repaired", offsetof(struct tally, repaired)},
    {"connections", offsetof(struct tally, server.accepted)},
    {"connections_evicted", offsetof(struct tally, server.evicted)},
    {"requests", offsetof(struct tally, server.requests)},
    {"answers_2xx", offsetof(struct tally, server.answers[2])},
    {"answers_3xx", offsetof(struct tally, server.answers[3])},
    {"answers_4xx", offsetof(struct tally, server.answers[4])},
    {"answers_5xx", offsetof(struct tally, server.answers[5])},
    {"requests_bad", offsetof(struct tally, server.bad)},
    {"requests_slow", offsetof(struct tally, server.slow)},
    {"requests_large", offsetof(struct tally, server.large)},
    {"requests_busy", offsetof(struct tally, server.busy)},
    {"requests_limited", offsetof(struct tally, door.limited)},
    {"requests_foreign", offsetof(struct tally, door.foreign)},
    {"requests_of_bots", offsetof(struct tally, door.bots)},
    {"requests_prefetch", offsetof(struct tally, door.prefetches)},
    {"requests_unzipped", offsetof(struct tally, door.unzipped)},
    {"requests_cut", offsetof(struct tally, door.cut)},
    {"groups_undone", offsetof(struct tally, door.undone)},
    {"rejects_lost", offsetof(struct tally, rejects_lost)},
};
#define COUNTERS (sizeof counters / sizeof counters[0])

static uint64_t *counter_in(struct tally *tally, const struct counter *counter)
{
    return (uint64_t *)(void *)((char *)tally + counter->at);
}

void figures_open(size_t workers)
{
    figures.count = workers;
    figures.tally = mmap(NULL, workers * sizeof figures.tally[0], PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (figures.tally == MAP_FAILED) die_errno("mmap");
    for (size_t i = 0; i < workers; i++)
        figures.tally[i].event_time_us = TIME_NONE;
}

struct tally *figures_tally(size_t worker)
{
    return &figures.tally[worker];
}

static void stats_add(struct stats *sum, const struct stats *one)
{
    sum->read += one->read;
    sum->duplicate += one->duplicate;
    sum->rejected += one->rejected;
    sum->filtered += one->filtered;
    sum->late += one->late;
    sum->used += one->used;
    for (int i = 0; i < REASON_COUNT; i++)
        sum->rejected_by[i] += one->rejected_by[i];
    sum->not_numbers += one->not_numbers;
    sum->doubtful_times += one->doubtful_times;
    sum->expression_errors += one->expression_errors;
    sum->rows += one->rows;
    if (one->disorder_us > sum->disorder_us) sum->disorder_us = one->disorder_us;
}

static void sum_up(struct tally *sum)
{
    *sum = (struct tally){.event_time_us = TIME_NONE};
    for (size_t i = 0; i < figures.count; i++) {
        struct tally one = figures.tally[i];
        stats_add(&sum->stats, &one.stats);
        for (size_t k = 0; k < COUNTERS; k++)
            *counter_in(sum, &counters[k]) += *counter_in(&one, &counters[k]);
        sum->server.bytes += one.server.bytes;
        sum->connections += one.connections;
        sum->memory += one.memory;
        sum->segments += one.segments;
        if (one.received_us > sum->received_us) sum->received_us = one.received_us;
        if (one.event_time_us > sum->event_time_us) sum->event_time_us = one.event_time_us;
    }
}

/* What the two forms are made of; write does it. */
static void figures_hand(void (*write)(const struct metrics *metrics, void *context), void *context)
{
    static const struct ends no_ends;
    struct buffer more = {0};
    struct tally sum;
    sum_up(&sum);
    const struct clock time = {.largest_us = sum.event_time_us}; /* nothing waits for partitions */
    for (size_t k = 0; k < COUNTERS; k++)
        buffer_printf(&more, ",\"%s\":%llu", counters[k].name,
                      (unsigned long long)*counter_in(&sum, &counters[k]));
    const struct metrics metrics = {
        .tool = message_tool(),
        .labels = &options->stats_labels,
        .stats = &sum.stats,
        .clock = &time,
        .keys = sum.connections,
        .memory = sum.memory,
        .bytes = sum.server.bytes,
        .watermark_us = TIME_NONE,
        .read_us = sum.received_us,
        .ends = &no_ends,
        .segments = collect_given.spool == NULL ? -1 : (int64_t)sum.segments,
        .more = buffer_slice(&more),
    };
    write(&metrics, context);
    buffer_release(&more);
}

static void text_add(const struct metrics *metrics, void *context)
{
    metrics_text(metrics, context);
}

void figures_text(struct buffer *out)
{
    figures_hand(text_add, out);
}

static void file_text_add(const struct metrics *metrics, void *context)
{
    metrics_render(metrics, options->stats_file, context);
}

void figures_write(void)
{
    static bool fails;
    struct buffer text = {0};
    figures_hand(file_text_add, &text);
    if (options->stats_file == NULL) {
        message_pass(text.data, text.len);
    } else {
        const bool good = whole_try(options->stats_file, buffer_slice(&text));
        if (!good && !fails)
            message("%s: %s: no figures are written there; events are taken", options->stats_file,
                    strerror(errno));
        fails = !good;
    }
    buffer_release(&text);
}

void figures_close(void)
{
    (void)munmap(figures.tally, figures.count * sizeof figures.tally[0]);
}
