#include "run/summary.h"

#include "run/common_options.h"

void summary_count(struct loop *l)
{
    l->stats.late_windows = l->run.counters.late_windows;
    l->stats.expired = l->run.counters.expired;
    l->stats.not_numbers = l->run.counters.not_numbers;
    l->stats.expression_errors = expr_errors;
    l->stats.rows = l->rows_before + rows_count(l->run.rows);
}

void summary_resume(struct loop *l)
{
    l->rows_before = l->stats.rows;
    l->run.counters.late_windows = l->stats.late_windows;
    l->run.counters.expired = l->stats.expired;
    l->run.counters.not_numbers = l->stats.not_numbers;
    expr_errors = l->stats.expression_errors;
}

void summary_write(struct loop *l)
{
    const struct clock *const clock = &l->admission.clock;
    summary_count(l);
    struct buffer more = {0};
    if (l->analysis->stats != NULL) l->analysis->stats(&l->run, &more);
    struct stats stats = l->stats;
    for (int i = 0; i < clock->count; i++) /* what is held has not been judged */
        stats.read -= clock->partition[i]->holding && !clock->partition[i]->held_counted;
    const struct stats_moment moment = {
        .tool = l->tool->name,
        .keys = batch_keys(&l->admission.batch),
        .memory = held.total,
        .bytes = l->inputs.bytes_read,
        .event_time_us = clock->largest_us,
        .watermark_us = l->admission.batch.announced_us,
        .more = buffer_slice(&more),
    };
    stats_put(&stats, &moment, options->stats_file);
    buffer_release(&more);
}
