/*
 * reference.h - a line of NDJSON read the straightforward way: what the scanner is held against.
 *
 * Recursive descent over RFC 8259, one byte at a time, no memory of other lines. It notes the
 * members of the outermost object as they come; what a repeated name means is reference_last's
 * business.
 */
#ifndef CS_REFERENCE_H
#define CS_REFERENCE_H

#include <stdbool.h>
#include <string.h>

#include "base/slice.h"
#include "base/value.h"
#include "event/reason.h"

#define REFERENCE_MEMBERS 400
#define REFERENCE_DEPTH 256

struct reference_member {
    struct slice key;  /* between its quotes, escapes and all */
    struct slice text; /* the value as it stands there; of a string with its quotes */
    enum kind kind;
};

struct reference {
    const char *p, *end;
    enum reason reason;
    struct slice line; /* from '{' to '}' when all is well; empty for a blank line */
    struct reference_member member[REFERENCE_MEMBERS];
    int members;
};

static inline bool reference_fails(struct reference *ref, enum reason reason)
{
    if (ref->reason == REASON_NONE) ref->reason = reason;
    return false;
}

/* The byte at the front; '\n', which no line holds, at its end. */
static inline char reference_peek(const struct reference *ref)
{
    return ref->p < ref->end ? *ref->p : '\n';
}

static inline bool reference_eat(struct reference *ref, char c)
{
    if (reference_peek(ref) != c) return false;
    ref->p++;
    return true;
}

static inline void reference_blanks(struct reference *ref)
{
    while (reference_eat(ref, ' ') || reference_eat(ref, '\t') || reference_eat(ref, '\r')) {
    }
}

static inline bool reference_hex(struct reference *ref, unsigned *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        static const char digits[] = "0123456789abcdef";
        char c = reference_peek(ref);
        if (c >= 'A' && c <= 'F') c = (char)(c + 32);
        const char *digit = c == '\0' ? NULL : strchr(digits, c);
        if (digit == NULL) return reference_fails(ref, REASON_NOT_JSON);
        *code = *code * 16 + (unsigned)(digit - digits);
        ref->p++;
    }
    return true;
}

/* Behind a backslash. */
static inline bool reference_escape(struct reference *ref)
{
    const char c = reference_peek(ref);
    if (c != '\0' && c != '\n' && strchr("\"\\/bfnrt", c) != NULL) {
        ref->p++;
        return true;
    }
    if (!reference_eat(ref, 'u')) return reference_fails(ref, REASON_NOT_JSON);
    unsigned code, low;
    if (!reference_hex(ref, &code)) return false;
    if (code < 0xd800 || code > 0xdfff) return true;
    if (code > 0xdbff) return reference_fails(ref, REASON_BAD_UTF8);
    if (!reference_eat(ref, '\\') || !reference_eat(ref, 'u'))
        return reference_fails(ref, REASON_BAD_UTF8);
    if (!reference_hex(ref, &low)) return false;
    return (low >= 0xdc00 && low <= 0xdfff) || reference_fails(ref, REASON_BAD_UTF8);
}

/* One character of more than one byte: decoded, then judged by its number. */
static inline bool reference_character(struct reference *ref)
{
    const unsigned char first = (unsigned char)*ref->p++;
    const int more = first >= 0xf0 && first < 0xf8   ? 3
                     : first >= 0xe0 && first < 0xf0 ? 2
                     : first >= 0xc0 && first < 0xe0 ? 1
                                                     : 0;
    static const unsigned least[] = {0, 0x80, 0x800, 0x10000};
    if (more == 0) return reference_fails(ref, REASON_BAD_UTF8);
    unsigned code = first & (0x3fU >> more);
    for (int i = 0; i < more; i++) {
        const unsigned char c = (unsigned char)reference_peek(ref);
        if (c < 0x80 || c > 0xbf) return reference_fails(ref, REASON_BAD_UTF8);
        code = code << 6 | (c & 0x3fU);
        ref->p++;
    }
    if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return reference_fails(ref, REASON_BAD_UTF8);
    return true;
}

/* Behind the opening quote; ends behind the closing one. */
static inline bool reference_string(struct reference *ref)
{
    for (;;) {
        if (ref->p == ref->end) return reference_fails(ref, REASON_NOT_JSON);
        const unsigned char c = (unsigned char)*ref->p;
        if (c >= 0x80) {
            if (!reference_character(ref)) return false;
            continue;
        }
        if (c < 0x20) return reference_fails(ref, REASON_NOT_JSON);
        ref->p++;
        if (c == '"') return true;
        if (c == '\\' && !reference_escape(ref)) return false;
    }
}

static inline int reference_digits(struct reference *ref)
{
    int count = 0;
    for (; reference_peek(ref) >= '0' && reference_peek(ref) <= '9'; count++)
        ref->p++;
    return count;
}

