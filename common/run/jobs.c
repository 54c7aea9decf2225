#include "run/jobs.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/pack.h"
#include "run/common_options.h"
#include "run/crew.h"
#include "run/piece.h"
#include "run/range.h"
#include "run/signals.h"
#include "run/tick.h"

/* A range's rows, and events it leaves to the run, are kept in memory until it is their turn: so a
 * range is no larger than this. What is open at its end is handed over and added up, which is work
 * that one job does not have: so it is no smaller than that memory asks for. */
#define RANGE_BYTES_MAX ((uint64_t)256 << 20)
#define RANGE_BYTES_MAX_BULKY ((uint64_t)32 << 20) /* ranges.bulky */
/* What was there before a range may matter in it for long (ranges.reach). Where it does not in most
 * of a range of this size, that is worth its rows' memory. */
#define RANGE_BYTES_LARGE ((uint64_t)1 << 30)
/* The first such range is larger by one part of these: the run has no rows to hand over. */
#define QUARTERS 4
/* So much is read before the run announces event time, and a worker looks whether it was wrong. */
#define STEP_BYTES ((uint64_t)4 << 20)

struct jobs {
    struct loop *loop;
    void (*read_range)(struct loop *l);
    struct range *range; /* the first is the run's own; the others are the crew's pieces, from 0 */
    int count, at_once;
    bool large; /* ranges of which the command can do a good deal by itself */
};

/* Event time, as far as the run has come: all of it lies before any range that a worker reads.
 * INT64_MAX: workers are given up. Shared by all processes. */
static _Atomic int64_t *announced_us;

static bool is_given_up(void)
{
    return atomic_load_explicit(announced_us, memory_order_relaxed) == INT64_MAX;
}

/* --- where ranges begin --- */

