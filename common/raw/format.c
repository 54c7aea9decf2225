#include "raw/format.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "raw/accesslog.h"

/* One input. */
struct reading {
    struct format *format;
    enum format_kind kind; /* FORMAT_AUTO: blank lines only so far */
    struct columns columns;
};

void format_init(struct format *format, enum format_kind from, bool literal)
{
    *format = (struct format){.from = from, .literal = literal};
}

void format_release(struct format *format)
{
    map_free(format->map);
    if (format->judge != NULL) {
        scanner_free(format->judge);
        schema_release(&format->nothing);
    }
    buffer_release(&format->header);
    buffer_release(&format->json);
    buffer_release(&format->outputs);
    *format = (struct format){0};
}

/* The names given take the place of a header line, which then is no record. */
static enum reason columns_name(struct columns *columns, struct slice names, struct buffer *why)
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
    columns_release(&columns);
    buffer_add_char(&why, '\0');
    if (reason != REASON_NONE) return why.data;
    buffer_release(&why);
    buffer_add_slice(&format->header, names);
    return NULL;
}

void format_set_map(struct format *format, struct map_program *map)
{
    format->map = map;
    schema_init(&format->nothing);
    format->judge = scanner_new(&format->nothing);
}

static enum format_kind line_kind(struct slice line)
{
    struct accesslog entry;
    size_t blanks = 0;

    while (line.text[blanks] == ' ' || line.text[blanks] == '\t')
        blanks++;
    if (line.text[blanks] == '{' || line.text[blanks] == '[') return FORMAT_NDJSON;
    if (accesslog_parse(csv_trim(line), &entry)) return FORMAT_COMBINED;
    if (memchr(line.text, '\t', line.len) != NULL) return FORMAT_TSV;
    if (memchr(line.text, ',', line.len) != NULL) return FORMAT_CSV;
    return FORMAT_NDJSON;
}

enum format_kind format_sniff(struct slice head)
{
    while (head.len > 0) {
        const char *newline = memchr(head.text, '\n', head.len);
        const size_t len = newline == NULL ? head.len : (size_t)(newline + 1 - head.text);
        const struct slice line = {.text = head.text, .len = len};
        if (!slice_is_blank(line)) return line_kind(line);
        head.text += len;
        head.len -= len;
    }
    return FORMAT_AUTO;
}

static void reading_choose(struct reading *reading, enum format_kind kind)
{
    reading->kind = kind;
    reading->columns.csv = (struct csv){
        .separator = kind == FORMAT_TSV ? '\t' : ',',
        .literal = reading->format->literal,
    };
}

void *format_begin(void *self, struct slice head)
{
    struct format *format = self;
    const enum format_kind kind = format->from != FORMAT_AUTO ? format->from : format_sniff(head);
    struct buffer why = {0};

    if (kind == FORMAT_NDJSON && format->map == NULL) return NULL;
    struct reading *reading = memory_zero(1, sizeof(*reading));
    reading->format = format;
    reading_choose(reading, kind);
    if (format->header.len > 0)
        (void)columns_name(&reading->columns, buffer_slice(&format->header), &why);
    buffer_release(&why);
    return reading;
}

bool format_whole(void *self, struct slice line)
{
    const struct format *format = self;
    const struct csv comma = {.separator = ','},
                     tab = {.separator = '\t', .literal = format->literal};
    struct csv_row names = {0}, fields = {0};
    if (format->header.len == 0) return false; /* the names are text, and look like no frame */
    if (format->from != FORMAT_TSV && format->from != FORMAT_AUTO) return false;
    const bool whole = csv_fields(&comma, buffer_slice(&format->header), 0, &names) == NULL &&
                       csv_fields(&tab, csv_trim(line), 0, &fields) == NULL &&
                       names.count == fields.count;
    csv_row_release(&names);
    csv_row_release(&fields);
    return whole;
}

void format_end(void *self)
{
    struct reading *reading = self;
    columns_release(&reading->columns);
    free(reading);
}

const char *format_split(void *self, const char *data, const char *end, bool final)
{
    struct reading *reading = self;

    if (reading->kind == FORMAT_CSV || reading->kind == FORMAT_TSV)
        return csv_split(&reading->columns.csv, data, end, final);
    const char *newline = data == end ? NULL : memchr(data, '\n', (size_t)(end - data));
    if (newline == NULL) return final && data != end ? end : NULL;
    if (reading->kind == FORMAT_AUTO) {
        const struct slice line = {.text = data, .len = (size_t)(newline + 1 - data)};
        reading_choose(reading, format_sniff(line));
        if (reading->kind != FORMAT_AUTO) return format_split(self, data, end, final);
    }
    return newline + 1;
}

/* One output of the map, or an element of an array that was one. */
struct handing {
    void (*emit)(void *context, struct slice json);
    void *context;
    struct buffer *detail;
};

static bool hand_over(const struct handing *handing, struct slice json)
{
    switch (*json.text) {
    case '{':
        if (handing->emit != NULL) handing->emit(handing->context, json);
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
        handing->emit(handing->context, line);
        return REASON_NONE;
    }
    const enum reason reason = judge_line(format, line);
    if (reason != REASON_NONE) return reason;
    return map_record(format, buffer_slice(&format->json), handing);
}

/* Log lines and rows of CSV are written into format->json. */
static enum reason translate_text(struct reading *reading, struct slice record,
                                  struct handing *handing)
{
    struct format *format = reading->format;

    if (!utf8_valid(record)) return REASON_BAD_UTF8;
    if (memchr(record.text, '\0', record.len) != NULL) {
        buffer_add_literal(handing->detail, "a NUL byte");
        return REASON_BAD_COLUMNS;
    }
    buffer_clear(&format->json);
    if (reading->kind == FORMAT_COMBINED) {
        struct accesslog entry;
        if (!accesslog_parse(record, &entry)) {
            buffer_add_literal(handing->detail, "not a line of a combined or common log");
            return REASON_BAD_COLUMNS;
        }
        accesslog_print(&format->json, &entry);
    } else {
        const enum reason reason =
            columns_print(&reading->columns, record, &format->json, handing->detail);
        if (reason != REASON_NONE) return reason;
    }
    if (format->map != NULL) return map_record(format, buffer_slice(&format->json), handing);
    handing->emit(handing->context, buffer_slice(&format->json));
    return REASON_NONE;
}

enum reason format_translate(void *self, struct slice record,
                             void (*emit)(void *context, struct slice json), void *context,
                             bool *header, struct buffer *detail)
{
    struct reading *reading = self;
    struct columns *columns = &reading->columns;
    struct handing handing = {.emit = emit, .context = context, .detail = detail};

    record = csv_trim(record);
    if (slice_is_blank(record)) {
        *header = true; /* nobody's record */
        return REASON_NONE;
    }
    if (reading->kind == FORMAT_AUTO) reading_choose(reading, format_sniff(record));
    if (reading->kind == FORMAT_NDJSON) return translate_json(reading->format, record, &handing);
    if (reading->kind == FORMAT_COMBINED) return translate_text(reading, record, &handing);
    if (!columns->known) {
        const enum reason reason = columns_read(columns, &columns->csv, record, detail);
        *header = reason == REASON_NONE;
        return reason;
    }
    *header = columns_repeat(columns, record);
    return *header ? REASON_NONE : translate_text(reading, record, &handing);
}
