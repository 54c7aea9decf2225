#include "base/terminal.h"

#include <stdbool.h>
#include <unistr.h>
#include <uniwidth.h>

#define ZERO_WIDTH_JOINER 0x200d
#define EMOJI_SELECTOR 0xfe0f

/* How many bytes at the beginning are ASCII without controls. */
static size_t plain_bytes(struct slice text)
{
    size_t len = 0;
    while (len < text.len && text.text[len] >= ' ' && text.text[len] < 0x7f)
        len++;
    return len;
}

static int character(struct slice text, ucs4_t *code)
{
    return u8_mbtouc(code, (const uint8_t *)text.text, text.len);
}

/* Would a terminal obey it, or all behind it change places? */
static bool is_escaped(ucs4_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* The letter of a short escape, or 0. */
static char escape_letter(ucs4_t code)
{
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    return code < sizeof letters ? letters[code] : 0;
}

static bool is_skin_tone(ucs4_t code)
{
    return code >= 0x1f3fb && code <= 0x1f3ff;
}

/* What others may join: the last character that takes columns. */
struct base {
    ucs4_t code;
    size_t columns;
    bool joins; /* a joiner is behind it */
};

#define FIRST_SYMBOL 0x203c

/* Is it drawn as text unless a selector says otherwise? (keycaps, symbols) */
static bool is_text_emoji(ucs4_t code)
{
    return (code >= '0' && code <= '9') || code == '#' || code == '*' || code == 0xa9 ||
           code == 0xae || code >= FIRST_SYMBOL;
}

/* Those of an escape, which ends in a letter or a digit. */
static size_t escape_columns(struct base *base, ucs4_t code)
{
    const char letter = escape_letter(code);
    *base = (struct base){
        .code = letter != 0 ? (unsigned char)letter : "0123456789abcdef"[code & 15], .columns = 1};
    return letter != 0 ? 2 : 6;
}

/* How many columns the next character adds. */
static size_t columns_added(struct base *base, ucs4_t code)
{
    if (is_escaped(code)) return escape_columns(base, code);
    if (code == EMOJI_SELECTOR && base->columns == 1 && is_text_emoji(base->code)) {
        base->columns = 2;
        return 1;
    }
    if (code == ZERO_WIDTH_JOINER) base->joins = base->columns == 2;
    const int columns = uc_width(code, "UTF-8");
    if (columns <= 0) return 0;
    const bool joined =
        base->columns == 2 && (is_skin_tone(code) || (base->joins && code >= FIRST_SYMBOL));
    base->joins = false;
    if (joined) return 0;
    *base = (struct base){.code = code, .columns = (size_t)columns};
    return base->columns;
}

size_t terminal_width(struct slice text)
{
    const size_t plain = plain_bytes(text);
    size_t width = plain;
    struct base base = {0};
    if (plain > 0) base = (struct base){.code = (unsigned char)text.text[plain - 1], .columns = 1};
    text.text += plain;
    text.len -= plain;
    for (int len = 0; text.len > 0; text.text += len, text.len -= (size_t)len) {
        ucs4_t code;
        len = character(text, &code);
        width += columns_added(&base, code);
    }
    return width;
}

void terminal_add(struct buffer *out, struct slice text)
{
    if (text.len == 0) return; /* it may be NULL */
    const size_t plain = plain_bytes(text);
    buffer_add(out, text.text, plain);
    text.text += plain;
    text.len -= plain;
    for (int len = 0; text.len > 0; text.text += len, text.len -= (size_t)len) {
        ucs4_t code;
        len = character(text, &code);
        const char letter = escape_letter(code);
        if (!is_escaped(code))
            buffer_add(out, text.text, (size_t)len);
        else if (letter != 0)
            buffer_printf(out, "\\%c", letter);
        else
            buffer_printf(out, "\\u%04x", (unsigned)code);
    }
}
