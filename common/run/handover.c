#include "run/handover.h"

#include <string.h>

/* Before every value, a byte: the length of a string that is short; or that, and the kind, follow.
 */
#define HEAD_LONG 255
#define HEAD_NULL 254
#define HEAD_MOST (1 + 1 + sizeof(uint32_t))

static char *bytes_put(char *to, const void *from, size_t len)
{
    memcpy(to, from, len);
    return to + len;
}

static const char *bytes_take(const char *from, void *to, size_t len)
{
    memcpy(to, from, len);
    return from + len;
}

/* There is room for VALUE_PADDING bytes more, and so many are readable. */
static char *text_put(char *to, const char *from, size_t len)
{
    for (size_t at = 0; at < len; at += VALUE_PADDING)
        memcpy(to + at, from + at, VALUE_PADDING);
    return to + len;
}

static void record_add(struct buffer *out, const struct handover_record *record)
{
    const uint64_t len = record->raw.len;

    buffer_add(out, (const char *)&record->input_number, sizeof record->input_number);
    buffer_add(out, (const char *)&record->line, sizeof record->line);
    buffer_add(out, (const char *)&len, sizeof len);
    buffer_add_slice(out, record->raw);
}

static const char *record_take(const char *from, struct handover_record *record)
{
    uint64_t len;

    from = bytes_take(from, &record->input_number, sizeof record->input_number);
    from = bytes_take(from, &record->line, sizeof record->line);
    from = bytes_take(from, &len, sizeof len);
    record->raw = (struct slice){.text = from, .len = len};
    return from + len;
}

static char *value_put(char *to, struct value value)
{
    if (value.kind == KIND_NULL) {
        *to = (char)HEAD_NULL;
        return to + 1;
    }
    if (value.kind == KIND_STRING && value.len < HEAD_NULL) {
        *to = (char)value.len;
        return text_put(to + 1, value.text, value.len);
    }
    to[0] = (char)HEAD_LONG;
    to[1] = (char)value.kind;
    return bytes_put(bytes_put(to + 2, &value.len, sizeof value.len), value.text, value.len);
}

static const char *value_take(const char *from, struct value *value)
{
    const uint8_t head = (uint8_t)*from++;
    *value = (struct value){.text = from, .len = head, .kind = KIND_STRING};
    if (head == HEAD_NULL) {
        *value = VALUE_NULL;
        return from;
    }
    if (head == HEAD_LONG) {
        value->kind = (uint8_t)*from++;
        from = bytes_take(from, &value->len, sizeof value->len);
        value->text = from;
    }
    return from + value->len;
}

/* Of a line, whether members of it are read otherwise than they are written, and whether it is all
 * there is to the record. */
#define LINE_RECAST 1
#define LINE_IS_RAW 2

static void line_add(struct buffer *out, const struct event *ev, const struct slice raw)
{
    const uint64_t len = ev->line.len;
    const bool is_raw = raw.text == ev->line.text && raw.len == len;

    buffer_add_char(out, (char)((ev->recast ? LINE_RECAST : 0) | (is_raw ? LINE_IS_RAW : 0)));
    if (is_raw) return;
    buffer_add(out, (const char *)&len, sizeof len);
    buffer_add_slice(out, ev->line);
}

static const char *line_take(const char *from, struct event *ev, const struct slice raw)
{
    const unsigned flags = (unsigned char)*from++;
    uint64_t len;

    ev->recast = (flags & LINE_RECAST) != 0;
    ev->line = raw;
    if ((flags & LINE_IS_RAW) != 0) return from;
    from = bytes_take(from, &len, sizeof len);
    ev->line = (struct slice){.text = from, .len = len};
    return from + len;
}

void handover_event(struct buffer *out, const struct event *ev, uint64_t members, bool lined,
                    const struct handover_record *record)
{
    const bool is_behind = ev->time_us < ev->watermark_us;
    size_t most = sizeof ev->time_us + sizeof ev->watermark_us + VALUE_PADDING;

    buffer_add_char(out, lined ? HANDOVER_LINED : is_behind ? HANDOVER_BEHIND : HANDOVER_EVENT);
    if (lined || is_behind) record_add(out, record);
    if (lined) line_add(out, ev, record->raw);
    for (uint64_t left = members; left != 0; left &= left - 1)
        most += HEAD_MOST + ev->value[__builtin_ctzll(left)].len;
    char *to = buffer_reserve(out, most);
    to = bytes_put(to, &ev->time_us, sizeof ev->time_us);
    to = bytes_put(to, &ev->watermark_us, sizeof ev->watermark_us);
    for (uint64_t left = members; left != 0; left &= left - 1)
        to = value_put(to, ev->value[__builtin_ctzll(left)]);
    out->len = (size_t)(to - out->data);
}

const char *handover_take(const char *text, enum handover_kind kind, struct event *ev,
                          uint64_t members, struct handover_record *record)
{
    if (kind == HANDOVER_BEHIND || kind == HANDOVER_LINED) text = record_take(text, record);
    if (kind == HANDOVER_LINED) text = line_take(text, ev, record->raw);
    text = bytes_take(text, &ev->time_us, sizeof ev->time_us);
    text = bytes_take(text, &ev->watermark_us, sizeof ev->watermark_us);
    for (uint64_t left = members; left != 0; left &= left - 1)
        text = value_take(text, &ev->value[__builtin_ctzll(left)]);
    return text;
}
