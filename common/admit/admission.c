#include "admit/admission.h"

#include <stdlib.h>
#include <string.h>

#include "admit/arrival.h"
#include "admit/hold.h"
#include "base/die.h"
#include "base/json.h"
#include "base/number.h"
#include "base/prefetch.h"
#include "event/badtime.h"

/* What an event has to pass. Stages come in the order of their list. */
struct stage {
    const char *name; /* of what is kept over restarts */
    /* Has it anything to do in this run? NULL: always. */
    bool (*wanted)(const struct admission *a);
    /* Does the event go on? If not, the stage has counted it, or holds it. */
    bool (*pass)(struct admission *a, struct pending *pending);
    bool on_fast_path;                                           /* admit_fast does the same */
    void (*save)(const struct admission *a, struct buffer *out); /* NULL: it keeps nothing */
    bool (*load)(struct admission *a, struct unpack *in);
};

/* --- what an event says of itself --- */

/* Is there something for the command to amend? */
static bool amends(const struct admission *a)
{
    return a->analysis->amend != NULL;
}

/* The member that holds the time, as it was meant. */
static inline struct value time_value(struct admission *a, const struct event *ev)
{
    struct value value = ev->value[a->time_slot];
    if (__builtin_expect(value.was_number, 0)) value.kind = KIND_NUMBER;
    if (__builtin_expect(value.escaped, 0)) {
        buffer_clear(&a->plain);
        value.len =
            (uint32_t)json_unescape(buffer_reserve(&a->plain, value.len), value_slice(value));
        value.text = a->plain.data;
    }
    return value;
}

static enum reason event_time(struct admission *a, struct event *ev)
{
    const struct value value = time_value(a, ev);
    if (value.kind == KIND_NULL) return REASON_NO_TIME;
    const struct zone *const zone = a->time.zone;
    const uint64_t doubts = zone == NULL ? 0 : zone->doubts;
    if (!instant_parse_near(&a->near, value, &a->time, &ev->time_us)) return REASON_BAD_TIME;
    a->fates.stats->doubtful_times += zone != NULL && zone->doubts != doubts;
    return REASON_NONE;
}

/* Is a scanned event good, without the others? a->detail, empty so far, may say more of it. */
static enum reason event_reason(struct admission *a, struct event *ev)
{
    const enum reason reason = event_time(a, ev);
    if (reason == REASON_BAD_TIME)
        buffer_printf(&a->detail, "%s %s%c", a->time_field,
                      badtime_why(ev->line, time_value(a, ev), &a->time), '\0');
    if (reason != REASON_NONE || !amends(a)) return reason;
    const enum reason amended = a->analysis->amend(a->run, ev);
    if (amended == REASON_BAD_MEMBER && a->run->fault != NULL)
        buffer_printf(&a->detail, "%s%c", a->run->fault, '\0');
    return amended;
}

/* --- stages --- */

static bool closing_wanted(const struct admission *a)
{
    return a->final_slot >= 0;
}

static bool merging_wanted(const struct admission *a)
{
    return a->partition_slot >= 0;
}

/* A row that was printed while it changed: the closing one counts, and moves time. */
static bool closing_pass(struct admission *a, struct pending *pending)
{
    if (pending->ev.value[a->final_slot].kind != KIND_FALSE) return true;
    fates_filtered(&a->fates);
    return false;
}

/* --merge: the first row of a partition that nobody has named comes when its window has been
 * printed without it. */
static void partition_missed(struct admission *a, int64_t number)
{
    batch_deliver(&a->batch);
    a->flush(a->context);
    die_person("--merge: the first row of partition %lld comes when windows have been printed "
               "without it: --partitions=LIST says which to wait for, or give the rows of each "
               "partition a file of their own",
               (long long)number);
}

