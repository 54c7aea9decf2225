#include "run/relay.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/pack.h"
#include "run/common_options.h"
#include "run/crew.h"
#include "run/range.h"
#include "run/signals.h"
#include "run/tick.h"

/* Large enough that passing the turn on costs nothing, small enough for the second cache. */
#define PIECE_BYTES ((uint64_t)2 << 20)

struct relay {
    struct loop *loop;
    void (*read_range)(struct loop *l);
    uint64_t pieces;
    uint64_t *border; /* in doubt: pieces + 1 of them */
};

/* --- where pieces begin --- */

static void border_add(struct relay *relay, uint64_t at)
{
    relay->border = memory_resize(relay->border, relay->pieces + 2, sizeof relay->border[0]);
    relay->border[++relay->pieces] = at;
}

/* A piece that begins in the middle of a file ends with that: so what begins with a file needs to
 * be read but once. */
static void borders_make(struct relay *relay, const struct inputs *inputs)
{
    uint64_t begin = 0, base = 0;
    relay->border = memory_zero(1, sizeof relay->border[0]);
    for (int i = 0; i < inputs->count; i++) {
        const uint64_t end = base + inputs->input[i].size;
        while (end - begin > PIECE_BYTES) {
            begin += PIECE_BYTES;
            if (begin < base + RANGE_HEAD_BYTES) begin = base;
            border_add(relay, begin);
        }
        if (begin > base && end > begin) {
            begin = end;
            border_add(relay, begin);
        }
        base = end;
    }
    if (base > begin) border_add(relay, base);
}

/* The input in whose middle that is, or NULL; moves at into it. */
static struct input *input_amid(struct loop *l, uint64_t *at)
{
    uint64_t base = 0;
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *const input = &l->inputs.input[i];
        if (*at > base && *at < base + input->size) {
            *at -= base;
            return input;
        }
        base += input->size;
    }
    return NULL;
}

/* --- a process of the crew --- */

void relay_begin(struct loop *l)
{
    struct partition *partition = range_partition(l);
    l->admission.clock.lateness_us = INT64_MAX;
    clock_restart(&l->admission.clock, partition);
    l->admission.batch.announced_us = TIME_NONE;
    l->run.first_time_us = INT64_MAX;
}

/* Forgets all of the piece before. */
static void piece_begin(struct loop *l, const struct crew *crew)
{
    l->stats = (struct stats){0};
    l->run.counters = (struct counters){0};
    misnumber_release(&l->run.misnumbers);
    expr_errors = 0;
    l->rows_before = 0 - rows_count(l->run.rows);
    l->inputs.bytes_read = 0;
    for (int i = 0; i < l->inputs.count; i++)
        l->inputs.input[i].lines = 0;
    crew_output(crew, RANGE_EVENTS, &l->handover);
    l->output.position = 0;
    relay_begin(l);
}

static void piece_read(const struct relay *relay, uint64_t number)
{
    struct loop *const l = relay->loop;
    const uint64_t from = number * PIECE_BYTES;
    const struct range range = {
        .begin = number == 0 ? 0 : range_cut(&l->inputs, from),
        .end = number + 1 == relay->pieces ? l->inputs.bytes_total
                                           : range_cut(&l->inputs, from + PIECE_BYTES),
    };
    if (range.begin >= range.end) return;
    range_select(l, &range);
    relay->read_range(l);
    batch_deliver(&l->admission.batch);
}

void relay_end(struct loop *l, struct buffer *result)
{
    pack_i64(result, l->admission.clock.largest_us);
    pack_i64(result, l->run.first_time_us);
    range_pack(l, result);
}

static void result_write(struct loop *l, const struct crew *crew)
{
    struct output result = {0};
    crew_output(crew, RANGE_RESULT, &result);
    pack_u64(&result.buffer, l->output.position);
    relay_end(l, &result.buffer);
    output_flush(&result);
    buffer_release(&result.buffer);
}

/* In doubt: where this process has begun its piece, and where that really begins. */
static uint64_t begun_at;
static _Atomic int64_t *begins_at;

static bool is_right(void)
{
    return begun_at == (uint64_t)atomic_load_explicit(begins_at, memory_order_acquire);
}

static bool may_write(void)
{
    return crew_is_turn() && is_right();
}

uint64_t relay_read(struct loop *l, const struct range *range, void (*read_range)(struct loop *l))
{
    uint64_t from = range->begin, end = range->end;
    if (range->begin >= range->end) return range->begin;
    struct input *const first = input_amid(l, &from), *const last = input_amid(l, &end);
    if (first != NULL && !first->begun) range_go_on(l, first);
    range_select(l, range);
    read_range(l);
    batch_deliver(&l->admission.batch);
    if (last == NULL) return range->end;
    /* What has been read behind is the next piece's. */
    l->inputs.bytes_read -= last->end - last->start;
    const uint64_t behind = last->consumed > last->size ? last->size : last->consumed;
    return range->end - end + behind;
}

