#include "run/range.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"
#include "base/pack.h"
#include "run/checkpoint.h"
#include "run/replay.h"
#include "run/common_options.h"
#include "run/summary.h"
#include "source/frame.h"

/* Below this a process is not worth its fork. */
#define RANGE_BYTES_MIN ((uint64_t)256 << 10)
/* How much is read at once to find a line's end. */
#define PIECE_BYTES ((size_t)4 << 10)

size_t range_peek(const struct input *input, uint64_t from, char *into, size_t len)
{
    const int fd = open(input->name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) die_errno("%s", input->name);
    size_t got = 0;
    while (got < len) {
        const ssize_t n = pread(fd, into + got, len - got, (off_t)(from + got));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) die_errno("%s", input->name);
        if (n == 0) break;
        got += (size_t)n;
    }
    close(fd);
    return got;
}

/* Does the input begin as unframed lines of JSON that need no translation? */
static bool is_plain(const struct loop *l, const struct input *input)
{
    if (!input->regular || input_compressed(input) || strcmp(input->name, "-") == 0) return false;
    char head[4096 + SCAN_PADDING] = {0};
    const size_t len = range_peek(input, 0, head, 4096);
    const char *from = head;
    while (from < head + len && strchr(" \t\r\n", *from) != NULL)
        from++;
    if (from == head + len) return true;
    if (*from != '{') return false; /* CSV, log lines, a mark of byte order: one job is sure */
    if (options->input == INPUT_KCAT) return false;
    const struct translator *translator = l->run.translator;
    const struct slice begin = {.text = from, .len = (size_t)(head + len - from)};
    if (translator != NULL && translator->lineless(translator->self, begin)) return false;
    /* An envelope has to be seen whole; a line that long is none of ours. */
    const char *newline = memchr(from, '\n', (size_t)(head + len - from));
    return options->input == INPUT_NDJSON ||
           (newline != NULL && frame_guess(from, newline + 1, false) == FRAMING_NONE) ||
           (newline == NULL && l->run.translator == NULL);
}

bool range_possible(const struct loop *l, int jobs)
{
    if (jobs < 2 || options->dedup_us != 0 || options->strict || options->interleave ||
        options->pad != 0 || l->analysis->ranges == NULL || options->merge ||
        options->format == ENCODING_TABLE)
        return false;
    if (l->inputs.bytes_total / (uint64_t)jobs < RANGE_BYTES_MIN) return false;
    for (int i = 0; i < l->inputs.count; i++)
        if (!is_plain(l, &l->inputs.input[i])) return false;
    return true;
}

/* The first line of a file that begins at or after the offset; the file's end if there is none. */
static uint64_t line_begin(const struct input *input, uint64_t from)
{
    char piece[PIECE_BYTES];
    uint64_t at = from - 1; /* a newline right before is what is looked for */
    while (at < input->size) {
        const size_t len = range_peek(input, at, piece, sizeof(piece));
        const char *newline = len == 0 ? NULL : memchr(piece, '\n', len);
        if (newline != NULL) return at + (uint64_t)(newline - piece) + 1;
        if (len == 0) break;
        at += len;
    }
    return input->size;
}

uint64_t range_cut(const struct inputs *inputs, uint64_t at)
{
    uint64_t base = 0;
    for (int i = 0; i < inputs->count; i++) {
        const struct input *input = &inputs->input[i];
        if (at > base && at < base + input->size) return base + line_begin(input, at - base);
        base += input->size;
    }
    return at;
}

void range_select(struct loop *l, const struct range *range)
{
    uint64_t base = 0;
    l->more_follows = range->end < l->inputs.bytes_total;
    l->inputs.first = 0;
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *input = &l->inputs.input[i];
        const uint64_t end = base + input->size;
        if (end > range->begin && base < range->end) {
            input->ended = false;
            if (base + input->consumed < range->begin)
                input_seek(input, range->begin - base, input->lines);
            /* A file's last range goes to its end, wherever that is now. */
            input->stop = end > range->end ? range->end - base : 0;
        } else if (base >= range->end || end <= range->begin) {
            input->ended = true;
        }
        base = end;
    }
}

void range_serve(struct loop *l)
{
    l->in_range = true;
    l->admission.wallclock.believed = true; /* the run has the first events */
    l->admission.fates.rejects.deferred = l->admission.fates.late.deferred = &l->handover.buffer;
    l->admission.fates.rejects.mark = HANDOVER_REJECTED;
    l->admission.fates.late.mark = HANDOVER_LATE;
    l->progress.on = false;
}

struct partition *range_partition(struct loop *l)
{
    return clock_partition(&l->admission.clock, l->inputs.input[0].number);
}

void range_pack(struct loop *l, struct buffer *out)
{
    summary_count(l);
    stats_save(&l->stats, out);
    witness_pack(&l->admission.witness, out);
    expr_failure_pack(out);
    pack_u64(out, l->inputs.bytes_read);
    for (int i = 0; i < l->inputs.count; i++)
        pack_u64(out, l->inputs.input[i].lines);
    misnumber_pack(&l->run.misnumbers, out);
    if (l->analysis->ranges->hand_over != NULL) l->analysis->ranges->hand_over(&l->run, out);
}

static void stats_add(struct stats *sum, const struct stats *part)
{
    sum->read += part->read;
    sum->duplicate += part->duplicate;
    sum->rejected += part->rejected;
    sum->filtered += part->filtered;
    sum->late += part->late;
    sum->used += part->used;
    for (int reason = 0; reason < REASON_COUNT; reason++)
        sum->rejected_by[reason] += part->rejected_by[reason];
    if (part->disorder_us > sum->disorder_us) sum->disorder_us = part->disorder_us;
}

void range_add(struct loop *l, struct unpack *in, struct slice handed, struct slice rows)
{
    struct stats stats = {0};
    stats_load(&stats, in);
    stats_add(&l->stats, &stats);
    witness_add(&l->admission.witness, in);
    expr_failure_add(in);
    l->run.counters.late_windows += stats.late_windows;
    l->run.counters.expired += stats.expired;
    l->run.counters.not_numbers += stats.not_numbers;
    expr_errors += stats.expression_errors;
    l->rows_before += stats.rows;
    l->inputs.bytes_read += unpack_u64(in);
    uint64_t *lines = memory_zero((size_t)l->inputs.count, sizeof *lines);
    for (int i = 0; i < l->inputs.count; i++)
        lines[i] = unpack_u64(in);
    const struct ranges *const ranges = l->analysis->ranges;
    bool good = misnumber_add(&l->run.misnumbers, in);
    good = (ranges->weave == NULL || ranges->weave(&l->run, rows, in)) && good;
    good = replay_take(l, handed, checkpoint_full) && good;
    for (int i = 0; i < l->inputs.count; i++)
        l->inputs.input[i].lines += lines[i];
    free(lines);
    if (ranges->weave != NULL)
        batch_deliver(&l->admission.batch); /* what the range has open comes behind */
    if (ranges->add != NULL) good = ranges->add(&l->run, in) && good;
    if (!good || in->broken) die("a job has handed over nonsense"); /* a fault of this program */
}
