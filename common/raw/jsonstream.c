#include "raw/jsonstream.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

#define DEPTH_MAX 1024 /* deeper is refused by the scanner in any case */

static inline bool is_white(char c)
{
    /* Mostly it is none, and that is seen at once. */
    return (unsigned char)c <= ' ' && (c == ' ' || c == '\t' || c == '\n' || c == '\r');
}

static inline bool is_between(char c)
{
    return is_white(c) || c == ',' || c == '[' || c == ']';
}

/* What ends a word without quotes: a number, true, or rubbish. */
static const bool ends_word[256] = {
    [' '] = true, ['\t'] = true, ['\n'] = true, ['\r'] = true, [','] = true, ['['] = true,
    [']'] = true, ['{'] = true,  ['}'] = true,  ['"'] = true,  [':'] = true,
};

static const char *word_end(const char *at, const char *end)
{
    while (at < end && !ends_word[(unsigned char)*at])
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
static inline const char *words_pass(const char *at, const char *end)
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

/* The same, sixteen bytes at a time where every processor of the kind can do that. */
static inline const char *text_pass(const char *at, const char *end)
{
#if defined(__SSE2__)
    for (; end - at >= 16; at += 16) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        const __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                        _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
                                           _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
        const unsigned bits = (unsigned)_mm_movemask_epi8(found);
        if (bits != 0) return at + __builtin_ctz(bits);
    }
#elif defined(__aarch64__)
    for (; end - at >= 16; at += 16) {
        const uint8x16_t bytes = vld1q_u8((const uint8_t *)at);
        const uint8x16_t found =
            vorrq_u8(vorrq_u8(vceqq_u8(bytes, vdupq_n_u8('"')), vceqq_u8(bytes, vdupq_n_u8('\\'))),
                     vceqq_u8(bytes, vdupq_n_u8('\n')));
        /* Four bits a byte. */
        const uint64_t bits =
            vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(found), 4)), 0);
        if (bits != 0) return at + __builtin_ctzll(bits) / 4;
    }
#endif
    return words_pass(at, end);
}

/* Behind the closing quote of the string that begins at at. */
static inline enum jsonstream_end follow_string(const char *at, const char *end,
                                                const char **behind)
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

/* The containers that are open, the innermost last. */
struct nest {
    int depth;
    uint64_t array[DEPTH_MAX / 64]; /* a bit per container: set for an array */
};

/* False: it is too deep. */
static inline bool nest_open(struct nest *nest, bool array)
{
    const uint64_t bit = UINT64_C(1) << nest->depth % 64;
    uint64_t *const word = &nest->array[nest->depth / 64];

    if (nest->depth + 1 == DEPTH_MAX) return false;
    *word = array ? *word | bit : *word & ~bit;
    nest->depth++;
    return true;
}

static inline bool nest_in_array(const struct nest *nest)
{
    return (nest->array[(nest->depth - 1) / 64] >> (nest->depth - 1) % 64 & 1) != 0;
}

static inline const char *white_pass(const char *at, const char *end)
{
    while (at < end && is_white(*at))
        at++;
    return at;
}

/* Straight through what has to come next: most text is as it should be, and at each place here
 * nearly always the same byte comes. */
enum jsonstream_end jsonstream_follow(const char *at, const char *end, const char **behind)
{
    struct nest nest = {.depth = 0};
    enum jsonstream_end ended;

    goto value;
name:
    if ((at = white_pass(at, end)) == end) goto open;
    if (*at != '"') goto broken;
    if ((ended = follow_string(at, end, &at)) != JSONSTREAM_WHOLE) goto done;
    if ((at = white_pass(at, end)) == end) goto open;
    if (*at != ':') goto broken;
    at++;
value:
    if ((at = white_pass(at, end)) == end) goto open;
    if (*at == '"') {
        if ((ended = follow_string(at, end, &at)) != JSONSTREAM_WHOLE) goto done;
    } else if (*at == '{' || *at == '[') {
        const bool array = *at == '[';
        if (!nest_open(&nest, array)) goto broken;
        if ((at = white_pass(at + 1, end)) == end) goto open;
        if (*at == (array ? ']' : '}')) goto close;
        if (array) goto value;
        goto name;
    } else if (*at == '}' || *at == ']' || *at == ':' || *at == ',') {
        goto broken;
    } else {
        at = word_end(at, end);
    }
    if (nest.depth == 0) goto whole;
behind:
    if ((at = white_pass(at, end)) == end) goto open;
    if (*at == ',') {
        at++;
        if (nest_in_array(&nest)) goto value;
        goto name;
    }
    if (*at != (nest_in_array(&nest) ? ']' : '}')) goto broken;
close:
    at++;
    if (--nest.depth != 0) goto behind;
whole:
    ended = JSONSTREAM_WHOLE;
    goto done;
open:
    ended = JSONSTREAM_OPEN;
    goto done;
broken:
    ended = JSONSTREAM_BROKEN;
done:
    *behind = at;
    return ended;
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

    stream->whole = (struct slice){.text = NULL};
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
    if (ended == JSONSTREAM_WHOLE) {
        stream->whole = (struct slice){.text = data, .len = (size_t)(behind - data)};
    } else {
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
