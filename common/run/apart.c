#include "run/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admit/arrival.h"
#include "base/die.h"
#include "base/head.h"
#include "base/held.h"
#include "base/memory.h"
#include "base/pack.h"
#include "run/checkpoint.h"
#include "run/common_options.h"
#include "run/hint.h"
#include "run/partial.h"
#include "run/piece.h"
#include "run/range.h"
#include "run/relay.h"
#include "run/signals.h"

/* How a range was read: all of a run have to be read alike. */
#define WAY_FILES 1  /* whole files */
#define WAY_SINGLY 2 /* relay.h */
#define WAY_DOUBT 4  /* and where it begins is for who has read the one before it to say */

/* --- where ranges begin --- */

/* total * k / n, of numbers that may be large. */
static uint64_t share(uint64_t total, uint64_t k, uint64_t n)
{
    return (uint64_t)((unsigned __int128)total * k / n);
}

/* Whole files: the first that begins at that share of all bytes or behind. */
static uint64_t border_of_files(const struct loop *l, uint64_t k, uint64_t n)
{
    uint64_t total = 0, begin = 0;
    int i = 0;
    for (int j = 0; j < l->inputs.count; j++)
        total += l->inputs.input[j].size;
    while (i < l->inputs.count && begin < share(total, k, n))
        begin += l->inputs.input[i++].size;
    return (uint64_t)i;
}

/* In doubt: not in what is sure to be whole at the beginning of a file. */
static uint64_t border_in_doubt(const struct loop *l, uint64_t at)
{
    uint64_t base = 0;
    for (int i = 0; i < l->inputs.count; i++) {
        if (at >= base && at < base + RANGE_HEAD_BYTES) return base;
        base += l->inputs.input[i].size;
        if (at < base) break;
    }
    return at;
}

/* Where range k of n ends, from 0: and the next one begins. */
static uint64_t border(const struct loop *l, uint64_t k, uint64_t n)
{
    if (k == 0) return 0;
    if (k == n) return range_end(l);
    if (l->whole_files) return border_of_files(l, k, n);
    const uint64_t at = share(l->inputs.bytes_total, k, n);
    return l->in_doubt ? border_in_doubt(l, at) : range_cut(&l->inputs, at);
}

static uint8_t ways_of(const struct loop *l)
{
    return (uint8_t)((l->whole_files ? WAY_FILES : 0) | (range_is_singly(l) ? WAY_SINGLY : 0) |
                     (l->in_doubt ? WAY_DOUBT : 0));
}

/* --- a range --- */

static struct id head_of(const char *name, uint64_t size)
{
    struct id head = ID_NONE;
    const int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) die_errno("%s", name);
    if (!head_read(name, fd, size < HEAD_BYTES ? (uint32_t)size : HEAD_BYTES, &head))
        die("%s: became shorter while it was looked at", name);
    close(fd);
    return head;
}

static void inputs_note(const struct loop *l, struct partial *partial)
{
    partial->inputs = (uint32_t)l->inputs.count;
    partial->input = memory_zero(partial->inputs, sizeof partial->input[0]);
    for (uint32_t i = 0; i < partial->inputs; i++) {
        const struct input *const input = &l->inputs.input[i];
        partial->input[i] = (struct partial_input){
            .name = input->name, .size = input->size, .head = head_of(input->name, input->size)};
    }
}

static bool is_over(const struct loop *l)
{
    (void)l;
    return held_full();
}

static void range_read(struct loop *l, const struct range *range,
                       void (*read_range)(struct loop *l))
{
    if (range->begin >= range->end) return;
    range_select(l, range);
    read_range(l);
    batch_deliver(&l->admission.batch);
}

