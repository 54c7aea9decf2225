#include "loop.h"

#include <string.h>

#include "die.h"
#include "duration.h"
#include "frame.h"
#include "instant.h"
#include "json.h"
#include "memory.h"
#include "number.h"
#include "shared.h"

static void strict_stop(struct loop *l)
{
    if (!shared.strict) return;
    loop_flush(l);
    die("--strict: stopped at the first refused or late record");
}

static void report(struct loop *l, struct rejects *sink, const char *reason, const char *detail,
                   const struct origin *origin)
{
    rejects_add(sink, &(struct reject){
                          .reason = reason,
                          .detail = detail,
                          .input = strcmp(origin->input->name, "-") == 0 ? "standard input"
                                                                         : origin->input->name,
                          .input_number = (uint32_t)(origin->input - l->inputs.input),
                          .line = origin->line_number,
                          .partition = origin->partition,
                          .offset = origin->offset,
                          .raw = origin->raw,
                      });
    strict_stop(l);
}

/* With --state, what an input ends in may be whole when the next run reads it again: the position
 * does not move over it, and it is only told of, and counted, after the last save
 * (checkpoint_torn). False: there is no next time. */
static bool torn_left(struct loop *l, enum reason reason, const struct origin *origin)
{
    struct input *input = origin->input;
    if (!origin->torn || !l->run.settings.has_state || reason == REASON_NO_ID ||
        reason == REASON_FUTURE)
        return false;
    if (input->framing == FRAMING_NONE && !input_lasts(input)) return false;
    input->torn = true;
    l->stats.read--;
    return true;
}

/* Refuses the record, or the event of a record that is being translated. */
void intake_refuse(struct loop *l, enum reason reason, const char *detail,
                   const struct origin *origin)
{
    if (torn_left(l, reason, origin)) return;
    if (!l->running) intake_run(l); /* what came before comes first */
    if (origin->torn && reason != REASON_NO_ID &&
        reason != REASON_FUTURE) { /* those two are whole events */
        reason = REASON_TORN;
        detail = NULL;
    }
    l->stats.rejected_by[reason]++;
    if (l->translating != NULL)
        l->made.rejected++;
    else
        l->stats.rejected++;
    struct buffer phrase = {0};
    if (detail == NULL) {
        reason_detail(reason, shared.time_field, &phrase);
        buffer_add_char(&phrase, '\0');
        detail = phrase.data;
    }
    report(l, &l->rejects, reason_name(reason), detail, origin);
    buffer_release(&phrase);
}

static void count_filtered(struct loop *l)
{
    if (l->translating != NULL)
        l->made.filtered++;
    else
        l->stats.filtered++;
}

/* The command, in a range of --jobs, leaves the event to the run. */
static void event_leave(struct loop *l, const struct pending *pending)
{
    const struct handover_record record = {.input_number =
                                               (uint32_t)(pending->origin.input - l->inputs.input),
                                           .line = pending->origin.line_number,
                                           .raw = pending->origin.raw};
    handover_event(&l->handover.buffer, &pending->ev, l->members, &record);
}

/* Hands the batch to the command. */
static void batch_hand(struct loop *l)
{
    const struct tool *tool = l->tool;
    l->running = true;
    if (tool->hint != NULL)
        for (int i = 0; i < l->accepted_count; i++)
            tool->hint(&l->run, (struct event *)(uintptr_t)&l->accepted[i]->ev);
    for (int i = 0; i < l->accepted_count; i++) {
        const struct pending *pending = l->accepted[i];
        switch (tool->event(&l->run, &pending->ev)) {
        case FATE_USED:
            if (l->translating != NULL)
                l->made.used++;
            else
                l->stats.used++;
            break;
        case FATE_FILTERED: count_filtered(l); break;
        case FATE_NO_ID: intake_refuse(l, REASON_NO_ID, NULL, &pending->origin); break;
        case FATE_LATE: {
            if (l->translating != NULL)
                l->made.late++;
            else
                l->stats.late++;
            struct buffer detail = {0};
            buffer_add_literal(&detail, "the watermark was at ");
            instant_print(&detail, pending->ev.watermark_us);
            buffer_add_char(&detail, '\0');
            report(l, &l->late, "late", detail.data, &pending->origin);
            buffer_release(&detail);
            break;
        }
        case FATE_LEFT: event_leave(l, pending); break;
        }
    }
    l->accepted_count = 0;
    l->running = false;
    if (l->handover.buffer.len != 0) output_row_done(&l->handover);
}

