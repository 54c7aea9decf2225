#include "run/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"
#include "base/pack.h"
#include "run/range.h"
#include "run/common_options.h"
#include "run/signals.h"
#include "run/tick.h"

/* A range's rows, and events it leaves to the run, are kept in memory until it is their turn: so a
 * range is no larger than this. What is open at its end is handed over and added up, which is work
 * that one job does not have: so it is no smaller than that memory asks for. */
#define RANGE_BYTES_MAX ((uint64_t)256 << 20)
#define RANGE_BYTES_MAX_BULKY ((uint64_t)32 << 20) /* ranges.bulky */
/* What was there before a range may matter in it for long (ranges.reach). Where that is at most one
 * part in so many of a range of this size, the rest is worth its rows' memory. */
#define RANGE_BYTES_LARGE ((uint64_t)1 << 30)
#define BORDER_SHARE 3
/* The first such range is larger by one part of these: the run has no rows to hand over. */
#define QUARTERS 4
/* So much is read before the run tells event time, and a worker looks whether it was wrong. */
#define PIECE_BYTES ((uint64_t)4 << 20)
/* How much before a range is looked at for the event time there. */
#define SEED_BYTES ((uint64_t)1 << 20)

/* A file in memory, which a worker writes and the run reads; it keeps its pages from range to
 * range, of which a range's bytes are the first. */
struct memfile {
    int fd;
    struct slice view; /* the run's, of all bytes */
};

/* What a worker hands its work over in. Range i has slot i % at_once; a slot is used again once its
 * range is taken. */
struct slot {
    struct memfile rows, handover, result;
    int done[2];  /* a pipe: the worker's status, as waitpid has it */
    pid_t worker; /* for the nursery */
};

/* Event time, as far as the run has come: all of it lies before any range that a worker reads.
 * INT64_MAX: workers are given up. Shared by all processes. */
static _Atomic int64_t *told_us;

struct jobs {
    struct range *range;
    int count, at_once;
    int begun;  /* ranges that a worker was asked for, and the first */
    bool large; /* ranges of which the command can do a good deal by itself */
    struct slot *slot;
    pid_t nursery;
    int request[2]; /* to it, a pipe: the numbers of ranges */
};

/* --- where ranges begin --- */

/* The largest event_time in the last piece before a range: a guess that the run checks. */
static int64_t seed_time(struct loop *l, uint64_t begin)
{
    uint64_t base = 0;
    int64_t largest_us = TIME_NONE;
    char *piece = memory_new(SEED_BYTES + 1 + SCAN_PADDING);
    for (int i = 0; i < l->inputs.count; i++) {
        const struct input *input = &l->inputs.input[i];
        const uint64_t end = base + input->size < begin ? base + input->size : begin;
        const uint64_t from = end > base + SEED_BYTES ? end - SEED_BYTES : base;
        if (end > base && end + SEED_BYTES > begin) {
            const size_t len = range_peek(input, from - base, piece, end - from);
            memset(piece + len, 0, 1 + SCAN_PADDING);
            piece[len] = '\n';
            const char *p = from > base ? (const char *)rawmemchr(piece, '\n') + 1 : piece;
            while (p < piece + len) {
                int64_t time_us;
                p = admission_peek(&l->admission, p, &time_us);
                if (time_us > largest_us) largest_us = time_us;
            }
        }
        base += input->size;
        if (base >= begin) break;
    }
    free(piece);
    return largest_us;
}

/* How many bytes of input it takes until what was there before does not matter any more. */
static uint64_t reach_bytes(struct loop *l)
{
    const uint64_t total = l->inputs.bytes_total;
    const int64_t from_us = seed_time(l, total < SEED_BYTES ? total : SEED_BYTES);
    const int64_t to_us = seed_time(l, total);
    int64_t reach_us;
    if (from_us == TIME_NONE || to_us <= from_us ||
        __builtin_add_overflow(l->analysis->ranges->reach(&l->run), l->run.settings.lateness_us,
                               &reach_us) ||
        reach_us >= to_us - from_us)
        return total;
    return (uint64_t)((double)total * (double)reach_us / (double)(to_us - from_us));
}

