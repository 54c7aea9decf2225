#include <stdlib.h>

#include "base/die.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "raw/accesslog.h"
#include "raw/format_inside.h"
#include "raw/jsonstream.h"
#include "raw/logline.h"

/* A file whose header has not come by then has none. */
#define PREAMBLE_MAX 1000

void format_init(struct format *format, enum format_kind from, const struct csv *csv)
{
    *format = (struct format){.from = from, .csv = *csv};
    (void)logformat_compile(&format->xff, SLICE("xff")); /* it is one of those we know */
}

void format_want(struct format *format, struct slice name)
{
    buffer_add_char(&format->wanted, ',');
    json_add_string(&format->wanted, name);
    buffer_add_char(&format->wanted, ':');
}

void format_want_member(struct format *format, const struct schema *schema, struct slice name)
{
    bool renamed = false;

    for (size_t i = 0; i < schema->alias_count; i++) {
        const struct schema_alias *alias = &schema->alias[i];
        if (slice_equal(alias->name, name)) format_want(format, alias->old);
        if (slice_equal(alias->old, name)) renamed = true;
    }
    if (!renamed) format_want(format, name);
}

void format_release(struct format *format)
{
    logformat_release(&format->log);
    logformat_release(&format->xff);
    map_free(format->map);
    if (format->judge != NULL) {
        scanner_free(format->judge);
        schema_release(&format->nothing);
    }
    repair_release(&format->repair);
    buffer_release(&format->header);
    buffer_release(&format->wanted);
    buffer_release(&format->json);
    buffer_release(&format->outputs);
    *format = (struct format){0};
}

/* The names given take the place of a header line, which then is no record. */
enum reason columns_name(struct columns *columns, struct slice names, struct buffer *why)
{
    const struct csv comma = {.separator = ','};
    const enum reason reason = columns_read(columns, &comma, names, why);
    buffer_clear(&columns->header);
    return reason;
}

const char *format_name_columns(struct format *format, struct slice names)
{
    static struct buffer why;
    struct columns columns = {0};

    buffer_clear(&why);
    const enum reason reason = columns_name(&columns, names, &why);
    format->named = columns.count;
    columns_release(&columns);
    buffer_add_char(&why, '\0');
    if (reason != REASON_NONE) return why.data;
    buffer_release(&why);
    buffer_add_slice(&format->header, names);
    return NULL;
}

const char *format_set_log(struct format *format, struct slice text)
{
    format->from = FORMAT_W3C;
    if (slice_equal(text, SLICE("w3c"))) return NULL;
    format->from = FORMAT_LOG;
    return logformat_compile(&format->log, text);
}

void format_set_map(struct format *format, struct map_program *map)
{
    format->map = map;
    schema_init(&format->nothing);
    format->judge = scanner_new(&format->nothing);
}

void format_end(void *self)
{
    struct reading *reading = self;
    columns_release(&reading->columns);
    w3c_release(&reading->w3c);
    free(reading);
}

static bool is_comment(const struct format *format, struct slice record)
{
    return format->comment.len > 0 && record.len >= format->comment.len &&
           memcmp(record.text, format->comment.text, format->comment.len) == 0;
}

/* Comments, and lines before a header, are no CSV: a quote in them means nothing. */
static bool is_aside(const struct reading *reading, const char *data, const char *end)
{
    const struct slice line = {.text = data, .len = (size_t)(end - data)};
    const struct columns *const columns = &reading->columns;
    const bool skips = reading->format->preamble && !columns->known && *data != '"';
    return (skips || is_comment(reading->format, line)) && !columns->csv.returns;
}

const char *format_split(void *self, const char *data, const char *end, bool final)
{
    struct reading *reading = self;

    const bool in_columns = reading->kind == FORMAT_CSV || reading->kind == FORMAT_TSV;
    if (in_columns && (data == end || !is_aside(reading, data, end))) {
        struct columns *const columns = &reading->columns;
        const char *const behind = csv_take(&columns->csv, data, end, &columns->row);
        return behind != NULL ? behind : csv_split(&columns->csv, data, end, final);
    }
    if (reading->kind == FORMAT_JSON) return jsonstream_split(&reading->stream, data, end, final);
    const char *newline = data == end ? NULL : memchr(data, '\n', (size_t)(end - data));
    if (newline == NULL) return final && data != end ? end : NULL;
    if (reading->kind == FORMAT_AUTO) {
        const struct slice line = {.text = data, .len = (size_t)(newline + 1 - data)};
        if (reading_learn(reading, line)) return format_split(self, data, end, final);
        reading->kind = FORMAT_AUTO;
    }
    return newline + 1;
}