/* Tells the command the watermark. */
static void watermark_tell(struct loop *l, int64_t watermark_us)
{
    uint64_t keys = loop_keys(l);
    if (keys > l->keys_most) l->keys_most = keys;
    if (watermark_us > l->told_us) {
        l->told_us = watermark_us;
        if (l->tool->advance != NULL) l->tool->advance(&l->run, watermark_us);
        if (l->dedup.span_us != 0) dedup_advance(&l->dedup, watermark_us);
        keys = loop_keys(l);
    }
    if (__builtin_expect(keys > (uint64_t)shared.max_keys || held_full(), 0)) l->full = true;
}

/* Hands the batch to the command, then tells it the watermark. */
void intake_run(struct loop *l)
{
    batch_hand(l);
    watermark_tell(l, clock_watermark(&l->clock));
}

/* Its event_id however that was escaped; ID_NONE: it has none. */
static struct id event_id(struct loop *l, const struct event *ev)
{
    const struct value value = ev->value[SLOT_EVENT_ID];
    if (value.kind != KIND_STRING) return ID_NONE;
    if (!value.escaped) return id_of(value_slice(value));
    buffer_clear(&l->plain);
    l->plain.len = json_unescape(buffer_reserve(&l->plain, value.len), value_slice(value));
    return id_of(buffer_slice(&l->plain));
}

/* Is it a repeat of one that was passed, or of the one its partition holds? */
static bool is_repeat(const struct loop *l, const struct partition *partition, struct id id,
                      int64_t time_us)
{
    if (id_is_none(id)) return false;
    if (dedup_seen(&l->dedup, id, time_us, partition_watermark(&l->clock, partition))) return true;
    const int64_t apart_us =
        time_us > partition->held_us ? time_us - partition->held_us : partition->held_us - time_us;
    return partition->holding && id_equal(id, partition->held_id) && apart_us <= l->dedup.span_us;
}

/* The event is valid and its time stands: event time goes on, --where decides, the batch takes it.
 * The event is the batch's next one. */
static inline void accept(struct loop *l, struct pending *pending, struct partition *partition)
{
    struct event *ev = &pending->ev;
    ev->partition = partition;
    ev->watermark_us = partition_watermark(&l->clock, partition);
    if (ev->time_us >= ev->watermark_us && ev->time_us < l->run.first_time_us)
        l->run.first_time_us = ev->time_us;
    if (ev->time_us < partition->largest_us &&
        partition->largest_us - ev->time_us > l->stats.disorder_us)
        l->stats.disorder_us = partition->largest_us - ev->time_us;
    partition_advance(&l->clock, partition, ev->time_us);
    if (l->dedup.span_us != 0) {
        const struct id id = event_id(l, ev);
        if (!id_is_none(id)) dedup_note(&l->dedup, id, ev->time_us);
    }
    l->run.end_time_us = l->clock.largest_us;
    for (size_t i = 0; i < l->where_count; i++) {
        if (!expr_selects(l->where[i], ev)) {
            count_filtered(l);
            return;
        }
    }
    l->accepted[l->accepted_count++] = pending;
}

/* A free place for an event. */
static struct pending *batch_next(struct loop *l)
{
    if (l->side_by_side) {
        intake_run(l); /* what was accepted so far comes first */
        return &l->batch[BATCH_MAX];
    }
    if (l->accepted_count == BATCH_MAX) intake_run(l);
    if (l->accepted_count == 0) scanner_clear(l->scanner);
    return &l->batch[l->accepted_count];
}

static enum reason event_time(struct loop *l, struct event *ev)
{
    struct value value = ev->value[l->time_slot];
    if (value.kind == KIND_NULL) return REASON_NO_TIME;
    if (__builtin_expect(value.was_number, 0)) value.kind = KIND_NUMBER;
    if (__builtin_expect(value.escaped, 0)) {
        buffer_clear(&l->plain);
        value.len =
            (uint32_t)json_unescape(buffer_reserve(&l->plain, value.len), value_slice(value));
        value.text = l->plain.data;
    }
    return instant_parse_near(&l->near, value, &shared.time, &ev->time_us) ? REASON_NONE
                                                                           : REASON_BAD_TIME;
}

/* Is there something for the command to amend? */
static bool amends(const struct loop *l)
{
    return l->tool->amend != NULL && !l->run.unamended;
}

