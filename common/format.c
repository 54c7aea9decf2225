#include "format.h"

#include "accesslog.h"
#include "utf8.h"

#define BYTE_ORDER_MARK SLICE("\xef\xbb\xbf")

void format_init(struct format *format, enum format_kind from, bool literal)
{
    *format = (struct format){.from = from, .kind = from, .fresh = true, .literal = literal};
}

void format_release(struct format *format)
{
    columns_release(&format->columns);
    map_free(format->map);
    if (format->judge != NULL) {
        scanner_free(format->judge);
        schema_release(&format->nothing);
    }
    buffer_release(&format->json);
    buffer_release(&format->outputs);
    *format = (struct format){0};
}

const char *format_name_columns(struct format *format, struct slice names)
{
    static struct buffer why;
    const struct csv comma = {.separator = ','};

    buffer_clear(&why);
    format->named = true;
    if (columns_read(&format->columns, &comma, names, &why) != REASON_NONE) {
        buffer_add_char(&why, '\0');
        return why.data;
    }
    buffer_clear(&format->columns.header); /* no line of the input is it */
    return NULL;
}

void format_set_map(struct format *format, struct map_program *map)
{
    format->map = map;
    schema_init(&format->nothing);
    format->judge = scanner_new(&format->nothing);
}

static struct slice without_mark(struct slice text)
{
    const struct slice mark = BYTE_ORDER_MARK;
    if (text.len < mark.len || memcmp(text.text, mark.text, mark.len) != 0) return text;
    return (struct slice){.text = text.text + mark.len, .len = text.len - mark.len};
}

static bool is_blank(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr(" \t\r\n", text.text[i]) == NULL || text.text[i] == '\0') return false;
    return true;
}

enum format_kind format_sniff(struct slice line)
{
    struct accesslog entry;

    line = csv_trim(without_mark(line));
    for (size_t i = 0; i < line.len; i++) {
        if (line.text[i] == '{' || line.text[i] == '[') return FORMAT_NDJSON;
        if (line.text[i] != ' ' && line.text[i] != '\t') break;
    }
    if (accesslog_parse(line, &entry)) return FORMAT_COMBINED;
    if (memchr(line.text, '\t', line.len) != NULL) return FORMAT_TSV;
    if (memchr(line.text, ',', line.len) != NULL) return FORMAT_CSV;
    return FORMAT_NDJSON;
}

static void choose(struct format *format, enum format_kind kind)
{
    format->kind = kind;
    format->columns.csv = (struct csv){
        .separator = kind == FORMAT_TSV ? '\t' : ',',
        .literal = format->literal,
    };
}

void format_begin(void *self, const char *input_name)
{
    struct format *format = self;
    (void)input_name;

    choose(format, format->from);
    format->fresh = true;
    if (!format->named) columns_clear(&format->columns);
}

bool format_passes(void *self, struct slice first_line)
{
    struct format *format = self;
    if (format->kind == FORMAT_AUTO)
        choose(format, format_sniff(without_mark(csv_trim(first_line))));
    return format->kind == FORMAT_NDJSON && format->map == NULL;
}

static const char *line_end(const char *data, const char *end, bool final)
{
    const char *newline = data == end ? NULL : memchr(data, '\n', (size_t)(end - data));
    if (newline != NULL) return newline + 1;
    return final && data != end ? end : NULL;
}

const char *format_split(void *self, const char *data, const char *end, bool final)
{
    struct format *format = self;
    const struct slice all = {.text = data, .len = (size_t)(end - data)};
    const char *first_end = line_end(data, end, final);

    if (format->kind == FORMAT_AUTO) {
        if (first_end == NULL) return NULL;
        const struct slice line = {.text = data, .len = (size_t)(first_end - data)};
        if (is_blank(without_mark(line))) return first_end;
        choose(format, format_sniff(line));
    }
    if (format->kind == FORMAT_NDJSON || format->kind == FORMAT_COMBINED) return first_end;
    /* A quote behind the mark is the first character of its field all the same. */
    if (format->fresh) data = without_mark(all).text;
    return csv_split(&format->columns.csv, data, end, final);
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

/* A record is taken whole or refused whole: nothing is handed on before all of it is known to be good. */
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
static enum reason translate_text(struct format *format, struct slice record,
                                  struct handing *handing)
{
    if (!utf8_valid(record)) return REASON_BAD_UTF8;
    if (memchr(record.text, '\0', record.len) != NULL) {
        buffer_add_literal(handing->detail, "a NUL byte");
        return REASON_BAD_COLUMNS;
    }
    buffer_clear(&format->json);
    if (format->kind == FORMAT_COMBINED) {
        struct accesslog entry;
        if (!accesslog_parse(record, &entry)) {
            buffer_add_literal(handing->detail, "not a line of a combined or common log");
            return REASON_BAD_COLUMNS;
        }
        accesslog_print(&format->json, &entry);
    } else {
        const enum reason reason =
            columns_print(&format->columns, record, &format->json, handing->detail);
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
    struct format *format = self;
    struct handing handing = {.emit = emit, .context = context, .detail = detail};

    record = csv_trim(record);
    if (format->fresh) record = without_mark(record);
    format->fresh = false;
    const bool rows = format->kind == FORMAT_CSV || format->kind == FORMAT_TSV;
    if (rows ? record.len == 0 : is_blank(record)) {
        *header = true; /* a blank line: nobody's record */
        return REASON_NONE;
    }
    if (format->kind == FORMAT_AUTO) choose(format, format_sniff(record));
    if (format->kind == FORMAT_NDJSON) return translate_json(format, record, &handing);
    if (format->kind == FORMAT_COMBINED) return translate_text(format, record, &handing);
    if (!format->columns.known) {
        const enum reason reason =
            columns_read(&format->columns, &format->columns.csv, record, detail);
        *header = reason == REASON_NONE;
        return reason;
    }
    *header = columns_repeat(&format->columns, record);
    return *header ? REASON_NONE : translate_text(format, record, &handing);
}
