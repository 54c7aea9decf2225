#include "run/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"
#include "base/pack.h"
#include "run/range.h"
#include "run/common_options.h"
#include "run/signals.h"
#include "run/tick.h"

/* Large enough that passing the turn on costs nothing, small enough for the second cache. */
#define PIECE_BYTES ((uint64_t)2 << 20)

struct runner {
    pid_t pid;
    int result[2]; /* to the run: each piece's, its length before it */
    int baton[2];  /* a byte for each piece whose rows may be written */
};

struct relay {
    struct runner *runner;
    int count;
    pid_t run;
    uint64_t pieces;
};

/* The piece whose rows may be written; shared by all processes. */
static _Atomic uint64_t *turn;
/* The one this process is reading. */
static uint64_t mine;

static bool is_my_turn(void)
{
    return atomic_load_explicit(turn, memory_order_acquire) == mine;
}

/* What is handed over goes with a piece's result. */
static bool never(void)
{
    return false;
}

/* --- a runner --- */

/* Forgets all of the piece before. Nothing is late: what depends on event time is for the run. */
static void piece_begin(struct loop *l, uint64_t number)
{
    mine = number;
    l->stats = (struct stats){0};
    l->run.counters = (struct counters){0};
    misnumber_release(&l->run.misnumbers);
    expr_errors = 0;
    l->rows_before = 0 - rows_count(l->run.rows);
    l->inputs.bytes_read = 0;
    for (int i = 0; i < l->inputs.count; i++)
        l->inputs.input[i].lines = 0;
    buffer_clear(&l->handover.buffer);
    l->output.position = 0;
    struct partition *partition = range_partition(l);
    l->admission.clock.lateness_us = INT64_MAX;
    clock_restart(&l->admission.clock, partition);
    l->admission.batch.told_us = TIME_NONE;
    l->run.first_time_us = INT64_MAX;
}

static void piece_read(struct loop *l, const struct relay *relay, void (*read_range)(struct loop *))
{
    const uint64_t from = mine * PIECE_BYTES;
    const struct range range = {
        .begin = mine == 0 ? 0 : range_cut(&l->inputs, from),
        .end = mine + 1 == relay->pieces ? l->inputs.bytes_total
                                         : range_cut(&l->inputs, from + PIECE_BYTES),
    };
    if (range.begin >= range.end) return;
    range_select(l, &range);
    read_range(l);
    batch_deliver(&l->admission.batch);
}

static void baton_take(const struct runner *runner)
{
    char baton;
    while (read(runner->baton[0], &baton, 1) < 0)
        if (errno != EINTR) die_errno("waiting for another job");
}

static void baton_give(const struct runner *runner)
{
    if (write(runner->baton[1], "", 1) != 1) die_errno("another job");
}

static void result_send(struct loop *l, bool whole, struct buffer *result, int fd)
{
    buffer_clear(result);
    pack_u8(result, whole);
    pack_u64(result, l->output.position);
    pack_i64(result, l->admission.clock.largest_us);
    pack_i64(result, l->run.first_time_us);
    pack_text(result, buffer_slice(&l->handover.buffer));
    range_pack(l, result);
    const uint64_t len = result->len;
    struct output to_run = {.name = "another job", .fd = fd};
    output_write(&to_run, (struct slice){.text = (const char *)&len, .len = sizeof(len)});
    output_write(&to_run, buffer_slice(result));
}

/* TERM, from the run, ends it as it ends a run: what has been read of the piece is written, and
 * nobody goes on. */