/* Accepts an event from its text, which was judged before: it waited behind another one. */
static void accept_text(struct loop *l, struct partition *partition, struct buffer *text,
                        const struct origin *origin)
{
    struct pending *pending = batch_next(l);
    struct event *ev = &pending->ev;
    const char *next;
    memset(buffer_reserve(text, 1 + SCAN_PADDING), 0, 1 + SCAN_PADDING);
    text->data[text->len] = '\n';
    (void)scanner_scan(l->scanner, text->data, ev, &next);
    (void)event_time(l, ev);
    ev->offset = origin->offset;
    ev->line_number = origin->line_number;
    ev->partition = partition;
    pending->origin = *origin;
    pending->origin.raw = ev->line;
    if (amends(l)) (void)l->tool->amend(&l->run, ev);
    accept(l, pending, partition);
    intake_run(l); /* the text is not kept */
}

static struct origin held_origin(struct partition *partition)
{
    return (struct origin){
        .input = (struct input *)(uintptr_t)partition->held_input,
        .raw = buffer_slice(&partition->held),
        .line_number = partition->held_line_number,
        .partition = partition->held_offset < 0 ? -1 : partition->number,
        .offset = partition->held_offset,
    };
}

/* What becomes of a held event counts for the record it came in, not for the one being translated
 * now. */
static struct made held_begin(struct loop *l, const struct partition *partition,
                              const struct origin *origin)
{
    struct made outside = {.translating = l->translating, .made = l->made};
    outside.same = l->translating != NULL && l->translating->input == origin->input &&
                   l->translating->line_number == origin->line_number;
    if (outside.same)
        l->made.held--;
    else
        l->translating = partition->held_counted ? origin : NULL;
    return outside;
}

static void held_end(struct loop *l, const struct made *made)
{
    if (made->same) return;
    l->translating = made->translating;
    l->made = made->made;
}

/* Lets the event go that --max-jump holds: it was right, or the input ends. */
void intake_release(struct loop *l, struct partition *partition)
{
    partition->holding = false;
    partition->began = true;
    const struct origin origin = held_origin(partition);
    const struct made made = held_begin(l, partition, &origin);
    accept_text(l, partition, &partition->held, &origin);
    held_end(l, &made);
}

static void hold(struct loop *l, struct partition *partition, int64_t time_us, struct slice text,
                 const struct origin *origin, struct id id)
{
    l->made.held++;
    partition->holding = true;
    partition->held_us = time_us;
    partition->held_id = id;
    partition->held_counted = false;
    partition->held_offset = origin->offset;
    partition->held_line_number = origin->line_number;
    partition->held_input = origin->input;
    buffer_clear(&partition->held);
    buffer_add_slice(&partition->held, text);
}

static void held_refuse(struct loop *l, struct partition *partition)
{
    partition->holding = false;
    const struct origin origin = held_origin(partition);
    const struct made made = held_begin(l, partition, &origin);
    intake_refuse(l, REASON_FUTURE, "far ahead of the events around it (--max-jump)", &origin);
    held_end(l, &made);
}

/* --max-jump: true when the event may pass now; otherwise it has been dealt with. What was held
 * before it is released or refused first. */
static bool jump_passes(struct loop *l, struct partition *partition, const struct pending *pending,
                        struct id id)
{
    const int64_t jump_us = shared.max_jump_us;
    const struct event *ev = &pending->ev;
    if (jump_us == 0) return true;
    if (!partition->holding) {
        /* A partition's first event waits for its second. */
        if (__builtin_expect(partition->began && ev->time_us - partition->largest_us <= jump_us, 1))
            return true;
        hold(l, partition, ev->time_us, pending->came, &pending->origin, id);
        return false;
    }
    const bool held_is_right = partition->began ? ev->time_us - partition->largest_us > jump_us
                                                : partition->held_us - ev->time_us <= jump_us;
    if (!held_is_right) {
        held_refuse(l, partition);
        partition->began = true;
        return true;
    }
    /* The held event goes first, and takes this one's place in the batch. */
    const struct origin origin = pending->origin;
    const int64_t time_us = ev->time_us;
    struct buffer text = {0};
    buffer_add_slice(&text, pending->came);
    intake_release(l, partition);
    if (time_us - partition->largest_us <= jump_us) {
        accept_text(l, partition, &text, &origin);
    } else {
        hold(l, partition, time_us, buffer_slice(&text), &origin, id);
    }
    buffer_release(&text);
    return false;
}

/* The input's records are of this partition, from now on or until the next framed one: what stood
 * in for it before the first no longer has to hold time back. */
void intake_join(struct loop *l, struct input *input, struct partition *partition)
{
    struct partition *stand_in = input->partition;
    input->partition = partition;
    if (stand_in == NULL || stand_in->number >= 0) return;
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *other = &l->inputs.input[i];
        if (other->partition == stand_in)
            other->partition = NULL; /* a file whose turn comes later */
    }
    clock_remove(&l->clock, stand_in);
}

