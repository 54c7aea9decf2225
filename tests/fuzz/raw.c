/*
 * raw.c - fuzz target: any bytes, taken for any raw format. However they are cut into reads, the
 * same records come out, every byte is in one of them, and what is made of them is JSON on one
 * line. An event that is known by its outline is the one that the scanner finds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/reference.h"
#include "base/memory.h"
#include "event/scan.h"
#include "raw/format.h"

static const char *const log_formats[] = {
    "combined",
    "common",
    "vhost",
    "xff",
    "alb",
    "npm",
    "w3c",
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent",
    "escape=json {\"t\":\"$time_iso8601\",\"u\":\"$request_uri\",\"a\":\"$http_user_agent\"}",
    "%h %l %u %{%d/%b/%Y:%T}t.%{msec_frac}t \"%r\" %>s %b %D",
};
#define LOG_FORMATS (sizeof log_formats / sizeof log_formats[0])

/* What the first bytes of the input say of how the rest is read. */
struct way {
    unsigned char kind, dialect, cut;
};

static void fail(const char *what, struct slice text)
{
    fprintf(stderr, "%s: %.*s\n", what, (int)text.len, text.text);
    abort();
}

static void format_make(struct format *format, struct way way, struct slice data)
{
    static const char separators[] = {'\0', ',', ';', '\t'};
    const struct csv csv = {.separator = separators[way.dialect & 3],
                            .literal = (way.dialect & 4) != 0,
                            .null = {.text = (way.dialect & 8) != 0 ? "-" : NULL, .len = 1}};
    static const enum format_kind kinds[] = {FORMAT_AUTO, FORMAT_CSV, FORMAT_TSV, FORMAT_COMBINED,
                                             FORMAT_JSON};
    const size_t kind = way.kind % (5 + LOG_FORMATS);
    format_init(format, kind < 5 ? kinds[kind] : FORMAT_AUTO, &csv);
    if ((way.dialect & 16) == 0) format_want(format, SLICE("event_time"));
    if ((way.dialect & 32) != 0) format->comment = SLICE("#");
    if ((way.dialect & 64) != 0) format->preamble = true;
    if (kind >= 5) {
        const char *problem = format_set_log(format, slice_of(log_formats[kind - 5]));
        if (problem != NULL) fail("a log format", slice_of(problem));
    }
    if (format->from != FORMAT_AUTO) return;
    /* Where nothing fits, auto ends the run: so it is asked first. */
    const struct sniff what = {.csv = &csv, .wanted = buffer_slice(&format->wanted)};
    const struct sniffed sniffed = sniff_head(&what, data);
    if (sniffed.fit > sniffed.records) fail("more fit than there are", data);
    format->from =
        sniffed.kind == FORMAT_AUTO || sniffed.kind == FORMAT_NDJSON ? FORMAT_CSV : sniffed.kind;
}

static bool same_value(struct value a, struct value b)
{
    if (a.kind != b.kind || a.kind == KIND_NULL) return a.kind == b.kind;
    return a.text == b.text && a.len == b.len && a.escaped == b.escaped &&
           a.was_number == b.was_number;
}

static void rest_print(struct buffer *out, const struct event *ev)
{
    buffer_clear(out);
    for (size_t i = 0; i < ev->rest_count; i++) {
        buffer_add_slice(out, ev->rest[i]);
        buffer_add_char(out, ',');
    }
}