static _Noreturn void runner_run(const struct relay *relay, int number, struct loop *l,
                                 void (*read_range)(struct loop *l))
{
    const struct runner *runner = &relay->runner[number];
    struct buffer result = {0};
    range_serve(l, relay->run);
    signal(SIGINT, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    l->output.may_write = is_my_turn;
    l->handover.may_write = never;
    bool whole = true;
    for (uint64_t i = (uint64_t)number; whole && i < relay->pieces; i += (uint64_t)relay->count) {
        piece_begin(l, i);
        piece_read(l, relay, read_range);
        baton_take(runner);
        output_flush(&l->output);
        whole = stop_signal == 0;
        if (whole) {
            atomic_store_explicit(turn, i + 1, memory_order_release);
            baton_give(&relay->runner[(number + 1) % relay->count]);
        }
        result_send(l, whole, &result, runner->result[1]);
    }
    _exit(EXIT_DONE);
}

/* --- the run --- */

static void relay_begin(struct relay *relay, struct loop *l, void (*read_range)(struct loop *l))
{
    turn = mmap(NULL, sizeof *turn, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (turn == MAP_FAILED) die_errno("mmap");
    relay->runner = memory_zero((size_t)relay->count, sizeof relay->runner[0]);
    for (int i = 0; i < relay->count; i++)
        if (pipe2(relay->runner[i].baton, O_CLOEXEC) != 0) die_errno("pipe");
    for (int i = 0; i < relay->count; i++) {
        struct runner *runner = &relay->runner[i];
        if (pipe2(runner->result, O_CLOEXEC) != 0) die_errno("pipe");
        runner->pid = fork();
        if (runner->pid < 0) die_errno("fork");
        if (runner->pid == 0) runner_run(relay, i, l, read_range);
        close(runner->result[1]); /* so that its end is seen */
    }
    baton_give(&relay->runner[0]);
}

/* Whoever has had a TERM already is none the worse for another one. */
static void stop_pass_on(const struct relay *relay)
{
    for (int i = 0; i < relay->count; i++)
        kill(relay->runner[i].pid, SIGTERM);
}

static void result_read(const struct relay *relay, const struct runner *runner, char *into,
                        size_t len)
{
    static bool passed_on;
    while (len != 0) {
        const ssize_t got = read(runner->result[0], into, len);
        if (stop_signal != 0 && !passed_on) {
            passed_on = true;
            stop_pass_on(relay);
        }
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die_errno("another job");
        if (got == 0) range_failed(range_wait(runner->pid));
        into += got;
        len -= (size_t)got;
    }
}

/* Takes the next piece's; false: a signal has ended it before its end. */
static bool result_take(const struct relay *relay, const struct runner *runner, struct loop *l,
                        struct buffer *result)
{
    uint64_t len;
    result_read(relay, runner, (char *)&len, sizeof(len));
    buffer_clear(result);
    result_read(relay, runner, buffer_reserve(result, len), len);
    struct unpack in = {.at = result->data, .end = result->data + len};
    const bool whole = unpack_u8(&in) != 0;
    if (!whole && stop_signal == 0) die("another job was stopped");
    l->output.position += unpack_u64(&in);
    struct partition *partition = range_partition(l);
    const int64_t before_us = partition->largest_us;
    const int64_t largest_us = unpack_i64(&in), first_us = unpack_i64(&in);
    const struct slice handed = unpack_text(&in);
    range_add(l, &in, handed, (struct slice){0});
    if (first_us < before_us && before_us - first_us > l->stats.disorder_us)
        l->stats.disorder_us = before_us - first_us;
    if (largest_us != TIME_NONE) partition_advance(&l->admission.clock, partition, largest_us);
    l->run.end_time_us = l->admission.clock.largest_us;
    batch_deliver(&l->admission.batch);
    (void)tick(l);
    return whole;
}

static void relay_end(const struct relay *relay)
{
    for (int i = 0; i < relay->count; i++) {
        struct runner *runner = &relay->runner[i];
        kill(runner->pid, SIGKILL); /* what it still does is for nothing */
        (void)range_wait(runner->pid);
        close(runner->result[0]);
        close(runner->baton[0]);
        close(runner->baton[1]);
    }
    free(relay->runner);
    munmap((void *)turn, sizeof *turn);
}

bool relay_run(struct loop *l, int count, void (*read_range)(struct loop *l))
{
    if (!l->analysis->ranges->singly || options->max_jump_us != 0 || options->max_ahead_us != 0)
        return false;
    struct relay relay = {
        .count = count,
        .run = getpid(),
        .pieces = (l->inputs.bytes_total + PIECE_BYTES - 1) / PIECE_BYTES,
    };
    if (relay.pieces < 2) return false;
    relay_begin(&relay, l, read_range);
    struct buffer result = {0};
    for (uint64_t i = 0; i < relay.pieces; i++)
        if (!result_take(&relay, &relay.runner[i % (uint64_t)count], l, &result)) break;
    buffer_release(&result);
    relay_end(&relay);
    return true;
}