static uint64_t doubted_read(const struct relay *relay, uint64_t number)
{
    const struct range range = {.begin = begun_at, .end = relay->border[number + 1]};
    return relay_read(relay->loop, &range, relay->read_range);
}

uint64_t relay_guess(struct loop *l, uint64_t border)
{
    uint64_t at = border;
    struct input *const input = input_amid(l, &at);
    if (input == NULL) return border;
    if (!input->begun) range_go_on(l, input);
    return border - at + range_guess(l, input, at);
}

/* What was read is forgotten. */
static void piece_forget(struct loop *l, const struct witness_place *place)
{
    struct buffer nowhere = {0};
    range_pack(l, &nowhere); /* what is handed over is counted no more */
    buffer_release(&nowhere);
    witness_return(&l->admission.witness, place);
    expr_failure_forget();
    buffer_clear(&l->output.buffer);
    buffer_clear(&l->handover.buffer);
}

static void doubted_do(const struct relay *relay, struct crew *crew, uint64_t number)
{
    struct loop *const l = relay->loop;
    const struct witness_place place = witness_place(&l->admission.witness);
    begun_at = relay_guess(l, relay->border[number]);
    uint64_t end = doubted_read(relay, number);
    crew_turn_wait(crew);
    if (!is_right()) {
        piece_forget(l, &place);
        piece_begin(l, crew);
        begun_at = (uint64_t)atomic_load_explicit(begins_at, memory_order_acquire);
        end = doubted_read(relay, number);
    }
    output_flush(&l->output);
    atomic_store_explicit(begins_at, (int64_t)end, memory_order_release);
}

/* TERM, from the run, ends it as it ends a run: what has been read of the piece is written, and
 * nobody goes on. */
static bool piece_do(void *self, struct crew *crew, uint64_t number)
{
    const struct relay *const relay = self;
    struct loop *const l = relay->loop;
    piece_begin(l, crew);
    if (l->in_doubt) {
        doubted_do(relay, crew, number);
    } else {
        piece_read(relay, number);
        crew_turn_wait(crew);
        output_flush(&l->output);
    }
    const bool whole = stop_signal == 0;
    if (whole) crew_turn_pass(crew);
    output_flush(&l->handover);
    result_write(l, crew);
    return whole;
}

static void process_begin(void *self, struct crew *crew)
{
    struct loop *const l = ((const struct relay *)self)->loop;
    range_serve(l);
    begins_at = crew_shared(crew);
    l->output.may_write = l->in_doubt ? may_write : crew_is_turn;
}

/* --- the run --- */

static void run_tick(void *self)
{
    (void)tick(((const struct relay *)self)->loop);
}

void relay_add(struct loop *l, struct unpack *in, struct slice events)
{
    struct partition *partition = range_partition(l);
    const int64_t before_us = partition->largest_us;
    const int64_t largest_us = unpack_i64(in), first_us = unpack_i64(in);
    range_add(l, in, events, (struct slice){0});
    if (first_us < before_us && before_us - first_us > l->stats.disorder_us)
        l->stats.disorder_us = before_us - first_us;
    if (largest_us != TIME_NONE) partition_advance(&l->admission.clock, partition, largest_us);
    l->run.end_time_us = l->admission.clock.largest_us;
    batch_deliver(&l->admission.batch);
    (void)tick(l);
}

static void result_add(struct loop *l, const struct crew_result *result)
{
    const struct slice part = result->part[RANGE_RESULT];
    struct unpack in = {.at = part.text, .end = part.text + part.len};
    l->output.position += unpack_u64(&in);
    relay_add(l, &in, result->part[RANGE_EVENTS]);
}

bool relay_run(struct loop *l, int count, void (*read_range)(struct loop *l))
{
    if (!l->analysis->ranges->singly || options->max_jump_us != 0 || options->max_ahead_us != 0)
        return false;
    struct relay relay = {
        .loop = l,
        .read_range = read_range,
        .pieces = l->in_doubt ? 0 : (l->inputs.bytes_total + PIECE_BYTES - 1) / PIECE_BYTES,
    };
    if (l->in_doubt) borders_make(&relay, &l->inputs);
    if (relay.pieces < 2) {
        free(relay.border);
        return false;
    }
    const struct crew_task task = {
        .pieces = relay.pieces,
        .self = &relay,
        .begin = process_begin,
        .piece = piece_do,
        .tick = run_tick,
    };
    struct crew *const crew = crew_new(&task, count);
    range_hint(l);
    for (uint64_t i = 0; i < relay.pieces; i++) {
        crew_ask(crew, i + crew_slots(crew));
        const struct crew_result *const result = crew_take(crew, i);
        if (result == NULL) break;
        result_add(l, result);
        if (result->header.stopped) break;
    }
    crew_free(crew);
    free(relay.border);
    return true;
}
