#include "run/relay.h"

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
};

/* --- a process of the crew --- */

/* Forgets all of the piece before. Nothing is late: what depends on event time is for the run. */
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
    struct partition *partition = range_partition(l);
    l->admission.clock.lateness_us = INT64_MAX;
    clock_restart(&l->admission.clock, partition);
    l->admission.batch.announced_us = TIME_NONE;
    l->run.first_time_us = INT64_MAX;
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

static void result_write(struct loop *l, const struct crew *crew)
{
    struct output result = {0};
    crew_output(crew, RANGE_RESULT, &result);
    pack_u64(&result.buffer, l->output.position);
    pack_i64(&result.buffer, l->admission.clock.largest_us);
    pack_i64(&result.buffer, l->run.first_time_us);
    range_pack(l, &result.buffer);
    output_flush(&result);
    buffer_release(&result.buffer);
}

/* TERM, from the run, ends it as it ends a run: what has been read of the piece is written, and
 * nobody goes on. */
static bool piece_do(void *self, struct crew *crew, uint64_t number)
{
    const struct relay *const relay = self;
    struct loop *const l = relay->loop;
    piece_begin(l, crew);
    piece_read(relay, number);
    crew_turn_wait(crew);
    output_flush(&l->output);
    const bool whole = stop_signal == 0;
    if (whole) crew_turn_pass(crew);
    output_flush(&l->handover);
    result_write(l, crew);
    return whole;
}

static void process_begin(void *self, struct crew *crew)
{
    struct loop *const l = ((const struct relay *)self)->loop;
    (void)crew;
    range_serve(l);
    l->output.may_write = crew_is_turn;
}

/* --- the run --- */

static void run_tick(void *self)
{
    (void)tick(((const struct relay *)self)->loop);
}

static void result_add(struct loop *l, const struct crew_result *result)
{
    const struct slice part = result->part[RANGE_RESULT];
    struct unpack in = {.at = part.text, .end = part.text + part.len};
    l->output.position += unpack_u64(&in);
    struct partition *partition = range_partition(l);
    const int64_t before_us = partition->largest_us;
    const int64_t largest_us = unpack_i64(&in), first_us = unpack_i64(&in);
    range_add(l, &in, result->part[RANGE_EVENTS], (struct slice){0});
    if (first_us < before_us && before_us - first_us > l->stats.disorder_us)
        l->stats.disorder_us = before_us - first_us;
    if (largest_us != TIME_NONE) partition_advance(&l->admission.clock, partition, largest_us);
    l->run.end_time_us = l->admission.clock.largest_us;
    batch_deliver(&l->admission.batch);
    (void)tick(l);
}

bool relay_run(struct loop *l, int count, void (*read_range)(struct loop *l))
{
    if (!l->analysis->ranges->singly || options->max_jump_us != 0 || options->max_ahead_us != 0)
        return false;
    struct relay relay = {
        .loop = l,
        .read_range = read_range,
        .pieces = (l->inputs.bytes_total + PIECE_BYTES - 1) / PIECE_BYTES,
    };
    if (relay.pieces < 2) return false;
    const struct crew_task task = {
        .pieces = relay.pieces,
        .self = &relay,
        .begin = process_begin,
        .piece = piece_do,
        .tick = run_tick,
    };
    struct crew *const crew = crew_new(&task, count);
    for (uint64_t i = 0; i < relay.pieces; i++) {
        crew_ask(crew, i + crew_slots(crew));
        const struct crew_result *const result = crew_take(crew, i);
        if (result == NULL) break;
        result_add(l, result);
        if (result->header.stopped) break;
    }
    crew_free(crew);
    return true;
}
