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
#include "run/hint.h"
#include "run/intake.h"
#include "run/replay.h"
#include "run/common_options.h"
#include "run/summary.h"
#include "source/frame.h"

/* Below this a process is not worth its fork. */
#define RANGE_BYTES_MIN ((uint64_t)256 << 10)
/* What is compressed is more, and to decompress it is work. */
#define PACKED_SHARE 4
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

#define HEAD_BYTES ((size_t)RANGE_HEAD_BYTES)

/* The beginning of an input without the blank lines before it, and without a mark that says that
 * it is UTF-8. */
static struct slice head_of(const struct input *input, char *into)
{
    const size_t len = range_peek(input, 0, into, HEAD_BYTES);
    memset(into + len, 0, SCAN_PADDING);
    struct slice head = {.text = into, .len = len};
    if (len >= 3 && memcmp(into, "\xef\xbb\xbf", 3) == 0) {
        head.text += 3;
        head.len -= 3;
    }
    while (head.len != 0 && memchr(" \t\r\n", *head.text, 4) != NULL) {
        head.text++;
        head.len--;
    }
    return head;
}

/* The kinds of lines that inputs are made of. */
#define LINES_NONE 0   /* one job is sure */
#define LINES_ANY (-1) /* there are none but blank ones */
#define LINES_JSON (-2)

/* What lines an input is made of: unframed JSON that needs no translation but line by line, or
 * those of a translator. settle: the translator is told. */
static int lines_of(const struct loop *l, const struct input *input, bool settle)
{
    static char bytes[HEAD_BYTES + SCAN_PADDING];
    if (!input->regular || input_filtered(input) || strcmp(input->name, "-") == 0)
        return LINES_NONE;
    const struct slice head = head_of(input, bytes);
    if (head.len == 0) return LINES_ANY;
    if (options->input == INPUT_KCAT || options->input == INPUT_KCAT_JSON) return LINES_NONE;
    /* An envelope has to be seen whole; a line that long is none of ours. */
    const struct translator *translator = l->run.translator;
    const char *newline = memchr(head.text, '\n', head.len);
    const bool unframed =
        options->input == INPUT_NDJSON ||
        (newline != NULL && frame_guess(head.text, newline + 1, false) == FRAMING_NONE);
    const int kind =
        translator == NULL || !unframed ? 0 : translator->by_line(translator->self, head, settle);
    if (kind != 0) return kind;
    if (*head.text != '{') return LINES_NONE;
    if (translator != NULL && translator->lineless(translator->self, head)) return LINES_NONE;
    return unframed || (newline == NULL && translator == NULL) ? LINES_JSON : LINES_NONE;
}

/* Are all inputs made of the same kind of lines? */
static bool lines_are_same(struct loop *l)
{
    int kind = LINES_ANY;
    for (int i = 0; i < l->inputs.count; i++) {
        const int of = lines_of(l, &l->inputs.input[i], false);
        if (of == LINES_NONE || (kind != LINES_ANY && of != LINES_ANY && of != kind)) return false;
        if (of != LINES_ANY) kind = of;
    }
    for (int i = 0; i < l->inputs.count && kind > LINES_NONE; i++)
        (void)lines_of(l, &l->inputs.input[i], true);
    l->in_doubt = kind > LINES_NONE && l->run.translator->in_doubt(l->run.translator->self);
    /* Only one by one is it known in time where a record begins. */
    return !l->in_doubt || range_is_singly(l);
}

void range_hint(struct loop *l)
{
    static char bytes[HEAD_BYTES + SCAN_PADDING];
    for (int i = 0; i < l->inputs.count && l->head_of == NULL; i++) {
        const struct slice head = head_of(&l->inputs.input[i], bytes);
        if (head.len != 0) hint_begin(l, &l->inputs.input[i], head);
    }
}

bool range_is_singly(const struct loop *l)
{
    return l->analysis->ranges->singly && options->max_ahead_us == 0;
}

/* Why the options and the command do not allow of ranges, as a phrase; NULL: they do. */
static const char *why_not(const struct loop *l)
{
    if (options->dedup_us != 0) return "with --dedup an event depends on all before it";
    if (options->strict) return "--strict stops at the first record that is refused";
    if (options->interleave) return "--interleave gives each file event time of its own";
    if (options->pad != 0) return "--pad is for rows as they come";
    if (options->kafka_members) return "--kafka-members needs frames, which are not cut";
    if (options->merge) return "--merge reads rows, not events";
    if (options->format == ENCODING_TABLE) return "a table is printed as a whole: another --format";
    if (l->analysis->ranges == NULL) return "what it does here takes the input as a whole";
    return NULL;
}

static bool is_allowed(const struct loop *l, int jobs)
{
    return jobs > 1 && why_not(l) == NULL;
}

