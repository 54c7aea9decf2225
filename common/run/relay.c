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
    uint64_t *border;   /* in doubt: pieces + 1 of them */
    struct range *file; /* of whole files: the pieces */
    int count;          /* processes */
};

/* --- where pieces begin --- */

static void border_add(struct relay *relay, uint64_t at)
{
    relay->border = memory_resize(relay->border, relay->pieces + 2, sizeof relay->border[0]);
    relay->border[++relay->pieces] = at;
}

/* Where none is in doubt. */
static struct range piece_range(const struct relay *relay, uint64_t number)
{
    const struct inputs *const inputs = &relay->loop->inputs;
    const uint64_t from = number * PIECE_BYTES;
    if (relay->file != NULL) return relay->file[number];
    return (struct range){
        .begin = number == 0 ? 0 : range_cut(inputs, from),
        .end = number + 1 == relay->pieces ? inputs->bytes_total
                                           : range_cut(inputs, from + PIECE_BYTES),
    };
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
    partition->began = partition->holding = false;
    jumps_clear(&partition->jumps);
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
    for (int i = 0; i < l->inputs.count; i++) {
        l->inputs.input[i].lines = 0;
        l->inputs.input[i].damaged = false;
    }
    l->foreign_told = 0;
    l->head_of = NULL;
    buffer_clear(&l->head);
    crew_output(crew, RANGE_EVENTS, &l->handover);
    l->output.position = 0;
    relay_begin(l);
}

void relay_end(struct loop *l, struct buffer *result)
{
    pack_i64(result, l->admission.clock.largest_us);
    pack_i64(result, l->run.first_time_us);
    range_pack(l, result);
}

static void result_write(struct loop *l, const struct crew *crew, bool left)
{
    struct output result = {0};
    crew_output(crew, RANGE_RESULT, &result);
    pack_u8(&result.buffer, left);
    pack_u64(&result.buffer, l->output.position);
    relay_end(l, &result.buffer);
    output_flush(&result);
    buffer_release(&result.buffer);
}

/* What comes with the turn: what one run would know at the beginning of the piece. */
enum {
    TURN_BEGINS, /* in doubt: where that is */
    TURN_COME    /* how far event time has come; TIME_NONE: nowhere; INT64_MAX: an event is held */
};

/* The piece that this process does. */
static struct {
    struct loop *loop;
    _Atomic int64_t *turn; /* the numbers above */
    uint64_t begun_at;     /* in doubt */
    bool is_settled;       /* it knows what one run would know */
} own;

static int64_t turn_number(int which)
{
    return atomic_load_explicit(&own.turn[which], memory_order_acquire);
}

static void turn_set(_Atomic int64_t *turn, struct loop *l, uint64_t ends)
{
    const struct partition *const partition = range_partition(l);
    const int64_t come_us = partition->holding ? INT64_MAX : partition->largest_us;
    atomic_store_explicit(&turn[TURN_BEGINS], (int64_t)ends, memory_order_release);
    atomic_store_explicit(&turn[TURN_COME], come_us, memory_order_release);
}

/* Event time goes on from where it has come to before the piece. */
static void settle(void)
{
    struct partition *const partition = range_partition(own.loop);
    const int64_t come_us = turn_number(TURN_COME);
    partition_advance(&own.loop->admission.clock, partition, come_us);
    partition->began |= come_us != TIME_NONE;
    own.is_settled = true;
}

/* In the turn: is what has been made so far what one run would have made of it? Then the rest will
 * be, too. */
