#include "source/frame.h"

#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "base/object.h"
#include "event/scan.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Digits up to a tab, or NULL. */
static const char *digits_tab(const char *p, const char *end, int64_t *number)
{
    *number = 0;
    const char *from = p;
    for (; p < end && *p >= '0' && *p <= '9' && p - from < 18; p++)
        *number = *number * 10 + (*p - '0');
    return p > from && p < end && *p == '\t' ? p + 1 : NULL;
}

bool frame_read(struct slice line, struct frame *frame)
{
    const char *const end = line.text + line.len;
    const char *p = digits_tab(line.text, end, &frame->partition);
    if (p != NULL) p = digits_tab(p, end, &frame->offset);
    if (p == NULL) return false;
    frame->payload = (struct slice){.text = p, .len = (size_t)(end - p)};
    return true;
}

/* The members of an envelope we look at, as slots of a schema of their own. */
static struct scanner *envelope_scanner(struct schema *schema, int slots[3])
{
    schema_init(schema);
    slots[0] = schema_need(schema, SLICE("partition"));
    slots[1] = schema_need(schema, SLICE("offset"));
    slots[2] = schema_need(schema, SLICE("payload"));
    return scanner_new(schema);
}

/* Scans the line with the envelope's scanner, kept for the process's life. */
static bool envelope_scan(const char *text, struct value found[3])
{
    static struct schema schema;
    static struct scanner *scanner;
    static int slots[3];
    static struct value values[SCHEMA_MAX + 1];
    if (scanner == NULL) scanner = envelope_scanner(&schema, slots);
    struct event ev = {.value = values};
    const char *next;
    scanner_clear(scanner);
    if (scanner_scan(scanner, text, &ev, &next) != REASON_NONE || ev.line.len == 0) return false;
    for (int i = 0; i < 3; i++)
        found[i] = values[slots[i]];
    return true;
}

/* Text, an object (of -s avro), or the null of a tombstone, which is an empty record. */
static bool is_payload(struct value value)
{
    return value.kind == KIND_STRING || value.kind == KIND_OBJECT ||
           (value.kind == KIND_NULL && value.text != NULL);
}

/* A record is one line: line ends behind it go, and those inside a JSON document become tabs, which
 * JSON allows and forbids at the same places. */
static void payload_to_line(struct buffer *payload)
{
    char *const text = payload->data;
    while (payload->len != 0 && (text[payload->len - 1] == '\n' || text[payload->len - 1] == '\r'))
        payload->len--;
    size_t begin = 0;
    while (begin < payload->len && is_blank(text[begin]))
        begin++;
    if (begin == payload->len || (text[begin] != '{' && text[begin] != '[')) return;
    for (size_t i = begin; i < payload->len; i++)
        if (text[i] == '\n') text[i] = '\t';
    memmove(text, text + begin, payload->len - begin);
    payload->len -= begin;
}

bool envelope_read(struct slice line, struct frame *frame, struct buffer *scratch)
{
    struct value found[3];
    if (!envelope_scan(line.text, found)) return false;
    if (found[0].kind != KIND_NUMBER || !number_floor(value_slice(found[0]), 0, &frame->partition))
        return false;
    if (found[1].kind != KIND_NUMBER || !number_floor(value_slice(found[1]), 0, &frame->offset))
        return false;
    if (frame->partition < 0 || frame->offset < 0) return false;
    if (!is_payload(found[2])) return false;
    buffer_clear(scratch);
    buffer_reserve(scratch, found[2].len + 1 + SCAN_PADDING);
    if (found[2].kind != KIND_NULL) buffer_add_slice(scratch, value_slice(found[2]));
    payload_to_line(scratch);
    buffer_add_char(scratch, '\n');
    memset(scratch->data + scratch->len, 0, SCAN_PADDING);
    frame->payload = (struct slice){.text = scratch->data, .len = scratch->len - 1};
    return true;
}

/* Is there a topic, and nothing that kcat -J does not print? The line is a valid object. */
static bool kcat_printed(const char *text)
{
    static const char *const names[] = {
        "partition", "offset",        "tstype",         "ts", "broker", "headers", "key", "payload",
        "topic",     "key_schema_id", "value_schema_id"};
    struct value name, value;
    bool topic = false;
    for (const char *at = text + 1; object_next(&at, &name, &value);) {
        bool known = false;
        for (size_t i = 0; i < sizeof names / sizeof names[0] && !known; i++)
            known = slice_equal(value_slice(name), slice_of(names[i]));
        if (!known) return false;
        topic |= value.kind == KIND_STRING && slice_equal(value_slice(name), SLICE("topic"));
    }
    return topic;
}

enum framing frame_guess(const char *data, const char *end, bool asked)
{
    while (data < end && is_blank(*data))
        data++;
    struct frame frame;
    const char *newline = memchr(data, '\n', (size_t)(end - data));
    if (newline == NULL) return FRAMING_NONE;
    if (frame_read((struct slice){.text = data, .len = (size_t)(newline - data)}, &frame))
        return FRAMING_KCAT;
    struct value found[3];
    if (*data == '{' && envelope_scan(data, found) && found[0].kind == KIND_NUMBER &&
        found[1].kind == KIND_NUMBER && is_payload(found[2]) && (asked || kcat_printed(data)))
        return FRAMING_ENVELOPE;
    return FRAMING_NONE;
}
