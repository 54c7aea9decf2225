#include "run/framed.h"

#include <stdio.h>
#include <string.h>

#include "base/compat.h"
#include "admit/arrival.h"
#include "base/die.h"
#include "base/instant.h"
#include "run/common_options.h"
#include "run/metadata.h"
#include "run/payload.h"
#include "run/signals.h"
#include "run/translated.h"
#include "source/frame.h"

bool framed_offset(struct loop *l, struct partition *partition, int64_t offset)
{
    if (offset <= partition->offset) {
        l->passed_by++;
        return false;
    }
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

/* A command that hands records on is told when one is done with, whatever became of it. */
static void record_passed(struct loop *l, const struct partition *partition, bool is_end)
{
    if (l->analysis->passed == NULL) return;
    batch_deliver(&l->admission.batch);
    l->analysis->passed(&l->run, partition->number, partition->offset + 1, is_end);
}

/* Is what the input ends in a frame around less than an event? */
static bool payload_torn(struct loop *l, const struct origin *origin, struct slice payload)
{
    return origin->torn && !admission_whole(&l->admission, payload.text);
}

static void frame_refuse(struct loop *l, const struct origin *origin, const char *detail)
{
    l->stats.read++;
    batch_refuse(&l->admission.batch, REASON_BAD_FRAME, detail, origin);
}

/* The partition that the record is of; NULL: the record has been refused. */
static struct partition *partition_of(struct loop *l, const struct origin *origin)
{
    struct clock *const clock = &l->admission.clock;
    const int64_t number = origin->partition, bound = origin->input->bound;
    char detail[120];
    if (bound >= 0 && number != bound) {
        snprintf(detail, sizeof detail,
                 "it says that it is of partition %lld, and the input is bound to %lld",
                 (long long)number, (long long)bound);
        frame_refuse(l, origin, detail);
        return NULL;
    }
    struct partition *partition = clock_meet(clock, number);
    if (partition == NULL) {
        snprintf(detail, sizeof detail,
                 "it is of one more partition than %d (--max-partitions=N raises the bound)",
                 clock->most);
        frame_refuse(l, origin, detail);
        return NULL;
    }
    if (l->run.settings.merge && !l->run.settings.sorted)
        arrival_offset(clock, partition);
    else
        arrival_framed(clock, &l->inputs, origin->input, partition);
    return partition;
}

/* What is no record: it says how far the partition has been read. */
static void bare_take(struct loop *l, struct partition *partition, const struct frame *frame)
{
    const bool onward = frame->offset > partition->offset + 1;
    if (onward) partition->offset = frame->offset - 1;
    const bool is_behind = frame->offset <= partition->offset; /* said before what has come since */
    if (frame->is_end && !is_behind)
        partition->end_us = instant_now();
    else if (onward)
        partition->end_us = TIME_NONE; /* there was something behind that end */
    record_passed(l, partition, frame->is_end);
}

/* The record's own, without its frame. */
static void record_take(struct loop *l, struct origin *origin, const struct frame *frame)
{
    struct admission *const a = &l->admission;
    struct input *const input = origin->input;
    origin->partition = frame->partition;
    origin->offset = frame->offset;
    struct partition *const partition = partition_of(l, origin);
    if (partition == NULL) return;
    if (frame->is_end || frame->is_past) {
        bare_take(l, partition, frame);
        return;
    }
    partition->end_us = TIME_NONE;
    if (options->kafka_members) metadata_demand(frame, input);
    const struct framed_place before = {partition->offset, partition->offset_used, l->stats.gaps};
    if (!framed_offset(l, partition, frame->offset)) {
        l->stats.read++;
        if (payload_torn(l, origin, frame->payload) &&
            fates_leave_torn(&a->fates, REASON_TORN, origin))
            return;
        l->stats.duplicate++;
        return;
    }
    l->framed = options->kafka_members ? frame : NULL;
    if (slice_is_blank(frame->payload)) { /* a frame around nothing: a record all the same */
        l->stats.read++;
        batch_refuse(&a->batch, REASON_NOT_JSON, "an empty record", origin);
    } else if (input->reading != NULL) {
        translated_take(l, origin, frame->payload);
    } else if (input->framing == FRAMING_KCAT) {
        (void)admission_event(a, frame->payload.text, NULL, origin, partition);
    } else {
        payload_take(l, origin, frame->payload);
    }
    l->framed = NULL;
    if (input->torn)
        partition_rewind(l, partition, &before);
    else
        record_passed(l, partition, false);
}

const char *framed_take(struct loop *l, struct origin *origin, const char *line)
{
    const bool is_kcat = origin->input->framing == FRAMING_KCAT;
    struct frame frame;
    const char *end = rawmemchr(line, '\n');
    origin->raw = (struct slice){.text = line, .len = (size_t)(end - line)};
    while (origin->raw.len != 0 && origin->raw.text[origin->raw.len - 1] == '\r')
        origin->raw.len--;
    if (slice_is_blank(origin->raw)) return end + 1;
    const bool good =
        is_kcat ? frame_read(origin->raw, &frame)
                : frame_is_end(origin->raw, &frame) || envelope_read(origin->raw, &frame, &l->json);
    if (!good) {
        frame_refuse(l, origin, is_kcat ? NULL : "not an envelope of kcat -J with a text payload");
        return end + 1;
    }
    record_take(l, origin, &frame);
    if (!is_kcat) batch_deliver(&l->admission.batch);
    return end + 1;
}

/* --- frames that say their size --- */

/* A record longer than a line may be: refused, and its bytes are passed over as they come. Its raw
 * text is what is there of it. */
static void long_take(struct loop *l, struct origin *origin, const struct frame *frame)
{
    origin->partition = frame->partition;
    origin->offset = frame->offset;
    batch_deliver(&l->admission.batch);
    struct partition *partition = partition_of(l, origin);
    if (partition == NULL) return;
    l->stats.read++;
    if (framed_offset(l, partition, frame->offset))
        batch_refuse(&l->admission.batch, REASON_TOO_LONG, NULL, origin);
    else
        l->stats.duplicate++;
    record_passed(l, partition, false);
}

/* Of a frame that is too long: what has come. Where a file is, is known only behind it. */
static void long_pass(struct input *input)
{
    const size_t there = input->end - input->start;
    const size_t bytes = there < input->frame_left ? there : (size_t)input->frame_left;
    input->start += bytes;
    input->frame_left -= bytes;
    input->frame_passed += bytes;
    if (input->frame_left != 0 && !input->ended) return;
    input->consumed += input->frame_passed;
    input->frame_left = input->frame_passed = 0;
}

/* The input ends inside a frame. With a state it is left for the next run, which may see all of it;
 * checkpoint_torn tells of it. */
static void torn_take(struct loop *l, struct origin *origin, const struct frame *frame)
{
    origin->torn = true;
    origin->partition = frame->offset < 0 ? -1 : frame->partition;
    origin->offset = frame->offset;
    l->stats.read++;
    if (fates_leave_torn(&l->admission.fates, REASON_TORN, origin)) return;
    batch_refuse(&l->admission.batch, REASON_TORN, NULL, origin);
    input_consume(origin->input, origin->raw.len);
}

static void broken_end(struct loop *l, const struct input *input)
{
    batch_deliver(&l->admission.batch);
    loop_flush(l);
    die("%s: no frame (PARTITION OFFSET SIZE PAYLOAD) at byte %llu: what follows cannot be told "
        "apart",
        input_label(input), (unsigned long long)input->consumed);
}

/* Behind the line ends that --pad has put between frames. */
static void padding_pass(struct input *input)
{
    size_t pad = 0;
    while (input->start + pad < input->end && input->data[input->start + pad] == '\n')
        pad++;
    input->lines += pad;
    input_consume(input, pad);
}

/* Takes what is due at the input's next byte. False: more has to come, or nothing will. */
static bool sized_next(struct loop *l, struct input *input,
                       void (*begin)(struct loop *l, struct input *input, struct slice head))
{
    padding_pass(input);
    const char *const data = input->data + input->start, *const end = input->data + input->end;
    if (data == end) return false;
    struct origin origin = {.input = input,
                            .raw = {.text = data, .len = (size_t)(end - data)},
                            .line_number = input->lines + 1,
                            .partition = -1,
                            .offset = -1};
    struct frame frame;
    const char *behind = NULL;
    uint64_t bytes = 0;
    const enum frame_found found = frame_find(data, end, input->ended, &frame, &behind, &bytes);
    switch (found) {
    case FRAME_BROKEN: broken_end(l, input); return false;
    case FRAME_PART:
        if (input->ended) torn_take(l, &origin, &frame);
        return false;
    case FRAME_LONG:
        if (origin.raw.len > bytes) origin.raw.len = (size_t)bytes;
        long_take(l, &origin, &frame);
        input->frame_left = bytes;
        long_pass(input);
        return input->frame_left == 0;
    case FRAME_WHOLE: break;
    }
    origin.raw.len = (size_t)(behind - data) - (behind[-1] == '\n');
    if (behind == end && behind[-1] != '\n') { /* for the scanner; the room is always there */
        input->data[input->end] = '\n';
        memset(input->data + input->end + 1, 0, SCAN_PADDING);
    }
    if (!input->begun) begin(l, input, frame.payload);
    record_take(l, &origin, &frame);
    for (const char *at = data; (at = memchr(at, '\n', (size_t)(behind - at))) != NULL; at++)
        input->lines++;
    input_consume(input, (size_t)(behind - data));
    return true;
}

void framed_sized(struct loop *l, struct input *input,
                  void (*begin)(struct loop *l, struct input *input, struct slice head))
{
    if (input->frame_left != 0) long_pass(input);
    if (input->frame_left != 0) return;
    while (stop_signal == 0 && sized_next(l, input, begin))
        ;
    batch_deliver(&l->admission.batch); /* the block is about to be overwritten */
}