static void read_and_end(struct loop *l, const struct range *range,
                         void (*read_range)(struct loop *l), struct buffer *result)
{
    const int64_t seed_us =
        l->whole_files || range->begin == 0 ? TIME_NONE : piece_seed(l, range->begin);
    const bool has_own = seed_us == TIME_NONE || piece_has_own(l, range->end - range->begin);
    if (range->begin < range->end) range_select(l, range);
    if (l->whole_files)
        piece_begin_files(l, is_over);
    else
        piece_begin(l, seed_us, has_own);
    if (range->begin < range->end) read_range(l);
    const bool in_doubt = l->whole_files && range_is_for_run(l, range);
    batch_deliver(&l->admission.batch);
    checkpoint_full(l);
    piece_end(l, in_doubt, result);
}

static void read_singly(struct loop *l, const struct range *range,
                        void (*read_range)(struct loop *l), struct buffer *result)
{
    struct range read = *range;
    if (l->in_doubt && range->begin != 0) read.begin = relay_guess(l, range->begin);
    relay_begin(l);
    uint64_t end = range->end;
    if (l->whole_files)
        range_read(l, range, read_range);
    else
        end = relay_read(l, &read, read_range);
    checkpoint_full(l);
    const struct partition *const partition = range_partition(l);
    pack_u8(result, partition->holding || (l->whole_files && range_is_for_run(l, range)));
    jumps_pack(&partition->jumps, result);
    pack_u64(result, read.begin);
    pack_u64(result, end);
    relay_end(l, result);
}

void apart_write(struct loop *l, void (*read_range)(struct loop *l))
{
    const struct option_share part = options->range;
    struct buffer result = {0};
    l->apart = true;
    range_require(l, "--range");
    struct partial partial = {.path = options->partial,
                              .number = part.number,
                              .count = part.count,
                              .ways = ways_of(l),
                              .begin = border(l, part.number - 1, part.count),
                              .end = border(l, part.number, part.count)};
    const struct range range = {.begin = partial.begin, .end = partial.end};
    inputs_note(l, &partial);
    buffer_release(&l->output.buffer);
    const bool believed = l->admission.wallclock.believed;
    range_serve(l);
    l->admission.wallclock.believed = believed || part.number > 1;
    partial_begin(&partial, l->tool->name, &l->output, &l->handover);
    (range_is_singly(l) ? read_singly : read_and_end)(l, &range, read_range, &result);
    if (stop_signal != 0) {
        if (stop_signal == SIGINT) exit(128 + SIGINT);
        die("stopped by a signal before the end of the range: there is no partial result");
    }
    partial.piece.result = buffer_slice(&result);
    partial_end(&partial, &l->output, &l->handover);
    buffer_release(&result);
    free(partial.input);
}

/* --- the run that merges them: what is looked at before --- */

/* In their order once they are known to be all there. */
static struct partial *partials;
static uint32_t partials_count;
static const char *gone; /* why the inputs cannot be read again; NULL: they can */

static _Noreturn void refuse_other(const struct partial *partial, const struct partial *first,
                                   const char *what)
{
    die_person("%s: range %u/%u has other %s than %s", partial->path, partial->number,
               partial->count, what, first->path);
}

static void inputs_compare(const struct partial *one, const struct partial *first)
{
    if (one->inputs != first->inputs) refuse_other(one, first, "input files");
    for (uint32_t i = 0; i < one->inputs; i++) {
        const struct partial_input *const a = &one->input[i], *const b = &first->input[i];
        if (strcmp(a->name, b->name) != 0) refuse_other(one, first, "input files");
        if (a->size == b->size && id_equal(a->head, b->head)) continue;
        die_person("%s: range %u/%u is of another '%s' than %s: its %s", one->path, one->number,
                   one->count, a->name, first->path,
                   a->size != b->size ? "size has changed" : "first bytes have changed");
    }
}

