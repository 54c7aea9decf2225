#include "raw/csv.h"

#include <stdlib.h>

#include "base/bytemask.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/utf8.h"

/* Behind the first line, or NULL. */
static const char *line_behind(const struct csv *csv, const char *data, const char *end, bool final)
{
    const char *at = data;
    for (;;) {
        at = memchr(at, csv->returns ? '\r' : '\n', (size_t)(end - at));
        if (at == NULL) return final ? end : NULL;
        at++;
        if (!csv->escapes) return at;
        /* PostgreSQL may write a line end as a backslash before one. */
        size_t slashes = 0;
        while (at - 1 - slashes > data && at[-2 - (ptrdiff_t)slashes] == '\\')
            slashes++;
        if (slashes % 2 == 0) return at;
    }
}

/* The closing quote of the field whose inside begins at at, or NULL; sets *doubled. A quote that is
 * the last byte counts as closing. */
static const char *quote_closing(const char *at, const char *end, bool *doubled)
{
    for (;;) {
        at = memchr(at, '"', (size_t)(end - at));
        if (at == NULL || at + 1 == end || at[1] != '"') return at;
        *doubled = true;
        at += 2;
    }
}

/* The next separator or newline, or end. */
static const char *plain_end(const char *at, const char *end, char separator, char stop)
{
    while (at != end && *at != separator && *at != stop)
        at++;
    return at;
}

static const char *bounded(const char *data, const char *record_end, const char *first_line)
{
    return (size_t)(record_end - data) > CSV_RECORD_MAX ? first_line : record_end;
}

const char *csv_split(const struct csv *csv, const char *data, const char *end, bool final)
{
    const char stop = csv->returns ? '\r' : '\n';
    if (data == end) return NULL;
    const char *first_line = line_behind(csv, data, end, final);
    if (csv->literal) return first_line;
    if (first_line != NULL && memchr(data, '"', (size_t)(first_line - data)) == NULL)
        return first_line;

    const bool give_up = final || (size_t)(end - data) >= CSV_RECORD_MAX;
    const char *at = data;
    for (;;) {
        if (at != end && *at == '"') {
            bool doubled = false;
            at = quote_closing(at + 1, end, &doubled);
            if (at == NULL) return give_up ? first_line : NULL;
            at++;
            if (at == end || (*at == '\r' && at + 1 == end)) {
                if (final) return bounded(data, end, first_line);
                return give_up ? first_line : NULL;
            }
            if (*at == '\r' && at[1] == '\n') at++;
            if (*at != csv->separator && *at != '\n' && *at != stop) return first_line;
        } else {
            at = plain_end(at, end, csv->separator, stop);
            if (at == end) {
                if (final) return bounded(data, end, first_line);
                return give_up ? first_line : NULL;
            }
        }
        if (*at == stop || *at == '\n') return bounded(data, at + 1, first_line);
        at++;
    }
}

static void row_add(struct csv_row *row, struct csv_field field, size_t limit)
{
    row->count++;
    if (row->count > limit) return;
    if (row->count > row->cap) {
        row->cap = row->cap == 0 ? 32 : row->cap * 2;
        row->field = memory_resize(row->field, row->cap, sizeof(*row->field));
    }
    row->field[row->count - 1] = field;
}

#define EASY_BYTES ((ptrdiff_t)64 << 10) /* of a record that csv_take takes */
#define EASY_FIELDS 1024

/* A record that is being taken, 64 bytes after the other. */
struct taking {
    struct csv_field *field; /* the next one */
    const char *from;        /* where it begins */
    uint64_t inside;         /* all ones: the last byte was inside of quotes */
    uint64_t before;         /* a bit for the last byte: a quoted field may begin behind it; */
    uint64_t closed;         /* it may have closed one */
    uint64_t odd;            /* what JSON would escape, but for quotes: controls and backslashes; */
    uint64_t high;           /* what is not ASCII; */
    uint64_t c1;             /* and what a C1 control may begin with */
    uint64_t doubled;        /* quotes that are doubled */
};

static inline __attribute__((always_inline)) void taking_field(struct taking *taking, bool literal,
                                                               const char *stop)
{
    const char *const from = taking->from;
    const bool quoted = !literal && *from == '"';

    taking->field->text =
        (struct slice){.text = from + quoted, .len = (size_t)(stop - from) - 2 * (size_t)quoted};
    taking->field->quoted = quoted;
    taking->field->doubled = false;
    taking->field++;
    taking->from = stop + 1;
}

/* What stands where in 64 bytes. */
struct places {
    uint64_t quotes, inside, separators, ends, odd, high, c1;
};

static inline __attribute__((always_inline)) struct places places_find(const struct taking *taking,
                                                                       bool literal, char separator,
                                                                       const char *bytes)
{
    const struct byteblock block = byteblock_load(bytes);
    const uint64_t quotes = bytemask_equal(&block, '"');
    struct places places = {
        .quotes = literal ? 0 : quotes,
        .separators = bytemask_equal(&block, separator),
        .ends = bytemask_equal(&block, '\n'),
        .high = bytemask_high(&block),
    };
    places.odd = bytemask_odd(&block) & ~places.high;
    if (__builtin_expect(places.high != 0, 0)) places.c1 = bytemask_equal(&block, '\xc2');
    if (literal) {
        places.odd |= quotes;
    } else {
        places.inside = bytemask_between(places.quotes) ^ taking->inside;
        places.separators &= ~places.inside;
        places.ends &= ~places.inside;
    }
    places.odd &= ~places.separators;
    return places;
}