/* A record says itself which partition it is of. */
static void partition_brought(struct loop *l, struct input *input, struct partition *partition)
{
    partition->source = input;
    clock_reopen(&l->clock, partition);
    if (input->partition != partition) intake_join(l, input, partition);
}

/* Whether a scanned event is good, as far as it can be told without the others. l->detail, empty so
 * far, says more where there is more to say. */
static enum reason event_reason(struct loop *l, struct event *ev)
{
    const enum reason reason = event_time(l, ev);
    int64_t ignored;
    if (reason == REASON_BAD_TIME && ev->value[l->time_slot].kind == KIND_STRING &&
        !shared.time.assume_utc &&
        instant_parse_text(value_slice(ev->value[l->time_slot]), true, &ignored))
        buffer_printf(&l->detail, "%s has no zone (--assume-utc)%c", shared.time_field, '\0');
    if (reason != REASON_NONE || !amends(l)) return reason;
    return l->tool->amend(&l->run, ev);
}

/* Notes with an event where it comes from. */
static inline void trace(struct pending *pending, const struct origin *origin,
                         struct partition *partition)
{
    struct event *ev = &pending->ev;
    /* Member by member: a copy of all would wait for the line's number, which has just been
     * counted. */
    pending->origin.input = origin->input;
    pending->origin.raw = origin->raw.text == NULL ? ev->line : origin->raw;
    pending->origin.line_number = origin->line_number;
    pending->origin.partition = origin->partition;
    pending->origin.offset = origin->offset;
    pending->origin.torn = origin->torn;
    pending->came = ev->line;
    ev->offset = origin->offset;
    ev->line_number = origin->line_number;
    ev->partition = partition;
}

/* An event has been scanned, with that result: judged and put into the batch. */
static void judge(struct loop *l, struct pending *pending, enum reason reason,
                  const struct origin *origin, struct partition *partition)
{
    struct event *ev = &pending->ev;
    if (__builtin_expect(ev->line.len == 0 && reason == REASON_NONE, 0)) return; /* a blank line */
    trace(pending, origin, partition);
    if (l->translating == NULL) l->stats.read++;
    buffer_clear(&l->detail);
    if (reason == REASON_NONE) reason = event_reason(l, ev);
    if (__builtin_expect(reason != REASON_NONE, 0)) {
        intake_refuse(l, reason, l->detail.len != 0 ? l->detail.data : NULL, &pending->origin);
        return;
    }
    if (l->final_slot >= 0 && ev->value[l->final_slot].kind == KIND_FALSE) {
        count_filtered(l); /* a row that was printed while it changed: the closing one counts, and
                              moves time */
        return;
    }
    if (l->partition_slot >= 0) {
        int64_t number = 0;
        const struct value value = ev->value[l->partition_slot];
        if (value.kind != KIND_NUMBER || !number_floor(value_slice(value), 0, &number) ||
            number < 0) {
            intake_refuse(l, REASON_BAD_MEMBER, "--merge: a row without its partition",
                          &pending->origin);
            return;
        }
        partition = clock_meet(&l->clock, number);
        partition_brought(l, origin->input, partition);
    }
    const struct id id = l->dedup.span_us != 0 ? event_id(l, ev) : ID_NONE;
    if (is_repeat(l, partition, id, ev->time_us)) {
        if (l->translating != NULL)
            l->made.duplicate++;
        else
            l->stats.duplicate++;
        return;
    }
    if (shared.max_ahead_us != 0 && ev->time_us - l->now_us > shared.max_ahead_us) {
        intake_refuse(l, REASON_FUTURE, "ahead of the clock (--max-ahead)", &pending->origin);
        return;
    }
    clock_heard(&l->clock, partition);
    if (jump_passes(l, partition, pending, id)) accept(l, pending, partition);
    if (l->run.schema.all)
        intake_run(l); /* the command has only one place for what it makes of an event */
}

/* Does judge look at nothing but an event's time, and what the command says? */
static bool is_careless(const struct loop *l)
{
    return l->translating == NULL && l->dedup.span_us == 0 && l->final_slot < 0 &&
           l->partition_slot < 0;
}

/* judge, for a run that is_careless, where the event is a valid one of about the time of the one
 * before; false: look closer. */