static inline bool reference_number(struct reference *ref)
{
    (void)reference_eat(ref, '-');
    if (!reference_eat(ref, '0') && reference_digits(ref) == 0)
        return reference_fails(ref, REASON_NOT_JSON);
    if (reference_eat(ref, '.') && reference_digits(ref) == 0)
        return reference_fails(ref, REASON_NOT_JSON);
    if (reference_eat(ref, 'e') || reference_eat(ref, 'E')) {
        if (!reference_eat(ref, '+')) (void)reference_eat(ref, '-');
        if (reference_digits(ref) == 0) return reference_fails(ref, REASON_NOT_JSON);
    }
    return true;
}

static inline bool reference_word(struct reference *ref, const char *word)
{
    for (; *word != '\0'; word++)
        if (!reference_eat(ref, *word)) return reference_fails(ref, REASON_NOT_JSON);
    return true;
}

static inline bool reference_value(struct reference *ref, int depth, enum kind *kind);

/* Behind the bracket, at that depth. note: the members of the outermost object are noted. */
static inline bool reference_inside(struct reference *ref, int depth, char close, bool note)
{
    if (depth > REFERENCE_DEPTH) return reference_fails(ref, REASON_TOO_DEEP);
    reference_blanks(ref);
    if (reference_eat(ref, close)) return true;
    for (;;) {
        struct reference_member member = {0};
        if (close == '}') {
            reference_blanks(ref);
            if (!reference_eat(ref, '"')) return reference_fails(ref, REASON_NOT_JSON);
            member.key.text = ref->p;
            if (!reference_string(ref)) return false;
            member.key.len = (size_t)(ref->p - member.key.text) - 1;
            reference_blanks(ref);
            if (!reference_eat(ref, ':')) return reference_fails(ref, REASON_NOT_JSON);
        }
        reference_blanks(ref);
        member.text.text = ref->p;
        if (!reference_value(ref, depth, &member.kind)) return false;
        member.text.len = (size_t)(ref->p - member.text.text);
        if (note && ref->members < REFERENCE_MEMBERS) ref->member[ref->members++] = member;
        reference_blanks(ref);
        if (reference_eat(ref, close)) return true;
        if (!reference_eat(ref, ',')) return reference_fails(ref, REASON_NOT_JSON);
    }
}

/* A value inside what is at that depth. */
static inline bool reference_value(struct reference *ref, int depth, enum kind *kind)
{
    switch (reference_peek(ref)) {
    case '{':
        *kind = KIND_OBJECT;
        ref->p++;
        return reference_inside(ref, depth + 1, '}', false);
    case '[':
        *kind = KIND_ARRAY;
        ref->p++;
        return reference_inside(ref, depth + 1, ']', false);
    case '"':
        *kind = KIND_STRING;
        ref->p++;
        return reference_string(ref);
    case 't': *kind = KIND_TRUE; return reference_word(ref, "true");
    case 'f': *kind = KIND_FALSE; return reference_word(ref, "false");
    case 'n': *kind = KIND_NULL; return reference_word(ref, "null");
    default: *kind = KIND_NUMBER; return reference_number(ref);
    }
}

/* Reads a line (without its newline). */
static inline void reference_read(struct reference *ref, struct slice line)
{
    ref->p = line.text;
    ref->end = line.text + line.len;
    ref->reason = REASON_NONE;
    ref->members = 0;
    ref->line = (struct slice){.text = line.text, .len = 0};
    reference_blanks(ref);
    if (ref->p == ref->end) return;
    const char *from = ref->p;
    enum kind kind;
    const bool object = reference_eat(ref, '{');
    if (!(object ? reference_inside(ref, 1, '}', true) : reference_value(ref, 0, &kind))) return;
    ref->line = (struct slice){.text = from, .len = (size_t)(ref->p - from)};
    reference_blanks(ref);
    if (ref->p != ref->end)
        ref->reason = REASON_NOT_JSON;
    else if (!object)
        ref->reason = REASON_NOT_AN_OBJECT;
}

static inline char *reference_put(char *out, unsigned code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    if (code < 0x800) {
        *out++ = (char)(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *out++ = (char)(0xe0 | code >> 12);
        } else {
            *out++ = (char)(0xf0 | code >> 18);
            *out++ = (char)(0x80 | (code >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (code >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (code & 0x3f));
    return out;
}

/* A valid string's inside, its escapes undone, to out, which has room for inside.len bytes. */
static inline size_t reference_plain(char *out, struct slice inside)
{
    char *const from = out;
    for (const char *p = inside.text, *end = p + inside.len; p < end;) {
        if (*p != '\\') {
            *out++ = *p++;
            continue;
        }
        static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
        const char *letter = strchr(letters, p[1]);
        if (p[1] != 'u') {
            *out++ = letter != NULL ? meanings[letter - letters] : p[1];
            p += 2;
            continue;
        }
        struct reference hex = {.p = p + 2, .end = end};
        unsigned code, low;
        (void)reference_hex(&hex, &code);
        if (code >= 0xd800 && code <= 0xdbff) {
            hex.p += 2;
            (void)reference_hex(&hex, &low);
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        out = reference_put(out, code);
        p = hex.p;
    }
    return (size_t)(out - from);
}

#endif
