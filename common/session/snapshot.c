#include "session/snapshot.h"

void snapshot_init(struct snapshot *snapshot, const struct kept *kept, const struct cart_rule *rule,
                   int64_t at_us)
{
    *snapshot = (struct snapshot){.rule = *rule, .at_us = at_us};
    sessions_init(&snapshot->visits, kept, rule->forget_us, INT64_MAX);
}

void snapshot_release(struct snapshot *snapshot)
{
    sessions_release(&snapshot->visits);
    basket_release(&snapshot->basket);
}

static void visit_ignore(void *context, const struct session *visit)
{
    (void)context;
    (void)visit;
}

/* What comes after that time makes nobody forgotten at that time. */
void snapshot_advance(struct snapshot *snapshot, int64_t watermark_us)
{
    const int64_t at_us = snapshot->at_us;

    sessions_advance(&snapshot->visits, watermark_us < at_us ? watermark_us : at_us, visit_ignore,
                     NULL);
}

struct finish {
    struct snapshot *snapshot;
    cart_alert *alert;
    void *context;
};

static void visit_judge(void *context, const struct session *visit)
{
    const struct finish *finish = context;
    struct snapshot *snapshot = finish->snapshot;
    const struct cart_rule *rule = &snapshot->rule;
    const struct stretches *stretches = &snapshot->visits.timelines.stretches;
    const struct stretch *stretch = visit->stretch;
    const int64_t idle_us = snapshot->at_us - stretch->last_us;
    struct overview overview;

    if (!visit->newest || idle_us <= rule->after_us || idle_us >= rule->until_us) return;
    if (idle_us > rule->forget_us || stretch_count(stretch, rule->purchase) > 0) return;
    if (!stretch_has_cart(stretches, stretch, rule, &snapshot->basket, &snapshot->cut)) return;
    stretch_overview(&overview, stretches, stretch);
    finish->alert(finish->context, &overview);
}

void snapshot_finish(struct snapshot *snapshot, cart_alert *alert, void *context)
{
    struct finish finish = {.snapshot = snapshot, .alert = alert, .context = context};

    sessions_finish(&snapshot->visits, visit_judge, &finish);
}
