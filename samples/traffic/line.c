#include "line.h"

#include <string.h>

#include "catalog.h"

/* How freely to escape: only what must be, some of what may be, or at least one character. */
enum escaping { ESCAPE_NEEDED, ESCAPE_SOME, ESCAPE_ONE };

/* The bytes of the UTF-8 character at text (which is valid), and its code point. */
static uint32_t char_decode(const char *text, uint32_t *code)
{
    const unsigned char *c = (const unsigned char *)text;
    if (c[0] < 0x80) {
        *code = c[0];
        return 1;
    }
    if (c[0] < 0xe0) {
        *code = ((c[0] & 0x1fu) << 6) | (c[1] & 0x3fu);
        return 2;
    }
    if (c[0] < 0xf0) {
        *code = ((c[0] & 0x0fu) << 12) | ((c[1] & 0x3fu) << 6) | (c[2] & 0x3fu);
        return 3;
    }
    *code =
        ((c[0] & 0x07u) << 18) | ((c[1] & 0x3fu) << 12) | ((c[2] & 0x3fu) << 6) | (c[3] & 0x3fu);
    return 4;
}

static char *unit_escape(char *out, uint32_t unit, bool upper)
{
    const char *hex = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    *out++ = '\\';
    *out++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        *out++ = hex[(unit >> shift) & 15];
    return out;
}

/* Writes a character as an escape: the two-character one where there is one, mostly. */
static char *char_escape(char *out, uint32_t code, struct rng *rng)
{
    static const char shorts[] = "\"\\/\b\f\n\r\t";
    static const char letters[] = "\"\\/bfnrt";
    const uint64_t random = rng_next(rng);
    const char *at = code && code < 0x80 ? strchr(shorts, (int)code) : NULL;
    if (at && (random & 3)) {
        *out++ = '\\';
        *out++ = letters[at - shorts];
        return out;
    }
    const bool upper = random & 4;
    if (code < 0x10000) return unit_escape(out, code, upper);
    out = unit_escape(out, 0xd800 + ((code - 0x10000) >> 10), upper);
    return unit_escape(out, 0xdc00 + ((code - 0x10000) & 0x3ff), upper);
}

static char *text_print_json(char *out, const char *text, uint32_t len, enum escaping escaping,
                             struct rng *rng)
{
    /* the one for ESCAPE_ONE: the character that holds this byte or begins first after it */
    uint32_t must_at = escaping == ESCAPE_ONE && len > 0 ? rng_below(rng, len) : UINT32_MAX;
    while (must_at < len && must_at > 0 && ((unsigned char)text[must_at] & 0xc0) == 0x80)
        must_at--;
    *out++ = '"';
    for (uint32_t i = 0; i < len;) {
        uint32_t code;
        const uint32_t bytes = char_decode(text + i, &code);
        bool escape = code == '"' || code == '\\' || code < 0x20 || i == must_at;
        if (!escape && escaping != ESCAPE_NEEDED)
            escape = rng_below(rng, 16) < (code >= 0x80 ? 8u : code == '/' ? 4u : 1u);
        if (escape) {
            out = char_escape(out, code, rng);
        } else {
            memcpy(out, text + i, bytes);
            out += bytes;
        }
        i += bytes;
    }
    *out++ = '"';
    return out;
}

char *line_print_text(char *out, const char *text, uint32_t len)
{
    struct rng rng = rng_for(0, 0, 0); /* which of the ways to escape a quote */
    return text_print_json(out, text, len, ESCAPE_NEEDED, &rng);
}

static char *bytes_print(char *out, const char *text, uint32_t len)
{
    memcpy(out, text, len);
    return out + len;
}

static char *value_print_json(char *out, const struct member *member, enum escaping escaping,
                              struct rng *rng)
{
    switch (member->kind) {
    case VALUE_NULL: return text_print(out, "null");
    case VALUE_RAW: return bytes_print(out, member->text, member->len);
    case VALUE_PLAIN:
        if (escaping != ESCAPE_NEEDED) break;
        __attribute__((fallthrough));
    case VALUE_BROKEN:
        *out++ = '"';
        out = bytes_print(out, member->text, member->len);
        *out++ = '"';
        return out;
    case VALUE_TEXT:
    case VALUE_ABSENT: break;
    }
    return text_print_json(out, member->text, member->len, escaping, rng);
}

char *line_print_json(char *out, const struct record *record, const struct options *options,
                      struct rng *rng)
{
    char separator = '{';
    for (int i = 0; i < MEMBER_COUNT; i++) {
        const int id = record->order[i];
        const struct member *member = &record->members[id];
        if (!record_has(id, options) || member->kind == VALUE_ABSENT) continue;
        enum escaping escaping = options->escapes ? ESCAPE_ONE : ESCAPE_NEEDED;
        if (escaping == ESCAPE_NEEDED && member->kind == VALUE_TEXT &&
            rng_below(rng, 8) < (options->unicode ? 4u : 1u))
            escaping = ESCAPE_SOME;
        *out++ = separator;
        *out++ = '"';
        out = text_print(out, member_names[id]);
        *out++ = '"';
        *out++ = ':';
        out = value_print_json(out, member, escaping, rng);
        separator = ',';
    }
    *out++ = '}';
    *out++ = '\n';
    return out;
}

char *line_print_csv(char *out, const struct record *record, const struct options *options)
{
    bool first = true;
    for (int i = 0; i < MEMBER_COUNT; i++) {
        const int id = record->order[i];
        const struct member *member = &record->members[id];
        if (!record_has(id, options)) continue;
        if (!first) *out++ = ',';
        first = false;
        if (member->kind == VALUE_NULL || member->kind == VALUE_ABSENT) continue;
        if (member->kind == VALUE_PLAIN && member->len > 0 && !options->escapes) {
            out = bytes_print(out, member->text, member->len);
            continue;
        }
        bool quotes = member->kind != VALUE_RAW && (options->escapes || member->len == 0);
        for (uint32_t at = 0; at < member->len && !quotes; at++)
            quotes = memchr("\",\r\n", member->text[at], 4) != NULL;
        if (quotes) *out++ = '"';
        for (uint32_t at = 0; at < member->len; at++) {
            if (member->text[at] == '"') *out++ = '"';
            *out++ = member->text[at];
        }
        if (quotes) *out++ = '"';
    }
    *out++ = '\n';
    return out;
}

char *line_print_header(char *out, const struct record *record, const struct options *options)
{
    bool first = true;
    for (int i = 0; i < MEMBER_COUNT; i++) {
        const int id = record->order[i];
        if (!record_has(id, options)) continue;
        if (!first) *out++ = ',';
        first = false;
        out = text_print(out, member_names[id]);
    }
    *out++ = '\n';
    return out;
}
