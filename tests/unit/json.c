/* json.c - escaping against a slow version, and back again. */
#include "base/json.h"

#include <stdlib.h>

#include "tap.h"

static unsigned random_code(void)
{
    static const unsigned interesting[] = {'"',  '\\',  '/',   '\n',   '\t',   0,
                                           0x1f, 0x7e,  0x7f,  0x80,   0x9f,   0xa0,
                                           0xbf, 0x7ff, 0x800, 0xffff, 0x10000};
    switch (lrand48() % 8) {
    case 0: return interesting[lrand48() % 17];
    case 1: return (unsigned)(lrand48() % 0x100);
    case 2: return 0x400 + (unsigned)(lrand48() % 0x100);
    case 3: return 0xe000 + (unsigned)(lrand48() % (0x110000 - 0xe000));
    default: return 0x20 + (unsigned)(lrand48() % 0x5f);
    }
}

static void add_code(struct buffer *out, unsigned code)
{
    if (code < 0x80) {
        buffer_add_char(out, (char)code);
    } else if (code < 0x800) {
        buffer_add_char(out, (char)(0xc0 | code >> 6));
        buffer_add_char(out, (char)(0x80 | (code & 0x3f)));
    } else {
        if (code < 0x10000) {
            buffer_add_char(out, (char)(0xe0 | code >> 12));
        } else {
            buffer_add_char(out, (char)(0xf0 | code >> 18));
            buffer_add_char(out, (char)(0x80 | (code >> 12 & 0x3f)));
        }
        buffer_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
        buffer_add_char(out, (char)(0x80 | (code & 0x3f)));
    }
}

/* What json.h promises, one character at a time. */
static void slow_escape(struct buffer *out, unsigned code)
{
    static const char *const letters = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *pair = letters; *pair != '\0'; pair += 2) {
        if (code != (unsigned char)pair[0]) continue;
        buffer_add_char(out, '\\');
        buffer_add_char(out, pair[1]);
        return;
    }
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
        buffer_printf(out, "\\u%04x", code);
    } else {
        add_code(out, code);
    }
}

static void test_escape(void)
{
    struct buffer text = {0}, wanted = {0}, got = {0};
    int wrong = 0, not_back = 0;

    for (int i = 0; i < 100000; i++) {
        buffer_clear(&text);
        buffer_clear(&wanted);
        buffer_release(&got); /* so that each writes into memory of its own size */
        for (long count = lrand48() % 30; count > 0; count--) {
            const unsigned code = random_code();
            add_code(&text, code);
            slow_escape(&wanted, code);
        }
        json_add_escaped(&got, buffer_slice(&text));
        wrong += !slice_equal(buffer_slice(&got), buffer_slice(&wanted));
        got.len = json_unescape(got.data, buffer_slice(&got));
        not_back += !slice_equal(buffer_slice(&got), buffer_slice(&text));
    }
    is_int(wrong, 0, "random text is escaped as one character at a time would be");
    is_int(not_back, 0, "undoing the escapes in place gives the text back");
    buffer_release(&text);
    buffer_release(&wanted);
    buffer_release(&got);
}

static void add_unit(struct buffer *out, unsigned unit)
{
    buffer_printf(out, lrand48() % 2 == 0 ? "\\u%04x" : "\\u%04X", unit);
}

static void test_unescape(void)
{
    struct buffer text = {0}, inside = {0}, got = {0};
    int wrong = 0;

    for (int i = 0; i < 50000; i++) {
        buffer_clear(&text);
        buffer_clear(&inside);
        for (long count = lrand48() % 30; count > 0; count--) {
            const unsigned code = random_code();
            add_code(&text, code);
            if (code >= 0x20 && code != '"' && code != '\\' && lrand48() % 2 == 0) {
                add_code(&inside, code);
            } else if (code < 0x10000) {
                add_unit(&inside, code);
            } else {
                add_unit(&inside, 0xd800 + ((code - 0x10000) >> 10));
                add_unit(&inside, 0xdc00 + ((code - 0x10000) & 0x3ff));
            }
        }
        buffer_release(&got);
        if (inside.len > 0)
            got.len = json_unescape(buffer_reserve(&got, inside.len), buffer_slice(&inside));
        wrong += !slice_equal(buffer_slice(&got), buffer_slice(&text));
    }
    is_int(wrong, 0, "any character may have been written as \\u, surrogate pairs too");
    buffer_release(&text);
    buffer_release(&inside);
    buffer_release(&got);
}

static struct slice escaped(struct buffer *out, struct slice text)
{
    buffer_clear(out);
    json_add_string(out, text);
    return buffer_slice(out);
}

/* Plain is what json_add_escaped leaves as it is, and ASCII: at every place of texts of all
 * lengths. */
static void test_plain(void)
{
    struct buffer out = {0};
    int64_t wrong = 0;

    for (size_t len = 1; len < 40; len++)
        for (size_t at = 0; at < len; at++)
            for (int c = 0; c < 256; c++) {
                char text[40];
                memset(text, 'x', sizeof(text));
                text[at] = (char)c;
                const struct slice slice = {.text = text, .len = len};
                buffer_clear(&out);
                if (c < 0x80) json_add_escaped(&out, slice);
                wrong += json_is_plain(slice) != (c < 0x80 && out.len == len);
            }
    is_int(wrong, 0, "plain is what needs no escape");
    is_int(json_is_plain(SLICE("")), 1, "nothing is plain");
    buffer_release(&out);
}

int main(void)
{
    struct buffer out = {0};
    char text[32];

    is_text(escaped(&out, SLICE("")), "\"\"", "an empty string is two quotes");
    is_text(escaped(&out, SLICE("a\"b\\c/d")), "\"a\\\"b\\\\c/d\"", "the slash stays as it is");
    is_text(escaped(&out, SLICE("\b\f\n\r\t")), "\"\\b\\f\\n\\r\\t\"",
            "five controls have letters");
    is_text(escaped(&out, SLICE("\x01\x1b\x7f\0")), "\"\\u0001\\u001b\\u007f\\u0000\"",
            "the others and DEL are \\u00XX");
    is_text(escaped(&out, SLICE("\xc2\x85\xc2\xa0\xd0\xb6")), "\"\\u0085\xc2\xa0\xd0\xb6\"",
            "C1 controls are escaped, other characters are not");
    const size_t len = json_unescape(text, SLICE("\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9"));
    is_text((struct slice){.text = text, .len = len}, "\"\\/\b\f\n\r\t\xc3\xa9",
            "every escape of RFC 8259 is undone");
    buffer_clear(&out);
    json_add_inside(&out, SLICE("\\n\\\"\\u0041\x7f\xc2\x9b!"));
    is_text(buffer_slice(&out), "\\n\\\"\\u0041\\u007f\\u009b!",
            "escapes that are there stay, raw DEL and C1 do not");
    buffer_release(&out);
    test_escape();
    test_unescape();
    test_plain();
    return plan();
}
