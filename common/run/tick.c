#include "run/tick.h"

#include "run/checkpoint.h"
#include "run/common_options.h"
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

int64_t tick(struct loop *l)
{
    if (stats_wanted) {
        stats_wanted = 0;
        summary_write(l);
    }
    int64_t wait_us = checkpoint_tick(l);
    wait_us = smaller(wait_us, updates_tick(l));
    progress_show(&l->progress, l->inputs.bytes_read, l->inputs.bytes_total);
    return smaller(wait_us, notify_tick(&l->notify));
}