static inline bool judge_usual(struct loop *l, struct pending *pending, enum reason reason,
                               const struct origin *origin, struct partition *partition)
{
    struct event *ev = &pending->ev;
    int64_t time_us;
    if (reason != REASON_NONE || ev->line.len == 0) return false;
    if (!instant_near_read(&l->near, ev->value[l->time_slot], &time_us)) return false;
    if (shared.max_ahead_us != 0 && time_us - l->now_us > shared.max_ahead_us) return false;
    if (shared.max_jump_us != 0 && (partition->holding || !partition->began ||
                                    time_us - partition->largest_us > shared.max_jump_us))
        return false;
    ev->time_us = time_us;
    trace(pending, origin, partition);
    l->stats.read++;
    if (amends(l)) {
        reason = l->tool->amend(&l->run, ev);
        if (__builtin_expect(reason != REASON_NONE, 0)) {
            intake_refuse(l, reason, NULL, &pending->origin);
            return true;
        }
    }
    clock_heard(&l->clock, partition);
    accept(l, pending, partition);
    if (l->run.schema.all) intake_run(l);
    return true;
}

/* One event's JSON text, which ends in a newline with padding behind. Returns behind it. */
static const char *take_event(struct loop *l, const char *text, const struct origin *origin,
                              struct partition *partition)
{
    struct pending *pending = batch_next(l);
    const char *next;
    const enum reason reason = scanner_scan(l->scanner, text, &pending->ev, &next);
    judge(l, pending, reason, origin, partition);
    return next;
}

/* The lines from p to stop, none of them framed or too long: scanned side by side, then judged in
 * order. */
static void take_lines(struct loop *l, struct input *input, const char *p, const char *stop)
{
    struct event *events[BATCH_MAX];
    enum reason reasons[BATCH_MAX];
    for (int i = 0; i < BATCH_MAX; i++)
        events[i] = &l->batch[i].ev;
    struct origin origin = {.input = input, .partition = -1, .offset = -1};
    const bool careless = is_careless(l);
    output_lender(&l->output, p, stop);
    while (p < stop) {
        intake_run(l);
        scanner_clear(l->scanner);
        const size_t lines =
            scanner_scan_lines(l->scanner, p, stop, BATCH_MAX, events, reasons, &p);
        l->side_by_side = true;
        for (size_t i = 0; i < lines; i++) {
            origin.line_number = ++input->lines;
            if (!careless || !judge_usual(l, &l->batch[i], reasons[i], &origin, input->partition))
                judge(l, &l->batch[i], reasons[i], &origin, input->partition);
        }
        intake_run(l);
        l->side_by_side = false;
    }
    output_settle(&l->output);
    output_lender(&l->output, NULL, NULL);
}

/* A translator made an event: none is taken before all of the record's are known to be good. */
static void event_made(void *context, struct slice json)
{
    struct loop *l = context;
    buffer_add_slice(&l->events, json);
    buffer_add_char(&l->events, '\n');
}

/* The text behind one of the events made, or NULL for the last. */
static char *event_behind(const struct loop *l, const char *text)
{
    char *behind = (char *)rawmemchr(text, '\n') + 1;
    return behind == l->events.data + l->events.len ? NULL : behind;
}

/* What is wrong with one of several events that were made of a record. */
static enum reason events_reason(struct loop *l, const struct origin *origin)
{
    for (const char *text = l->events.data; text != NULL; text = event_behind(l, text)) {
        struct event *ev = &batch_next(l)->ev;
        const char *next;
        ev->offset = origin->offset;
        enum reason reason = scanner_scan(l->scanner, text, ev, &next);
        if (reason == REASON_NONE) reason = event_reason(l, ev);
        if (reason != REASON_NONE) return reason;
    }
    return REASON_NONE;
}

/* A record in another format: counted once, whatever comes of its events. */
static void take_raw(struct loop *l, struct origin *origin, struct slice record)
{
    if (slice_is_blank(record)) return;
    bool header = false;
    buffer_clear(&l->detail);
    buffer_clear(&l->events);
    intake_run(l);
    enum reason reason = l->run.translator->translate(origin->input->reading, record, event_made, l,
                                                      &header, &l->detail);
    if (header) return;
    l->stats.read++;
    memset(buffer_reserve(&l->events, SCAN_PADDING), 0, SCAN_PADDING);
    if (reason == REASON_NONE && l->events.len != 0 && event_behind(l, l->events.data) != NULL)
        reason = events_reason(l, origin);
    if (reason != REASON_NONE) {
        buffer_add_char(&l->detail, '\0');
        intake_refuse(l, reason, l->detail.len > 1 ? l->detail.data : NULL, origin);
        return;
    }
    l->made = (struct made_counts){0};
    l->translating = origin;
    const char *text = l->events.len == 0 ? NULL : l->events.data;
    for (; text != NULL; text = event_behind(l, text)) {
        (void)take_event(l, text, origin, origin->input->partition);
        intake_run(l);
    }
    l->translating = NULL;
    const struct made_counts *const made = &l->made;
    uint64_t *const fate = made->rejected != 0 ? &l->stats.rejected
                           : made->used != 0   ? &l->stats.used
                           : made->late != 0   ? &l->stats.late
                           : made->held != 0   ? NULL /* it will be known later */
                           : made->duplicate != 0 && made->filtered == 0 ? &l->stats.duplicate
                                                                         : &l->stats.filtered;
    if (fate == NULL) return;
    ++*fate;
    if (made->held != 0) origin->input->partition->held_counted = true; /* not once more */
}

