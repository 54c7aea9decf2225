#include "run/piece.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/pack.h"
#include "run/common_options.h"
#include "run/range.h"
#include "run/tick.h"

/* What was there before a range may matter in it for long (ranges.reach). The rest is worth being
 * told apart where that is at most one part in so many. */
#define BORDER_SHARE 3
/* How much before a range is looked at for the event time there. */
#define SEED_BYTES ((uint64_t)1 << 20)
/* The same where about when that is will do. */
#define GLANCE_BYTES ((uint64_t)64 << 10)

/* --- before a range is read --- */

/* The largest event_time in so many bytes before that one of the row of inputs. */
static int64_t time_before(struct loop *l, uint64_t begin, uint64_t bytes)
{
    uint64_t base = 0;
    int64_t largest_us = TIME_NONE;
    char *piece = memory_new(bytes + 1 + SCAN_PADDING);
    for (int i = 0; i < l->inputs.count; i++) {
        const struct input *input = &l->inputs.input[i];
        const uint64_t end = base + input->size < begin ? base + input->size : begin;
        const uint64_t from = end > base + bytes ? end - bytes : base;
        if (end > base && end + bytes > begin) {
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

int64_t piece_seed(struct loop *l, uint64_t begin)
{
    return time_before(l, begin, SEED_BYTES);
}

/* How many bytes of input it takes until what was there before does not matter any more. */
static uint64_t reach_bytes(struct loop *l)
{
    const uint64_t total = l->inputs.bytes_total;
    const int64_t from_us =
        time_before(l, total < GLANCE_BYTES ? total : GLANCE_BYTES, GLANCE_BYTES);
    const int64_t to_us = time_before(l, total, GLANCE_BYTES);
    int64_t reach_us;
    if (from_us == TIME_NONE || to_us <= from_us ||
        __builtin_add_overflow(l->analysis->ranges->reach(&l->run), l->run.settings.lateness_us,
                               &reach_us) ||
        reach_us >= to_us - from_us)
        return total;
    return (uint64_t)((double)total * (double)reach_us / (double)(to_us - from_us));
}

bool piece_has_own(struct loop *l, uint64_t bytes)
{
    return l->analysis->ranges->reach != NULL && reach_bytes(l) <= bytes / BORDER_SHARE;
}

/* What event time was in front of the range, as its reader thinks; and for whole files, what is
 * open at their end begins at or before that (TIME_NONE: nothing was read). */
static int64_t begun_us, border_us;

static void border_set(struct loop *l, int64_t at_us)
{
    border_us = at_us;
    if (l->analysis->ranges->begin != NULL) l->analysis->ranges->begin(&l->run, at_us);
}

void piece_begin(struct loop *l, int64_t seed_us, bool has_own)
{
    struct partition *const partition = range_partition(l);
    partition_advance(&l->admission.clock, partition, seed_us);
    partition->began |= seed_us != TIME_NONE;
    l->admission.batch.announced_us = clock_watermark(&l->admission.clock);
    l->run.end_time_us = begun_us = seed_us;
    border_set(l, l->analysis->ranges->reach == NULL || has_own ? seed_us : INT64_MAX);
}

/* --- whole files --- */

static bool (*is_over)(const struct loop *l);

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
static void files_border_set(struct loop *l, int64_t at_us)
{
    border_set(l, l->analysis->ranges->reach == NULL ? at_us : INT64_MAX);
}

/* How far event time has come before is not to be seen. It is guessed to be at most a little ahead
 * of what is read first. */
static void files_look(struct loop *l, const struct input *input)
{
    if (border_us == TIME_NONE && input->end > input->start)
        files_border_set(l, sum_most(block_time(l, input), l->run.settings.lateness_us));
    if (is_over(l)) l->admission.batch.full = true;
}

void piece_begin_files(struct loop *l, bool (*over)(const struct loop *l))
{
    begun_us = border_us = TIME_NONE;
    is_over = over;
    l->look = files_look;
}

/* --- what comes of it --- */

struct result {
    bool in_doubt;
    int64_t seed_us, border_us, first_us, behind_us;
    struct jumps jumps;
    uint64_t ahead; /* refused by --max-ahead */
    uint64_t keys_most;
};

void piece_end(struct loop *l, bool in_doubt, struct buffer *out)
{
    if (l->whole_files && border_us == TIME_NONE) files_border_set(l, INT64_MAX);
    batch_deliver(&l->admission.batch);
    const struct jumps *const jumps = &range_partition(l)->jumps;
    pack_u8(out, in_doubt || l->admission.batch.full || range_partition(l)->holding);
    pack_i64(out, begun_us);
    pack_i64(out, border_us);
    pack_i64(out, l->run.first_time_us);
    pack_i64(out, l->run.behind_time_us);
    jumps_pack(jumps, out);
    pack_u64(out, l->stats.rejected_by[REASON_FUTURE] - jumps->refused);
    pack_u64(out, l->admission.batch.keys_most);
    clock_save(&l->admission.clock, out);
    range_pack(l, out);
}

static struct result result_unpack(struct unpack *in)
{
    struct result result;
    result.in_doubt = unpack_u8(in) != 0;
    result.seed_us = unpack_i64(in);
    result.border_us = unpack_i64(in);
    result.first_us = unpack_i64(in);
    result.behind_us = unpack_i64(in);
    result.jumps = jumps_unpack(in);
    result.ahead = unpack_u64(in);
    result.keys_most = unpack_u64(in);
    return result;
}

/* --- the run --- */

/* Event time had come to largest_us before a range that was read as if there had been nothing. Are
 * the same events late, and the same ones held and refused by --max-jump (jumps.h), and is no
 * window printed that may have held some before? What --max-ahead has refused the run judges, too:
 * perhaps the clock is wrong.
 *
 * An event is late by the largest event_time so far. That was this range's own, or largest_us as
 * long as that was more. In the second case no event may be behind that was not: the earliest one
 * is not. Nor may one have been behind already: when first one was, the range had come as far. */
static bool files_fit(const struct loop *l, const struct result *result, int64_t largest_us)
{
    if (result->ahead != 0 || !jumps_fit(&result->jumps, largest_us, options->max_jump_us))
        return false;
    if (result->first_us == INT64_MAX) return true;
    const int64_t from_us = sum_most(result->first_us, l->run.settings.lateness_us);
    return largest_us <= from_us && largest_us <= result->behind_us &&
           largest_us <= result->border_us;
}

/* The run has taken none yet, and read nothing: the first is right if it has begun with nothing. */
static bool first_fits(struct loop *l, const struct result *result)
{
    return l->apart && result->seed_us == TIME_NONE && !range_partition(l)->began;
}

/* Was the guess right? What --max-jump holds at the end of what came before is for whoever reads
 * the next line, and so is what it compares the first event with. Where nothing is ever late, a
 * guess that was too low has changed nothing, as long as the same events were held. */
static bool guess_fits(struct loop *l, const struct result *result, int64_t largest_us)
{
    const bool is_right =
        result->seed_us == largest_us ||
        (l->run.settings.lateness_us == INT64_MAX && result->seed_us != TIME_NONE &&
         result->seed_us < largest_us && result->ahead == 0 &&
         jumps_fit(&result->jumps, largest_us, options->max_jump_us));
    return is_right && (range_partition(l)->began || options->max_jump_us == 0);
}

static bool result_fits(struct loop *l, const struct result *result, int64_t largest_us)
{
    if (largest_us == TIME_NONE) return first_fits(l, result);
    return l->whole_files ? files_fit(l, result, largest_us) : guess_fits(l, result, largest_us);
}

/* Are the run's keys and those of a piece together surely within their bound? */
static bool keys_fit(const struct loop *l, uint64_t keys_most)
{
    return batch_keys(&l->admission.batch) + keys_most <= (uint64_t)options->max_keys;
}

static void piece_add(struct loop *l, const struct piece *piece, struct unpack *in)
{
    struct clock *const clock = &l->admission.clock;
    const int64_t floor_us = clock->floor_us, largest_us = range_partition(l)->largest_us;
    l->before_us = clock_watermark(clock);
    (void)clock_load(clock, in); /* range_add sees what is broken */
    if (floor_us > clock->floor_us) clock->floor_us = floor_us;
    partition_advance(clock, range_partition(l), largest_us);
    l->run.end_time_us = clock->largest_us;
    range_add(l, in, piece->events, piece->rows);
    batch_deliver(&l->admission.batch); /* the watermark moves on, and prints what is complete */
    if (l->analysis->ranges->weave == NULL) rows_pass_mapped(l->run.rows, piece->rows);
    (void)tick(l);
}

bool piece_take(struct loop *l, const struct piece *piece)
{
    struct unpack in = {.at = piece->result.text, .end = piece->result.text + piece->result.len};
    const int64_t largest_us = range_partition(l)->largest_us;
    const struct result result = result_unpack(&in);
    if (result.in_doubt || range_partition(l)->holding || !keys_fit(l, result.keys_most) ||
        !result_fits(l, &result, largest_us))
        return false;
    if (largest_us == TIME_NONE)
        l->run.behind_time_us = result.behind_us;
    else if (result.first_us != INT64_MAX && largest_us - result.first_us > l->stats.disorder_us)
        l->stats.disorder_us = largest_us - result.first_us;
    if (result.first_us < l->run.first_time_us) l->run.first_time_us = result.first_us;
    piece_add(l, piece, &in);
    return true;
}
