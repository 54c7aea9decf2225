#include "raw/csv.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"

/* Behind the first line, or NULL. */
static const char *line_behind(const char *data, const char *end, bool final)
{
    const char *newline = memchr(data, '\n', (size_t)(end - data));
    if (newline != NULL) return newline + 1;
    return final ? end : NULL;
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
static const char *plain_end(const char *at, const char *end, char separator)
{
    while (at != end && *at != separator && *at != '\n')
        at++;
    return at;
}

static const char *bounded(const char *data, const char *record_end, const char *first_line)
{
    return (size_t)(record_end - data) > CSV_RECORD_MAX ? first_line : record_end;
}

const char *csv_split(const struct csv *csv, const char *data, const char *end, bool final)
{
    if (data == end) return NULL;
    const char *first_line = line_behind(data, end, final);
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
            if (*at != csv->separator && *at != '\n') return first_line;
        } else {
            at = plain_end(at, end, csv->separator);
            if (at == end) {
                if (final) return bounded(data, end, first_line);
                return give_up ? first_line : NULL;
            }
        }
        if (*at == '\n') return bounded(data, at + 1, first_line);
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

static const char *field_plain_end(const char *at, const char *end, char separator)
{
    const char *found = at == end ? NULL : memchr(at, separator, (size_t)(end - at));
    return found == NULL ? end : found;
}

const char *csv_fields(const struct csv *csv, struct slice record, size_t limit,
                       struct csv_row *row)
{
    const char *at = record.text;
    const char *end = at + record.len;

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
            at = field_plain_end(from, end, csv->separator);
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

void csv_field_print(struct buffer *out, const struct csv_field *field)
{
    struct slice left = field->text;

    if (left.len == 0 && !field->quoted) {
        buffer_add_literal(out, "null");
        return;
    }
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
}

void csv_row_release(struct csv_row *row)
{
    free(row->field);
    *row = (struct csv_row){0};
}
