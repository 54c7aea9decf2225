#include "base/json.h"

#include <stdbool.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/hex.h"

#define EACH_BYTE UINT64_C(0x0101010101010101)
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* The high bit of every byte of word that equals byte. A byte above a hit may be marked
 * wrongly, the lowest mark is always right: enough to find the first. */
static inline uint64_t bytes_equal(uint64_t word, unsigned char byte)
{
    const uint64_t differ = word ^ EACH_BYTE * byte;
    return (differ - EACH_BYTE) & ~differ & HIGH_BITS;
}

/* The same for bytes below limit, which is at most 0x80. */
static inline uint64_t bytes_below(uint64_t word, unsigned char limit)
{
    return (word - EACH_BYTE * limit) & ~word & HIGH_BITS;
}

static size_t utf8_write(char *out, unsigned code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

char json_meaning(char c)
{
    switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return c; /* quote, backslash, slash */
    }
}

/* Undoes the escape at *at, of which at least two bytes are there; moves both on. False: it is not
 * whole. */
static inline __attribute__((always_inline)) bool escape_undo(const char **at, const char *end,
                                                              char **to)
{
    const char *p = *at;
    if (p[1] != 'u') {
        *(*to)++ = json_meaning(p[1]);
        *at = p + 2;
        return true;
    }
    if (end - p < 6) return false;
    if (p[2] == '0' && p[3] == '0' && p[4] < '8') { /* ASCII: most that need not be escaped */
        *(*to)++ = (char)(hex_value[(unsigned char)p[4]] << 4 | hex_value[(unsigned char)p[5]]);
        *at = p + 6;
        return true;
    }
    uint32_t code = hex_four(p + 2);
    p += 6;
    if (code >= 0xd800 && code <= 0xdbff && end - p >= 6) {
        code = 0x10000 + ((code - 0xd800) << 10) + ((hex_four(p + 2) - 0xdc00) & 0x3ff);
        p += 6;
    }
    *at = p;
    if (code < 0x80)
        *(*to)++ = (char)code;
    else
        *to += utf8_write(*to, code);
    return true;
}

size_t json_unescape(char *out, struct slice inside)
{
    if (inside.len == 0) return 0; /* of a slice that may be NULL */
    const char *at = inside.text;
    const char *const end = at + inside.len;
    char *to = out;
    const bool apart = out != inside.text;

    while (at != end) {
        /* Eight bytes at a time up to the next backslash; to is never ahead of at, so there is room
         * for them. Where text is undone in place, they must not cover what is still to be read. */
        while (end - at >= 8 && (apart || to == at)) {
            const uint64_t word = slice_word(at);
            const uint64_t slashes = bytes_equal(word, '\\');
            memcpy(to, at, sizeof word);
            const int plain = slashes == 0 ? 8 : __builtin_ctzll(slashes) / 8;
            at += plain;
            to += plain;
            if (slashes != 0) break;
        }
        while (at != end && *at != '\\')
            *to++ = *at++;
        if (end - at < 2 || !escape_undo(&at, end, &to)) break;
    }
    return (size_t)(to - out);
}

/* Copies as many bytes as are looked at together; returns how many are in front of a backslash. */
#if defined(__SSE2__)
#define TOGETHER 16
static inline int together_copy(char *to, const char *at)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    const int slashes = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    _mm_storeu_si128((__m128i *)(void *)to, bytes);
    return __builtin_ctz((unsigned)slashes | 1U << TOGETHER);
}
#else
#define TOGETHER 8
static inline int together_copy(char *to, const char *at)
{
    const uint64_t word = slice_word(at);
    const uint64_t slashes = bytes_equal(word, '\\');
    memcpy(to, at, sizeof word);
    return slashes == 0 ? TOGETHER : __builtin_ctzll(slashes) / 8;
}
#endif

size_t json_unescape_padded(char *out, struct slice inside)
{
    const char *at = inside.text;
    const char *const end = at + inside.len;
    char *to = out;

    while (at < end) {
        const int plain = together_copy(to, at);
        at += plain;
        to += plain;
        if (plain < TOGETHER && at < end && !escape_undo(&at, end, &to)) break;
    }
    return (size_t)(to - out - (at > end ? at - end : 0));
}

/* Fewer than eight bytes as a word, filled up with a byte that needs no escape. Where eight bytes
 * end together with them (readable), they are read at once. */
static inline uint64_t short_word(const char *text, size_t len, bool readable)
{
    const uint64_t blanks = EACH_BYTE * ' ';
    uint64_t word = 0;

    if (readable) {
        word = slice_word(text + len - 8) >> (64 - len * 8);
    } else {
        for (size_t i = len; i > 0; i--)
            word = word << 8 | (unsigned char)text[i - 1];
    }
    return word | blanks << (len * 8);
}

/* Sixteen bytes at once, on whatever the machine has for that. Those that are not ASCII are
 * negative. */
