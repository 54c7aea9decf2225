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
    frame->is_end = frame->is_past = frame->about.known = false;
    const char *p = digits_tab(line.text, end, &frame->partition);
    if (p != NULL) p = digits_tab(p, end, &frame->offset);
    if (p == NULL) return false;
    frame->payload = (struct slice){.text = p, .len = (size_t)(end - p)};
    return true;
}

/* --- frames that say their size --- */

/* Up to 18 digits and a blank: behind them. What may become that when more has come is *part. */
static const char *digits_blank(const char *p, const char *end, int64_t *number, bool *part)
{
    const char *from = p;
    *number = 0;
    for (; p < end && *p >= '0' && *p <= '9' && p - from < 18; p++)
        *number = *number * 10 + (*p - '0');
    *part = p == end;
    return p > from && p < end && *p == ' ' ? p + 1 : NULL;
}

/* The size of a payload: -1 for a record that has none (a tombstone), -2 for an end, -3 for what is
 * past. */
static const char *size_blank(const char *p, const char *end, int64_t *size, bool *part)
{
    if (p == end || *p != '-') return digits_blank(p, end, size, part);
    const size_t have = (size_t)(end - p);
    const bool good = (have < 2 || (p[1] >= '1' && p[1] <= '3')) && (have < 3 || p[2] == ' ');
    *part = good && have < 3;
    if (!good || *part) return NULL;
    *size = '0' - p[1];
    return p + 3;
}

/* A time, which is not more than so many digits, and a blank. One that is too large is none. */
static const char *time_blank(const char *p, const char *end, int64_t *time_ms, bool *part)
{
    const bool negative = p < end && *p == '-';
    if (negative) p++;
    const char *const from = p;
    bool fits = true;
    *time_ms = 0;
    for (; p < end && *p >= '0' && *p <= '9' && p - from < 19; p++)
        fits = fits && !__builtin_mul_overflow(*time_ms, 10, time_ms) &&
               !__builtin_add_overflow(*time_ms, *p - '0', time_ms);
    *part = p == end;
    if (negative || !fits) *time_ms = -1;
    return p > from && p < end && *p == ' ' ? p + 1 : NULL;
}

enum frame_found frame_head_read(const char *data, const char *end, struct frame_head *head)
{
    bool part;
    *head = (struct frame_head){.time_ms = -1, .key_size = -1};
    const char *p = digits_blank(data, end, &head->partition, &part);
    if (p != NULL) p = digits_blank(p, end, &head->offset, &part);
    head->has_key = p != NULL && p < end && *p == '@';
    if (head->has_key) p = time_blank(p + 1, end, &head->time_ms, &part);
    if (head->has_key && p != NULL) p = size_blank(p, end, &head->key_size, &part);
    if (p != NULL) p = size_blank(p, end, &head->size, &part);
    if (p == NULL) return part ? FRAME_PART : FRAME_BROKEN;
    if (head->has_key && (head->size < -1 || head->key_size < -1)) return FRAME_BROKEN;
    head->len = (size_t)(p - data);
    head->rest = (head->size > 0 ? (uint64_t)head->size : 0) + 1;
    if (head->has_key) head->rest += (head->key_size > 0 ? (uint64_t)head->key_size : 0) + 1;
    return FRAME_WHOLE;
}

enum frame_found frame_find(const char *data, const char *end, bool final, struct frame *frame,
                            const char **behind, uint64_t *bytes)
{
    struct frame_head head;
    *frame = (struct frame){.partition = -1, .offset = -1};
    const enum frame_found found = frame_head_read(data, end, &head);
    if (found != FRAME_WHOLE) return found;
    const int64_t size = head.size < 0 ? 0 : head.size;
    const char *p = data + head.len;
    frame->partition = head.partition;
    frame->offset = head.offset;
    frame->is_end = head.size == -2;
    frame->is_past = head.size == -3;
    frame->payload.text = p;
    *bytes = head.len + head.rest;
    if (head.has_key) {
        struct frame_about *const about = &frame->about;
        const int64_t key_len = head.key_size < 0 ? 0 : head.key_size;
        about->known = true;
        about->time_ms = head.time_ms;
        if (key_len + size > (int64_t)LINE_MAX_BYTES) return FRAME_LONG;
        if (end - p <= key_len) return FRAME_PART;
        if (head.key_size >= 0) about->key = (struct slice){.text = p, .len = (size_t)key_len};
        p += key_len;
        if (*p++ != ' ') return FRAME_BROKEN;
        frame->payload.text = p;
    }
    if (size > (int64_t)LINE_MAX_BYTES) return FRAME_LONG;
    const size_t have = (size_t)(end - p);
    frame->payload.len = have < (size_t)size ? have : (size_t)size;
    if (have < (size_t)size || (have == (size_t)size && !final)) return FRAME_PART;
    *behind = p + size;
    if (*behind == end) return FRAME_WHOLE;
    return *(*behind)++ == '\n' ? FRAME_WHOLE : FRAME_BROKEN;
}

void frame_print_bare(struct buffer *out, int64_t partition, int64_t offset, bool is_end)
{
    buffer_add_int(out, partition);
    buffer_add_char(out, ' ');
    buffer_add_int(out, offset);
    buffer_add(out, is_end ? " -2 " : " -3 ", 4);
}