/* --merge: the row says which partition it is of. */
static bool merging_pass(struct admission *a, struct pending *pending)
{
    int64_t number = 0;
    const struct value value = pending->ev.value[a->partition_slot];
    if (value.kind != KIND_NUMBER || !number_floor(value_slice(value), 0, &number) || number < 0) {
        batch_refuse(&a->batch, REASON_BAD_MEMBER, "--merge: a row without its partition",
                     &pending->origin);
        return false;
    }
    const bool is_new = !clock_knows(&a->clock, number);
    pending->ev.partition = clock_meet(&a->clock, number);
    if (pending->ev.partition == NULL) {
        batch_refuse(&a->batch, REASON_BAD_MEMBER,
                     "--merge: a row of one more partition than "
                     "--max-partitions",
                     &pending->origin);
        return false;
    }
    if (is_new && pending->ev.time_us < a->clock.floor_us) partition_missed(a, number);
    arrival_framed(&a->clock, a->inputs, pending->origin.input, pending->ev.partition);
    return true;
}

static bool repeats_wanted(const struct admission *a)
{
    return a->dedup.span_us != 0;
}

/* --dedup: a repeat of one that was passed, or of the one its partition holds, goes no further. */
static bool repeats_pass(struct admission *a, struct pending *pending)
{
    const int64_t time_us = pending->ev.time_us;
    if (!a->ids_ahead) pending->id = dedup_id(pending->ev.value[SLOT_EVENT_ID], &a->plain);
    if (id_is_none(pending->id)) return true;
    const int64_t watermark_us = partition_watermark(&a->clock, pending->ev.partition);
    if (!dedup_seen(&a->dedup, pending->id, time_us, watermark_us) &&
        !hold_is_copy(pending->ev.partition, pending->id, time_us, a->dedup.span_us)) {
        dedup_judged(&a->dedup, time_us, watermark_us);
        return true;
    }
    fates_duplicate(&a->fates);
    return false;
}

/* The same, and what has passed is remembered: of an event that passes unless it is a repeat. */
static inline bool repeats_pass_at_once(struct admission *a, struct pending *pending)
{
    const struct event *const ev = &pending->ev;
    const int64_t watermark_us = partition_watermark(&a->clock, ev->partition);
    if (!a->ids_ahead) pending->id = dedup_id(ev->value[SLOT_EVENT_ID], &a->plain);
    if (id_is_none(pending->id)) return true;
    if (dedup_pass(&a->dedup, pending->id, ev->time_us, watermark_us)) return true;
    fates_duplicate(&a->fates);
    return false;
}

static void repeats_save(const struct admission *a, struct buffer *out)
{
    dedup_save(&a->dedup, out);
}

static bool repeats_load(struct admission *a, struct unpack *in)
{
    return dedup_load(&a->dedup, in);
}

/* Ends a run whose wall clock cannot be right: what it has refused as too far ahead is lost once
 * the position has moved. */
static void clock_weigh(struct admission *a, int64_t time_us)
{
    const enum wallclock_finding finding = wallclock_weigh(&a->wallclock, time_us);
    if (finding == WALLCLOCK_FINE) return;
    a->flush(a->context);
    wallclock_end_run(&a->wallclock, finding, a->fates.has_state);
}

static bool ahead_wanted(const struct admission *a)
{
    return a->wallclock.max_ahead_us != 0;
}

/* --max-ahead. */
static bool ahead_pass(struct admission *a, struct pending *pending)
{
    if (__builtin_expect(!a->wallclock.believed, 0)) clock_weigh(a, pending->ev.time_us);
    if (!wallclock_ahead(&a->wallclock, pending->ev.time_us)) return true;
    batch_refuse(&a->batch, REASON_FUTURE, "ahead of the clock (--max-ahead)", &pending->origin);
    return false;
}

static void held_refuse(struct admission *a, struct partition *partition)
{
    partition->holding = false;
    const struct origin origin = hold_origin(partition);
    const struct fates_aside aside = fates_held_begin(&a->fates, partition, &origin);
    batch_refuse(&a->batch, REASON_FUTURE, "far ahead of the events around it (--max-jump)",
                 &origin);
    fates_held_end(&a->fates, &aside);
}

