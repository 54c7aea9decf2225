#include "run/intake.h"

#include <string.h>

#include "base/compat.h"
#include "admit/arrival.h"
#include "base/die.h"
#include "run/framed.h"
#include "run/common_options.h"
#include "run/hint.h"
#include "run/readings.h"
#include "run/signals.h"
#include "run/translated.h"
#include "source/frame.h"

/* How an input is framed whose first line is at data. */
static enum framing framing_find(const struct loop *l, const char *data, const char *end)
{
    if (options->input == INPUT_NDJSON) return FRAMING_NONE;
    if (options->input == INPUT_KCAT_JSON) return FRAMING_ENVELOPE;
    const enum framing guess = frame_guess(data, end, options->input == INPUT_KCAT);
    if (options->input == INPUT_KCAT)
        return guess == FRAMING_ENVELOPE ? FRAMING_ENVELOPE : FRAMING_KCAT;
    const struct translator *translator = l->run.translator;
    if (guess != FRAMING_KCAT || translator == NULL) return guess;
    const size_t len = (size_t)((const char *)rawmemchr(data, '\n') - data);
    const struct slice line = {.text = data, .len = len};
    return translator->whole(translator->self, line) ? FRAMING_NONE : guess;
}

/* How much of framed records is looked at. */
#define FRAMED_HEAD_BYTES ((size_t)64 << 10)

/* What is in the frames of the lines that are there, a line each. */
static void framed_head(struct loop *l, const struct input *input, const char *data,
                        const char *end, struct buffer *head)
{
    for (const char *newline; head->len < FRAMED_HEAD_BYTES && data < end &&
                              (newline = memchr(data, '\n', (size_t)(end - data))) != NULL;
         data = newline + 1) {
        const struct slice line = {.text = data, .len = (size_t)(newline - data)};
        struct frame frame;
        if (!(input->framing == FRAMING_KCAT ? frame_read(line, &frame)
                                             : envelope_read(line, &frame, &l->json)))
            continue;
        buffer_add_slice(head, frame.payload);
        buffer_add_char(head, '\n');
    }
}

/* Its records come without a frame: they are of the input's own partition. */
static void unframed_join(struct loop *l, struct input *input)
{
    if (l->admission.partition_slot < 0 &&
        (input->partition == NULL || input->partition->number < 0))
        arrival_join(&l->admission.clock, &l->inputs, input,
                     clock_partition(&l->admission.clock, input->number));
}

/* The first record is head: of framed ones the payload. */
static void reading_begin(struct loop *l, struct input *input, struct slice head)
{
    const struct translator *translator = l->run.translator;
    input->begun = true;
    if (translator == NULL || readings_begin(l, input)) return;
    struct buffer why = {0};
    if (translator->unknown(translator->self, head, &why)) {
        message("%s: %.*s", input_label(input), (int)why.len, why.data);
        l->unknown_inputs = true;
    }
    buffer_release(&why);
    input->reading = translator->begin(translator->self, head);
}

/* All there was is a part of the first record, left for the next run: what it looks like then
 * decides about framing and format. */
static void input_begin_again(struct loop *l, struct input *input)
{
    if (input->reading != NULL) l->run.translator->end(input->reading);
    input->reading = NULL;
    input->begun = false;
    input->framing = FRAMING_AUTO;
}

/* False: more has to come before it can begin. */
static bool input_begin(struct loop *l, struct input *input, const char *data, const char *end)
{
    const struct translator *translator = l->run.translator;
    const enum framing framing = framing_find(l, data, end);
    struct slice head = {.text = data, .len = (size_t)(end - data)};
    struct buffer framed = {0};
    input->framing = framing;
    if (framing == FRAMING_NONE && options->kafka_members)
        die("%s: has no frames, which would say a key and a time for --kafka-members",
            input_label(input));
    if (framing != FRAMING_NONE && translator != NULL) {
        framed_head(l, input, data, end, &framed);
        head = framed.len == 0 ? (struct slice){.text = data, .len = 0} : buffer_slice(&framed);
    }
    const bool waits = translator != NULL && !input->ended && !readings_known(l, input) &&
                       translator->waits(translator->self, head);
    if (waits) {
        input_begin_again(l, input);
    } else {
        hint_begin(l, input, (struct slice){.text = data, .len = (size_t)(end - data)});
        if (framing == FRAMING_NONE) unframed_join(l, input);
        reading_begin(l, input, head);
    }
    buffer_release(&framed);
    return !waits;
}