void frame_print(struct buffer *out, int64_t partition, int64_t offset, struct slice payload)
{
    buffer_add_int(out, partition);
    buffer_add_char(out, ' ');
    buffer_add_int(out, offset);
    buffer_add_char(out, ' ');
    buffer_add_int(out, (int64_t)payload.len);
    buffer_add_char(out, ' ');
    buffer_add_slice(out, payload);
}

enum frame_found frame_guess_sized(const char *data, const char *end, bool final)
{
    struct frame frame;
    const char *behind;
    uint64_t bytes;
    const enum frame_found found = frame_find(data, end, final, &frame, &behind, &bytes);
    if (found != FRAME_PART || !final) return found;
    /* Torn: it would have held JSON. */
    const struct slice payload = frame.payload;
    return frame.offset >= 0 && payload.len != 0 && (*payload.text == '{' || *payload.text == '[')
               ? FRAME_WHOLE
               : FRAME_BROKEN;
}

bool frame_is_end(struct slice line, struct frame *frame)
{
    const char *behind;
    uint64_t bytes;
    if (line.len == 0 || *line.text < '0' || *line.text > '9') return false;
    const char *const end = line.text + line.len;
    return frame_find(line.text, end, true, frame, &behind, &bytes) == FRAME_WHOLE &&
           frame->is_end && behind == end;
}

/* --- envelopes --- */

enum {
    MEMBER_PARTITION,
    MEMBER_OFFSET,
    MEMBER_PAYLOAD,
    MEMBER_KEY,
    MEMBER_TIME,
    MEMBER_HEADERS,
    MEMBERS
};

/* The members of an envelope we look at, as slots of a schema of their own. */
static struct scanner *envelope_scanner(struct schema *schema, int slots[MEMBERS])
{
    static const char *const names[] = {[MEMBER_PARTITION] = "partition",
                                        [MEMBER_OFFSET] = "offset",
                                        [MEMBER_PAYLOAD] = "payload",
                                        [MEMBER_KEY] = "key",
                                        [MEMBER_TIME] = "ts",
                                        [MEMBER_HEADERS] = "headers"};
    schema_init(schema);
    for (int i = 0; i < MEMBERS; i++)
        slots[i] = schema_need(schema, slice_of(names[i]));
    return scanner_new(schema);
}

/* Scans the line with the envelope's scanner, kept for the process's life. */
static bool envelope_scan(const char *text, struct value found[MEMBERS])
{
    static struct schema schema;
    static struct scanner *scanner;
    static int slots[MEMBERS];
    static struct value values[SCHEMA_MAX + 1];
    if (scanner == NULL) scanner = envelope_scanner(&schema, slots);
    struct event ev = {.value = values};
    const char *next;
    scanner_clear(scanner);
    if (scanner_scan(scanner, text, &ev, &next) != REASON_NONE || ev.line.len == 0) return false;
    for (int i = 0; i < MEMBERS; i++)
        found[i] = values[slots[i]];
    return true;
}

/* Text, an object (of -s avro), or the null of a tombstone, which is an empty record. */
static bool is_payload(struct value value)
{
    return value.kind == KIND_STRING || value.kind == KIND_OBJECT ||
           (value.kind == KIND_NULL && value.text != NULL);
}

static struct frame_about about_read(const struct value found[MEMBERS])
{
    struct frame_about about = {.known = true, .time_ms = -1};
    const struct value key = found[MEMBER_KEY], headers = found[MEMBER_HEADERS];
    about.json = key.kind != KIND_STRING; /* of kcat -s */
    if (key.kind != KIND_NULL) about.key = value_slice(key);
    if (found[MEMBER_TIME].kind != KIND_NUMBER ||
        !number_floor(value_slice(found[MEMBER_TIME]), 0, &about.time_ms))
        about.time_ms = -1;
    if (headers.text == NULL)
        about.headers = SLICE("[]");
    else if (headers.kind == KIND_ARRAY)
        about.headers = value_slice(headers);
    return about;
}

bool envelope_read(struct slice line, struct frame *frame, struct buffer *scratch)
{
    struct value found[MEMBERS];
    frame->is_end = frame->is_past = false;
    if (!envelope_scan(line.text, found)) return false;
    if (found[MEMBER_PARTITION].kind != KIND_NUMBER ||
        !number_floor(value_slice(found[MEMBER_PARTITION]), 0, &frame->partition))
        return false;
    if (found[MEMBER_OFFSET].kind != KIND_NUMBER ||
        !number_floor(value_slice(found[MEMBER_OFFSET]), 0, &frame->offset))
        return false;
    if (frame->partition < 0 || frame->offset < 0) return false;
    if (!is_payload(found[MEMBER_PAYLOAD])) return false;
    frame->about = about_read(found);
    buffer_clear(scratch);
    buffer_reserve(scratch, found[MEMBER_PAYLOAD].len + 1 + SCAN_PADDING);
    if (found[MEMBER_PAYLOAD].kind != KIND_NULL)
        buffer_add_slice(scratch, value_slice(found[MEMBER_PAYLOAD]));
    while (scratch->len != 0 &&
           (scratch->data[scratch->len - 1] == '\n' || scratch->data[scratch->len - 1] == '\r'))
        scratch->len--;
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
    struct value found[MEMBERS];
    if (*data == '{' && envelope_scan(data, found) && found[MEMBER_PARTITION].kind == KIND_NUMBER &&
        found[MEMBER_OFFSET].kind == KIND_NUMBER && is_payload(found[MEMBER_PAYLOAD]) &&
        (asked || kcat_printed(data)))
        return FRAMING_ENVELOPE;
    return FRAMING_NONE;
}
