#include "run/replay.h"

#include "base/instant.h"

/* Hands over what was left to the run so far. */
static void replay_deliver(struct loop *l, void (*full)(struct loop *l))
{
    struct batch *const batch = &l->admission.batch;
    if (batch_empty(batch)) return;
    const struct event *last = &batch->accepted[batch->count - 1]->ev;
    /* As it was right after the last of them. */
    const int64_t watermark_us =
        instant_max(last->watermark_us, clock_behind(&l->admission.clock, last->time_us));
    batch_hand(batch);
    batch_tell(batch, watermark_us);
    full(l);
}

static const char *replay_event(struct loop *l, const char *at, enum handover_kind kind)
{
    struct pending *pending = batch_place(&l->admission.batch);
    struct handover_record record = {0};
    pending->ev.line = (struct slice){.text = "", .len = 0}; /* if it does not come, nobody looks */
    at = handover_take(at, kind, &pending->ev, l->members, &record);
    struct input *input = &l->inputs.input[record.input_number];
    pending->ev.partition = input->partition;
    pending->ev.offset = -1;
    pending->ev.line_number = input->lines + record.line;
    /* Who has read whole files did not know what was before. */
    pending->ev.watermark_us = instant_max(pending->ev.watermark_us, l->before_us);
    pending->came = (struct slice){0}; /* whoever has scanned it has looked at it */
    pending->origin = (struct origin){.input = input,
                                      .raw = record.raw,
                                      .line_number = input->lines + record.line,
                                      .partition = -1,
                                      .offset = -1};
    batch_accept(&l->admission.batch, pending);
    return at;
}

bool replay_take(struct loop *l, struct slice handed, void (*full)(struct loop *l))
{
    struct fates *const fates = &l->admission.fates;
    struct unpack in = {.at = handed.text, .end = handed.text + handed.len};
    struct buffer scratch = {0};
    while (in.at < in.end && !in.broken) {
        const enum handover_kind kind = unpack_u8(&in);
        if (kind == HANDOVER_EVENT || kind == HANDOVER_BEHIND || kind == HANDOVER_LINED) {
            if (batch_full(&l->admission.batch)) replay_deliver(l, full);
            in.at = replay_event(l, in.at, kind);
            continue;
        }
        replay_deliver(l, full); /* what came before comes first */
        struct reject reject;
        if (!reject_take(&in, &reject, &scratch)) break;
        if (reject.input_number < (uint32_t)l->inputs.count)
            reject.line += l->inputs.input[reject.input_number].lines;
        rejects_add(kind == HANDOVER_LATE ? &fates->late : &fates->rejects, &reject);
    }
    replay_deliver(l, full);
    buffer_release(&scratch);
    return !in.broken;
}