/* Each into its place. */
static void partials_order(const struct partial *given, uint32_t count)
{
    const uint32_t of = given[0].count;
    partials = memory_zero(of, sizeof partials[0]);
    partials_count = of;
    for (uint32_t i = 0; i < count; i++) {
        const struct partial *const one = &given[i];
        if (one->count != of)
            die_person("%s: is range %u/%u, and %s is range %u/%u", one->path, one->number,
                       one->count, given[0].path, given[0].number, of);
        if (one->ways != given[0].ways) refuse_other(one, &given[0], "ways of reading");
        inputs_compare(one, &given[0]);
        struct partial *const place = &partials[one->number - 1];
        if (place->path != NULL)
            die_person("range %u/%u is there twice: %s and %s", one->number, of, place->path,
                       one->path);
        *place = *one;
    }
}

/* More missing ranges than these are only counted. */
#define MISSING_TOLD 8

static void missing_refuse(void)
{
    struct buffer text = {0};
    uint32_t missing = 0;
    for (uint32_t i = 0; i < partials_count; i++) {
        if (partials[i].path != NULL || ++missing > MISSING_TOLD) continue;
        buffer_printf(&text, "%s%u/%u", missing == 1 ? "" : ", ", i + 1, partials_count);
    }
    if (missing == 0) return;
    if (missing > MISSING_TOLD) buffer_printf(&text, " and %u more", missing - MISSING_TOLD);
    die_person("missing: range%s %.*s", missing == 1 ? "" : "s", (int)text.len, text.data);
}

/* Ranges are cut by what is in the files: where one does not begin where the one before ends, that
 * has changed. */
static void seams_check(void)
{
    for (uint32_t i = 0; i < partials_count; i++) {
        const uint64_t begins = i == 0 ? 0 : partials[i - 1].end;
        if (partials[i].begin != begins || partials[i].end < partials[i].begin)
            die_person("%s: range %u/%u does not begin where the one before it ends: the input "
                       "has changed in between",
                       partials[i].path, i + 1, partials_count);
    }
}