bool range_possible(struct loop *l, int jobs)
{
    if (!is_allowed(l, jobs)) return false;
    if (l->inputs.bytes_total / (uint64_t)jobs < RANGE_BYTES_MIN) return false;
    return lines_are_same(l);
}

/* Would whole files be read by a tool of this kind, with these options? */
static bool files_are_allowed(const struct loop *l)
{
    if (options->input == INPUT_KCAT || options->input == INPUT_KCAT_JSON ||
        options->input == INPUT_KCAT_SIZED)
        return false;
    return !l->analysis->ranges->singly || range_is_singly(l);
}

/* Why one process cannot read whole files apart from the others, of which this is compressed. */
static const char *why_no_files(const struct loop *l)
{
    if (l->analysis->ranges->singly && !files_are_allowed(l))
        return "is compressed, and with --max-ahead the first records of all say whether the clock "
               "is right";
    if (options->input != INPUT_AUTO && options->input != INPUT_NDJSON)
        return "has frames, which are not cut";
    return NULL;
}

/* Are there compressed files? Their bytes are added up. */
static bool some_packed(const struct loop *l, uint64_t *bytes)
{
    bool some = false;
    for (int i = 0; i < l->inputs.count; i++) {
        *bytes += l->inputs.input[i].size;
        some |= l->inputs.input[i].coding != NULL;
    }
    return some;
}

bool range_is_files(const struct loop *l, int jobs)
{
    uint64_t bytes = 0;
    if (!is_allowed(l, jobs) || l->inputs.count < 2 || !files_are_allowed(l)) return false;
    for (int i = 0; i < l->inputs.count; i++)
        if (!input_lasts(&l->inputs.input[i])) return false;
    return some_packed(l, &bytes) && bytes / (uint64_t)jobs >= RANGE_BYTES_MIN / PACKED_SHARE;
}

/* Why an input that is no compressed file cannot be cut. */
static const char *why_whole(const struct loop *l, const struct input *input)
{
    if (input_filtered(input)) return "is not in UTF-8: its bytes cannot be cut";
    if (options->input != INPUT_AUTO && options->input != INPUT_NDJSON)
        return "has frames, which are not cut";
    if (lines_of(l, input, false) == LINES_NONE)
        return "has records that are no lines of JSON, CSV or a log: it cannot be cut";
    return NULL;
}

void range_require(struct loop *l, const char *option)
{
    uint64_t bytes = 0;
    const char *why = why_not(l);
    if (why != NULL) die_usage("%s: %s", option, why);
    for (int i = 0; i < l->inputs.count; i++)
        if (!input_lasts(&l->inputs.input[i]))
            die_usage("%s: %s is no regular file: it cannot be read from its middle", option,
                      input_label(&l->inputs.input[i]));
    l->whole_files = some_packed(l, &bytes);
    for (int i = 0; i < l->inputs.count; i++) {
        const struct input *const input = &l->inputs.input[i];
        if (l->whole_files && input->coding == NULL) continue;
        why = l->whole_files ? why_no_files(l) : why_whole(l, input);
        if (why != NULL) die_usage("%s: %s: %s", option, input->name, why);
    }
    if (l->whole_files || lines_are_same(l)) return;
    die_usage(l->in_doubt
                  ? "%s: with --max-ahead the first records of all say whether the clock is "
                    "right, and in CSV who reads a range does not know which those are"
                  : "%s: the files are of several formats: read those of one at a time",
              option);
}

#define FILES_BYTES_MIN ((uint64_t)256 << 10)
#define FILES_RANGES_EACH 16

struct range *range_files(const struct loop *l, int jobs, int *count)
{
    const struct inputs *const inputs = &l->inputs;
    uint64_t total = 0, bytes = 0, begin = 0;
    for (int i = 0; i < inputs->count; i++)
        total += inputs->input[i].size;
    const uint64_t share = total / ((uint64_t)jobs * FILES_RANGES_EACH);
    const uint64_t enough = share > FILES_BYTES_MIN ? share : FILES_BYTES_MIN;
    struct range *const range = memory_zero((size_t)inputs->count, sizeof range[0]);
    *count = 0;
    for (int i = 0; i < inputs->count; i++) {
        const uint64_t end = (uint64_t)i + 1;
        bytes += inputs->input[i].size;
        if (bytes < enough && i + 1 < inputs->count) continue;
        range[(*count)++] = (struct range){.begin = begin, .end = end};
        begin = end;
        bytes = 0;
    }
    return range;
}

uint64_t range_end(const struct loop *l)
{
    return l->whole_files ? (uint64_t)l->inputs.count : l->inputs.bytes_total;
}

bool range_is_framed(const struct loop *l, const struct range *range)
{
    for (uint64_t i = range->begin; i < range->end; i++) {
        const enum framing framing = l->inputs.input[i].framing;
        if (framing != FRAMING_AUTO && framing != FRAMING_NONE) return true;
    }
    return false;
}