void format_followed(void *self, struct slice record)
{
    struct reading *reading = self;

    reading->stream.whole = record;
}

const char *format_lacks(const void *self)
{
    const struct reading *reading = self;

    if (reading->columns.header.len != 0 && !reading->has_rows && !reading->quiet)
        return "a header line, and nothing behind it";
    if (reading->kind != FORMAT_JSON || reading->stream.open == 0) return NULL;
    return "ends inside of an array: was it cut off?";
}

/* One output of the map, or an element of an array that was one. */
struct handing {
    void (*emit)(void *context, struct slice json, struct outline *outline);
    void *context;
    struct buffer *detail;
};

static bool hand_over(const struct handing *handing, struct slice json)
{
    switch (*json.text) {
    case '{':
        if (handing->emit != NULL) handing->emit(handing->context, json, NULL);
        return true;
    case 'n': return true;
    case '[': buffer_add_literal(handing->detail, "the map gave an array in an array"); break;
    case '"': buffer_add_literal(handing->detail, "the map gave a string"); break;
    case 't':
    case 'f': buffer_add_literal(handing->detail, "the map gave a boolean"); break;
    default: buffer_add_literal(handing->detail, "the map gave a number"); break;
    }
    return false;
}

/* Behind the JSON value at at: the first comma or bracket that is not inside it. */
static const char *value_end(const char *at)
{
    int depth = 0;

    for (;; at++) {
        if (*at == '"') {
            for (at++; *at != '"'; at++)
                if (*at == '\\') at++;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (depth == 0 && (*at == ',' || *at == ']')) {
            return at;
        } else if (*at == '}' || *at == ']') {
            depth--;
        }
    }
}

/* The elements of an array as libjq prints it, without blanks. */
static bool hand_over_elements(const struct handing *handing, struct slice array)
{
    const char *at = array.text + 1;

    if (*at == ']') return true;
    for (;;) {
        const char *end = value_end(at);
        const struct slice element = {.text = at, .len = (size_t)(end - at)};
        if (!hand_over(handing, element)) return false;
        if (*end == ']') return true;
        at = end + 1;
    }
}

static bool hand_over_outputs(const struct handing *handing, struct slice outputs)
{
    while (outputs.len > 0) {
        const char *newline = memchr(outputs.text, '\n', outputs.len);
        const struct slice json = {.text = outputs.text, .len = (size_t)(newline - outputs.text)};
        const bool array = *json.text == '[';
        if (!(array ? hand_over_elements(handing, json) : hand_over(handing, json))) return false;
        outputs.text += json.len + 1;
        outputs.len -= json.len + 1;
    }
    return true;
}

static void keep_output(void *context, struct slice json)
{
    struct buffer *outputs = context;
    buffer_add_slice(outputs, json);
    buffer_add_char(outputs, '\n');
}

/* A record is taken whole or refused whole: nothing is handed on before all of it is known to be
 * good. */
static enum reason map_record(struct format *format, struct slice json, struct handing *handing)
{
    const struct handing check = {.detail = handing->detail};

    if (format->gathering != NULL) {
        gathering_add(format->gathering, json);
        return REASON_NONE;
    }
    buffer_clear(&format->outputs);
    if (!map_run(format->map, json, keep_output, &format->outputs, handing->detail))
        return REASON_MAP_ERROR;
    if (!hand_over_outputs(&check, buffer_slice(&format->outputs))) return REASON_MAP_ERROR;
    hand_over_outputs(handing, buffer_slice(&format->outputs));
    return REASON_NONE;
}

/* What the scanner says of a line that need not be an event. Leaves its JSON in format->json. */
static enum reason judge_line(struct format *format, struct slice line)
{
    static const char padding[SCAN_PADDING + 1] = "\n";
    struct value values[SLOT_CANONICAL + 1];
    struct event ev = {.value = values};
    const char *next = NULL;

    buffer_clear(&format->json);
    buffer_add_slice(&format->json, line);
    buffer_add(&format->json, padding, sizeof(padding));
    const enum reason reason = scanner_scan(format->judge, format->json.data, &ev, &next);
    scanner_clear(format->judge);
    format->json.len = line.len;
    if ((size_t)(next - format->json.data) != line.len + 1) return REASON_NOT_JSON;
    if (reason == REASON_NOT_AN_OBJECT || reason == REASON_BAD_MEMBER) return REASON_NONE;
    return reason;
}

static enum reason translate_json(struct format *format, struct slice line, struct handing *handing)
{
    if (format->map == NULL) {
        handing->emit(handing->context, line, NULL);
        return REASON_NONE;
    }
    const enum reason reason = judge_line(format, line);
    if (reason != REASON_NONE) return reason;
    return map_record(format, buffer_slice(&format->json), handing);
}

/* Is it one value, on one line? What has been followed when the stream was cut is not again. */
static bool is_one_line(const struct reading *reading, struct slice record)
{
    const char *behind = NULL;
    const struct slice *const whole = &reading->stream.whole;
    if (*record.text != '{' || memchr(record.text, '\n', record.len) != NULL) return false;
    if (record.text == whole->text && record.len == whole->len) return true;
    return jsonstream_follow(record.text, record.text + record.len, &behind) == JSONSTREAM_WHOLE &&
           behind == record.text + record.len;
}

/* A value of a stream, or all of those in a frame. */
static enum reason translate_stream(struct reading *reading, struct slice record,
                                    struct handing *handing, bool *none)
{
    const char *at = record.text;
    const char *const end = at + record.len;
    struct jsonstream stream = {0};
    struct buffer line = {0};
    enum reason reason = REASON_NONE;

    *none = true;
    if (record.len != 0 && is_one_line(reading, record)) {
        *none = false;
        return translate_json(reading->format, record, handing);
    }
    while (reason == REASON_NONE && at < end) {
        const char *const behind = jsonstream_split(&stream, at, end, true);
        const struct slice piece = {.text = at, .len = (size_t)(behind - at)};
        at = behind;
        if (jsonstream_between(piece)) continue;
        *none = false;
        buffer_clear(&line);
        if (jsonstream_line(piece, &line)) {
            reason = translate_json(reading->format, buffer_slice(&line), handing);
        } else {
            buffer_add_literal(handing->detail, "a broken value in a stream of JSON");
            reason = REASON_NOT_JSON;
        }
    }
    buffer_release(&line);
    return reason;
}

/* A line of a log, written into format->json; and if it is none, why. */
static enum reason log_print(struct reading *reading, struct slice record, struct buffer *detail)
{
    struct format *format = reading->format;
    struct accesslog entry;
    struct misfit misfit;

    if (reading->kind == FORMAT_W3C) {
        if (w3c_print(&reading->w3c, record, &format->json, &misfit)) return REASON_NONE;
    } else if (reading->kind == FORMAT_LOG || reading->kind == FORMAT_XFF) {
        struct logformat *const log = reading->kind == FORMAT_XFF ? &format->xff : &format->log;
        if (logline_print(log, record, &format->json, &format->outline, &misfit))
            return REASON_NONE;
    } else {
        if (accesslog_parse(record, &entry, &misfit)) {
            accesslog_print(&format->json, &entry, &format->outline);
            return REASON_NONE;
        }
        buffer_add_literal(detail, "not a line of a combined or common log, ");
    }
    misfit_print(detail, record, &misfit);
    return REASON_BAD_COLUMNS;
}

static enum reason record_print(struct reading *reading, struct slice record, bool plain,
                                struct buffer *detail)
{
    if (reading->kind == FORMAT_CSV || reading->kind == FORMAT_TSV)
        return columns_print(&reading->columns, record, plain, &reading->format->json,
                             &reading->format->outline, detail);
    return log_print(reading, record, detail);
}

/* Is a row that holds all its members, and in our order, as good as one that is as it came? */
static bool may_be_ordered(const struct schema *events)
{
    return events != NULL && outline_suits(events) && events->as_is && !events->names;
}

/* Log lines and rows of CSV are written into format->json. */
static enum reason translate_text(struct reading *reading, struct slice record,
                                  struct handing *handing)
{
    struct format *format = reading->format;

    const bool in_columns = reading->kind == FORMAT_CSV || reading->kind == FORMAT_TSV;
    const struct csv_row *const row = &reading->columns.row;
    const bool is_taken = in_columns && csv_row_holds(row, record);
    /* Lines of logs have quotes. */
    const bool plain = is_taken ? row->plain : in_columns && json_is_plain(record);
    const bool ascii = (is_taken ? row->ascii : plain) || utf8_is_ascii(record);
    if (!ascii && !utf8_valid(record)) return REASON_BAD_UTF8;
    if (!ascii && memchr(record.text, '\0', record.len) != NULL) {
        buffer_add_literal(handing->detail, "a NUL byte");
        return REASON_BAD_COLUMNS;
    }
    buffer_clear(&format->json);
    outline_begin(&format->outline);
    format->outline.final = format->map == NULL;
    format->outline.ordered = format->map == NULL && may_be_ordered(format->events);
    const enum reason reason = record_print(reading, record, plain, handing->detail);
    if (reason != REASON_NONE) return reason;
    if (format->map != NULL) return map_record(format, buffer_slice(&format->json), handing);
    handing->emit(handing->context, buffer_slice(&format->json), &format->outline);
    return REASON_NONE;
}

/* Why a line is no header, and which of its columns may have been meant. */
static void no_header_add(const struct format *format, const struct columns *columns,
                          struct buffer *detail)
{
    const struct slice wanted = buffer_slice(&format->wanted);
    const char *const end = memmem(wanted.text, wanted.len, "\":", 2);
    const struct slice near = columns_meant(columns, wanted, format->map == NULL);
    const int len = (int)(end - wanted.text) - 2; /* behind the `,"` of the first */

    buffer_printf(detail, "no header line: none of its columns is %.*s", len, wanted.text + 2);
    if (near.text != NULL)
        buffer_printf(detail, "; did you mean \"%.*s\"?", (int)near.len, near.text);
    buffer_add_literal(detail, " (--rename, --time-field, --header, --preamble)");
}

/* A line of names. What names nothing that an event could be made of is no header: it is a record,
 * refused, and the next may be the header. Comments may stand before it. */
static enum reason translate_header(struct reading *reading, struct slice record, bool *header,
                                    struct buffer *detail)
{
    struct columns *columns = &reading->columns;
    const struct slice wanted = buffer_slice(&reading->format->wanted);
    const char separator = sniff_separator(record);

    if (separator != '\0') { /* Excel's: what stands between the columns */
        if (reading->format->csv.separator == '\0') columns->csv.separator = separator;
        *header = true;
        return REASON_NONE;
    }
    const enum reason reason = columns_read(columns, &columns->csv, record, detail);
    const bool named = wanted.len == 0 || columns_name_any(columns, wanted);

    *header = reason == REASON_NONE && named;
    if (*header && columns->repeated.text != NULL && !reading->quiet &&
        !reading->format->repeat_told) {
        reading->format->repeat_told = true; /* the next file mostly has the same */
        message("the column %.*s stands twice in the header line: the last one counts",
                (int)columns->repeated.len, columns->repeated.text);
    }
    if (*header && reading->skipped > 0 && !reading->quiet)
        message("%zu line%s before the header line %s skipped (--preamble)", reading->skipped,
                reading->skipped == 1 ? "" : "s", reading->skipped == 1 ? "was" : "were");
    if (*header) return reason;
    const bool skips = reading->format->preamble && reading->skipped < PREAMBLE_MAX;
    if (reason != REASON_NONE && !skips) return reason;
    if (reason == REASON_NONE) no_header_add(reading->format, columns, detail);
    columns_clear(columns);
    if (*record.text == '#') {
        buffer_clear(detail);
        *header = true;
        return REASON_NONE;
    }
    if (skips) { /* a record of which no event is made: counted as filtered */
        reading->skipped++;
        buffer_clear(detail);
        return REASON_NONE;
    }
    return REASON_BAD_COLUMNS;
}

/* One record, without its line end. */
static enum reason translate_known(struct reading *reading, struct slice record,
                                   struct handing *handing, bool *header)
{
    struct columns *columns = &reading->columns;

    record = repair_record(&reading->format->repair, record,
                           reading->kind == FORMAT_JSON || reading->kind == FORMAT_NDJSON);
    if (reading->kind == FORMAT_JSON) return translate_stream(reading, record, handing, header);
    if (reading->kind == FORMAT_NDJSON) return translate_json(reading->format, record, handing);
    if (reading->kind == FORMAT_W3C && *record.text == '#') {
        *header = true;
        return w3c_directive(&reading->w3c, record, handing->detail);
    }
    if (reading->kind != FORMAT_CSV && reading->kind != FORMAT_TSV)
        return translate_text(reading, record, handing);
    if (!columns->known) return translate_header(reading, record, header, handing->detail);
    *header = columns_repeat(columns, record);
    reading->has_rows |= !*header;
    return *header ? REASON_NONE : translate_text(reading, record, handing);
}

static enum reason translate_one(struct reading *reading, struct slice record,
                                 struct handing *handing, bool *header)
{
    if (slice_is_blank(record)) {
        *header = true; /* nobody's record */
        return REASON_NONE;
    }
    if (is_comment(reading->format, record)) return REASON_NONE;
    const bool known = reading->kind != FORMAT_AUTO || reading_learn(reading, record);
    const enum reason reason = translate_known(reading, record, handing, header);
    if (!known) reading->kind = FORMAT_AUTO; /* what comes says it */
    return reason;
}

/* A record that came in a frame and holds line ends: it may be several, as a file would be. JSON
 * may be one value on several lines. */
static enum reason translate_lines(struct reading *reading, struct slice record,
                                   struct handing *handing, bool *header)
{
    if (reading->kind == FORMAT_NDJSON)
        record = repair_record(&reading->format->repair, record, true);
    const char *at = record.text;
    const char *const end = at + record.len;
    const char *behind = NULL;
    enum reason reason = REASON_NONE;

    if (reading->kind == FORMAT_NDJSON) {
        const bool whole = jsonstream_follow(at, end, &behind) == JSONSTREAM_WHOLE &&
                           slice_is_blank((struct slice){behind, (size_t)(end - behind)});
        struct buffer line = {0};
        if (!whole) return translate_stream(reading, record, handing, header);
        record.len = (size_t)(behind - at);
        if (!jsonstream_line(record, &line)) reason = REASON_NOT_JSON;
        if (reason == REASON_NONE)
            reason = translate_json(reading->format, buffer_slice(&line), handing);
        buffer_release(&line);
        return reason;
    }
    bool none = true;
    while (reason == REASON_NONE && at < end) {
        bool no_record = false;
        behind = format_split(reading, at, end, true);
        const struct slice piece = csv_trim((struct slice){at, (size_t)(behind - at)});
        at = behind;
        reason = translate_one(reading, piece, handing, &no_record);
        none &= no_record;
    }
    *header = none && reason == REASON_NONE;
    return reason;
}

enum reason format_translate(void *self, struct slice record,
                             void (*emit)(void *context, struct slice json,
                                          struct outline *outline),
                             void *context, bool *header, struct buffer *detail)
{
    struct handing handing = {.emit = emit, .context = context, .detail = detail};

    return translate_one(self, csv_trim(record), &handing, header);
}

enum reason format_payload(void *self, struct slice record,
                           void (*emit)(void *context, struct slice json, struct outline *outline),
                           void *context, bool *header, struct buffer *detail)
{
    struct reading *reading = self;
    struct handing handing = {.emit = emit, .context = context, .detail = detail};

    record = csv_trim(record);
    reading->columns.row.taken.text = NULL; /* format_split has not been asked */
    if (reading->kind != FORMAT_JSON && memchr(record.text, '\n', record.len) != NULL)
        return translate_lines(reading, record, &handing, header);
    return translate_one(reading, record, &handing, header);
}