/* Is each quote the first of its field, the last of it, or one of two? known are the bytes of the
 * record, returned the CR before its line end. Notes what is doubled. */
static inline __attribute__((always_inline)) bool quotes_fit(struct taking *taking,
                                                             const struct places *places,
                                                             uint64_t known, uint64_t returned)
{
    const uint64_t opening = places->quotes & places->inside & known;
    const uint64_t closing = places->quotes & ~places->inside & known;
    const uint64_t behind_closing = (closing << 1 | taking->closed) & known;
    const uint64_t may_open = places->separators << 1 | taking->before;
    const uint64_t may_follow = places->separators | places->ends | opening | returned;

    taking->doubled |= opening & behind_closing;
    taking->closed = closing >> 63;
    taking->before = places->separators >> 63;
    taking->inside = 0 - (places->inside >> 63);
    return (opening & ~(may_open | behind_closing)) == 0 && (behind_closing & ~may_follow) == 0;
}

/* Takes what is there of the record, at most 64 bytes at bytes, which stand at at. Returns the
 * place of its line end, 64 where that is still to come, or -1. */
static inline __attribute__((always_inline)) int taking_block(struct taking *taking, bool literal,
                                                              char separator, const char *bytes,
                                                              const char *at)
{
    const struct places places = places_find(taking, literal, separator, bytes);
    const int end = places.ends == 0 ? 64 : __builtin_ctzll(places.ends);
    const uint64_t ends = places.ends & -places.ends;
    const uint64_t known = ends | (ends - 1); /* all, where there is none */
    const uint64_t returned = end > 0 && end < 64 && bytes[end - 1] == '\r' ? ends >> 1 : 0;

    if (!quotes_fit(taking, &places, known, returned)) return -1;
    taking->odd |= places.odd & (known ^ ends ^ returned);
    taking->high |= places.high & known;
    taking->c1 |= places.c1 & known;
    for (uint64_t left = places.separators & known; left != 0; left &= left - 1)
        taking_field(taking, literal, at + __builtin_ctzll(left));
    return end;
}

static void row_make_room(struct csv_row *row)
{
    if (row->cap >= EASY_FIELDS) return;
    row->cap = EASY_FIELDS;
    row->field = memory_resize(row->field, row->cap, sizeof(*row->field));
}

/* The last field, and what is to be said of all of them. Returns behind the record. */
static const char *taking_end(struct taking *taking, const struct csv *csv, struct csv_row *row,
                              const char *data, const char *newline)
{
    const char *const stop = newline != data && newline[-1] == '\r' ? newline - 1 : newline;

    if (csv->escapes && taking->odd != 0 && memchr(data, '\\', (size_t)(newline - data)) != NULL)
        return NULL;
    taking_field(taking, csv->literal, stop);
    row->count = (size_t)(taking->field - row->field);
    row->ascii = (taking->odd | taking->high) == 0;
    row->plain = (taking->odd | taking->doubled | taking->c1) == 0;
    for (size_t i = 0; taking->doubled != 0 && i < row->count; i++) {
        struct csv_field *const field = &row->field[i];
        field->doubled = field->quoted && field->text.len != 0 &&
                         memchr(field->text.text, '"', field->text.len) != NULL;
    }
    row->taken = (struct slice){.text = data, .len = (size_t)(stop - data)};
    return newline + 1;
}

const char *csv_take(const struct csv *csv, const char *data, const char *end, struct csv_row *row)
{
    const bool literal = csv->literal;
    const char separator = csv->separator;
    char rest[64];

    row->taken.text = NULL;
    if (csv->returns) return NULL;
    row_make_room(row);
    struct taking taking = {.field = row->field, .from = data, .before = 1};
    const struct csv_field *const most = row->field + EASY_FIELDS - 65;
    for (const char *at = data; at < end && at - data < EASY_BYTES && taking.field < most;
         at += 64) {
        const char *bytes = at;
        if (end - at < 64) {
            memset(rest, 0, sizeof rest);
            memcpy(rest, at, (size_t)(end - at));
            bytes = rest;
        }
        const int place = taking_block(&taking, literal, separator, bytes, at);
        if (place < 0) return NULL;
        if (place < 64) return taking_end(&taking, csv, row, data, at + place);
    }
    return NULL;
}

static const char *field_plain_end(const char *at, const char *end, char separator)
{
    const char *found = at == end ? NULL : memchr(at, separator, (size_t)(end - at));
    return found == NULL ? end : found;
}

/* The same where a backslash takes the meaning from a separator. */
static const char *field_escaped_end(const char *from, const char *end, char separator)
{
    for (const char *at = from;;) {
        const char *const found = field_plain_end(at, end, separator);
        const char *slash = found == at ? NULL : memchr(at, '\\', (size_t)(found - at));
        if (slash == NULL) return found;
        if (end - slash < 2) return end;
        at = slash + 2;
    }
}