/* Offsets already counted are repeats; a gap is noted (compaction makes gaps). False: a repeat. */
static bool offset_new(struct loop *l, struct partition *partition, int64_t offset)
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

/* One framed line: the frame off, then as any event. */
static const char *take_framed(struct loop *l, struct origin *origin, const char *line)
{
    struct frame frame;
    const char *end = rawmemchr(line, '\n');
    origin->raw = (struct slice){.text = line, .len = (size_t)(end - line)};
    while (origin->raw.len != 0 && origin->raw.text[origin->raw.len - 1] == '\r')
        origin->raw.len--;
    if (slice_is_blank(origin->raw)) return end + 1;
    const bool good = origin->input->framing == FRAMING_KCAT
                          ? frame_read(origin->raw, &frame)
                          : envelope_read(origin->raw, &frame, &l->json);
    if (!good) {
        l->stats.read++;
        intake_refuse(l, REASON_BAD_FRAME,
                      origin->input->framing == FRAMING_KCAT
                          ? NULL
                          : "not an envelope of kcat -J with a text payload",
                      origin);
        return end + 1;
    }
    struct partition *partition = clock_meet(&l->clock, frame.partition);
    partition_brought(l, origin->input, partition);
    const struct framed_place before = {partition->offset, partition->offset_used, l->stats.gaps};
    origin->partition = frame.partition;
    origin->offset = frame.offset;
    if (!offset_new(l, partition, frame.offset)) {
        l->stats.read++;
        l->stats.duplicate++;
        return end + 1;
    }
    if (origin->input->reading != NULL && !slice_is_blank(frame.payload)) {
        take_raw(l, origin, frame.payload);
        return end + 1;
    }
    const uint64_t read_before = l->stats.read;
    const bool torn_before = origin->input->torn;
    const char *text = frame.payload.text;
    (void)take_event(l, text, origin, partition);
    if (l->stats.read == read_before &&
        origin->input->torn == torn_before) { /* a frame around nothing: a record all the same */
        l->stats.read++;
        intake_refuse(l, REASON_NOT_JSON, "an empty record", origin);
    }
    if (origin->input->torn) partition_rewind(l, partition, &before);
    if (text != line && origin->input->framing == FRAMING_ENVELOPE) intake_run(l);
    return end + 1;
}

static void input_begin(struct loop *l, struct input *input, const char *data, const char *end)
{
    input->begun = true;
    input->framing = shared.input == INPUT_NDJSON ? FRAMING_NONE : frame_guess(data, end);
    if (shared.input == INPUT_KCAT && input->framing != FRAMING_ENVELOPE)
        input->framing = FRAMING_KCAT;
    if (input->framing == FRAMING_NONE && l->partition_slot < 0 &&
        (input->partition == NULL || input->partition->number < 0))
        intake_join(l, input, clock_partition(&l->clock, input->number));
    const struct translator *translator = l->run.translator;
    if (translator == NULL) return;
    struct slice head = {.text = data, .len = (size_t)(end - data)};
    struct frame frame;
    if (input->framing != FRAMING_NONE) {
        head.len = (size_t)((const char *)rawmemchr(data, '\n') - data);
        const bool good = input->framing == FRAMING_KCAT ? frame_read(head, &frame)
                                                         : envelope_read(head, &frame, &l->json);
        head = good ? frame.payload : (struct slice){.text = data, .len = 0};
    }
    input->reading = translator->begin(translator->self, head);
}