/* The record at p, which ends in a newline. Returns behind it. */
static const char *take_record(struct loop *l, struct input *input, const char *p,
                               const char *record_end, bool torn)
{
    struct origin origin = {
        .input = input,
        .line_number = input->lines + 1,
        .partition = -1,
        .offset = -1,
        .torn = torn,
    };
    if (__builtin_expect(input->framing != FRAMING_NONE, 0)) return framed_take(l, &origin, p);
    if (input->reading == NULL)
        return admission_event(&l->admission, p, NULL, &origin, input->partition);
    size_t len = (size_t)(record_end - p);
    if (len != 0 && p[len - 1] == '\n') len--;
    if (len != 0 && p[len - 1] == '\r') len--;
    origin.raw = (struct slice){.text = p, .len = len};
    translated_take(l, &origin, origin.raw);
    return record_end;
}

/* A line at p longer than a line may be: refused, whatever is in it. */
static void take_too_long(struct loop *l, struct input *input, const char *p)
{
    struct origin origin = {
        .input = input,
        .raw = {.text = p, .len = LINE_MAX_BYTES + 1},
        .line_number = input->lines + 1,
        .partition = -1,
        .offset = -1,
    };
    if (!input->begun) hint_head(l, input, origin.raw);
    batch_deliver(&l->admission.batch);
    l->stats.read++;
    struct frame frame;
    if (input->framing == FRAMING_KCAT && frame_read(origin.raw, &frame)) {
        origin.partition = frame.partition;
        origin.offset = frame.offset;
        struct partition *partition = clock_meet(&l->admission.clock, frame.partition);
        if (partition != NULL && !framed_offset(l, partition, frame.offset)) {
            l->stats.duplicate++;
            return;
        }
    }
    batch_refuse(&l->admission.batch, REASON_TOO_LONG, NULL, &origin);
}

/* Does more than a line may have stand at p without a newline among it? end is as far as can be
 * read. */
static bool is_too_long(const char *p, const char *end)
{
    return (size_t)(end - p) > LINE_MAX_BYTES && memchr(p, '\n', LINE_MAX_BYTES + 1) == NULL;
}

/* Behind the first newline from p on, or end. */
static const char *rawmemchr_to(const char *p, const char *end)
{
    const char *newline = memchr(p, '\n', (size_t)(end - p));
    return newline == NULL ? end : newline + 1;
}

static uint64_t lines_in(const char *from, const char *to)
{
    uint64_t lines = 0;
    for (; (from = memchr(from, '\n', (size_t)(to - from))) != NULL; from++)
        lines++;
    return lines;
}