/* The object's event, by its outline and by a scan. */
static void outline_compare(struct slice json, struct outline *outline)
{
    static const char padding[SCAN_PADDING + 1] = "\n";
    static struct schema schema;
    static struct scanner *scanner;
    static struct buffer rest[2];
    static struct value values[2][SLOT_CANONICAL + 1];
    struct event known = {.value = values[0]}, scanned = {.value = values[1]};
    struct buffer line = {0};
    const char *next;
    if (scanner == NULL) {
        schema_init(&schema);
        for (int slot = 0; slot < SLOT_CANONICAL; slot++)
            schema_need(&schema, schema.name[slot]);
        schema.all = true;
        scanner = scanner_new(&schema);
    }
    buffer_add_slice(&line, json);
    buffer_add(&line, padding, sizeof padding);
    if (outline_event(outline, &schema, line.data, &known)) {
        if (scanner_scan(scanner, line.data, &scanned, &next) != REASON_NONE)
            fail("an outline of what the scanner refuses", json);
        for (int slot = 0; slot < SLOT_CANONICAL; slot++)
            if (!same_value(known.value[slot], scanned.value[slot]))
                fail("an outline with another value", json);
        if (known.recast != scanned.recast || known.line.text != scanned.line.text ||
            known.line.len != scanned.line.len)
            fail("an outline of another event", json);
        rest_print(&rest[0], &known);
        rest_print(&rest[1], &scanned);
        if (!slice_equal(buffer_slice(&rest[0]), buffer_slice(&rest[1])))
            fail("an outline with another member", json);
        scanner_clear(scanner);
    }
    buffer_release(&line);
}

static bool of_json; /* whose values are judged later */

static void event_add(void *context, struct slice json, struct outline *outline)
{
    static struct reference reference;
    if (memchr(json.text, '\n', json.len) != NULL) fail("a line end in an event", json);
    reference_read(&reference, json);
    if (!of_json && reference.reason != REASON_NONE && reference.members < REFERENCE_MEMBERS)
        fail("an event that is not JSON", json);
    if (outline != NULL) outline_compare(json, outline);
    buffer_add_slice(context, json);
    buffer_add_char(context, '\n');
}

/* Reads the data in pieces; out gets the bounds of the records, and their events. */
static void read_all(struct way way, struct slice data, unsigned cut, struct buffer *out)
{
    struct format format;
    struct buffer detail = {0};
    format_make(&format, way, data);
    void *reading = format_begin(&format, data);
    of_json = format.from == FORMAT_JSON;
    const char *p = data.text;
    const char *const end = data.text + data.len;
    const char *there = cut == 0 ? end : p;
    while (p < end) {
        const char *next = format_split(reading, p, there, there == end);
        if (next == NULL && there == end) fail("bytes that belong to no record", data);
        if (next == NULL) {
            const size_t more = 1 + (size_t)(there - data.text) * cut % 61;
            there = (size_t)(end - there) < more ? end : there + more;
            continue;
        }
        if (next <= p || next > there) fail("a record that is none", data);
        bool header = false;
        struct slice record = {.text = p, .len = (size_t)(next - p)};
        if (record.text[record.len - 1] == '\n') record.len--;
        if (record.len > 0 && record.text[record.len - 1] == '\r') record.len--;
        buffer_clear(&detail);
        const enum reason reason =
            format_translate(reading, record, event_add, out, &header, &detail);
        p = next;
        if (of_json && header) continue; /* what stands between values may be cut anywhere */
        buffer_printf(out, "%td %d %d %.*s\n", next - data.text, reason, header, (int)detail.len,
                      detail.len == 0 ? "" : detail.data);
    }
    format_end(reading);
    format_release(&format);
    buffer_release(&detail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4 || size > 1 << 18) return 0;
    const struct way way = {.kind = data[0], .dialect = data[1], .cut = data[2]};
    struct buffer whole = {0}, pieces = {0};
    /* Nothing behind the bytes may be looked at. */
    char *text = memory_new(size - 3);
    memcpy(text, data + 3, size - 3);
    const struct slice slice = {.text = text, .len = size - 3};
    read_all(way, slice, 0, &whole);
    read_all(way, slice, way.cut | 1U, &pieces);
    if (!slice_equal(buffer_slice(&whole), buffer_slice(&pieces))) {
        fprintf(stderr, "whole:\n%.*s\npieces:\n%.*s\n", (int)whole.len, whole.data,
                (int)pieces.len, pieces.data);
        abort();
    }
    free(text);
    buffer_release(&whole);
    buffer_release(&pieces);
    return 0;
}
