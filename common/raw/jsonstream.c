#include "raw/jsonstream.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

#define DEPTH_MAX 1024 /* deeper is refused by the scanner in any case */

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_between(char c)
{
    return is_white(c) || c == ',' || c == '[' || c == ']';
}

/* Behind a word without quotes: number, true, or rubbish. */
static const char *word_end(const char *at, const char *end)
{
    while (at < end && !is_between(*at) && *at != '{' && *at != '}' && *at != '"' && *at != ':')
        at++;
    return at;
}

/* The high bit of every byte of word that equals byte. Above the lowest one there may be some that
 * are marked wrongly. */
static inline uint64_t bytes_equal(uint64_t word, unsigned char byte)
{
    const uint64_t differ = word ^ EACH_BYTE * byte;
    return (differ - EACH_BYTE) & ~differ & HIGH_BITS;
}

/* Over text up to a quote, a backslash or a line end, as far as there are eight bytes at a time;
 * where words are little endian right up to it. */
static inline const char *text_pass(const char *at, const char *end)
{
    for (uint64_t word; end - at >= (ptrdiff_t)sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        const uint64_t found =
            bytes_equal(word, '"') | bytes_equal(word, '\\') | bytes_equal(word, '\n');
        if (found == 0) continue;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        at += __builtin_ctzll(found) / 8;
#endif
        break;
    }
    return at;
}

/* Behind the closing quote of the string that begins at at. */
static enum jsonstream_end follow_string(const char *at, const char *end, const char **behind)
{
    for (at++; (at = text_pass(at, end)) < end; at++) {
        if (*at == '"') {
            *behind = at + 1;
            return JSONSTREAM_WHOLE;
        }
        if (*at == '\n') break;
        if (*at == '\\' && ++at == end) break;
    }
    *behind = at < end ? at : end;
    return at < end ? JSONSTREAM_BROKEN : JSONSTREAM_OPEN;
}

/* What may come next. */
enum due { DUE_VALUE, DUE_KEY, DUE_COLON, DUE_COMMA };

struct follower {
    const char *at, *end;
    enum due due;
    bool first; /* the container was just opened: it may be closed */
    int depth;
    uint64_t array[DEPTH_MAX / 64]; /* a bit per open container */
};

static bool in_array(const struct follower *f)
{
    return (f->array[(f->depth - 1) / 64] >> (f->depth - 1) % 64 & 1) != 0;
}

static bool follow_open(struct follower *f)
{
    const uint64_t bit = UINT64_C(1) << f->depth % 64;
    uint64_t *const word = &f->array[f->depth / 64];

    if (f->due != DUE_VALUE || f->depth + 1 == DEPTH_MAX) return false;
    *word = *f->at == '[' ? *word | bit : *word & ~bit;
    f->depth++;
    f->due = *f->at == '[' ? DUE_VALUE : DUE_KEY;
    f->first = true;
    f->at++;
    return true;
}

static bool follow_close(struct follower *f)
{
    if (f->depth == 0 || in_array(f) != (*f->at == ']')) return false;
    if (f->due != DUE_COMMA && !f->first) return false;
    f->depth--;
    f->due = DUE_COMMA;
    f->first = false;
    f->at++;
    return true;
}

static bool follow_sign(struct follower *f)
{
    if (*f->at == ':' ? f->due != DUE_COLON : f->due != DUE_COMMA) return false;
    f->due = *f->at == ':' || in_array(f) ? DUE_VALUE : DUE_KEY;
    f->at++;
    return true;
}

/* A string or a word. */
static enum jsonstream_end follow_plain(struct follower *f)
{
    const bool string = *f->at == '"';

    if (f->due != DUE_VALUE && !(f->due == DUE_KEY && string)) return JSONSTREAM_BROKEN;
    f->due = f->due == DUE_KEY ? DUE_COLON : DUE_COMMA;
    f->first = false;
    if (string) return follow_string(f->at, f->end, &f->at);
    f->at = word_end(f->at, f->end);
    return JSONSTREAM_WHOLE;
}

