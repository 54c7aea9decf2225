#include "run/tick.h"

#include "run/checkpoint.h"
#include "run/common_options.h"
#include "run/hint.h"
#include "run/signals.h"
#include "run/summary.h"

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* --emit=updates: when the next ones are due, by the steady clock. */
static int64_t updates_due_us;

void tick_begin(void)
{
    updates_due_us = instant_steady() + options->updates_us;
}

static int64_t updates_tick(struct loop *l)
{
    if (!options->updates) return INT64_MAX;
    const int64_t steady_us = instant_steady();
    if (steady_us >= updates_due_us) {
        if (l->analysis->updates != NULL) l->analysis->updates(&l->run);
        rows_flush(l->run.rows);
        updates_due_us = steady_us + options->updates_us;
    }
    return updates_due_us - steady_us;
}

/* --stats: when asked by a signal, and every so often. */
static int64_t stats_due_us;

static int64_t stats_tick(struct loop *l)
{
    const int64_t steady_us = options->stats_every_us == 0 ? 0 : instant_steady();
    const bool due = options->stats_every_us != 0 && steady_us >= stats_due_us;
    if (due) stats_due_us = steady_us + options->stats_every_us;
    if (due || stats_wanted) {
        stats_wanted = 0;
        summary_write(l);
    }
    return options->stats_every_us == 0 ? INT64_MAX : stats_due_us - steady_us;
}

int64_t tick(struct loop *l)
{
    hint_early(l);
    int64_t wait_us = checkpoint_tick(l);
    if (!l->in_range) wait_us = smaller(wait_us, stats_tick(l));
    wait_us = smaller(wait_us, updates_tick(l));
    progress_show(&l->progress, l->inputs.bytes_read, l->inputs.bytes_total);
    return smaller(wait_us, notify_tick(&l->notify));
}