/* Why it cannot be read again, or NULL. */
static const char *input_gone(const struct partial_input *input)
{
    struct stat stat;
    struct id head = ID_NONE;
    const int fd = open(input->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const char *why = NULL;
    if (fd < 0 || fstat(fd, &stat) != 0)
        why = "cannot be opened here";
    else if (!S_ISREG(stat.st_mode) || (uint64_t)stat.st_size != input->size)
        why = "is another one here";
    else if (!head_read(input->name, fd,
                        input->size < HEAD_BYTES ? (uint32_t)input->size : HEAD_BYTES, &head) ||
             !id_equal(head, input->head))
        why = "is another one here";
    if (fd >= 0) close(fd);
    return why;
}

/* Inputs that are not here: what rejects and messages call them, and how large they were. */
static void inputs_stand_in(struct inputs *inputs, const struct partial *of)
{
    inputs->input = memory_zero(of->inputs + 1, sizeof inputs->input[0]);
    inputs->entries = memory_zero(of->inputs + 1, sizeof inputs->entries[0]);
    inputs->who = memory_zero(of->inputs + 1, sizeof inputs->who[0]);
    inputs->count = (int)of->inputs;
    for (uint32_t i = 0; i < of->inputs; i++) {
        inputs->input[i] = (struct input){.name = of->input[i].name,
                                          .fd = -1,
                                          .regular = true,
                                          .bound = -1,
                                          .size = of->input[i].size};
        inputs->bytes_total += of->input[i].size;
    }
}

static void inputs_give(struct loop *l)
{
    static struct buffer why;
    const struct partial *const first = &partials[0];
    for (uint32_t i = 0; i < first->inputs && gone == NULL; i++) {
        const char *const reason = input_gone(&first->input[i]);
        if (reason == NULL) continue;
        buffer_printf(&why, "%s %s%c", first->input[i].name, reason, '\0');
        gone = why.data;
    }
    if (gone == NULL) {
        char **const names = memory_zero(first->inputs, sizeof names[0]);
        for (uint32_t i = 0; i < first->inputs; i++)
            names[i] = (char *)(uintptr_t)first->input[i].name;
        inputs_open(&l->inputs, names, (int)first->inputs, false);
        free(names);
        range_require(l, "--merge-partials");
    } else {
        inputs_stand_in(&l->inputs, first);
        l->whole_files = (first->ways & WAY_FILES) != 0;
        l->in_doubt = (first->ways & WAY_DOUBT) != 0;
    }
}

void apart_open(struct loop *l, char **names, int count)
{
    struct partial *const given = memory_zero((size_t)count, sizeof given[0]);
    if (count == 0) die_usage("--merge-partials: which files? Those of --partial");
    l->apart = true;
    for (int i = 0; i < count; i++)
        partial_open(&given[i], names[i], l->tool->name);
    partials_order(given, (uint32_t)count);
    free(given);
    missing_refuse();
    seams_check();
    inputs_give(l);
}

/* --- and what it does --- */

/* Nobody reads, but what a line of one would have begun has begun. */
static void partition_join(struct loop *l)
{
    for (int i = 0; i < l->inputs.count; i++)
        arrival_join(&l->admission.clock, &l->inputs, &l->inputs.input[i], range_partition(l));
}

/* In doubt: where the next record begins. */
static uint64_t next_at;

static bool singly_take(struct loop *l, const struct partial *partial, struct unpack *in)
{
    const struct partition *const partition = range_partition(l);
    const bool is_for_run = unpack_u8(in) != 0;
    const struct jumps jumps = jumps_unpack(in);
    const uint64_t begun = unpack_u64(in), end = unpack_u64(in);
    if (is_for_run || partition->holding || (l->in_doubt && begun != next_at)) return false;
    if (!jumps_fit(&jumps, partition->largest_us, options->max_jump_us)) return false;
    next_at = end;
    relay_add(l, in, partial->piece.events);
    rows_pass_mapped(l->run.rows, partial->piece.rows);
    return true;
}

/* The run reads the range itself. */
static void range_again(struct loop *l, const struct partial *partial,
                        void (*read_range)(struct loop *l))
{
    struct range range = {.begin = partial->begin, .end = partial->end};
    if (gone != NULL)
        die_person("%s: range %u/%u has to be read again, for what comes before it is not what it "
                   "looked like from there, and %s",
                   partial->path, partial->number, partial->count, gone);
    message("%s: range %u/%u is read again: what comes before it is not what it looked like from "
            "there",
            partial->path, partial->number, partial->count);
    const struct ranges *const ranges = l->analysis->ranges;
    if (ranges->again != NULL && !ranges->again(&l->run)) die("a range has handed over nonsense");
    if (l->in_doubt) {
        range.begin = next_at;
        next_at = relay_read(l, &range, read_range);
        return;
    }
    range_read(l, &range, read_range);
}

static void partial_take(struct loop *l, const struct partial *partial,
                         void (*read_range)(struct loop *l))
{
    const struct slice result = partial->piece.result;
    struct unpack in = {.at = result.text, .end = result.text + result.len};
    const bool is_taken = (partial->ways & WAY_SINGLY) != 0 ? singly_take(l, partial, &in)
                                                            : piece_take(l, &partial->piece);
    if (!is_taken) range_again(l, partial, read_range);
    checkpoint_full(l);
}

void apart_merge(struct loop *l, void (*read_range)(struct loop *l))
{
    if (range_end(l) != 0) partition_join(l);
    for (uint32_t i = 0; i < partials_count; i++) {
        if (stop_signal != 0) {
            loop_flush(l);
            if (stop_signal == SIGINT) raise(SIGINT);
            die("stopped by a signal before range %u/%u: the rows end there", i + 1,
                partials_count);
        }
        partial_take(l, &partials[i], read_range);
        partial_taken(&partials[i]);
    }
}

void apart_release(void)
{
    for (uint32_t i = 0; i < partials_count; i++)
        partial_release(&partials[i]);
    free(partials);
    partials = NULL;
    partials_count = 0;
}