static void text_accept(struct admission *a, struct partition *partition, struct buffer *text,
                        const struct origin *origin);

/* The held event goes first. This one is scanned again behind it: the command may have only one
 * place for what it makes of an event. */
static void both_accept(struct admission *a, struct partition *partition,
                        const struct pending *pending)
{
    const int64_t time_us = pending->ev.time_us;
    struct buffer text = {0};
    buffer_add_slice(&text, pending->came);
    admission_release(a, partition);
    if (hold_needed(partition, time_us, a->max_jump_us)) {
        hold_put(partition, time_us, buffer_slice(&text), &pending->origin, pending->id);
        a->fates.made.held++;
    } else {
        text_accept(a, partition, &text, &pending->origin);
    }
    buffer_release(&text);
}

/* --max-jump: what was held before this event is released or refused first. */
static bool jump_pass(struct admission *a, struct pending *pending)
{
    const int64_t jump_us = a->max_jump_us;
    const struct event *const ev = &pending->ev;
    struct partition *const partition = ev->partition;
    clock_heard(&a->clock, partition);
    if (jump_us == 0) return true;
    if (!partition->holding) {
        if (!hold_needed(partition, ev->time_us, jump_us)) return true;
        hold_put(partition, ev->time_us, pending->came, &pending->origin, pending->id);
        a->fates.made.held++;
        return false;
    }
    if (hold_is_right(partition, ev->time_us, jump_us)) {
        both_accept(a, partition, pending);
        return false;
    }
    held_refuse(a, partition);
    partition->began = true;
    return true;
}

/* The event is valid and its time stands: event time goes on. */
static inline bool time_pass(struct admission *a, struct pending *pending)
{
    struct event *const ev = &pending->ev;
    struct partition *const partition = ev->partition;
    ev->watermark_us = partition_watermark(&a->clock, partition);
    const bool late = ev->time_us < ev->watermark_us;
    const int64_t come_us = late ? partition->largest_us : ev->time_us;
    int64_t *const least_us = late ? &a->run->behind_time_us : &a->run->first_time_us;
    if (come_us < *least_us) *least_us = come_us;
    if (ev->time_us < partition->largest_us &&
        partition->largest_us - ev->time_us > a->fates.stats->disorder_us)
        a->fates.stats->disorder_us = partition->largest_us - ev->time_us;
    partition_advance(&a->clock, partition, ev->time_us);
    a->run->end_time_us = a->clock.largest_us;
    return true;
}

/* What has passed is remembered. */
static bool passed_pass(struct admission *a, struct pending *pending)
{
    if (!id_is_none(pending->id)) dedup_note(&a->dedup, pending->id, pending->ev.time_us);
    return true;
}

static bool where_wanted(const struct admission *a)
{
    return a->where_count != 0;
}

static inline bool where_pass(struct admission *a, struct pending *pending)
{
    for (size_t i = 0; i < a->where_count; i++) {
        if (expr_selects(a->where[i], &pending->ev)) continue;
        fates_filtered(&a->fates);
        return false;
    }
    return true;
}

static const struct stage stages[] = {
    {.name = "closing", .wanted = closing_wanted, .pass = closing_pass},
    {.name = "merging", .wanted = merging_wanted, .pass = merging_pass},
    {.name = "repeats",
     .wanted = repeats_wanted,
     .pass = repeats_pass,
     .on_fast_path = true,
     .save = repeats_save,
     .load = repeats_load},
    {.name = "ahead", .wanted = ahead_wanted, .pass = ahead_pass, .on_fast_path = true},
    {.name = "jump", .pass = jump_pass, .on_fast_path = true},
    /* Here held events go on. */
    {.name = "time", .pass = time_pass, .on_fast_path = true},
    {.name = "passed", .wanted = repeats_wanted, .pass = passed_pass, .on_fast_path = true},
    {.name = "where", .wanted = where_wanted, .pass = where_pass, .on_fast_path = true},
};
#define STAGE_COUNT (sizeof stages / sizeof stages[0])
_Static_assert(STAGE_COUNT <= ADMISSION_STAGES_MAX, "more stages than there is room for");

