#include "run/jobs.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/memory.h"
#include "base/pack.h"
#include "run/common_options.h"
#include "run/crew.h"
#include "run/range.h"
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
/* So much is read before the run announces event time, and a worker looks whether it was wrong. */
#define STEP_BYTES ((uint64_t)4 << 20)
/* How much before a range is looked at for the event time there. */
#define SEED_BYTES ((uint64_t)1 << 20)

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

static bool worker_is_wrong(void)
{
    return atomic_load_explicit(announced_us, memory_order_relaxed) > worker_seed_us;
}

/* Rows and events that wait are in memory, too. */
static bool worker_goes_on(struct loop *l)
{
    if (held.total + l->output.position + l->handover.position > held.most)
        l->admission.batch.full = true;
    return !l->admission.batch.full && !worker_is_wrong();
}

/* Everything the run has to know of a range. */
static void result_pack(struct loop *l, int64_t seed_us, struct buffer *out)
{
    pack_i64(out, seed_us);
    pack_u8(out, l->admission.batch.full || range_partition(l)->holding);
    pack_u64(out, l->admission.batch.keys_most);
    clock_save(&l->admission.clock, out);
    range_pack(l, out);
}

/* From event time as it was before the range, or as it is guessed to have been. */
static void worker_read(const struct jobs *jobs, const struct range *range, int64_t seed_us)
{
    struct loop *const l = jobs->loop;
    const struct ranges *const ranges = l->analysis->ranges;
    struct partition *const partition = range_partition(l);
    partition_advance(&l->admission.clock, partition, seed_us);
    partition->began = true;
    l->admission.batch.announced_us = clock_watermark(&l->admission.clock);
    l->run.end_time_us = seed_us;
    if (ranges->begin != NULL)
        ranges->begin(&l->run, ranges->reach == NULL || jobs->large ? seed_us : INT64_MAX);
    range_read(l, range, jobs->read_range, worker_goes_on);
}

/* A process of the crew begins a piece: where its rows, events and result go, and how much it may
 * hold. */
static void piece_begin(const struct jobs *jobs, struct crew *crew, struct output *result)
{
    struct loop *const l = jobs->loop;
    l->output = (struct output){0};
    l->handover = (struct output){0};
    crew_output(crew, RANGE_ROWS, &l->output);
    crew_output(crew, RANGE_EVENTS, &l->handover);
    crew_output(crew, RANGE_RESULT, result);
    held_bound(held.most / 2 / (size_t)jobs->at_once);
}

/* A result without event time says that there is none. */
static bool worker_run(void *self, struct crew *crew, uint64_t number)
{
    const struct jobs *const jobs = self;
    struct loop *const l = jobs->loop;
    const struct range *const range = &jobs->range[number + 1];
    struct output result = {0};
    piece_begin(jobs, crew, &result);
    const int64_t come_us = atomic_load_explicit(announced_us, memory_order_relaxed);
    const int64_t seed_us = instant_max(seed_time(l, range->begin), come_us);
    worker_seed_us = seed_us;
    range_select(l, range);
    if (seed_us != TIME_NONE && seed_us != INT64_MAX) worker_read(jobs, range, seed_us);
    if (seed_us == INT64_MAX || worker_is_wrong()) {
        pack_i64(&result.buffer, TIME_NONE);
    } else {
        batch_deliver(&l->admission.batch);
        output_flush(&l->output);
        output_flush(&l->handover);
        result_pack(l, seed_us, &result.buffer);
    }
    output_flush(&result);
    return true;
}

/* --- a worker that reads whole files --- */

/* What is open at the end of the range begins at or before that; TIME_NONE: nothing was read. */
static int64_t files_border_us;

static int64_t sum_most(int64_t a_us, int64_t b_us)
{
    int64_t sum_us;
    return __builtin_add_overflow(a_us, b_us, &sum_us) ? INT64_MAX : sum_us;
}

/* The largest event_time in the lines that have been read; INT64_MAX: there is none. */
static int64_t block_time(struct loop *l, const struct input *input)
{
    const char *p = input->data + input->start;
    const char *const last = memrchr(p, '\n', input->end - input->start);
    int64_t largest_us = TIME_NONE;
    while (last != NULL && p <= last) {
        int64_t time_us;
        p = admission_peek(&l->admission, p, &time_us);
        if (time_us > largest_us) largest_us = time_us;
    }
    return largest_us == TIME_NONE ? INT64_MAX : largest_us;
}

/* Where it matters for long what an id did before (ranges.reach), all events are passed on. */
static void files_begin(struct loop *l, int64_t border_us)
{
    const struct ranges *const ranges = l->analysis->ranges;
    if (ranges->reach != NULL) border_us = INT64_MAX;
    files_border_us = border_us;
    if (ranges->begin != NULL) ranges->begin(&l->run, border_us);
}

/* How far event time has come before is not to be seen. It is guessed to be at most a little ahead
 * of what is read first. */
static void files_look(struct loop *l, const struct input *input)
{
    if (files_border_us == TIME_NONE && input->end > input->start)
        files_begin(l, sum_most(block_time(l, input), l->run.settings.lateness_us));
    if (held.total + l->output.position + l->handover.position > held.most || is_given_up())
        l->admission.batch.full = true;
}

/* What the run needs to judge whether event time before the range would have made a difference. */
struct files_result {
    bool in_doubt;
    int64_t border_us, first_us, behind_us, disorder_us;
    uint64_t future;
};