/* Is most of a large range out of reach of what was there before? */
static bool is_worth_large(const struct jobs *jobs, struct loop *l)
{
    if (l->analysis->ranges->reach == NULL) return false;
    const uint64_t share = l->inputs.bytes_total / (uint64_t)jobs->at_once;
    const uint64_t large = share < RANGE_BYTES_LARGE ? share : RANGE_BYTES_LARGE;
    return reach_bytes(l) <= large / BORDER_SHARE;
}

/* How large a range may be at the most. */
static uint64_t range_most(const struct jobs *jobs, const struct loop *l)
{
    if (jobs->large) return RANGE_BYTES_LARGE;
    return l->analysis->ranges->bulky ? RANGE_BYTES_MAX_BULKY : RANGE_BYTES_MAX;
}

/* As many ranges for each job. */
static void ranges_make(struct jobs *jobs, struct loop *l)
{
    const struct inputs *inputs = &l->inputs;
    const uint64_t total = inputs->bytes_total, jobs_count = (uint64_t)jobs->at_once;
    jobs->large = is_worth_large(jobs, l);
    const uint64_t most = jobs_count * range_most(jobs, l);
    const uint64_t ranges = (total + most - 1) / most * jobs_count;
    const uint64_t first = jobs->large ? QUARTERS + 1 : QUARTERS;
    const uint64_t quarter = total / (first + QUARTERS * (ranges - 1));
    jobs->range = memory_zero((size_t)ranges, sizeof jobs->range[0]);
    uint64_t begin = 0;
    for (uint64_t i = 1; i <= ranges && begin < total; i++) {
        const uint64_t end =
            i == ranges ? total : range_cut(inputs, quarter * (first + QUARTERS * (i - 1)));
        if (end <= begin) continue;
        jobs->range[jobs->count++] = (struct range){.begin = begin, .end = end};
        begin = end;
    }
}

/* Reads a range piece by piece, while after each go_on says so. */
static void range_read(struct loop *l, const struct range *range,
                       void (*read_range)(struct loop *l), bool (*go_on)(struct loop *l))
{
    struct range piece = {.end = range->begin};
    do {
        piece.begin = piece.end;
        piece.end = range->end - piece.begin <= PIECE_BYTES
                        ? range->end
                        : range_cut(&l->inputs, piece.begin + PIECE_BYTES);
        if (piece.end > range->end) piece.end = range->end;
        range_select(l, &piece);
        read_range(l);
    } while (piece.end < range->end && stop_signal == 0 && go_on(l));
}

/* --- a worker --- */

/* What event time it was in front of this worker's range, as it thinks. */
static int64_t worker_seed_us;

static bool worker_is_wrong(void)
{
    return atomic_load_explicit(told_us, memory_order_relaxed) > worker_seed_us;
}

/* Rows and events that wait are in memory, too. */
static bool worker_goes_on(struct loop *l)
{
    if (held.total + l->output.position + l->handover.position > held.most)
        l->admission.batch.full = true;
    return !l->admission.batch.full && !worker_is_wrong();
}

/* Everything the run has to know of a range. */
static void result_pack(struct loop *l, int64_t seed_us, uint64_t handed, struct buffer *out)
{
    pack_i64(out, seed_us);
    pack_u8(out, l->admission.batch.full || range_partition(l)->holding);
    pack_u64(out, l->admission.batch.keys_most);
    pack_u64(out, l->output.position);
    pack_u64(out, handed);
    clock_save(&l->admission.clock, out);
    range_pack(l, out);
}