enum jsonstream_end jsonstream_follow(const char *at, const char *end, const char **behind)
{
    struct follower f = {.at = at, .end = end, .due = DUE_VALUE};

    while (f.at < end) {
        bool good = true;
        switch (*f.at) {
        case ' ':
        case '\t':
        case '\n':
        case '\r': f.at++; continue;
        case '{':
        case '[': good = follow_open(&f); break;
        case '}':
        case ']': good = follow_close(&f); break;
        case ':':
        case ',': good = f.depth > 0 && follow_sign(&f); break;
        default: {
            const enum jsonstream_end ended = follow_plain(&f);
            *behind = f.at;
            if (ended != JSONSTREAM_WHOLE) return ended;
        }
        }
        *behind = f.at;
        if (!good) return JSONSTREAM_BROKEN;
        if (f.depth == 0) return JSONSTREAM_WHOLE;
    }
    *behind = end;
    return JSONSTREAM_OPEN;
}

/* Where the value that begins at from and is broken at at ends: in front of the next, or end. */
static const char *broken_end(const struct jsonstream *stream, const char *from, const char *at,
                              const char *end)
{
    for (const char *brace = at; brace < end; brace++) {
        brace = memchr(brace, '{', (size_t)(end - brace));
        if (brace == NULL) break;
        const char *line = NULL; /* where brace's line begins, if it is the first on it */
        const char *before = brace;
        while (before > from && (is_white(before[-1]) || before[-1] == ',')) {
            before--;
            if (*before == '\n' && line == NULL) line = before + 1;
        }
        if (before == from) continue;
        if (brace == at && before[-1] != ':' && before[-1] != '[') return before;
        if (line == NULL ? before[-1] == '}' && memchr(from, '\n', (size_t)(before - from)) == NULL
                         : stream->inside || (size_t)(brace - line) <= stream->indent)
            return before;
    }
    return NULL;
}

static const char *between_end(struct jsonstream *stream, const char *data, const char *end)
{
    const char *at = data;

    while (at < end && is_between(*at)) {
        if (*at == '\n') {
            stream->inside = false;
            stream->indent = 0;
        } else if (*at == ' ' || *at == '\t') {
            stream->indent++;
        } else if (*at != '\r') {
            stream->open += *at == '[';
            stream->open -= *at == ']' && stream->open > 0;
            stream->inside = true;
        }
        at++;
    }
    return at;
}

const char *jsonstream_split(struct jsonstream *stream, const char *data, const char *end,
                             bool final)
{
    const char *behind = NULL;

    if (data == end) return NULL;
    if (is_between(*data)) return between_end(stream, data, end);
    if (*data != '{' && *data != '"') {
        behind = word_end(data + 1, end);
        if (behind == end && !final) return NULL;
        stream->inside = true;
        return behind;
    }
    const enum jsonstream_end ended = jsonstream_follow(data, end, &behind);
    if (ended == JSONSTREAM_OPEN && !final) return NULL;
    if (ended != JSONSTREAM_WHOLE) {
        const char *next =
            broken_end(stream, data, ended == JSONSTREAM_OPEN ? data + 1 : behind, end);
        if (next == NULL && !final) return NULL;
        behind = next == NULL ? end : next;
    }
    stream->inside = true;
    return behind;
}

bool jsonstream_between(struct slice piece)
{
    return piece.len == 0 || is_between(*piece.text);
}

bool jsonstream_line(struct slice value, struct buffer *out)
{
    const char *const end = value.text + value.len;
    const char *behind = NULL;

    if (jsonstream_follow(value.text, end, &behind) != JSONSTREAM_WHOLE || behind != end)
        return false;
    const size_t begin = out->len;
    buffer_add_slice(out, value);
    /* No string holds one: those are between values. */
    for (char *at = out->data + begin;
         (at = memchr(at, '\n', (size_t)(out->data + out->len - at)));)
        *at = ' ';
    return true;
}