/* The record at p, which ends in a newline. Returns behind it. */
static const char *take_record(struct loop *l, struct input *input, const char *p,
                               const char *record_end, bool torn)
{
    struct origin origin = {
        .input = input,
        .line_number = input->lines + 1,
        .partition = -1,
        .offset = -1,
        .torn = torn,
    };
    if (__builtin_expect(input->framing != FRAMING_NONE, 0)) return take_framed(l, &origin, p);
    if (input->reading == NULL) return take_event(l, p, &origin, input->partition);
    size_t len = (size_t)(record_end - p);
    if (len != 0 && p[len - 1] == '\n') len--;
    if (len != 0 && p[len - 1] == '\r') len--;
    origin.raw = (struct slice){.text = p, .len = len};
    take_raw(l, &origin, origin.raw);
    return record_end;
}

/* A line at p longer than a line may be: refused, whatever is in it. */
static void take_too_long(struct loop *l, struct input *input, const char *p)
{
    struct origin origin = {
        .input = input,
        .raw = {.text = p, .len = LINE_MAX_BYTES + 1},
        .line_number = input->lines + 1,
        .partition = -1,
        .offset = -1,
    };
    intake_run(l);
    l->stats.read++;
    struct frame frame;
    if (input->framing == FRAMING_KCAT && frame_read(origin.raw, &frame)) {
        origin.partition = frame.partition;
        origin.offset = frame.offset;
        if (!offset_new(l, clock_meet(&l->clock, frame.partition), frame.offset)) {
            l->stats.duplicate++;
            return;
        }
    }
    intake_refuse(l, REASON_TOO_LONG, NULL, &origin);
}

/* Does more than a line may have stand at p without a newline among it? end is as far as can be
 * read. */
static bool is_too_long(const char *p, const char *end)
{
    return (size_t)(end - p) > LINE_MAX_BYTES && memchr(p, '\n', LINE_MAX_BYTES + 1) == NULL;
}

/* Behind the first newline from p on, or end. */
static const char *rawmemchr_to(const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    return newline == NULL ? end : newline + 1;
}

static uint64_t lines_in(const char *from, const char *to)
{
    uint64_t lines = 0;
    for (; (from = memchr(from, '\n', (size_t)(to - from))) != NULL; from++)
        lines++;
    return lines;
}