void admission_begin(struct admission *a)
{
    a->stages = 0;
    a->fast_path = true;
    for (size_t i = 0; i < STAGE_COUNT; i++) {
        const struct stage *const stage = &stages[i];
        if (stage->pass == time_pass) a->passed = a->stages;
        if (stage->wanted != NULL && !stage->wanted(a)) continue;
        a->fast_path = a->fast_path && stage->on_fast_path;
        a->stage[a->stages++] = stage;
    }
}

void admission_end(struct admission *a)
{
    for (size_t i = 0; i < a->where_count; i++)
        expr_free(a->where[i]);
    free(a->where);
    batch_release(&a->batch);
    buffer_release(&a->detail);
    buffer_release(&a->plain);
    scanner_free(a->scanner);
    witness_release(&a->witness);
    dedup_release(&a->dedup);
    clock_release(&a->clock);
}

bool admission_state(size_t i, struct stage_state *state)
{
    for (size_t at = 0; at < STAGE_COUNT; at++) {
        const struct stage *const stage = &stages[at];
        if (stage->save == NULL || i-- != 0) continue;
        *state =
            (struct stage_state){.name = stage->name, .save = stage->save, .load = stage->load};
        return true;
    }
    return false;
}

/* Through the stages from that one on, and into the batch. */
static void pass_from(struct admission *a, struct pending *pending, int from)
{
    for (int i = from; i < a->stages; i++)
        if (!a->stage[i]->pass(a, pending)) return;
    batch_accept(&a->batch, pending);
}

/* --- events that were held --- */

/* Accepts an event from its text, which was judged before: it waited behind another one. Its place
 * is apart from the batch's, where the other one may be in hand. */
static void text_accept(struct admission *a, struct partition *partition, struct buffer *text,
                        const struct origin *origin)
{
    struct pending *const pending = &a->batch.held;
    struct event *const ev = &pending->ev;
    const char *next;
    batch_deliver(&a->batch); /* what was accepted so far comes first */
    memset(buffer_reserve(text, 1 + SCAN_PADDING), 0, 1 + SCAN_PADDING);
    text->data[text->len] = '\n';
    (void)scanner_scan(a->scanner, text->data, ev, &next);
    (void)event_time(a, ev);
    ev->offset = origin->offset;
    ev->line_number = origin->line_number;
    ev->partition = partition;
    pending->origin = *origin;
    pending->origin.raw = pending->came = ev->line;
    pending->id = repeats_wanted(a) ? dedup_id(ev->value[SLOT_EVENT_ID], &a->plain) : ID_NONE;
    if (amends(a)) (void)a->analysis->amend(a->run, ev);
    pass_from(a, pending, a->passed);
    batch_deliver(&a->batch); /* the text is not kept */
}

void admission_release(struct admission *a, struct partition *partition)
{
    partition->holding = false;
    partition->began = true;
    const struct origin origin = hold_origin(partition);
    const struct fates_aside aside = fates_held_begin(&a->fates, partition, &origin);
    text_accept(a, partition, &partition->held, &origin);
    fates_held_end(&a->fates, &aside);
}

void admission_release_all(struct admission *a)
{
    clock_sort(&a->clock);
    for (int i = 0; i < a->clock.count; i++)
        if (a->clock.partition[i]->holding) admission_release(a, a->clock.partition[i]);
}

/* --- events that come --- */

/* A free place for the next event. */
static struct pending *place_next(struct admission *a)
{
    if (batch_full(&a->batch)) batch_deliver(&a->batch);
    if (batch_empty(&a->batch)) scanner_clear(a->scanner);
    return batch_place(&a->batch);
}

