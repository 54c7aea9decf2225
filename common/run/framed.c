#include "run/framed.h"

#include <string.h>

#include "admit/arrival.h"
#include "base/die.h"
#include "run/translated.h"
#include "source/frame.h"

bool framed_offset(struct loop *l, struct partition *partition, int64_t offset)
{
    if (offset <= partition->offset) return false;
    if (partition->offset >= 0 && offset != partition->offset + 1) {
        const int64_t missing = offset - partition->offset - 1;
        if (l->stats.gaps == 0)
            message("partition %lld: %lld offsets are missing behind %lld (compaction makes gaps; "
                    "more are only counted)",
                    (long long)partition->number, (long long)missing, (long long)partition->offset);
        l->stats.gaps += (uint64_t)missing;
    }
    partition->offset = offset;
    partition->offset_used = 1;
    return true;
}

/* Where a partition was before a record. */
struct framed_place {
    int64_t offset, used;
    uint64_t gaps;
};

/* The record was torn: it will come again. */
static void partition_rewind(struct loop *l, struct partition *partition,
                             const struct framed_place *before)
{
    partition->offset = before->offset;
    partition->offset_used = before->used;
    l->stats.gaps = before->gaps;
}

/* Is what the input ends in a frame around less than an event? */
static bool payload_torn(struct loop *l, const struct origin *origin, struct slice payload)
{
    return origin->torn && !admission_whole(&l->admission, payload.text);
}

const char *framed_take(struct loop *l, struct origin *origin, const char *line)
{
    struct admission *const a = &l->admission;
    struct input *const input = origin->input;
    struct frame frame;
    const char *end = rawmemchr(line, '\n');
    origin->raw = (struct slice){.text = line, .len = (size_t)(end - line)};
    while (origin->raw.len != 0 && origin->raw.text[origin->raw.len - 1] == '\r')
        origin->raw.len--;
    if (slice_is_blank(origin->raw)) return end + 1;
    const bool is_kcat = input->framing == FRAMING_KCAT;
    const bool good =
        is_kcat ? frame_read(origin->raw, &frame) : envelope_read(origin->raw, &frame, &l->json);
    if (!good) {
        l->stats.read++;
        batch_refuse(&a->batch, REASON_BAD_FRAME,
                     is_kcat ? NULL : "not an envelope of kcat -J with a text payload", origin);
        return end + 1;
    }
    struct partition *partition = clock_meet(&a->clock, frame.partition);
    arrival_framed(&a->clock, &l->inputs, input, partition);
    const struct framed_place before = {partition->offset, partition->offset_used, l->stats.gaps};
    origin->partition = frame.partition;
    origin->offset = frame.offset;
    if (!framed_offset(l, partition, frame.offset)) {
        l->stats.read++;
        if (payload_torn(l, origin, frame.payload) &&
            fates_leave_torn(&a->fates, REASON_TORN, origin))
            return end + 1;
        l->stats.duplicate++;
        return end + 1;
    }
    if (input->reading != NULL && !slice_is_blank(frame.payload)) {
        translated_take(l, origin, frame.payload);
        return end + 1;
    }
    const uint64_t read_before = l->stats.read;
    const bool torn_before = input->torn;
    const char *text = frame.payload.text;
    (void)admission_event(a, text, origin, partition);
    if (l->stats.read == read_before &&
        input->torn == torn_before) { /* a frame around nothing: a record all the same */
        l->stats.read++;
        batch_refuse(&a->batch, REASON_NOT_JSON, "an empty record", origin);
    }
    if (input->torn) partition_rewind(l, partition, &before);
    if (text != line && !is_kcat) batch_deliver(&a->batch);
    return end + 1;
}
