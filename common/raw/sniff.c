#include "raw/sniff.h"

#include <string.h>
#include <strings.h>

#include "raw/accesslog.h"
#include "raw/columns.h"
#include "raw/jsonstream.h"
#include "raw/logline.h"

/* What may stand between columns; of equals the first. */
static const char separators[] = {',', ';', '|'};
#define SEPARATORS (sizeof separators)

static const char *const names[] = {
    "nothing", "ndjson",          "csv", "tsv", "combined", "json", "a --log-format",
    "w3c",     "--log-format=xff"};

const char *sniff_name(enum format_kind kind)
{
    return names[kind];
}

/* Behind the value at the front of head, and the blanks behind it; NULL: it is not whole. */
static const char *value_behind(struct slice head)
{
    const char *const end = head.text + head.len;
    const char *behind = NULL;

    if (jsonstream_follow(head.text, end, &behind) != JSONSTREAM_WHOLE) return NULL;
    while (behind < end && (*behind == ' ' || *behind == '\t' || *behind == '\r'))
        behind++;
    return behind;
}

/* Records that begin with '{': a line each, or not. */
static enum format_kind object_kind(struct slice head)
{
    const char *const end = head.text + head.len;
    const char *newline = memchr(head.text, '\n', head.len);
    const char *behind = NULL;
    const enum jsonstream_end ended = jsonstream_follow(head.text, end, &behind);

    if (ended == JSONSTREAM_BROKEN) return FORMAT_NDJSON;
    if (ended == JSONSTREAM_OPEN) {
        /* The line's end, if that is all there is, is no sign that the value goes on. */
        return newline == NULL || newline + 1 == end ? FORMAT_NDJSON : FORMAT_JSON;
    }
    behind = value_behind(head);
    if (newline != NULL && newline < behind) return FORMAT_JSON;
    return behind < end && (*behind == '{' || *behind == ',') ? FORMAT_JSON : FORMAT_NDJSON;
}

/* An array is a stream of records; for a map, several of them, a line each, are records.
 * FORMAT_AUTO: it is none. */
static enum format_kind array_kind(const struct sniff *sniff, struct slice head)
{
    const char *const end = head.text + head.len;
    const char *newline = memchr(head.text, '\n', head.len);
    const char *inside = head.text + 1;
    const char *behind = NULL;

    while (inside < end && strchr(" \t\r\n", *inside) != NULL)
        inside++;
    if (inside < end && strchr("{[]\"", *inside) == NULL &&
        jsonstream_follow(head.text, end, &behind) == JSONSTREAM_BROKEN)
        return FORMAT_AUTO; /* an address in brackets, or a time */
    behind = !sniff->mapped ? NULL : value_behind(head);

    if (behind == NULL || (newline != NULL && newline < behind)) return FORMAT_JSON;
    if (behind < end && behind + 1 < end && behind[1] != '[') return FORMAT_JSON;
    return FORMAT_NDJSON;
}

/* Is it one where the client is a list of addresses? */
static bool fits_xff(const struct sniff *sniff, struct slice line)
{
    struct buffer json = {0};
    struct outline outline = {0};
    struct misfit misfit;
    const bool fits =
        sniff->xff != NULL && logline_print(sniff->xff, csv_trim(line), &json, &outline, &misfit);
    buffer_release(&json);
    return fits;
}

/* head begins with line. */
static enum format_kind line_kind(const struct sniff *sniff, struct slice line, struct slice head)
{
    struct accesslog entry;
    struct misfit misfit;

    if (accesslog_parse(csv_trim(line), &entry, &misfit)) return FORMAT_COMBINED;
    if (fits_xff(sniff, line)) return FORMAT_XFF;
    while (*head.text == ' ' || *head.text == '\t') {
        head.text++;
        head.len--;
    }
    if (*head.text == '{') return object_kind(head);
    const enum format_kind array = *head.text != '[' ? FORMAT_AUTO : array_kind(sniff, head);
    if (array != FORMAT_AUTO) return array;
    if (line.len > 1 && *line.text == '#' &&
        (memmem(line.text, line.len, "#Fields:", 8) != NULL ||
         memmem(line.text, line.len, "#Version:", 9) != NULL ||
         memmem(line.text, line.len, "#Software:", 10) != NULL))
        return FORMAT_W3C;
    if (memchr(line.text, '\t', line.len) != NULL) return FORMAT_TSV;
    if (memchr(line.text, ',', line.len) != NULL) return FORMAT_CSV;
    return FORMAT_NDJSON;
}