bool range_is_for_run(const struct loop *l, const struct range *range)
{
    if (range_is_framed(l, range)) return true;
    const struct stats *const stats = &l->stats;
    if (l->apart) return false; /* what there is to say of it is handed over */
    /* What is left to the run is not counted yet. */
    const uint64_t lost = stats->rejected + stats->late + stats->duplicate;
    return l->foreign_told != 0 || (stats->read != 0 && lost == stats->read);
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

void range_go_on(struct loop *l, struct input *input)
{
    static char bytes[HEAD_BYTES + SCAN_PADDING];
    intake_go_on(l, input, head_of(input, bytes));
}

uint64_t range_guess(const struct loop *l, const struct input *input, uint64_t from)
{
    static char bytes[HEAD_BYTES + SCAN_PADDING];
    const size_t len = range_peek(input, from - 1, bytes, HEAD_BYTES);
    memset(bytes + len, 0, SCAN_PADDING);
    const char *const found = l->run.translator->guess(input->reading, bytes, bytes + len);
    return found != NULL ? from - 1 + (uint64_t)(found - bytes) : line_begin(input, from);
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
    l->more_follows = range->end < range_end(l);
    l->inputs.first = 0;
    for (int i = 0; i < l->inputs.count; i++) {
        struct input *input = &l->inputs.input[i];
        const uint64_t end = base + (l->whole_files ? 1 : input->size);
        if (end > range->begin && base < range->end) {
            input->ended = false;
            const bool amid = l->in_doubt && base < range->begin;
            if (!l->whole_files && (base + input->consumed < range->begin || amid))
                input_seek(input, range->begin - base, input->lines);
            /* A file's last range goes to its end, wherever that is now. */
            const uint64_t stop = end > range->end ? range->end - base : 0;
            *(l->in_doubt ? &input->until : &input->stop) = stop;
        } else if (base >= range->end || end <= range->begin) {
            input->ended = true;
        }
        base = end;
    }
}

/* What this process would have said, for the run to say it in its turn. */
static struct buffer said;

static void said_keep(const char *text, size_t len)
{
    buffer_add(&said, text, len);
}

/* It has to end before: then it is said at least. */
static void said_pass(void)
{
    message_pass(said.data, said.len);
}

void range_serve(struct loop *l)
{
    l->in_range = true;
    l->inputs.jobs = 1; /* nobody else decompresses for this one */
    message_keep(said_keep);
    if (atexit(said_pass) != 0) die("atexit");
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
    l->admission.witness.read = 0; /* they are counted */
    expr_failure_pack(out);
    expr_several_pack(out);
    pack_u64(out, l->inputs.bytes_read);
    for (int i = 0; i < l->inputs.count; i++)
        pack_u64(out, l->inputs.input[i].lines << 1 | l->inputs.input[i].damaged);
    pack_text(out, buffer_slice(&said));
    buffer_clear(&said);
    pack_u64(out, l->head_of == NULL ? 0 : (uint64_t)(l->head_of - l->inputs.input) + 1);
    pack_text(out, buffer_slice(&l->head));
    misnumber_pack(&l->run.misnumbers, out);
    if (l->analysis->ranges->hand_over != NULL) l->analysis->ranges->hand_over(&l->run, out);
}

/* How the first input begins, if the run has not seen one. */
static void head_add(struct loop *l, struct unpack *in)
{
    const uint64_t number = unpack_u64(in);
    const struct slice head = unpack_text(in);
    if (number == 0 || number > (uint64_t)l->inputs.count || l->head_of != NULL) return;
    l->head_of = &l->inputs.input[number - 1];
    buffer_add_slice(&l->head, head);
}

static void stats_add(struct stats *sum, const struct stats *part)
{
    sum->read += part->read;
    sum->duplicate += part->duplicate;
    sum->rejected += part->rejected;
    sum->filtered += part->filtered;
    sum->late += part->late;
    sum->used += part->used;
    sum->doubtful_times += part->doubtful_times;
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
    /* An event does not say of which of several inputs it is. */
    expr_failure_add(in, l->inputs.count == 1 ? l->inputs.input[0].lines : UINT64_MAX);
    expr_several_add(in);
    l->run.counters.late_windows += stats.late_windows;
    l->run.counters.expired += stats.expired;
    l->run.counters.not_numbers += stats.not_numbers;
    l->run.counters.too_large += stats.too_large;
    expr_errors += stats.expression_errors;
    l->rows_before += stats.rows;
    l->inputs.bytes_read += unpack_u64(in);
    uint64_t *lines = memory_zero((size_t)l->inputs.count, sizeof *lines);
    for (int i = 0; i < l->inputs.count; i++) {
        const uint64_t packed = unpack_u64(in);
        lines[i] = packed >> 1;
        l->inputs.input[i].damaged |= packed & 1;
        l->inputs.damaged += packed & 1;
    }
    const struct slice messages = unpack_text(in);
    message_pass(messages.text, messages.len);
    head_add(l, in);
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
