#include "run/summary.h"

#include "run/common_options.h"
#include "run/metrics.h"

void summary_count(struct loop *l)
{
    l->stats.late_windows = l->run.counters.late_windows;
    l->stats.expired = l->run.counters.expired;
    l->stats.not_numbers = l->run.counters.not_numbers;
    l->stats.too_large = l->run.counters.too_large;
    l->stats.expression_errors = expr_errors;
    l->stats.rows = l->rows_before + rows_count(l->run.rows);
}

void summary_resume(struct loop *l)
{
    l->before = l->stats;
    l->rows_before = l->stats.rows;
    l->run.counters.late_windows = l->stats.late_windows;
    l->run.counters.expired = l->stats.expired;
    l->run.counters.not_numbers = l->stats.not_numbers;
    l->run.counters.too_large = l->stats.too_large;
    expr_errors = l->stats.expression_errors;
}

void summary_write(struct loop *l)
{
    struct clock *const clock = &l->admission.clock;
    summary_count(l);
    struct buffer more = {0};
    if (l->analysis->stats != NULL) l->analysis->stats(&l->run, &more);
    struct stats stats = l->stats;
    for (int i = 0; i < clock->count; i++) /* what is held has not been judged */
        stats.read -= clock->partition[i]->holding && !clock->partition[i]->held_counted;
    clock_sort(clock);
    struct ends ends;
    ends_read(&ends, options->stats_ends);
    const struct metrics metrics = {
        .tool = l->tool->name,
        .labels = &options->stats_labels,
        .stats = &stats,
        .clock = clock,
        .keys = batch_keys(&l->admission.batch),
        .memory = held.total,
        .bytes = l->inputs.bytes_read,
        .watermark_us = l->admission.batch.announced_us,
        .read_us = l->inputs.bytes_read != 0 ? l->admission.wallclock.now_us : 0,
        .saved_us = l->saved_us,
        .ends = &ends,
        .segments = options->spool == NULL ? -1 : (int64_t)spool_waiting(&l->spool),
        .more = buffer_slice(&more),
    };
    metrics_write(&metrics, options->stats_file);
    ends_release(&ends);
    buffer_release(&more);
}