/* How many bytes the blank lines at the front take. */
static size_t blank_lines(const char *from, const char *to)
{
    const char *behind = from;
    for (const char *p = from; p < to && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'); p++)
        if (*p == '\n') behind = p + 1;
    return (size_t)(behind - from);
}

/* Goes through what an input has brought: every complete record; at its end also the last one
 * without a newline. */
void intake_take(struct loop *l, struct input *input)
{
    if (input->discarding) {
        const char *data = input->data + input->start;
        const char *newline = memchr(data, '\n', input->end - input->start);
        if (newline == NULL && !input->ended) {
            input_consume(input, input->end - input->start);
            return;
        }
        input_consume(input,
                      newline == NULL ? input->end - input->start : (size_t)(newline + 1 - data));
        input->discarding =
            newline == NULL && l->run.settings.has_state; /* the next run may see its end */
        input->lines += newline != NULL;
    }
    if (input->data == NULL) return;
    if (input->consumed == 0 && input->end >= 3 && memcmp(input->data, "\xef\xbb\xbf", 3) == 0)
        input_consume(input, 3);
    char *data = input->data + input->start;
    const char *end = input->data + input->end;
    if (data == end) return;
    bool torn = false;
    const char *last = memrchr(data, '\n', (size_t)(end - data));
    if (input->ended && end[-1] != '\n') {
        /* The room for it is always there. */
        input->data[input->end] = '\n';
        memset(input->data + input->end + 1, 0, SCAN_PADDING);
        torn = true;
        last = end++;
    }
    if (last == NULL) {
        if (!is_too_long(data, end)) return;
        take_too_long(l, input, data);
        input_consume(input, input->end - input->start);
        input->discarding = true;
        return;
    }
    if (!input->begun && is_too_long(data, last + 1)) {
        take_too_long(l, input, data);
        input_consume(input, LINE_MAX_BYTES);
        input->discarding = true;
        intake_take(l, input);
        return;
    }
    if (!input->begun) {
        const size_t blank = blank_lines(data, last + 1);
        input->lines += lines_in(data, data + blank);
        data += blank;
        /* What the first line that is not blank looks like decides. */
        if (data > last) {
            input_consume(input, blank - (torn && blank != 0));
            return;
        }
        input_consume(input, blank);
        input_begin(l, input, data, end);
    }
    const char *p = data;
    const char *record = p;
    const struct translator *translator = l->run.translator;
    if (input->reading != NULL && input->framing == FRAMING_NONE) {
        while (p < end) {
            const char *next = translator->split(input->reading, p, end, input->ended);
            if (next == NULL && (size_t)(end - p) <= LINE_MAX_BYTES) break;
            if (next == NULL || (size_t)(next - p) > LINE_MAX_BYTES + 1) {
                /* A quote is open since 16 MiB: the next line end is taken for the record's. */
                take_too_long(l, input, p);
                next = rawmemchr_to(p + LINE_MAX_BYTES, end);
                input->lines += lines_in(p, next);
                input->discarding = next[-1] != '\n';
                p = next;
                continue;
            }
            const uint64_t lines = lines_in(p, next);
            (void)take_record(l, input, p, next, torn && next == end);
            input->lines += lines;
            p = next;
        }
    } else {
        const char *const stop = last + 1;
        if (input->reading == NULL && input->framing == FRAMING_NONE && !torn &&
            (size_t)(stop - p) <= LINE_MAX_BYTES) {
            take_lines(l, input, p, stop);
            p = stop;
        }
        while (p < stop) {
            if (__builtin_expect(is_too_long(p, stop), 0)) {
                take_too_long(l, input, p);
                p = (const char *)rawmemchr(p, '\n') + 1;
                input->lines++;
                continue;
            }
            const char *const record_end =
                input->reading == NULL ? NULL : (const char *)rawmemchr(p, '\n') + 1;
            record = p;
            p = take_record(l, input, p, record_end,
                            torn && memchr(p, '\n', (size_t)(stop - p)) == last);
            input->lines++;
        }
    }
    intake_run(l);          /* the block is about to be overwritten */
    if (torn && p == end) { /* the newline is ours */
        p = input->torn ? record : p - 1;
        input->lines--;
    }
    input_consume(input, (size_t)(p - data));
}

void intake_release_all(struct loop *l)
{
    clock_sort(&l->clock);
    for (int i = 0; i < l->clock.count; i++)
        if (l->clock.partition[i]->holding) intake_release(l, l->clock.partition[i]);
}

const char *intake_peek(struct loop *l, const char *text, int64_t *time_us)
{
    struct pending *pending = batch_next(l);
    const char *next;
    *time_us = TIME_NONE;
    if (scanner_scan(l->scanner, text, &pending->ev, &next) != REASON_NONE ||
        pending->ev.line.len == 0)
        return next;
    if (event_time(l, &pending->ev) != REASON_NONE) return next;
    if (shared.max_ahead_us == 0 || pending->ev.time_us - l->now_us <= shared.max_ahead_us)
        *time_us = pending->ev.time_us;
    return next;
}

/* Hands over what was left to the run so far. */
static void replay_run(struct loop *l)
{
    if (l->accepted_count == 0) return;
    const struct event *last = &l->accepted[l->accepted_count - 1]->ev;
    /* As it was right after the last of them. */
    const int64_t watermark_us =
        instant_latest(last->watermark_us, clock_behind(&l->clock, last->time_us));
    batch_hand(l);
    watermark_tell(l, watermark_us);
    checkpoint_full(l);
}

static const char *replay_event(struct loop *l, const char *at, enum handover_kind kind)
{
    if (l->accepted_count == BATCH_MAX) replay_run(l);
    struct pending *pending = &l->batch[l->accepted_count];
    struct handover_record record = {0};
    at = handover_take(at, kind, &pending->ev, l->members, &record);
    struct input *input = &l->inputs.input[record.input_number];
    pending->ev.partition = input->partition;
    pending->ev.offset = -1;
    pending->origin = (struct origin){.input = input,
                                      .raw = record.raw,
                                      .line_number = input->lines + record.line,
                                      .partition = -1,
                                      .offset = -1};
    l->accepted[l->accepted_count++] = pending;
    return at;
}

bool intake_replay(struct loop *l, struct slice handed)
{
    struct unpack in = {.at = handed.text, .end = handed.text + handed.len};
    struct buffer scratch = {0};
    while (in.at < in.end && !in.broken) {
        const enum handover_kind kind = unpack_u8(&in);
        if (kind == HANDOVER_EVENT || kind == HANDOVER_BEHIND) {
            in.at = replay_event(l, in.at, kind);
            continue;
        }
        replay_run(l); /* what came before comes first */
        struct reject reject;
        if (!reject_take(&in, &reject, &scratch)) break;
        if (reject.input_number < (uint32_t)l->inputs.count)
            reject.line += l->inputs.input[reject.input_number].lines;
        rejects_add(kind == HANDOVER_LATE ? &l->late : &l->rejects, &reject);
    }
    replay_run(l);
    buffer_release(&scratch);
    return !in.broken;
}