const char *csv_fields(const struct csv *csv, struct slice record, size_t limit,
                       struct csv_row *row)
{
    const char *at = record.text;
    const char *end = at + record.len;

    row->taken.text = NULL;
    row->count = 0;
    for (;;) {
        struct csv_field field = {.quoted = !csv->literal && at != end && *at == '"'};
        const char *from = at;
        if (field.quoted) {
            from++;
            at = from == end ? NULL : quote_closing(from, end, &field.doubled);
            if (at == NULL) return "a quoted field does not end";
            field.text = (struct slice){.text = from, .len = (size_t)(at - from)};
            at++;
            if (at != end && *at != csv->separator) return "text behind a closing quote";
        } else {
            at = csv->escapes ? field_escaped_end(from, end, csv->separator)
                              : field_plain_end(from, end, csv->separator);
            field.text = (struct slice){.text = from, .len = (size_t)(at - from)};
        }
        row_add(row, field, limit);
        if (at == end) return NULL;
        at++;
    }
}

struct slice csv_trim(struct slice record)
{
    if (record.len > 0 && record.text[record.len - 1] == '\n') record.len--;
    if (record.len > 0 && record.text[record.len - 1] == '\r') record.len--;
    return record;
}

/* The byte that an octal or hexadecimal escape at *at means; moves behind it. */
static int escape_byte(const char **at, const char *end)
{
    const bool hex = **at == 'x';
    const char *p = *at + hex;
    const char *const stop = end - p < 2 + !hex ? end : p + 2 + !hex;
    int byte = 0;

    for (; p < stop; p++) {
        const int c = (unsigned char)*p;
        const int digit = c >= '0' && c <= (hex ? '9' : '7')              ? c - '0'
                          : hex && (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                          : -1;
        if (digit < 0) break;
        byte = byte * (hex ? 16 : 8) + digit;
    }
    if (p == *at + hex) return -1;
    *at = p;
    return byte & 0xff;
}

/* What a character behind a backslash means; 0: not one byte by itself. */
static char escape_meaning(char c)
{
    switch (c) {
    case 't': return '\t';
    case 'n': return '\n';
    case 'r': return '\r';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'v': return '\v';
    case 'a': return '\a';
    case '\\':
    case '\'':
    case '\t':
    case '\n':
    case '\r': return c;
    default: return '\0';
    }
}

/* Adds the field without its escapes. */
static void escapes_undo(struct buffer *out, struct slice text)
{
    const char *at = text.text;
    const char *const end = at + text.len;

    while (at < end) {
        const char *slash = memchr(at, '\\', (size_t)(end - at));
        if (slash == NULL) slash = end;
        buffer_add(out, at, (size_t)(slash - at));
        if (end - slash < 2) {
            buffer_add(out, slash, (size_t)(end - slash));
            return;
        }
        at = slash + 1;
        const char meant = escape_meaning(*at);
        if (meant != '\0') {
            buffer_add_char(out, meant);
            at++;
            continue;
        }
        const int byte = *at == 'x' || (*at >= '0' && *at <= '7') ? escape_byte(&at, end) : -1;
        buffer_add_char(out, byte >= 0 ? (char)byte : '\\');
    }
}

static bool escaped_print(struct buffer *out, struct slice text)
{
    struct buffer plain = {0};

    escapes_undo(&plain, text);
    const bool good = utf8_valid(buffer_slice(&plain));
    buffer_add_char(out, '"');
    if (good) json_add_escaped(out, buffer_slice(&plain));
    buffer_add_char(out, '"');
    buffer_release(&plain);
    return good;
}

bool csv_field_is_null(const struct csv *csv, const struct csv_field *field)
{
    if (field->quoted) return false;
    if (csv->null.text != NULL && slice_equal(field->text, csv->null)) return true;
    if (csv->escapes) return slice_equal(field->text, SLICE("\\N"));
    return field->text.len == 0;
}

bool csv_field_print(const struct csv *csv, struct buffer *out, const struct csv_field *field)
{
    struct slice left = field->text;

    if (csv_field_is_null(csv, field)) {
        buffer_add_literal(out, "null");
        return true;
    }
    if (csv->escapes && left.len > 0 && memchr(left.text, '\\', left.len) != NULL) {
        return escaped_print(out, left);
    }
    if (json_add_plain(out, left)) return true;
    buffer_add_char(out, '"');
    while (field->doubled) {
        const char *quote = left.len == 0 ? NULL : memchr(left.text, '"', left.len);
        if (quote == NULL) break;
        const size_t len = (size_t)(quote - left.text);
        json_add_escaped(out, (struct slice){.text = left.text, .len = len + 1});
        left.text += len + 2;
        left.len -= len + 2;
    }
    json_add_escaped(out, left);
    buffer_add_char(out, '"');
    return true;
}

void csv_row_release(struct csv_row *row)
{
    free(row->field);
    *row = (struct csv_row){0};
}