static _Noreturn void worker_run(struct loop *l, const struct jobs *jobs, int number,
                                 void (*read_range)(struct loop *l))
{
    const struct range *range = &jobs->range[number];
    const struct slot *slot = &jobs->slot[number % jobs->at_once];
    l->output = (struct output){.name = "memory for rows", .fd = slot->rows.fd};
    l->handover = (struct output){.name = "memory for events", .fd = slot->handover.fd};
    held_bound(held.most / 2 / (size_t)jobs->at_once);
    const int64_t come_us = atomic_load_explicit(told_us, memory_order_relaxed);
    const int64_t seed_us = instant_latest(seed_time(l, range->begin), come_us);
    worker_seed_us = seed_us;
    range_select(l, range);
    if (seed_us != TIME_NONE && seed_us != INT64_MAX) {
        struct partition *partition = range_partition(l);
        partition_advance(&l->admission.clock, partition, seed_us);
        partition->began = true;
        l->admission.batch.told_us = clock_watermark(&l->admission.clock);
        l->run.end_time_us = seed_us;
        const struct ranges *const ranges = l->analysis->ranges;
        if (ranges->begin != NULL)
            ranges->begin(&l->run, ranges->reach == NULL || jobs->large ? seed_us : INT64_MAX);
        range_read(l, range, read_range, worker_goes_on);
    }
    struct output result = {.name = "memory for results", .fd = slot->result.fd};
    if (seed_us == INT64_MAX || worker_is_wrong()) {
        pack_i64(&result.buffer, TIME_NONE);
        output_flush(&result);
        _exit(EXIT_DONE);
    }
    batch_deliver(&l->admission.batch);
    output_flush(&l->output);
    output_flush(&l->handover);
    const uint64_t handed = l->handover.position;
    memset(buffer_reserve(&l->handover.buffer, VALUE_PADDING), 0, VALUE_PADDING);
    l->handover.buffer.len = VALUE_PADDING;
    output_flush(&l->handover);
    result_pack(l, seed_us, handed, &result.buffer);
    output_flush(&result);
    _exit(EXIT_DONE);
}

/* In the nursery: workers that have ended. */
static struct jobs *nursery_jobs;

static void on_worker_end(int signal)
{
    (void)signal;
    const int saved = errno;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (int i = 0; i < nursery_jobs->at_once; i++)
            if (nursery_jobs->slot[i].worker == pid)
                (void)!write(nursery_jobs->slot[i].done[1], &status, sizeof status);
    }
    errno = saved;
}

/* The nursery: a process as clean as the run was before it read anything. Workers are forked from
 * it, not from the run, which by then holds what it has read. */