/* The event is refused for that reason; a->detail may say more. */
static void refuse(struct admission *a, const struct pending *pending, enum reason reason)
{
    if (reason == REASON_NO_TIME || reason == REASON_NO_TYPE)
        witness_refused(&a->witness, pending->came);
    batch_refuse(&a->batch, reason, a->detail.len != 0 ? a->detail.data : NULL, &pending->origin);
}

/* An event has been scanned, with that result: judged, and through the stages. */
static void admit(struct admission *a, struct pending *pending, enum reason reason,
                  const struct origin *origin, struct partition *partition)
{
    struct event *ev = &pending->ev;
    if (__builtin_expect(ev->line.len == 0 && reason == REASON_NONE, 0)) return; /* a blank line */
    pending_trace(pending, origin, partition);
    if (a->fates.translating == NULL) a->fates.stats->read++;
    buffer_clear(&a->detail);
    if (reason == REASON_NONE) reason = event_reason(a, ev);
    if (__builtin_expect(reason != REASON_NONE, 0)) {
        refuse(a, pending, reason);
        return;
    }
    misnumber_texts(&a->run->misnumbers, &a->run->schema, ev);
    pass_from(a, pending, 0);
    if (a->run->schema.all)
        batch_deliver(&a->batch); /* the command has only one place for what it makes of an event */
}

/* May events be tried with admit_fast? */
static bool fast_path_allowed(const struct admission *a)
{
    return a->fast_path && a->fates.translating == NULL && a->wallclock.believed;
}

/* admit, where fast_path_allowed and the event is a valid one of about the time of the one before;
 * false: look closer. */
static inline bool admit_fast(struct admission *a, struct pending *pending, enum reason reason,
                              const struct origin *origin, struct partition *partition)
{
    struct event *ev = &pending->ev;
    int64_t time_us;
    if (reason != REASON_NONE || ev->line.len == 0) return false;
    if (!instant_near_read(&a->near, ev->value[a->time_slot], &time_us)) return false;
    if (wallclock_ahead(&a->wallclock, time_us)) return false;
    if (partition->holding) return false;
    if (a->max_jump_us != 0 && hold_needed(partition, time_us, a->max_jump_us)) return false;
    ev->time_us = time_us;
    pending_trace(pending, origin, partition);
    a->fates.stats->read++;
    if (amends(a)) {
        reason = a->analysis->amend(a->run, ev);
        if (__builtin_expect(reason != REASON_NONE, 0)) {
            buffer_clear(&a->detail);
            refuse(a, pending, reason);
            return true;
        }
    }
    misnumber_texts(&a->run->misnumbers, &a->run->schema, ev);
    if (!repeats_wanted(a) || repeats_pass_at_once(a, pending)) {
        clock_heard(&a->clock, partition);
        if (time_pass(a, pending) && where_pass(a, pending)) batch_accept(&a->batch, pending);
    }
    if (a->run->schema.all) batch_deliver(&a->batch);
    return true;
}

const char *admission_event(struct admission *a, const char *text, struct outline *outline,
                            const struct origin *origin, struct partition *partition)
{
    struct pending *pending = place_next(a);
    const char *next = text;
    struct event *const ev = &pending->ev;
    const bool known = outline != NULL && outline_event(outline, &a->run->schema, text, ev);
    const enum reason reason = known ? REASON_NONE : scanner_scan(a->scanner, text, ev, &next);
    a->run->schema.names = witness_wants_names(&a->witness);
    if (witness_open(&a->witness)) witness_look(&a->witness, &ev, &reason, 1);
    admit(a, pending, reason, origin, partition);
    return next;
}

bool admission_object(struct admission *a, const char *text, const struct origin *origin,
                      struct partition *partition)
{
    struct pending *pending = place_next(a);
    const char *next;
    struct event *const ev = &pending->ev;
    const enum reason reason = scanner_scan(a->scanner, text, ev, &next);
    if (reason == REASON_NOT_JSON || reason == REASON_NOT_AN_OBJECT) return false;
    if (witness_open(&a->witness)) witness_look(&a->witness, &ev, &reason, 1);
    admit(a, pending, reason, origin, partition);
    return true;
}

