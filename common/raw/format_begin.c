/* Which format an input is in: what is said of it, or how it begins. */
#include <string.h>

#include "base/die.h"
#include "base/memory.h"
#include "raw/format_inside.h"

struct sniffed format_sniff(struct format *format, struct slice head)
{
    const struct sniff what = {
        .csv = &format->csv,
        .wanted = buffer_slice(&format->wanted),
        .named = format->named,
        .comment = format->comment,
        .xff = &format->xff,
        .mapped = format->map != NULL,
    };
    return sniff_head(&what, head);
}

/* Lines that end in CR alone: the first line end there is says so. */
static bool ends_in_returns(struct slice head)
{
    const char *returned = memchr(head.text, '\r', head.len);
    if (returned == NULL) return false;
    const char *newline = memchr(head.text, '\n', head.len);
    if (newline == NULL) return returned + 1 < head.text + head.len;
    return returned + 1 < newline && newline + 1 == head.text + head.len;
}

bool format_lineless(void *self, struct slice head)
{
    struct format *format = self;
    const enum format_kind kind =
        format->from != FORMAT_AUTO ? format->from : format_sniff(format, head).kind;

    if (kind == FORMAT_JSON) return true;
    return (kind == FORMAT_CSV || kind == FORMAT_TSV) && ends_in_returns(head);
}

static void reading_choose(struct reading *reading, enum format_kind kind, char separator)
{
    reading->kind = kind;
    struct csv *const csv = &reading->columns.csv;
    const bool returns = csv->returns;
    *csv = reading->format->csv;
    csv->returns = returns;
    if (csv->separator == '\0') csv->separator = kind == FORMAT_TSV ? '\t' : separator;
    csv->escapes = csv->literal && kind == FORMAT_TSV;
}

bool format_waits(void *self, struct slice head)
{
    struct format *format = self;
    if (format->from != FORMAT_AUTO || head.len >= SNIFF_BYTES) return false;
    const struct sniffed sniffed = format_sniff(format, head);
    return sniffed.fit == 0 && sniffed.records < SNIFF_RECORDS;
}

/* Several records, and no format that any of them fits, or was meant to fit. */
static bool is_unknown(struct sniffed sniffed)
{
    return sniffed.kind != FORMAT_AUTO && sniffed.fit == 0 && sniffed.records > 1 && !sniffed.like;
}

/* Of a line that may be a header line with other names: which of them may have been meant. */
static void meant_add(const struct format *format, char separator, struct slice head,
                      struct buffer *why)
{
    const struct slice wanted = buffer_slice(&format->wanted);
    const char *const newline = memchr(head.text, '\n', head.len);
    struct csv csv = format->csv;
    struct columns columns = {0};
    struct buffer detail = {0};
    if (newline != NULL) head.len = (size_t)(newline - head.text);
    csv.separator = separator;
    if (columns_read(&columns, &csv, csv_trim(head), &detail) == REASON_NONE) {
        const struct slice near = columns_meant(&columns, wanted, format->map == NULL);
        if (near.text == NULL) {
            buffer_clear(&detail);
            columns_list(&columns, &detail);
            if (detail.len > 0)
                buffer_printf(why, "; its first line has %.*s", (int)detail.len, detail.data);
        } else if (format->map != NULL) {
            buffer_printf(why, "; did you mean its column \"%.*s\"?", (int)near.len, near.text);
        } else {
            buffer_printf(why, "; is its column \"%.*s\" the time? (--rename, --time-field)",
                          (int)near.len, near.text);
        }
    }
    columns_release(&columns);
    buffer_release(&detail);
}

bool format_unknown(void *self, struct slice head, struct buffer *why)
{
    struct format *const format = self;
    if (format->from != FORMAT_AUTO) return false;
    const struct sniffed sniffed = format_sniff(format, head);
    if (!is_unknown(sniffed)) return false;
    buffer_printf(why,
                  "was taken for %s (--from=auto), but none of its first %zu records fits that or "
                  "another format (--from, --log-format, --header)",
                  sniff_name(sniffed.kind), sniffed.records);
    if (sniffed.kind == FORMAT_CSV || sniffed.kind == FORMAT_TSV)
        meant_add(format, sniffed.kind == FORMAT_TSV ? '\t' : sniffed.separator, head, why);
    return true;
}

/* What most of the head fits; says so when that is not what it begins with. */
enum format_kind format_choose(struct sniffed sniffed)
{
    if (sniffed.kind == FORMAT_AUTO) return FORMAT_AUTO;
    if (sniffed.fit == 0)
        return sniffed.records == 1 || is_unknown(sniffed) ? FORMAT_AUTO /* a later one says more */
                                                           : sniffed.kind;
    if (!sniffed.first)
        message("--from=auto: read as %s, which %zu of the first %zu records fit; the first does "
                "not",
                sniff_name(sniffed.kind), sniffed.fit, sniffed.records);
    return sniffed.kind;
}

bool reading_learn(struct reading *reading, struct slice record)
{
    const struct sniffed sniffed = format_sniff(reading->format, record);
    const bool guessed = sniffed.fit == 0;

    reading_choose(reading, guessed && !sniffed.like ? FORMAT_NDJSON : sniffed.kind,
                   sniffed.separator);
    return !guessed;
}

struct reading *reading_new(struct format *format, enum format_kind kind, struct sniffed sniffed,
                            struct slice head)
{
    const bool tabs = kind == FORMAT_CSV && sniffed.kind == FORMAT_TSV; /* whatever it is called */
    struct reading *reading = memory_zero(1, sizeof(*reading));
    struct buffer why = {0};

    reading->format = format;
    reading->columns.csv.returns = ends_in_returns(head);
    reading_choose(reading, kind, tabs ? '\t' : sniffed.separator);
    if (format->header.len > 0)
        (void)columns_name(&reading->columns, buffer_slice(&format->header), &why);
    buffer_release(&why);
    return reading;
}

bool format_translates(const struct format *format)
{
    return format->map != NULL || format->repair.wanted != 0 || format->comment.len != 0;
}

void *format_begin(void *self, struct slice head)
{
    struct format *format = self;
    const struct sniffed sniffed = format_sniff(format, head);
    const enum format_kind kind =
        format->from != FORMAT_AUTO ? format->from : format_choose(sniffed);

    if (kind == FORMAT_NDJSON && !format_translates(format)) return NULL;
    return reading_new(format, kind, sniffed, head);
}

const char *format_called(void *self, struct slice head)
{
    struct format *const format = self;
    if (format->from != FORMAT_AUTO) return sniff_name(format->from);
    const struct sniffed sniffed = format_sniff(format, head);
    return sniff_name(is_unknown(sniffed) ? FORMAT_AUTO : sniffed.kind);
}

bool format_whole(void *self, struct slice line)
{
    const struct format *format = self;
    const struct csv comma = {.separator = ','},
                     tab = {.separator = '\t', .literal = format->csv.literal};
    struct csv_row names = {0}, fields = {0};
    if (format->header.len == 0) return false; /* the names are text, and look like no frame */
    const bool tabs = format->csv.separator == '\t' || format->from == FORMAT_TSV;
    if (!tabs && format->from != FORMAT_AUTO) return false;
    const bool whole = csv_fields(&comma, buffer_slice(&format->header), 0, &names) == NULL &&
                       csv_fields(&tab, csv_trim(line), 0, &fields) == NULL &&
                       names.count == fields.count;
    csv_row_release(&names);
    csv_row_release(&fields);
    return whole;
}
