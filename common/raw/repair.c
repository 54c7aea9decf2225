#include "raw/repair.h"

#include <string.h>

#include "base/die.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

void repair_options(struct repair *repair, const struct option_list *values)
{
    struct list list = {0};

    option_items(&list, "repair", values, LIST_NAMES);
    for (size_t i = 0; i < list.count; i++) {
        const struct slice name = list.item[i].name;
        if (slice_equal(name, SLICE("utf8")))
            repair->wanted |= REPAIR_UTF8;
        else if (slice_equal(name, SLICE("escapes")))
            repair->wanted |= REPAIR_ESCAPES;
        else
            die_usage("--repair: '%s' is none of utf8, escapes", name.text);
    }
    list_release(&list);
}

/* The byte that \xHH at at means, or -1. */
static int escaped_byte(const char *at, const char *end)
{
    if (end - at < 4 || at[0] != '\\' || at[1] != 'x') return -1;
    const uint32_t high = hex_value[(unsigned char)at[2]];
    const uint32_t low = hex_value[(unsigned char)at[3]];
    return high < 16 && low < 16 ? (int)(high << 4 | low) : -1;
}

/* The number of \uHHHH at at, or -1. */
static int32_t escaped_unit(const char *at, const char *end)
{
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
    const uint32_t unit = hex_four(at + 2);
    return unit <= 0xffff ? (int32_t)unit : -1;
}

/* Adds the bytes of all \xHH from at on. What would not be UTF-8 stays what it was, as text.
 * Returns behind them. */
static const char *bytes_add(struct buffer *out, const char *at, const char *end)
{
    struct buffer bytes = {0};
    const char *const from = at;

    for (int byte; (byte = escaped_byte(at, end)) >= 0; at += 4)
        buffer_add_char(&bytes, (char)byte);
    if (utf8_valid(buffer_slice(&bytes))) {
        json_add_escaped(out, buffer_slice(&bytes));
    } else {
        for (const char *piece = from; piece < at; piece += 4) {
            const char byte = (char)escaped_byte(piece, end);
            const struct slice text = (byte & 0x80) != 0 ? (struct slice){.text = piece, .len = 4}
                                                         : (struct slice){.text = &byte, .len = 1};
            json_add_escaped(out, text);
        }
    }
    buffer_release(&bytes);
    return at;
}

/* Adds what the backslash at at begins. Returns behind it. */
static const char *escape_add(const struct repair *repair, struct buffer *out, const char *at,
                              const char *end)
{
    const bool escapes = (repair->wanted & REPAIR_ESCAPES) != 0;
    size_t len = end - at < 2 ? 1 : 2;

    if (escapes && escaped_byte(at, end) >= 0) return bytes_add(out, at, end);
    const int32_t unit = escaped_unit(at, end);
    if (unit >= 0) {
        const int32_t next = escaped_unit(at + 6, end);
        const bool high = unit >= 0xd800 && unit < 0xdc00;
        const bool pair = high && next >= 0xdc00 && next < 0xe000;
        const bool half = unit >= 0xd800 && unit < 0xe000 && !pair;
        len = pair ? 12 : 6;
        if (half && (repair->wanted & REPAIR_UTF8) != 0) {
            buffer_add_literal(out, replacement);
            return at + len;
        }
    } else if (escapes && (len == 1 || at[1] == '\0' || strchr("\"\\/bfnrt", at[1]) == NULL)) {
        buffer_add_literal(out, "\\\\");
        return at + 1;
    }
    buffer_add(out, at, len);
    return at + len;
}

static struct slice escapes_mend(struct repair *repair, struct slice record)
{
    struct buffer *const out = &repair->escapes;
    const char *at = record.text;
    const char *const end = at + record.len;

    if (memchr(at, '\\', record.len) == NULL) return record;
    buffer_clear(out);
    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        if (slash == NULL) slash = end;
        buffer_add(out, at, (size_t)(slash - at));
        at = slash == end ? end : escape_add(repair, out, slash, end);
    }
    return buffer_slice(out);
}

/* How many bytes at text, where no whole sequence is, are the beginning of one: at least 1. */
static size_t broken_len(const char *text, size_t len)
{
    const unsigned char *const byte = (const unsigned char *)text;
    const unsigned char lead = byte[0];
    unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    size_t at = 1;

    if (lead < 0xc2 || lead > 0xf4) return 1;
    while (at < len && byte[at] >= low && byte[at] <= high) {
        at++;
        low = 0x80;
        high = 0xbf;
    }
    return at;
}

static struct slice utf8_mend(struct repair *repair, struct slice record)
{
    struct buffer *const out = &repair->utf8;

    if (utf8_valid(record)) return record;
    buffer_clear(out);
    for (size_t at = 0; at < record.len;) {
        const size_t len = utf8_sequence(record.text + at, record.len - at);
        if (len > 0) {
            buffer_add(out, record.text + at, len);
            at += len;
        } else {
            buffer_add_literal(out, replacement);
            at += broken_len(record.text + at, record.len - at);
        }
    }
    return buffer_slice(out);
}

struct slice repair_record(struct repair *repair, struct slice record, bool json)
{
    const struct slice came = record;

    if (repair->wanted == 0) return record;
    if ((repair->wanted & REPAIR_UTF8) != 0) record = utf8_mend(repair, record);
    if (json) record = escapes_mend(repair, record);
    repair->repaired += record.text != came.text && !slice_equal(record, came);
    return record;
}

void repair_release(struct repair *repair)
{
    buffer_release(&repair->escapes);
    buffer_release(&repair->utf8);
}