typedef signed char bytes __attribute__((vector_size(16)));

static inline bytes bytes_doubts(const char *text)
{
    bytes at;
    memcpy(&at, text, sizeof(at));
    return (bytes)((at < ' ') | (at == 0x7f) | (at == '"') | (at == '\\'));
}

bool json_is_plain(struct slice text)
{
    bytes marks = {0};

    if (text.len < sizeof(bytes)) {
        for (size_t i = 0; i < text.len; i++)
            if (text.text[i] < ' ' || text.text[i] > '~' || text.text[i] == '"' ||
                text.text[i] == '\\' || (signed char)text.text[i] < 0)
                return false;
        return true;
    }
    for (size_t i = 0; i < text.len - sizeof(bytes); i += sizeof(bytes))
        marks |= bytes_doubts(text.text + i);
    marks |= bytes_doubts(text.text + text.len - sizeof(bytes));
    uint64_t halves[2];
    memcpy(halves, &marks, sizeof(halves));
    return (halves[0] | halves[1]) == 0;
}

static inline void word_write(char *out, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(out, &word, sizeof(word));
}

static size_t escape_write(char *out, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

    out[0] = '\\';
    if (byte == '"' || byte == '\\') {
        out[1] = (char)byte;
        return 2;
    }
    if (byte < sizeof(letters) && letters[byte] != 0) {
        out[1] = letters[byte];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = hex[byte >> 4];
    out[5] = hex[byte & 15];
    return 6;
}

/* Marks what may need an escape: controls, DEL, the byte that C1 controls begin with, and, where
 * the text has no escapes yet, quote and backslash. */
static inline uint64_t word_specials(uint64_t word, bool has_escapes)
{
    const uint64_t controls = bytes_below(word, 0x20) | bytes_equal(word, 0x7f);
    const uint64_t specials = controls | bytes_equal(word, 0xc2);
    return has_escapes ? specials : specials | bytes_equal(word, '"') | bytes_equal(word, '\\');
}

/* Copies whole blocks of 16 bytes up to the first that needs a look; returns how many bytes. The
 * compiler makes vector instructions of this on any machine that has them. */
static inline size_t blocks_copy(char *to, const char *from, size_t len, bool has_escapes)
{
    size_t done = 0;

    for (; len - done >= 16; done += 16) {
        unsigned char block __attribute__((vector_size(16)));
        memcpy(&block, from + done, sizeof(block));
        memcpy(to + done, &block, sizeof(block));
        signed char specials __attribute__((vector_size(16)));
        specials = (block < 0x20) | (block == 0x7f) | (block == 0xc2);
        if (!has_escapes) specials |= (block == '"') | (block == '\\');
        uint64_t halves[2];
        memcpy(halves, &specials, sizeof(halves));
        if ((halves[0] | halves[1]) != 0) break;
    }
    return done;
}

static inline void add_escaped(struct buffer *out, struct slice text, bool has_escapes)
{
    const char *at = text.text;
    size_t left = text.len;

    while (left > 0) {
        /* Room for all that is left, for one escape, and for writing in whole words. */
        char *to = buffer_reserve(out, left + 8);
        uint64_t specials = 0;
        const size_t clean = blocks_copy(to, at, left, has_escapes);
        at += clean;
        to += clean;
        left -= clean;
        while (left > 0) {
            const size_t step = left < 8 ? left : 8;
            const uint64_t word = left < 8 ? short_word(at, left, text.len >= 8) : slice_word(at);
            word_write(to, word);
            specials = word_specials(word, has_escapes);
            if (specials != 0) break;
            at += step;
            to += step;
            left -= step;
        }
        if (specials != 0) {
            const size_t plain = (size_t)__builtin_ctzll(specials) / 8;
            at += plain;
            to += plain;
            left -= plain;
            if (*at != '\xc2') {
                to += escape_write(to, (unsigned char)*at);
                at++;
                left--;
            } else if (left >= 2 && (unsigned char)at[1] < 0xa0) {
                to += escape_write(to, (unsigned char)at[1]);
                at += 2;
                left -= 2;
            } else {
                *to++ = *at++;
                left--;
            }
        }
        out->len = (size_t)(to - out->data);
    }
}

void json_add_escaped(struct buffer *out, struct slice text)
{
    add_escaped(out, text, false);
}

void json_add_inside(struct buffer *out, struct slice inside)
{
    add_escaped(out, inside, true);
}

/* Behind the closing quote of the string that opens at p. */
static const char *string_end(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\') p++;
    return p < end ? p + 1 : end;
}

/* What stands between strings, up to the next quote; returns where that is. */
static const char *between_add(struct buffer *out, const char *p, const char *end)
{
    const char *quote = memchr(p, '"', (size_t)(end - p));
    const size_t len = (size_t)((quote == NULL ? end : quote) - p);
    char *to = buffer_reserve(out, len);
    for (size_t i = 0; i < len; i++)
        to[i] = (unsigned char)p[i] < ' ' ? ' ' : p[i];
    out->len += len;
    return p + len;
}

void json_add_text(struct buffer *out, struct slice text)
{
    const char *const end = text.text + text.len;
    for (const char *p = text.text; p < end;) {
        p = between_add(out, p, end);
        if (p == end) return;
        const char *behind = string_end(p, end);
        json_add_inside(out, (struct slice){.text = p, .len = (size_t)(behind - p)});
        p = behind;
    }
}

/* The same of what stands there without its blanks. */
static const char *dense_add(struct buffer *out, const char *p, const char *end)
{
    const char *quote = memchr(p, '"', (size_t)(end - p));
    const char *const stop = quote == NULL ? end : quote;
    char *to = buffer_reserve(out, (size_t)(stop - p));
    for (; p < stop; p++)
        if ((unsigned char)*p > ' ') *to++ = *p;
    out->len = (size_t)(to - out->data);
    return stop;
}

void json_add_compact(struct buffer *out, struct slice text)
{
    const char *const end = text.text + text.len;
    struct buffer plain = {0};
    for (const char *p = text.text; p < end;) {
        p = dense_add(out, p, end);
        if (p == end) break;
        const char *behind = string_end(p, end);
        const struct slice inside = {.text = p + 1, .len = (size_t)(behind - p) - 2};
        buffer_clear(&plain);
        plain.len = json_unescape(buffer_reserve(&plain, inside.len + 1), inside);
        json_add_string(out, buffer_slice(&plain));
        p = behind;
    }
    buffer_release(&plain);
}

/* Not zero when a byte is anything but plain ASCII that needs no escape: fewer steps than
 * word_specials, and enough to say that there is nothing to do. */
static inline uint64_t word_doubts(uint64_t word)
{
    const uint64_t quote = (word ^ EACH_BYTE * '"') - EACH_BYTE;
    const uint64_t slash = (word ^ EACH_BYTE * '\\') - EACH_BYTE;
    const uint64_t control = word - EACH_BYTE * ' ';
    const uint64_t above = word | (word + EACH_BYTE); /* DEL and all that is not ASCII */
    return (quote | slash | control | above) & HIGH_BITS;
}

/* Copies 16 bytes and marks those that need a look. */
static inline bytes block_copy(char *to, const char *from)
{
    memcpy(to, from, sizeof(bytes));
    return bytes_doubts(from);
}

/* Copies a text by pieces of which the last two may overlap; false: something in it needs a look,
 * and the copy is no good. */
static inline __attribute__((always_inline)) bool plain_copy(char *to, struct slice text)
{
    const char *from = text.text;
    const size_t len = text.len;

    if (len >= 16) {
        bytes doubts = block_copy(to + len - 16, from + len - 16);
        for (size_t at = 0; at + 16 < len; at += 16)
            doubts |= block_copy(to + at, from + at);
        uint64_t halves[2];
        memcpy(halves, &doubts, sizeof halves);
        return (halves[0] | halves[1]) == 0;
    }
    if (len >= 8) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
        return (word_doubts(slice_word(from)) | word_doubts(slice_word(from + len - 8))) == 0;
    }
    if (len >= 4) {
        uint32_t first, last;
        memcpy(&first, from, 4);
        memcpy(&last, from + len - 4, 4);
        memcpy(to, &first, 4);
        memcpy(to + len - 4, &last, 4);
        return word_doubts(first | (uint64_t)last << 32) == 0;
    }
    uint64_t word = EACH_BYTE * ' ';
    for (size_t at = 0; at < len; at++) {
        word = word << 8 | (unsigned char)from[at];
        to[at] = from[at];
    }
    return word_doubts(word) == 0;
}

#define SHORT_BYTES (JSON_PLAIN_MAX - 2) /* nearly every string there is */

static inline bool plain_add(struct buffer *out, struct slice text)
{
    if (text.len > SHORT_BYTES) return false;
    char *to = buffer_reserve(out, text.len + 2);
    if (!plain_copy(to + 1, text)) return false;
    to[0] = to[text.len + 1] = '"';
    out->len += text.len + 2;
    return true;
}

char *json_write_plain(char *to, struct slice text)
{
    if (text.len > SHORT_BYTES || !plain_copy(to + 1, text)) return NULL;
    to[0] = to[text.len + 1] = '"';
    return to + text.len + 2;
}

bool json_add_plain(struct buffer *out, struct slice text)
{
    return plain_add(out, text);
}

static __attribute__((noinline)) void escaped_add(struct buffer *out, struct slice text)
{
    buffer_add_char(out, '"');
    json_add_escaped(out, text);
    buffer_add_char(out, '"');
}

void json_add_string(struct buffer *out, struct slice text)
{
    if (!plain_add(out, text)) escaped_add(out, text);
}