static _Noreturn void nursery_run(struct jobs *jobs, pid_t run, struct loop *l,
                                  void (*read_range)(struct loop *l))
{
    nursery_jobs = jobs;
    die_with(run);
    signal(SIGINT, SIG_IGN); /* the run decides */
    signal(SIGTERM, SIG_IGN);
    const pid_t nursery = getpid();
    sigset_t ends, before;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    const struct sigaction action = {.sa_handler = on_worker_end,
                                     .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    sigaction(SIGCHLD, &action, NULL);
    for (;;) {
        int number;
        const ssize_t got = read(jobs->request[0], &number, sizeof number);
        if (got < 0 && errno == EINTR) continue;
        if (got != sizeof number) _exit(EXIT_DONE);
        struct slot *slot = &jobs->slot[number % jobs->at_once];
        sigprocmask(SIG_BLOCK, &ends, &before); /* it must not end before it is known */
        slot->worker = fork();
        if (slot->worker < 0) die_errno("fork");
        if (slot->worker == 0) {
            range_serve(l, nursery);
            signal(SIGCHLD, SIG_DFL);
            sigprocmask(SIG_SETMASK, &before, NULL);
            worker_run(l, jobs, number, read_range);
        }
        sigprocmask(SIG_SETMASK, &before, NULL);
    }
}

static void memfile_open(struct memfile *file, const char *name)
{
    file->fd = memfd_create(name, MFD_CLOEXEC);
    if (file->fd < 0) die_errno("memfd_create");
}

static void nursery_begin(struct jobs *jobs, struct loop *l, void (*read_range)(struct loop *l))
{
    jobs->slot = memory_zero((size_t)jobs->at_once, sizeof jobs->slot[0]);
    for (int i = 0; i < jobs->at_once; i++) {
        struct slot *slot = &jobs->slot[i];
        memfile_open(&slot->rows, "rows");
        memfile_open(&slot->handover, "events");
        memfile_open(&slot->result, "result");
        if (pipe2(slot->done, O_CLOEXEC) != 0) die_errno("pipe");
    }
    if (pipe2(jobs->request, O_CLOEXEC) != 0) die_errno("pipe");
    const pid_t run = getpid();
    jobs->nursery = fork();
    if (jobs->nursery < 0) die_errno("fork");
    if (jobs->nursery == 0) {
        close(jobs->request[1]);
        nursery_run(jobs, run, l, read_range);
    }
    for (int i = 0; i < jobs->at_once; i++)
        close(jobs->slot[i].done[1]); /* so that the nursery's end is seen */
}

/* Asks for the workers of all ranges before that one. Where the nursery is gone (this end of the
 * pipe is open, too, so asking succeeds), their slots say so. */
static void workers_ask(struct jobs *jobs, int until)
{
    for (; jobs->begun < jobs->count && jobs->begun < until; jobs->begun++)
        if (write(jobs->request[1], &jobs->begun, sizeof jobs->begun) != sizeof jobs->begun)
            die_errno("asking for a worker");
}

/* --- the run --- */

static void view_drop(struct slice view)
{
    if (view.text != NULL) munmap((void *)(uintptr_t)view.text, view.len);
}

static void memfile_close(const struct memfile *file)
{
    view_drop(file->view);
    close(file->fd);
}

static void jobs_release(const struct jobs *jobs)
{
    kill(jobs->nursery, SIGKILL); /* and its workers die with it */
    (void)range_wait(jobs->nursery);
    close(jobs->request[0]);
    close(jobs->request[1]);
    for (int i = 0; i < jobs->at_once; i++) {
        memfile_close(&jobs->slot[i].rows);
        memfile_close(&jobs->slot[i].handover);
        memfile_close(&jobs->slot[i].result);
        close(jobs->slot[i].done[0]);
    }
    free(jobs->slot);
    free(jobs->range);
    munmap((void *)told_us, sizeof *told_us);
}

static bool is_given_up(void)
{
    return atomic_load_explicit(told_us, memory_order_relaxed) == INT64_MAX;
}

static void workers_give_up(void)
{
    atomic_store_explicit(told_us, INT64_MAX, memory_order_relaxed);
}

/* Tells how far event time has come; where memory gets short, that workers are given up. */
static bool run_goes_on(struct loop *l)
{
    if (held.total > held.most / 2) workers_give_up();
    if (!is_given_up())
        atomic_store_explicit(told_us, range_partition(l)->largest_us, memory_order_relaxed);
    return true;
}

/* Waits for a slot's worker; false: a signal stops the run first. */
static bool worker_wait(struct loop *l, const struct jobs *jobs, const struct slot *slot)
{
    while (!signals_wait(slot->done[0])) {
        if (stop_signal != 0) return false;
        (void)tick(l);
    }
    int status;
    const ssize_t got = read(slot->done[0], &status, sizeof status);
    if (got < 0) die_errno("waiting for a worker");
    if (got == 0) range_failed(range_wait(jobs->nursery)); /* which has ended itself */
    if (status != 0) range_failed(status);
    return true;
}

/* Brings the view up to the file's size; one without bytes has no text. */
static void memfile_look(struct memfile *file)
{
    struct slice *view = &file->view;
    struct stat stat;
    if (fstat(file->fd, &stat) != 0) die_errno("fstat");
    const size_t size = (size_t)stat.st_size;
    if (size == view->len || size == 0) return;
    view_drop(*view);
    void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, file->fd, 0);
    if (map == MAP_FAILED) die_errno("mmap");
    *view = (struct slice){.text = map, .len = size};
}

/* Takes what a worker has made, and says how many bytes of events that was, if it began with the
 * right event time, holds nothing back, and its keys and the run's together are surely within their
 * bound. */