char sniff_separator(struct slice line)
{
    if (line.len == 7 && *line.text == '"' && line.text[6] == '"') {
        line.text++;
        line.len -= 2;
    }
    if (line.len != 5 || strncasecmp(line.text, "sep=", 4) != 0) return '\0';
    const char c = line.text[4];
    return c == '\t' || (c > ' ' && c != '"' && (unsigned char)c < 0x7f) ? c : '\0';
}

/* A format's case. */
struct count {
    size_t fit;
    bool first;
    struct columns columns; /* CSV and TSV: of the header once it is there */
};

static void count_fit(struct count *count, size_t record)
{
    count->fit++;
    if (record == 0) count->first = true;
}

/* Is the record a row of as many columns as the header has, or a header? */
static bool fits_columns(const struct sniff *sniff, struct count *count, char separator,
                         struct slice record)
{
    struct csv csv = *sniff->csv;
    struct buffer detail = {0};

    if (csv.separator == '\0') csv.separator = separator;
    if (memchr(record.text, csv.separator, record.len) == NULL) return false;
    if (sniff->named != 0)
        return csv_fields(&csv, record, 0, &count->columns.row) == NULL &&
               count->columns.row.count == sniff->named;
    if (count->columns.known)
        return csv_fields(&csv, record, 0, &count->columns.row) == NULL &&
               count->columns.row.count == count->columns.count;
    const char *const returned = memchr(record.text, '\r', record.len);
    if (returned != NULL) record.len = (size_t)(returned - record.text);
    const bool header =
        columns_read(&count->columns, &csv, record, &detail) == REASON_NONE &&
        (sniff->wanted.len == 0 || columns_name_any(&count->columns, sniff->wanted));
    if (!header) columns_clear(&count->columns);
    buffer_release(&detail);
    return header;
}

static bool fits_object(struct slice record)
{
    const char *const end = record.text + record.len;
    const char *behind = NULL;

    while (record.len > 0 && (*record.text == ' ' || *record.text == '\t')) {
        record.text++;
        record.len--;
    }
    if (record.len == 0 || *record.text != '{') return false;
    if (jsonstream_follow(record.text, end, &behind) != JSONSTREAM_WHOLE) return false;
    while (behind < end && (*behind == ' ' || *behind == '\t' || *behind == '\r'))
        behind++;
    return behind == end;
}

/* Does it begin as JSON does, or stand a name in it that a header should hold? */
static bool looks_known(const struct sniff *sniff, struct slice record)
{
    struct slice left = sniff->wanted;

    if (*record.text == '{' || *record.text == '[') return true;
    while (left.len > 3) { /* ,"name": */
        const char *const name = left.text + 2;
        const char *const close = memmem(name, left.len - 2, "\":", 2);
        if (memmem(record.text, record.len, name, (size_t)(close - name)) != NULL) return true;
        left = (struct slice){.text = close + 2, .len = left.len - (size_t)(close + 2 - left.text)};
    }
    return sniff->wanted.len == 0 || sniff->named != 0;
}

/* The case of each format, and of CSV that of each separator. */
struct cases {
    struct count count[FORMAT_XFF + 1];
    struct count csv[SEPARATORS];
};

/* A comma is nothing rare, even where any line may be a header; other signs are. */
static void count_columns(const struct sniff *sniff, struct cases *cases, struct slice record,
                          size_t number)
{
    const size_t tried =
        sniff->csv->separator != '\0' || (sniff->wanted.len == 0 && sniff->named == 0) ? 1
                                                                                       : SEPARATORS;
    for (size_t i = 0; i < tried; i++)
        if (fits_columns(sniff, &cases->csv[i], separators[i], record))
            count_fit(&cases->csv[i], number);
    if (fits_columns(sniff, &cases->count[FORMAT_TSV], '\t', record))
        count_fit(&cases->count[FORMAT_TSV], number);
}