/* --where over all good events of a batch at once, where it runs in libjq. */
static void where_ahead(struct admission *a, const enum reason *reasons, size_t lines)
{
    const struct event *good[BATCH_MAX];
    size_t count = 0;
    if (amends(a)) return; /* they are not yet what they will be */
    for (size_t i = 0; i < lines; i++) {
        const struct event *const ev = &a->batch.place[i].ev;
        if (reasons[i] == REASON_NONE && ev->line.len != 0) good[count++] = ev;
    }
    /* Of several, the others see what the first has selected. */
    if (count != 0) expr_selects_ahead(a->where[0], good, count);
}

/* The ids of a batch, before any of it is looked for. */
static void ids_ahead(struct admission *a, const enum reason *reasons, size_t lines)
{
    a->ids_ahead = repeats_wanted(a) && !amends(a);
    for (size_t i = 0; a->ids_ahead && i < lines; i++) {
        struct pending *const one = &a->batch.place[i];
        if (reasons[i] != REASON_NONE || one->ev.line.len == 0) continue;
        dedup_hint(&a->dedup, one->id = dedup_id(one->ev.value[SLOT_EVENT_ID], &a->plain));
    }
}

const char *admission_lines(struct admission *a, struct input *input, const char *p,
                            const char *stop)
{
    struct pending *const place = a->batch.place;
    struct event *events[BATCH_MAX];
    enum reason reasons[BATCH_MAX];
    for (int i = 0; i < BATCH_MAX; i++)
        events[i] = &place[i].ev;
    struct origin origin = {.input = input, .partition = -1, .offset = -1};
    /* Expressions may take 10 ms for an event: a signal does not wait for a block of such. */
    while (p < stop && *a->stop_signal == 0) {
        batch_deliver(&a->batch);
        scanner_clear(a->scanner);
        const size_t lines =
            scanner_scan_lines(a->scanner, p, stop, BATCH_MAX, events, reasons, &p);
        if (witness_open(&a->witness)) witness_look(&a->witness, events, reasons, lines);
        if (a->where_count != 0) where_ahead(a, reasons, lines);
        const bool fast = fast_path_allowed(a);
        ids_ahead(a, reasons, lines);
        for (size_t i = 0; i < lines; i++) {
            origin.line_number = ++input->lines;
            prefetch_lines(1);
            if (!fast || !admit_fast(a, &place[i], reasons[i], &origin, input->partition))
                admit(a, &place[i], reasons[i], &origin, input->partition);
        }
        a->ids_ahead = false;
        batch_deliver(&a->batch);
        if (a->where_count != 0) expr_ahead_forget(a->where[0]);
    }
    return p;
}

enum reason admission_check(struct admission *a, const char *text, const struct origin *origin)
{
    struct event *ev = &place_next(a)->ev;
    const char *next;
    ev->offset = origin->offset;
    const enum reason reason = scanner_scan(a->scanner, text, ev, &next);
    return reason != REASON_NONE ? reason : event_reason(a, ev);
}

bool admission_whole(struct admission *a, const char *text)
{
    struct event *ev = &place_next(a)->ev;
    return scanner_scan(a->scanner, text, ev, &text) == REASON_NONE && ev->line.len != 0;
}

const char *admission_peek(struct admission *a, const char *text, int64_t *time_us)
{
    struct event *ev = &place_next(a)->ev;
    const char *next;
    *time_us = TIME_NONE;
    if (scanner_scan(a->scanner, text, ev, &next) != REASON_NONE || ev->line.len == 0) return next;
    if (event_time(a, ev) != REASON_NONE) return next;
    if (!wallclock_ahead(&a->wallclock, ev->time_us)) *time_us = ev->time_us;
    return next;
}
