#include "raw/logvalue.h"

#include "base/hex.h"
#include "base/json.h"
#include "base/utf8.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte of two hexadecimal digits, or -1. */
static int hex_byte(const char *at, const char *end)
{
    if (end - at < 2 || hex_digit(at[0]) < 0 || hex_digit(at[1]) < 0) return -1;
    return hex_digit(at[0]) << 4 | hex_digit(at[1]);
}

/* Adds value to out without \xHH and the like; \xHH from limit on stays. */
static void bytes_undo(struct buffer *out, struct slice value, int limit)
{
    static const char escapes[] = "b\bn\nr\rt\tv\v\"\"\\\\";
    const char *at = value.text;
    const char *const end = at + value.len;

    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        if (slash == NULL) slash = end;
        buffer_add(out, at, (size_t)(slash - at));
        if (slash == end) return;
        at = slash + 1;
        const int byte = at < end && *at == 'x' ? hex_byte(at + 1, end) : -1;
        const char *const meant = at == end || *at == '\0' ? NULL : strchr(escapes, *at);
        if (byte >= 0 && byte < limit) {
            buffer_add_char(out, (char)byte);
            at += 3;
        } else if (meant != NULL && (meant - escapes) % 2 == 0) {
            buffer_add_char(out, meant[1]);
            at++;
        } else {
            buffer_add_char(out, '\\');
        }
    }
}

/* Escapes that are JSON's stay, any other backslash is itself. */
static void json_keep(struct buffer *out, struct slice value)
{
    const char *at = value.text;
    const char *const end = at + value.len;

    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        if (slash == NULL) slash = end;
        json_add_escaped(out, (struct slice){.text = at, .len = (size_t)(slash - at)});
        if (slash == end) return;
        size_t len = 0;
        if (end - slash >= 2 && slash[1] != '\0' && strchr("\"\\/bfnrt", slash[1]) != NULL) len = 2;
        if (end - slash >= 6 && slash[1] == 'u' && hex_byte(slash + 2, end) >= 0 &&
            hex_byte(slash + 4, end) >= 0)
            len = 6;
        if (len == 0)
            buffer_add_literal(out, "\\\\");
        else
            buffer_add(out, slash, len);
        at = slash + (len == 0 ? 1 : len);
    }
}

void logvalue_print(struct buffer *out, struct slice value, enum log_escape escape,
                    struct buffer *scratch)
{
    const bool none =
        escape == LOG_ESCAPE_BYTES ? value.len == 1 && *value.text == '-' : value.len == 0;
    if (none) {
        buffer_add_literal(out, "null");
        return;
    }
    if (json_add_plain(out, value)) return;
    buffer_add_char(out, '"');
    if (escape == LOG_ESCAPE_NONE || value.len == 0 ||
        memchr(value.text, '\\', value.len) == NULL) {
        json_add_escaped(out, value);
    } else if (escape == LOG_ESCAPE_JSON) {
        json_keep(out, value);
    } else {
        buffer_clear(scratch);
        bytes_undo(scratch, value, 0x100);
        if (!utf8_valid(buffer_slice(scratch))) {
            buffer_clear(scratch);
            bytes_undo(scratch, value, 0x80);
        }
        json_add_escaped(out, buffer_slice(scratch));
    }
    buffer_add_char(out, '"');
}

static const char *digits_end(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

const char *logvalue_number_end(struct slice text)
{
    const char *at = text.text;
    const char *const end = at + text.len;

    if (at == end) return NULL;
    at += *at == '-';
    const char *const whole = digits_end(at, end);
    if (whole == at) return *text.text == '-' ? at : NULL;
    if (whole == end || *whole != '.') return whole;
    const char *const behind = digits_end(whole + 1, end);
    return behind == whole + 1 ? NULL : behind;
}

void logvalue_number_print(struct buffer *out, struct slice number, size_t decimals)
{
    if (number.len == 0 || slice_equal(number, SLICE("-"))) {
        buffer_add_literal(out, "null");
        return;
    }
    if (*number.text == '-') {
        buffer_add_char(out, '-');
        number.text++;
        number.len--;
    }
    while (number.len > 1 && *number.text == '0' && number.text[1] != '.') {
        number.text++;
        number.len--;
    }
    if (decimals == 0 || memchr(number.text, '.', number.len) != NULL) {
        buffer_add_slice(out, number);
        return;
    }
    const size_t whole = number.len > decimals ? number.len - decimals : 0;
    buffer_add(out, whole == 0 ? "0" : number.text, whole == 0 ? 1 : whole);
    buffer_add_char(out, '.');
    for (size_t i = number.len; i < decimals; i++)
        buffer_add_char(out, '0');
    buffer_add(out, number.text + whole, number.len - whole);
}

void logvalue_percent_print(struct buffer *out, struct slice value, bool plus,
                            struct buffer *scratch)
{
    const char *const end = value.text + value.len;

    buffer_clear(scratch);
    for (const char *at = value.text; at < end; at++) {
        const int byte = *at == '%' ? hex_byte(at + 1, end) : -1;
        if (byte >= 0) {
            buffer_add_char(scratch, (char)byte);
            at += 2;
        } else if (plus && *at == '+' && at + 1 < end && at[1] == '+') {
            buffer_add_literal(scratch, " +"); /* a blank before a plus */
            at++;
        } else {
            buffer_add_char(scratch, plus && *at == '+' ? ' ' : *at);
        }
    }
    buffer_add_char(out, '"');
    json_add_escaped(out, utf8_valid(buffer_slice(scratch)) ? buffer_slice(scratch) : value);
    buffer_add_char(out, '"');
}
