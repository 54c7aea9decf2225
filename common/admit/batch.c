#include "admit/batch.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/prefetch.h"
#include "expr/expr.h"

void batch_init(struct batch *batch, int values)
{
    const size_t each = (size_t)values + 1;
    batch->values = memory_zero((BATCH_MAX + 1) * each, sizeof batch->values[0]);
    for (int i = 0; i < BATCH_MAX; i++)
        batch->place[i].ev.value = batch->values + (size_t)(i + 1) * each;
    batch->held.ev.value = batch->values;
    batch->announced_us = TIME_NONE;
}

void batch_release(struct batch *batch)
{
    free(batch->values);
    batch->values = NULL;
}

_Static_assert(BATCH_MAX <= EXPR_AHEAD_MAX, "expressions are asked about a whole batch");

static void batch_ahead(const struct batch *batch)
{
    const struct event *events[BATCH_MAX];
    for (int i = 0; i < batch->count; i++)
        events[i] = &batch->accepted[i]->ev;
    batch->analysis->ahead(batch->run, events, (size_t)batch->count);
}

void batch_hand(struct batch *batch)
{
    const struct analysis *analysis = batch->analysis;
    const bool ahead = analysis->ahead != NULL && batch->run->schema.whole && batch->count != 0;
    if (ahead) batch_ahead(batch);
    if (analysis->hint != NULL)
        for (int i = 0; i < batch->count; i++) {
            prefetch_lines(1);
            analysis->hint(batch->run, (struct event *)(uintptr_t)&batch->accepted[i]->ev);
        }
    for (int i = 0; i < batch->count; i++) {
        const struct pending *pending = batch->accepted[i];
        prefetch_lines(2);
        const uint64_t errors = expr_errors;
        const enum fate fate = analysis->event(batch->run, &pending->ev);
        if (__builtin_expect(expr_errors != errors, 0))
            expr_errors = errors + 1; /* however many expressions have failed on it */
        switch (fate) {
        case FATE_USED: fates_used(batch->fates); break;
        case FATE_FILTERED: fates_filtered(batch->fates); break;
        case FATE_NO_ID:
            witness_refused(batch->witness, pending->came);
            fates_refuse(batch->fates, REASON_NO_ID, NULL, &pending->origin);
            break;
        case FATE_LATE: fates_late(batch->fates, &pending->ev, &pending->origin); break;
        case FATE_BEHIND:
            fates_refuse(batch->fates, REASON_BAD_MEMBER,
                         "--merge: the row belongs before some that have been printed",
                         &pending->origin);
            break;
        case FATE_DEFERRED: batch->leave(batch->context, pending); break;
        }
    }
    if (ahead) analysis->ahead(batch->run, NULL, 0);
    batch->count = 0;
    if (batch->left != NULL) batch->left(batch->context);
}

void batch_tell(struct batch *batch, int64_t watermark_us)
{
    uint64_t keys = batch_keys(batch);
    if (keys > batch->keys_most) batch->keys_most = keys;
    if (watermark_us > batch->announced_us) {
        batch->announced_us = watermark_us;
        if (batch->analysis->advance != NULL) batch->analysis->advance(batch->run, watermark_us);
        if (batch->dedup->span_us != 0) dedup_advance(batch->dedup, watermark_us);
        keys = batch_keys(batch);
    }
    if (__builtin_expect(keys > batch->max_keys || held_full(), 0)) batch->full = true;
}

void batch_deliver(struct batch *batch)
{
    batch_hand(batch);
    batch_tell(batch, clock_watermark(batch->clock));
}

void batch_refuse(struct batch *batch, enum reason reason, const char *detail,
                  const struct origin *origin)
{
    if (fates_leave_torn(batch->fates, reason, origin)) return;
    batch_deliver(batch);
    fates_refuse(batch->fates, reason, detail, origin);
}