/* Can jobs do most of a large range by themselves? */
static bool is_worth_large(const struct jobs *jobs, struct loop *l)
{
    const uint64_t share = l->inputs.bytes_total / (uint64_t)jobs->at_once;
    return piece_has_own(l, share < RANGE_BYTES_LARGE ? share : RANGE_BYTES_LARGE);
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

/* Reads a range step by step, while after each go_on says so. */
static void range_read(struct loop *l, const struct range *range,
                       void (*read_range)(struct loop *l), bool (*go_on)(struct loop *l))
{
    struct range step = {.end = range->begin};
    if (l->whole_files) {
        range_select(l, range);
        read_range(l);
        return;
    }
    do {
        step.begin = step.end;
        step.end = range->end - step.begin <= STEP_BYTES
                       ? range->end
                       : range_cut(&l->inputs, step.begin + STEP_BYTES);
        if (step.end > range->end) step.end = range->end;
        range_select(l, &step);
        read_range(l);
    } while (step.end < range->end && stop_signal == 0 && go_on(l));
}

/* --- a worker --- */

/* What event time it was in front of this worker's range, as it thinks. */
static int64_t worker_seed_us;

/* Where nothing is ever late it is not wrong as long as it has guessed too little (piece.h). */
static bool worker_is_wrong(const struct loop *l)
{
    const int64_t come_us = atomic_load_explicit(announced_us, memory_order_relaxed);
    return come_us > worker_seed_us &&
           (come_us == INT64_MAX || l->run.settings.lateness_us != INT64_MAX);
}

/* Rows and events that wait are in memory, too. */
static bool worker_goes_on(struct loop *l)
{
    if (held.total + l->output.position + l->handover.position > held.most)
        l->admission.batch.full = true;
    return !l->admission.batch.full && !worker_is_wrong(l);
}

/* A process of the crew begins a piece: where its rows, events and result go, and how much it may
 * hold. */
static void outputs_begin(const struct jobs *jobs, struct crew *crew, struct output *result)
{
    struct loop *const l = jobs->loop;
    l->output = (struct output){0};
    l->handover = (struct output){0};
    crew_output(crew, RANGE_ROWS, &l->output);
    crew_output(crew, RANGE_EVENTS, &l->handover);
    crew_output(crew, RANGE_RESULT, result);
    held_bound(held.most / 2 / (size_t)jobs->at_once);
}

/* Writes what a piece has come to, in its three parts. */
static void outputs_end(struct loop *l, bool in_doubt, struct output *result)
{
    piece_end(l, in_doubt, &result->buffer);
    output_flush(&l->output);
    output_flush(&l->handover);
    output_flush(result);
}

/* Without an event time before its range, and where that turns out wrong, a worker has nothing to
 * hand over: its result is in doubt, and no more. */
static bool worker_run(void *self, struct crew *crew, uint64_t number)
{
    const struct jobs *const jobs = self;
    struct loop *const l = jobs->loop;
    const struct range *const range = &jobs->range[number + 1];
    struct output result = {0};
    outputs_begin(jobs, crew, &result);
    const int64_t come_us = atomic_load_explicit(announced_us, memory_order_relaxed);
    const int64_t seed_us = instant_max(piece_seed(l, range->begin), come_us);
    worker_seed_us = seed_us;
    range_select(l, range);
    if (seed_us != TIME_NONE && seed_us != INT64_MAX) {
        piece_begin(l, seed_us, jobs->large);
        range_read(l, range, jobs->read_range, worker_goes_on);
    }
    if (seed_us != TIME_NONE && seed_us != INT64_MAX && !worker_is_wrong(l)) {
        outputs_end(l, false, &result);
    } else {
        pack_u8(&result.buffer, true);
        output_flush(&result);
    }
    return true;
}

/* --- a worker that reads whole files --- */

static bool files_are_over(const struct loop *l)
{
    return held.total + l->output.position + l->handover.position > held.most || is_given_up();
}

static bool files_run(void *self, struct crew *crew, uint64_t number)
{
    const struct jobs *const jobs = self;
    struct loop *const l = jobs->loop;
    const struct range *const range = &jobs->range[number + 1];
    struct output result = {0};
    outputs_begin(jobs, crew, &result);
    piece_begin_files(l, files_are_over);
    range_read(l, range, jobs->read_range, NULL);
    outputs_end(l, range_is_for_run(l, range), &result);
    return true;
}

static void worker_begin(void *self, struct crew *crew)
{
    announced_us = crew_shared(crew);
    range_serve(((const struct jobs *)self)->loop);
}

/* --- the run --- */

static void workers_give_up(void)
{
    atomic_store_explicit(announced_us, INT64_MAX, memory_order_relaxed);
}

/* Announces how far event time has come; where memory gets short, that workers are given up. */
static bool run_goes_on(struct loop *l)
{
    if (held.total > held.most / 2) workers_give_up();
    if (!is_given_up())
        atomic_store_explicit(announced_us, range_partition(l)->largest_us, memory_order_relaxed);
    return true;
}

static void run_tick(void *self)
{
    (void)tick(((const struct jobs *)self)->loop);
}

/* Events that are handed over, with their lines where they are behind, are worth it where most are
 * used and few are behind. Where a file turns back in time they are not: to read it is less work.
 */
static bool is_in_vain(const struct jobs *jobs, const struct loop *l, const struct stats *before,
                       const struct range *range, uint64_t bytes_handed)
{
    if (!l->analysis->ranges->bulky || jobs->large) return false;
    if (l->stats.late - before->late > (l->stats.read - before->read) / 2) return true;
    return !l->whole_files && bytes_handed > (range->end - range->begin) / 2;
}

/* A worker that has decompressed files in vain has taken a processor from the run: where that
 * happens more often than so, workers are given up. */
#define FILES_WRONG_MOST 2

/* The ranges behind the first, in order; those that no worker has made the run reads itself. */
static void ranges_take(struct jobs *jobs, struct crew *crew)
{
    struct loop *const l = jobs->loop;
    int wrong = 0;
    for (int i = 1; i < jobs->count && stop_signal == 0; i++) {
        const uint64_t piece = (uint64_t)i - 1;
        if (!is_given_up()) crew_ask(crew, piece + crew_slots(crew));
        const struct stats before = l->stats;
        uint64_t bytes_handed = 0;
        bool taken = false;
        if (piece < crew_asked(crew)) {
            const struct crew_result *const made = crew_take(crew, piece);
            if (made == NULL) break;
            const struct piece made_of = {.result = made->part[RANGE_RESULT],
                                          .events = made->part[RANGE_EVENTS],
                                          .rows = made->part[RANGE_ROWS]};
            taken = piece_take(l, &made_of);
            wrong += !taken;
            if (taken) bytes_handed = made->part[RANGE_EVENTS].len;
        }
        if (l->whole_files && wrong > FILES_WRONG_MOST) workers_give_up();
        if (is_given_up()) l->inputs.jobs = jobs->at_once;
        if (!taken) range_read(l, &jobs->range[i], jobs->read_range, run_goes_on);
        if (is_in_vain(jobs, l, &before, &jobs->range[i], bytes_handed)) workers_give_up();
        (void)run_goes_on(l);
    }
}

bool jobs_run(struct loop *l, int count, void (*read_range)(struct loop *l))
{
    if (l->in_doubt) return false;
    struct jobs jobs = {.loop = l, .read_range = read_range, .at_once = count};
    if (l->whole_files)
        jobs.range = range_files(l, count, &jobs.count);
    else
        ranges_make(&jobs, l);
    if (jobs.count < 2) {
        free(jobs.range);
        return false;
    }
    const struct crew_task task = {
        .pieces = (uint64_t)jobs.count - 1,
        .afresh = true,
        .self = &jobs,
        .begin = worker_begin,
        .piece = l->whole_files ? files_run : worker_run,
        .tick = run_tick,
    };
    struct crew *const crew = crew_new(&task, count);
    announced_us = crew_shared(crew);
    atomic_store_explicit(announced_us, TIME_NONE, memory_order_relaxed);
    if (l->whole_files) l->inputs.jobs = 1;
    crew_ask(crew, (uint64_t)count - 1); /* the run is one of them */
    range_read(l, &jobs.range[0], read_range, run_goes_on);
    if (is_in_vain(&jobs, l, &(struct stats){0}, &jobs.range[0], 0)) workers_give_up();
    ranges_take(&jobs, crew);
    crew_free(crew);
    free(jobs.range);
    return true;
}