static bool is_right(void)
{
    if (own.is_settled) return true;
    const struct partition *const partition = range_partition(own.loop);
    const int64_t come_us = turn_number(TURN_COME);
    if (own.loop->in_doubt && own.begun_at != (uint64_t)turn_number(TURN_BEGINS)) return false;
    if (come_us == INT64_MAX || !jumps_fit(&partition->jumps, come_us, options->max_jump_us))
        return false;
    /* The first one is still held against the second. */
    if (partition->holding && !partition->began && come_us != TIME_NONE) return false;
    settle();
    return true;
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

/* Returns, in doubt, where the next piece begins, if this one begins at that byte. */
static uint64_t part_read(const struct relay *relay, uint64_t number, uint64_t begins)
{
    struct loop *const l = relay->loop;
    if (l->in_doubt) {
        const struct range range = {.begin = begins, .end = relay->border[number + 1]};
        return relay_read(l, &range, relay->read_range);
    }
    const struct range range = piece_range(relay, number);
    if (range.begin >= range.end) return 0;
    range_select(l, &range);
    relay->read_range(l);
    batch_deliver(&l->admission.batch);
    return 0;
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

/* Can this process read the piece again? What begins with a file is read but once. */
static bool is_read_again(const struct relay *relay, uint64_t number)
{
    uint64_t at = relay->loop->in_doubt ? relay->border[number] : 0;
    return input_amid(relay->loop, &at) != NULL && turn_number(TURN_COME) != INT64_MAX;
}

/* Part of a file. False: it is left to the run, for its beginning or its end is judged by an event
 * in another piece; by which rows that are out already will be made once more. */
static bool part_do(const struct relay *relay, struct crew *crew, uint64_t number)
{
    struct loop *const l = relay->loop;
    const struct witness_place place = witness_place(&l->admission.witness);
    if (l->in_doubt) own.begun_at = relay_guess(l, relay->border[number]);
    uint64_t end = part_read(relay, number, own.begun_at);
    crew_turn_wait(crew);
    if (!is_right() && is_read_again(relay, number)) {
        piece_forget(l, &place);
        piece_begin(l, crew);
        settle();
        end = part_read(relay, number, (uint64_t)turn_number(TURN_BEGINS));
    }
    if (!own.is_settled || range_partition(l)->holding) {
        piece_forget(l, &place);
        return false;
    }
    output_flush(&l->output);
    turn_set(own.turn, l, end);
    return true;
}

/* --- a process that reads whole files --- */

/* What is made of a file before its turn may take so much memory in each process: so many bytes,
 * and that part of all for all of them. */
#define KEPT_BYTES ((size_t)256 << 20)
#define KEPT_SHARE 4

static struct {
    struct crew *crew;
    struct loop *loop;
    const struct range *range;
    uint64_t most;
    bool turn; /* it is this piece's */
} whole;

static bool whole_may_write(void)
{
    if (whole.turn) return own.is_settled;
    if (!crew_is_turn() && whole.loop->output.buffer.len < whole.most) return false;
    crew_turn_wait(whole.crew);
    whole.turn = true;
    whole.loop->admission.batch.full |= !is_right();
    return own.is_settled;
}

/* Reads on only as long as the run needs not read it, too. */
static void whole_look(struct loop *l, const struct input *input)
{
    (void)input;
    if (l->handover.position + l->handover.buffer.len > whole.most ||
        range_is_framed(l, whole.range))
        l->admission.batch.full = true;
}

/* False: it is left to the run, by which rows that are out already will be made once more. */
static bool whole_do(const struct relay *relay, struct crew *crew, uint64_t number)
{
    struct loop *const l = relay->loop;
    const struct witness_place place = witness_place(&l->admission.witness);
    whole.crew = crew;
    whole.loop = l;
    whole.range = &relay->file[number];
    whole.turn = false;
    l->admission.batch.full = false;
    range_select(l, whole.range);
    relay->read_range(l);
    batch_deliver(&l->admission.batch);
    if (!whole.turn) crew_turn_wait(crew);
    whole.turn = true;
    const bool is_for_run = l->admission.batch.full || range_is_for_run(l, whole.range);
    if (!is_right() || range_partition(l)->holding || (is_for_run && stop_signal == 0)) {
        piece_forget(l, &place);
        return false;
    }
    output_flush(&l->output);
    turn_set(own.turn, l, 0);
    return true;
}

/* TERM, from the run, ends it as it ends a run: what has been read of the piece is written, and
 * nobody goes on. */
static bool piece_do(void *self, struct crew *crew, uint64_t number)
{
    const struct relay *const relay = self;
    struct loop *const l = relay->loop;
    piece_begin(l, crew);
    own.is_settled = false;
    const bool done = (l->whole_files ? whole_do : part_do)(relay, crew, number);
    const bool goes_on = stop_signal == 0;
    if (goes_on && done) crew_turn_pass(crew);
    output_flush(&l->handover);
    result_write(l, crew, !done);
    return goes_on;
}

static void process_begin(void *self, struct crew *crew)
{
    const struct relay *const relay = self;
    struct loop *const l = relay->loop;
    range_serve(l);
    own.loop = l;
    own.turn = crew_shared(crew);
    l->output.may_write = l->whole_files ? whole_may_write : may_write;
    if (!l->whole_files) return;
    const size_t share = held.most / KEPT_SHARE / (size_t)relay->count;
    whole.most = share < KEPT_BYTES ? share : KEPT_BYTES;
    l->look = whole_look;
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
    partition_advance(&l->admission.clock, partition, largest_us);
    partition->began |= largest_us != TIME_NONE;
    l->run.end_time_us = l->admission.clock.largest_us;
    batch_deliver(&l->admission.batch);
    (void)tick(l);
}

/* The run itself reads a piece, of whose rows so many bytes are out. */
static void left_read(const struct relay *relay, struct crew *crew, uint64_t number, uint64_t out)
{
    struct loop *const l = relay->loop;
    _Atomic int64_t *const turn = crew_shared(crew);
    l->output.skip = out;
    const uint64_t begins = (uint64_t)atomic_load(&turn[TURN_BEGINS]);
    const uint64_t end = part_read(relay, number, begins);
    output_flush(&l->output);
    turn_set(turn, l, end);
}

/* Files that a process has left to the run cost it a look, or more: after so many it reads the
 * rest. */
#define LEFT_MOST 2

/* The pieces in order; returns how many of them are done, or will not be done any more. */
static uint64_t pieces_take(const struct relay *relay, struct crew *crew)
{
    struct loop *const l = relay->loop;
    int left = 0;
    for (uint64_t i = 0; i < relay->pieces; i++) {
        crew_ask(crew, i + crew_slots(crew));
        const struct crew_result *const result = crew_take(crew, i);
        if (result == NULL) return relay->pieces;
        const struct slice part = result->part[RANGE_RESULT];
        struct unpack in = {.at = part.text, .end = part.text + part.len};
        const bool is_left = unpack_u8(&in) != 0;
        const uint64_t written = unpack_u64(&in);
        l->output.position += written;
        if (!is_left) {
            relay_add(l, &in, result->part[RANGE_EVENTS]);
            if (result->header.stopped) return relay->pieces;
            continue;
        }
        left_read(relay, crew, i, written);
        if ((l->whole_files && ++left > LEFT_MOST) || stop_signal != 0) return i + 1;
        crew_turn_give(crew, i + 1);
    }
    return relay->pieces;
}

/* What pieces there are; false: too few. */
static bool pieces_make(struct relay *relay, int count)
{
    struct loop *const l = relay->loop;
    if (l->whole_files) {
        int pieces;
        relay->file = range_files(l, count, &pieces);
        relay->pieces = (uint64_t)pieces;
    } else if (l->in_doubt) {
        borders_make(relay, &l->inputs);
    } else {
        relay->pieces = (l->inputs.bytes_total + PIECE_BYTES - 1) / PIECE_BYTES;
    }
    return relay->pieces >= 2;
}

static void pieces_do(const struct relay *relay, int count)
{
    struct loop *const l = relay->loop;
    const struct crew_task task = {
        .pieces = relay->pieces,
        .self = (void *)(uintptr_t)relay,
        .begin = process_begin,
        .piece = piece_do,
        .tick = run_tick,
    };
    struct crew *const crew = crew_new(&task, count);
    atomic_store(&crew_shared(crew)[TURN_COME], TIME_NONE);
    if (l->whole_files)
        l->inputs.jobs = 1;
    else
        range_hint(l);
    const uint64_t done = pieces_take(relay, crew);
    crew_free(crew);
    l->inputs.jobs = count;
    if (done == relay->pieces || stop_signal != 0) return;
    const struct range rest = {.begin = relay->file[done].begin, .end = range_end(l)};
    range_select(l, &rest);
    relay->read_range(l);
    batch_deliver(&l->admission.batch);
    output_flush(&l->output);
}

bool relay_run(struct loop *l, int count, void (*read_range)(struct loop *l))
{
    if (!range_is_singly(l)) return false;
    struct relay relay = {.loop = l, .read_range = read_range, .count = count};
    const bool enough = pieces_make(&relay, count);
    if (enough) pieces_do(&relay, count);
    free(relay.border);
    free(relay.file);
    return enough;
}
