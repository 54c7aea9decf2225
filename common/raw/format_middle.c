/* Inputs that are read from their middle on, by one of several processes (--jobs). */
#include "base/utf8.h"
#include "raw/format_inside.h"

static bool in_columns(enum format_kind kind)
{
    return kind == FORMAT_CSV || kind == FORMAT_TSV;
}

/* Lines that end in CR alone: where a line ends is for one process to find. */
static bool ends_plainly(struct slice head)
{
    const char *const newline = memchr(head.text, '\n', head.len);
    const char *const returned = memchr(head.text, '\r', head.len);
    return newline != NULL && (returned == NULL || returned + 1 >= newline);
}

static void emit_nothing(void *context, struct slice json, struct outline *outline)
{
    (void)context;
    (void)json;
    (void)outline;
}

/* Reads what rows need to be known, the header line and what stands before it. False: that is not
 * to be found in the head. */
static bool reading_prime(struct reading *reading, struct slice head)
{
    const char *at = head.text;
    const char *const end = at + head.len;
    struct buffer detail = {0};
    uint64_t *const repaired = &reading->format->repair.repaired, before = *repaired;

    reading->quiet = true;
    while (!reading->columns.known) {
        bool header = false;
        const char *const behind = format_split(reading, at, end, false);
        if (behind == NULL) break;
        const struct slice record = {.text = at, .len = (size_t)(behind - at)};
        buffer_clear(&detail);
        (void)format_translate(reading, record, emit_nothing, NULL, &header, &detail);
        at = behind;
    }
    *repaired = before;
    buffer_release(&detail);
    return reading->columns.known;
}

static bool may_go_on(struct format *format, enum format_kind kind, struct slice head)
{
    if (!ends_plainly(head)) return false;
    struct reading *const reading = reading_new(format, kind, format_sniff(format, head), head);
    const bool known = reading_prime(reading, head);
    format_end(reading);
    return known;
}

int format_by_line(void *self, struct slice head, bool settle)
{
    struct format *format = self;
    const bool found = format->from == FORMAT_AUTO || format->settled;
    const struct sniffed sniffed = found ? format_sniff(format, head) : (struct sniffed){0};
    const enum format_kind kind = found ? sniffed.kind : format->from;

    if (found && sniffed.fit == 0) return 0; /* what comes says what it is */
    if (in_columns(kind) ? !may_go_on(format, kind, head)
                         : kind != FORMAT_COMBINED && kind != FORMAT_LOG && kind != FORMAT_XFF)
        return 0;
    if (!settle || !found) return (int)kind;
    (void)format_choose(sniffed); /* which says what there is to say */
    format->settled = true;
    format->from = kind;
    return (int)kind;
}

bool format_in_doubt(void *self)
{
    const struct format *format = self;
    return in_columns(format->from);
}

void *format_go_on(void *self, struct slice head)
{
    struct format *format = self;
    const struct sniffed sniffed = format_sniff(format, head);
    const bool is_found = format->from == FORMAT_AUTO && sniffed.fit != 0;
    if ((is_found ? sniffed.kind : format->from) == FORMAT_NDJSON && !format_translates(format))
        return NULL;
    struct reading *const reading = reading_new(format, format->from, sniffed, head);
    (void)reading_prime(reading, head);
    return reading;
}

/* So many records have to look right from a line end on. */
#define GUESS_RECORDS 3

/* Do records with as many fields as there are columns follow? */
static bool looks_right(struct reading *reading, const char *at, const char *end)
{
    struct columns *const columns = &reading->columns;
    for (int i = 0; i < GUESS_RECORDS; i++) {
        const char *const behind = format_split(reading, at, end, false);
        if (behind == NULL) return i > 0;
        const struct slice record = csv_trim((struct slice){at, (size_t)(behind - at)});
        at = behind;
        if (slice_is_blank(record)) continue;
        if (csv_fields(&columns->csv, record, 0, &columns->row) != NULL ||
            columns->row.count != columns->count)
            return false;
    }
    return true;
}

const char *format_guess(void *self, const char *data, const char *end)
{
    struct reading *const reading = self;
    const char *first = NULL;

    while (data < end) {
        const char *const newline = memchr(data, '\n', (size_t)(end - data));
        if (newline == NULL || newline + 1 == end) break;
        data = newline + 1;
        if (first == NULL) first = data;
        if (looks_right(reading, data, end)) return data;
    }
    return first;
}