static bool range_take(struct loop *l, struct slot *slot, uint64_t *bytes_handed)
{
    memfile_look(&slot->rows);
    memfile_look(&slot->handover);
    memfile_look(&slot->result);
    const struct slice result = slot->result.view;
    struct unpack in = {.at = result.text, .end = result.text + result.len};
    const struct partition *partition = range_partition(l);
    /* What --max-jump holds at a range's end is for whoever reads the next line. */
    const int64_t seed_us = unpack_i64(&in);
    const bool holds = unpack_u8(&in) != 0;
    const uint64_t keys_most = batch_keys(&l->admission.batch) + unpack_u64(&in);
    const bool right = seed_us == partition->largest_us && seed_us != TIME_NONE && !holds &&
                       !partition->holding && (partition->began || options->max_jump_us == 0) &&
                       keys_most <= (uint64_t)options->max_keys;
    if (right) {
        const struct slice rows = {.text = slot->rows.view.text, .len = unpack_u64(&in)};
        const struct slice handed = {.text = slot->handover.view.text, .len = unpack_u64(&in)};
        const int64_t floor_us = l->admission.clock.floor_us;
        (void)clock_load(&l->admission.clock, &in); /* range_add sees what is broken */
        if (floor_us > l->admission.clock.floor_us) l->admission.clock.floor_us = floor_us;
        l->run.end_time_us = l->admission.clock.largest_us;
        range_add(l, &in, handed, rows);
        *bytes_handed = handed.len;
        batch_deliver(
            &l->admission.batch); /* the watermark moves on, and prints what is complete */
        if (l->analysis->ranges->weave == NULL) rows_pass(l->run.rows, rows);
        (void)tick(l);
    }
    return right;
}

/* Makes a slot ready for its next range. The offsets are shared with the nursery, and so with the
 * worker to come. */
static void slot_clear(const struct slot *slot)
{
    if (lseek(slot->rows.fd, 0, SEEK_SET) < 0 || lseek(slot->handover.fd, 0, SEEK_SET) < 0 ||
        lseek(slot->result.fd, 0, SEEK_SET) < 0 || ftruncate(slot->result.fd, 0) != 0)
        die_errno("memory for a worker");
}

/* Events that are handed over, with their lines where they are behind, are worth it where most are
 * used and few are behind. Where a file turns back in time they are not: to read it is less work.
 */
static bool is_in_vain(const struct jobs *jobs, const struct loop *l, const struct stats *before,
                       const struct range *range, uint64_t bytes_handed)
{
    if (!l->analysis->ranges->bulky || jobs->large) return false;
    return l->stats.late - before->late > (l->stats.read - before->read) / 2 ||
           bytes_handed > (range->end - range->begin) / 2;
}

bool jobs_run(struct loop *l, int count, void (*read_range)(struct loop *l))
{
    struct jobs jobs = {.at_once = count, .begun = 1}; /* the first range is the run's own */
    ranges_make(&jobs, l);
    if (jobs.count < 2) {
        free(jobs.range);
        return false;
    }
    told_us =
        mmap(NULL, sizeof *told_us, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told_us == MAP_FAILED) die_errno("mmap");
    atomic_init(told_us, TIME_NONE);
    nursery_begin(&jobs, l, read_range);
    workers_ask(&jobs, count);
    range_read(l, &jobs.range[0], read_range, run_goes_on);
    if (is_in_vain(&jobs, l, &(struct stats){0}, &jobs.range[0], 0)) workers_give_up();
    for (int i = 1; i < jobs.count && stop_signal == 0; i++) {
        if (!is_given_up()) workers_ask(&jobs, i + jobs.at_once);
        const struct stats before = l->stats;
        uint64_t bytes_handed = 0;
        bool taken = false;
        if (i < jobs.begun) {
            struct slot *slot = &jobs.slot[i % jobs.at_once];
            if (!worker_wait(l, &jobs, slot)) break;
            taken = range_take(l, slot, &bytes_handed);
            slot_clear(slot);
        }
        if (!taken) range_read(l, &jobs.range[i], read_range, run_goes_on);
        if (is_in_vain(&jobs, l, &before, &jobs.range[i], bytes_handed)) workers_give_up();
        (void)run_goes_on(l);
    }
    jobs_release(&jobs);
    return true;
}