static void files_result_pack(struct loop *l, const struct range *range, struct buffer *out)
{
    pack_u8(out,
            l->admission.batch.full || range_partition(l)->holding || range_is_for_run(l, range));
    pack_i64(out, files_border_us);
    pack_i64(out, l->run.first_time_us);
    pack_i64(out, l->run.behind_time_us);
    pack_i64(out, l->stats.disorder_us);
    pack_u64(out, l->stats.rejected_by[REASON_FUTURE]);
    pack_u64(out, l->admission.batch.keys_most);
    clock_save(&l->admission.clock, out);
    range_pack(l, out);
}

static struct files_result files_result_unpack(struct unpack *in)
{
    struct files_result result;
    result.in_doubt = unpack_u8(in) != 0;
    result.border_us = unpack_i64(in);
    result.first_us = unpack_i64(in);
    result.behind_us = unpack_i64(in);
    result.disorder_us = unpack_i64(in);
    result.future = unpack_u64(in);
    return result;
}

/* Event time had come to largest_us before a range that was read as if there had been nothing. Are
 * the same events late, and the same ones held and refused by --max-jump, and is no window printed
 * that may have held some before?
 *
 * An event is late by the largest event_time so far. That was this range's own, or largest_us as
 * long as that was more. In the second case no event may be behind that was not: the earliest one
 * is not. Nor may one have been behind already: when first one was, the range had come as far. */
static bool files_fit(const struct loop *l, const struct files_result *result, int64_t largest_us)
{
    const int64_t jump_us = options->max_jump_us;
    if (result->first_us == INT64_MAX) return result->future == 0;
    const int64_t from_us = sum_most(result->first_us, l->run.settings.lateness_us);
    /* The first event is at most so late. */
    const int64_t begin_us = sum_most(result->first_us, result->disorder_us);
    return largest_us <= from_us && largest_us <= result->behind_us &&
           largest_us <= result->border_us && result->future == 0 &&
           (jump_us == 0 || begin_us <= sum_most(largest_us, jump_us));
}

static bool files_run(void *self, struct crew *crew, uint64_t number)
{
    const struct jobs *const jobs = self;
    struct loop *const l = jobs->loop;
    const struct range *const range = &jobs->range[number + 1];
    struct output result = {0};
    piece_begin(jobs, crew, &result);
    files_border_us = TIME_NONE;
    l->look = files_look;
    range_read(l, range, jobs->read_range, NULL);
    if (files_border_us == TIME_NONE) files_begin(l, INT64_MAX);
    batch_deliver(&l->admission.batch);
    output_flush(&l->output);
    output_flush(&l->handover);
    files_result_pack(l, range, &result.buffer);
    output_flush(&result);
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

/* Adds what a worker has made to the run. */
static void result_add(struct loop *l, const struct crew_result *made, struct unpack *in)
{
    const struct slice rows = made->part[RANGE_ROWS];
    struct clock *const clock = &l->admission.clock;
    const int64_t floor_us = clock->floor_us, largest_us = range_partition(l)->largest_us;
    l->before_us = clock_watermark(clock);
    (void)clock_load(clock, in); /* range_add sees what is broken */
    if (floor_us > clock->floor_us) clock->floor_us = floor_us;
    partition_advance(clock, range_partition(l), largest_us);
    l->run.end_time_us = clock->largest_us;
    range_add(l, in, made->part[RANGE_EVENTS], rows);
    batch_deliver(&l->admission.batch); /* the watermark moves on, and prints what is complete */
    if (l->analysis->ranges->weave == NULL) rows_pass(l->run.rows, rows);
    (void)tick(l);
}

/* Are the run's keys and those of a worker together surely within their bound? */
static bool keys_fit(const struct loop *l, uint64_t keys_most)
{
    return batch_keys(&l->admission.batch) + keys_most <= (uint64_t)options->max_keys;
}

/* Takes what a worker has made of whole files, if that is what the run would have made of them. */
static bool files_take(struct loop *l, const struct crew_result *made)
{
    const struct slice part = made->part[RANGE_RESULT];
    struct unpack in = {.at = part.text, .end = part.text + part.len};
    const struct partition *const partition = range_partition(l);
    const int64_t largest_us = partition->largest_us;
    const struct files_result result = files_result_unpack(&in);
    const uint64_t keys_most = unpack_u64(&in);
    if (result.in_doubt || largest_us == TIME_NONE || partition->holding ||
        !keys_fit(l, keys_most) || !files_fit(l, &result, largest_us))
        return false;
    if (result.first_us != INT64_MAX && largest_us - result.first_us > l->stats.disorder_us)
        l->stats.disorder_us = largest_us - result.first_us;
    result_add(l, made, &in);
    return true;
}

/* Takes what a worker has made, if it began with the right event time, holds nothing back, and its
 * keys and the run's together are surely within their bound. */
static bool range_take(struct loop *l, const struct crew_result *made)
{
    const struct slice result = made->part[RANGE_RESULT];
    struct unpack in = {.at = result.text, .end = result.text + result.len};
    const struct partition *partition = range_partition(l);
    /* What --max-jump holds at a range's end is for whoever reads the next line. */
    const int64_t seed_us = unpack_i64(&in);
    const bool holds = unpack_u8(&in) != 0;
    const uint64_t keys_most = unpack_u64(&in);
    const bool right = seed_us == partition->largest_us && seed_us != TIME_NONE && !holds &&
                       !partition->holding && (partition->began || options->max_jump_us == 0) &&
                       keys_fit(l, keys_most);
    if (right) result_add(l, made, &in);
    return right;
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
            taken = l->whole_files ? files_take(l, made) : range_take(l, made);
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