static void count_record(const struct sniff *sniff, struct cases *cases, struct slice record,
                         size_t number)
{
    struct count *const counts = cases->count;
    struct accesslog entry;
    struct misfit misfit;

    if (memchr(record.text, '\0', record.len) != NULL) return;
    if (fits_object(record)) count_fit(&counts[FORMAT_NDJSON], number);
    const bool combined = accesslog_parse(record, &entry, &misfit), xff = fits_xff(sniff, record);
    if (combined) count_fit(&counts[FORMAT_COMBINED], number);
    if (xff) count_fit(&counts[FORMAT_XFF], number); /* so is a list of one address */
    if (combined || xff) return;
    count_columns(sniff, cases, record, number);
    while (record.len > 1 && (*record.text == ' ' || *record.text == '\t')) {
        record.text++;
        record.len--;
    }
    if (strchr("{}[],\"", *record.text) != NULL) count_fit(&counts[FORMAT_JSON], number);
}

/* The head without NULs before it, as much of it as is looked at. */
static struct slice head_looked_at(struct slice head)
{
    while (head.len > 0 && *head.text == '\0') {
        head.text++;
        head.len--;
    }
    if (head.len > SNIFF_BYTES) head.len = SNIFF_BYTES;
    return head;
}

/* The separator of CSV that most records fit; its case is CSV's. */
static char best_separator(struct cases *cases)
{
    size_t best = 0;
    for (size_t i = 1; i < SEPARATORS; i++)
        if (cases->csv[i].fit > cases->csv[best].fit) best = i;
    cases->count[FORMAT_CSV].fit = cases->csv[best].fit;
    cases->count[FORMAT_CSV].first = cases->csv[best].first;
    return separators[best];
}

static void cases_release(struct cases *cases)
{
    columns_release(&cases->count[FORMAT_TSV].columns);
    for (size_t i = 0; i < SEPARATORS; i++)
        columns_release(&cases->csv[i].columns);
}

/* Is the line none that says anything of the format? */
static bool is_aside(const struct sniff *sniff, struct slice line, struct slice head, bool begun)
{
    if (slice_is_blank(line)) return true;
    if (sniff->comment.len > 0 && line.len >= sniff->comment.len &&
        memcmp(line.text, sniff->comment.text, sniff->comment.len) == 0)
        return true;
    return !begun && *line.text == '#' && line_kind(sniff, line, head) != FORMAT_W3C;
}

struct sniffed sniff_head(const struct sniff *asked, struct slice whole)
{
    const struct slice looked_at = head_looked_at(whole);
    struct sniff what = *asked;
    const struct sniff *const sniff = &what;
    struct csv said = *asked->csv;
    struct cases cases = {0};
    struct count *const counts = cases.count;
    struct sniffed sniffed = {.kind = FORMAT_AUTO};
    enum format_kind first = FORMAT_AUTO;
    struct slice head = looked_at;

    what.csv = &said;
    while (head.len > 0 && sniffed.records < SNIFF_RECORDS) {
        const char *newline = memchr(head.text, '\n', head.len);
        const size_t len = newline == NULL ? head.len : (size_t)(newline + 1 - head.text);
        const struct slice line = {.text = head.text, .len = len};
        if (newline == NULL && sniffed.records > 0) break; /* not all of it is there */
        const char separator = sniff_separator(csv_trim(line));
        if (separator != '\0' && sniffed.records == 0 && said.separator == '\0') {
            said.separator = separator;
        } else if (!is_aside(sniff, line, head, first != FORMAT_AUTO)) {
            if (first == FORMAT_AUTO) first = line_kind(sniff, line, head);
            sniffed.like = sniffed.like || looks_known(sniff, line);
            count_record(sniff, &cases, csv_trim(line), sniffed.records++);
        }
        head.text += len;
        head.len -= len;
    }
    sniffed.separator = best_separator(&cases);
    if (said.separator != '\0') sniffed.separator = said.separator;
    if (looked_at.text != whole.text) counts[first].first = false;
    sniffed.kind = first;
    if (first != FORMAT_JSON) counts[FORMAT_JSON].fit = 0;
    if (first == FORMAT_W3C)
        counts[FORMAT_W3C] = (struct count){.fit = sniffed.records, .first = true};
    for (int kind = FORMAT_NDJSON; kind <= FORMAT_XFF; kind++)
        if (counts[kind].fit > counts[sniffed.kind].fit) sniffed.kind = (enum format_kind)kind;
    cases_release(&cases);
    sniffed.fit = counts[sniffed.kind].fit;
    if (looked_at.text != whole.text && sniffed.fit > 1) sniffed.fit--; /* NULs and a record */
    sniffed.first = counts[sniffed.kind].first && looked_at.text == whole.text;
    return sniffed;
}