/* How many bytes the blank lines at the front take. */
static size_t blank_lines(const char *from, const char *to)
{
    const char *behind = from;
    for (const char *p = from; p < to && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'); p++)
        if (*p == '\n') behind = p + 1;
    return (size_t)(behind - from);
}

/* What can be taken of an input's bytes now. */
struct span {
    char *data;
    const char *end;  /* behind the last byte */
    const char *last; /* the last newline; NULL: there is none */
    bool torn;        /* that newline is ours: the input ends without one */
    bool first;       /* the input has begun with it */
};

/* Inside a line that was too long: goes to its end, as far as that is there. */
static void rest_discard(const struct loop *l, struct input *input)
{
    const char *data = input->data + input->start;
    const size_t len = input->end - input->start;
    const char *newline = memchr(data, '\n', len);
    if (newline != NULL) {
        input_consume(input, (size_t)(newline + 1 - data));
        input->lines++;
        input->discarding = false;
        return;
    }
    input_consume(input, len);
    /* The next run may see its end. */
    if (input->ended) input->discarding = l->run.settings.has_state;
}

static struct span span_of(struct input *input)
{
    struct span span = {.data = input->data + input->start, .end = input->data + input->end};
    if (span.data == span.end) return span;
    span.last = memrchr(span.data, '\n', (size_t)(span.end - span.data));
    if (!input->ended || span.end[-1] == '\n') return span;
    /* The room for it is always there. */
    input->data[input->end] = '\n';
    memset(input->data + input->end + 1, 0, SCAN_PADDING);
    span.torn = true;
    span.last = span.end++;
    return span;
}

/* The first line that is not blank says what the input is. False: there is none yet. */
static bool span_begin(struct loop *l, struct input *input, struct span *span)
{
    const size_t blank = blank_lines(span->data, span->last + 1);
    input->lines += lines_in(span->data, span->data + blank);
    span->data += blank;
    if (span->data > span->last) {
        input_consume(input, blank - (span->torn && blank != 0));
        return false;
    }
    input_consume(input, blank);
    span->first = input_begin(l, input, span->data, span->end);
    return span->first;
}

/* Has all been taken of this range of the input, of which p is unread? */
static bool is_behind(const struct input *input, const char *p)
{
    const char *const unread = input->data + input->start;
    return input->until != 0 && input->consumed + (uint64_t)(p - unread) >= input->until;
}

/* Records of a raw format, which may be several lines. Returns behind the last one taken. */
static const char *raw_take(struct loop *l, struct input *input, const struct span *span)
{
    const struct translator *translator = l->run.translator;
    const bool grows = input->ended && translated_may_grow(l, input);
    const bool final = input->ended && !grows;
    const char *const end = span->end;
    const char *p = span->data;
    const char *ahead = translator->ahead == NULL ? end : p; /* looked at up to there */
    while (p < end && stop_signal == 0 && !is_behind(input, p)) {
        if (__builtin_expect(p >= ahead, 0))
            ahead = translator->ahead(input->reading, p, end, final);
        const char *next = translator->split(input->reading, p, end, final);
        if (next == NULL && (size_t)(end - p) <= LINE_MAX_BYTES) {
            input->torn = grows;
            break;
        }
        if (next == NULL || (size_t)(next - p) > LINE_MAX_BYTES + 1) {
            /* A quote is open since 16 MiB: the next line end is taken for the record's. */
            take_too_long(l, input, p);
            next = rawmemchr_to(p + LINE_MAX_BYTES, end);
            input->lines += lines_in(p, next);
            input->discarding = next[-1] != '\n';
            p = next;
            continue;
        }
        const uint64_t lines = lines_in(p, next);
        (void)take_record(l, input, p, next, span->torn && next >= end - 1);
        if (input->torn) break;
        input->lines += lines;
        p = next;
    }
    return p;
}

/* Plain events, whole lines of them: the usual case. */
static const char *lines_take(struct loop *l, struct input *input, const char *p, const char *stop)
{
    output_lender(&l->output, p, stop);
    p = admission_lines(&l->admission, input, p, stop);
    output_settle(&l->output);
    output_lender(&l->output, NULL, NULL);
    return p;
}

/* Lines, each a record. *record is where the last one began. Returns behind it. */
static const char *each_take(struct loop *l, struct input *input, const struct span *span,
                             const char **record)
{
    const char *const stop = span->last + 1;
    const char *p = span->data;
    while (p < stop && stop_signal == 0) {
        if (__builtin_expect(is_too_long(p, stop), 0)) {
            take_too_long(l, input, p);
            p = (const char *)rawmemchr(p, '\n') + 1;
            input->lines++;
            continue;
        }
        const char *const record_end =
            input->reading == NULL ? NULL : (const char *)rawmemchr(p, '\n') + 1;
        *record = p;
        p = take_record(l, input, p, record_end,
                        span->torn && memchr(p, '\n', (size_t)(stop - p)) == span->last);
        input->lines++;
    }
    return p;
}

/* The span's records. */
static void span_take(struct loop *l, struct input *input, const struct span *span)
{
    const char *const stop = span->last + 1;
    const char *record = span->data;
    const char *p;
    if (input->reading != NULL && input->framing == FRAMING_NONE)
        p = raw_take(l, input, span);
    else if (input->reading == NULL && input->framing == FRAMING_NONE && !span->torn &&
             (size_t)(stop - span->data) <= LINE_MAX_BYTES)
        p = lines_take(l, input, span->data, stop);
    else
        p = each_take(l, input, span, &record);
    batch_deliver(&l->admission.batch); /* the block is about to be overwritten */
    if (span->torn && p == span->end) { /* the newline is ours */
        p = input->torn ? record : p - 1;
        input->lines--;
    }
    if (input->torn && span->first && p == span->data) input_begin_again(l, input);
    input_consume(input, (size_t)(p - span->data));
}

/* Raw records may need no line ends: their translator says where each ends. At the beginning of an
 * input that is known when so much has come without one. */
#define LINELESS_BYTES ((size_t)64 << 10)

static bool is_lineless(const struct loop *l, const struct input *input, const struct span *span)
{
    const struct translator *translator = l->run.translator;
    if (input->begun) return input->reading != NULL && input->framing == FRAMING_NONE;
    if (translator == NULL || options->input == INPUT_KCAT || options->input == INPUT_KCAT_JSON)
        return false;
    if ((size_t)(span->end - span->data) < LINELESS_BYTES ||
        memchr(span->data, '\n', LINELESS_BYTES) != NULL)
        return false;
    const struct slice head = {.text = span->data, .len = LINELESS_BYTES};
    return translator->lineless(translator->self, head);
}

/* Does the input, which has not begun, bring frames that say their size? FRAME_PART: it takes more
 * to know, and until then nothing may be taken for a line. */
static enum frame_found sized_guess(const struct loop *l, const struct input *input)
{
    const char *data = input->data + input->start;
    const char *const end = input->data + input->end;
    if (options->input == INPUT_NDJSON || options->input == INPUT_KCAT_JSON) return FRAME_BROKEN;
    data += blank_lines(data, end);
    const enum frame_found found = frame_guess_sized(data, end, input->ended);
    if (found == FRAME_BROKEN || options->input != INPUT_AUTO) return found;
    const struct translator *translator = l->run.translator;
    const char *newline = memchr(data, '\n', (size_t)(end - data));
    if (translator == NULL || newline == NULL) return found;
    const struct slice line = {.text = data, .len = (size_t)(newline - data)};
    return translator->whole(translator->self, line) ? FRAME_BROKEN : found;
}

/* Has the input sized frames, or may it have? Then they have been taken, as far as they are there.
 */
static bool sized_take(struct loop *l, struct input *input)
{
    if (input->framing == FRAMING_AUTO && !input->begun) {
        const enum frame_found found = options->input == INPUT_KCAT_SIZED ? FRAME_WHOLE
                                       : input->start == input->end       ? FRAME_BROKEN
                                                                          : sized_guess(l, input);
        if (found == FRAME_PART) return true;
        if (found == FRAME_BROKEN) return false;
        input->framing = FRAMING_SIZED;
        if (options->encoding != NULL)
            die("%s: has frames that say their size, which --encoding would change",
                input_label(input));
        if (options->input != INPUT_KCAT_SIZED) {
            const size_t blank = blank_lines(input->data + input->start, input->data + input->end);
            input->lines +=
                lines_in(input->data + input->start, input->data + input->start + blank);
            input_consume(input, blank);
        }
    }
    if (input->framing != FRAMING_SIZED) return false;
    framed_sized(l, input, reading_begin);
    return true;
}

/* What has come of an input, and is no rest of a line that was too long. */
static void block_take(struct loop *l, struct input *input)
{
    if (is_behind(input, input->data + input->start)) return;
    if (input->consumed == 0 && input->end >= 3 && memcmp(input->data, "\xef\xbb\xbf", 3) == 0)
        input_consume(input, 3);
    if ((!input->begun || input->framing == FRAMING_SIZED) && sized_take(l, input)) return;
    struct span span = span_of(input);
    if (span.data == span.end) return;
    const bool lineless = is_lineless(l, input, &span);
    if (lineless && span.last == NULL) {
        input->data[input->end] = '\n'; /* for who looks at the first line */
        span.last = span.end - 1;
    }
    if (span.last == NULL) {
        if (!is_too_long(span.data, span.end)) return;
        take_too_long(l, input, span.data);
        input_consume(input, input->end - input->start);
        input->discarding = true;
    } else if (!input->begun && !lineless && is_too_long(span.data, span.last + 1)) {
        take_too_long(l, input, span.data);
        input_consume(input, LINE_MAX_BYTES);
        input->discarding = true;
        rest_discard(l, input);
        block_take(l, input);
    } else if (input->begun || span_begin(l, input, &span)) {
        span_take(l, input, &span);
    }
}

static void records_take(struct loop *l, struct input *input)
{
    if (input->discarding) rest_discard(l, input);
    if (input->data == NULL) return;
    const bool waits = input->until != 0 && !input->ended;
    block_take(l, input);
    if (waits && !input->discarding && is_behind(input, input->data + input->start))
        input->ended = true; /* stays open: another range may follow */
}

void intake_take(struct loop *l, struct input *input)
{
    records_take(l, input);
    /* With a state the rest may come in the next run. */
    if (!input->ended || input->reading == NULL || l->run.settings.has_state || stop_signal != 0)
        return;
    if (input->stop != 0 || input->until != 0) return; /* this is not its end */
    const char *const lacks = l->run.translator->lacks(input->reading);
    if (lacks != NULL) message("%s: %s", input_label(input), lacks);
}

void intake_go_on(struct loop *l, struct input *input, struct slice head)
{
    input->framing = FRAMING_NONE;
    unframed_join(l, input);
    input->reading = l->run.translator->go_on(l->run.translator->self, head);
    input->begun = true;
}
