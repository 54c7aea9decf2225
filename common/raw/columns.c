#include "raw/columns.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/utf8.h"

struct column {
    struct slice literal; /* `,"name":`; empty: a later column has the same name */
    int slot;             /* of a canonical member; else -1 */
};

/* A name met in the header. */
struct column_entry {
    struct id id;
    uint64_t column;
};

void columns_clear(struct columns *columns)
{
    columns->known = false;
    columns->count = 0;
    buffer_clear(&columns->header);
    buffer_clear(&columns->names);
}

void columns_release(struct columns *columns)
{
    buffer_release(&columns->header);
    buffer_release(&columns->names);
    csv_row_release(&columns->row);
    free(columns->column);
    *columns = (struct columns){0};
}

/* Adds `,"name":`; name holds the field as JSON afterwards. */
static void name_print(const struct csv *csv, struct buffer *out, const struct csv_field *field,
                       size_t number)
{
    buffer_add_char(out, ',');
    if (field->text.len == 0 || (csv->escapes && slice_equal(field->text, SLICE("\\N")))) {
        buffer_printf(out, "\"column_%zu\"", number);
    } else {
        struct csv named = *csv;
        named.null = (struct slice){0}; /* a name is text, whatever it is */
        (void)csv_field_print(&named, out, field);
    }
    buffer_add_char(out, ':');
}

/* Of columns with one name only the last keeps its literal. */
static void hide_repeated(struct columns *columns)
{
    struct table seen;

    table_init(&seen, sizeof(struct column_entry), HELD_TEXTS);
    for (size_t i = 0; i < columns->count; i++) {
        bool is_new = false;
        struct column_entry *entry = table_put(&seen, id_of(columns->column[i].literal), &is_new);
        if (!is_new) columns->column[entry->column].literal.len = 0;
        entry->column = i;
    }
    table_release(&seen);
}

enum reason columns_read(struct columns *columns, const struct csv *csv, struct slice record,
                         struct buffer *detail)
{
    columns_clear(columns);
    columns->known = true;
    if (!utf8_valid(record)) {
        buffer_add_literal(detail, "the header line is not UTF-8");
        return REASON_BAD_UTF8;
    }
    if (memchr(record.text, '\0', record.len) != NULL) {
        buffer_add_literal(detail, "the header line holds a NUL byte");
        return REASON_BAD_COLUMNS;
    }
    const char *problem = csv_fields(csv, record, COLUMNS_MAX, &columns->row);
    if (problem == NULL && columns->row.count > COLUMNS_MAX) problem = "too many columns";
    if (problem != NULL) {
        buffer_printf(detail, "header line: %s", problem);
        return REASON_BAD_COLUMNS;
    }

    columns->count = columns->row.count;
    columns->column = memory_resize(columns->column, columns->count, sizeof(*columns->column));
    for (size_t i = 0; i < columns->count; i++) {
        const size_t begin = columns->names.len;
        name_print(csv, &columns->names, &columns->row.field[i], i + 1);
        columns->column[i].literal.len = columns->names.len - begin;
    }
    /* outline_name_padded reads them. */
    memset(buffer_reserve(&columns->names, OUTLINE_NAME_BYTES), 0, OUTLINE_NAME_BYTES);
    const char *at = columns->names.data;
    for (size_t i = 0; i < columns->count; i++) {
        columns->column[i].literal.text = at;
        at += columns->column[i].literal.len;
        columns->column[i].slot = schema_canonical(columns->column[i].literal);
    }
    hide_repeated(columns);
    buffer_add_slice(&columns->header, record);
    return REASON_NONE;
}

bool columns_name_any(const struct columns *columns, struct slice names)
{
    for (size_t i = 0; i < columns->count; i++) {
        const struct slice name = columns->column[i].literal;
        if (name.len > 0 && memmem(names.text, names.len, name.text, name.len) != NULL) return true;
    }
    return false;
}

static void detail_count(struct buffer *detail, size_t count, const char *what)
{
    buffer_printf(detail, "%zu %s%s", count, what, count == 1 ? "" : "s");
}

/* memcpy of what is short mostly, without its call: the pieces may overlap. */
static inline void short_copy(char *into, const char *from, size_t len)
{
    if (__builtin_expect(len > 64, 0)) {
        memcpy(into, from, len);
    } else if (len >= 16) {
        for (size_t at = 0; at + 16 < len; at += 16)
            memcpy(into + at, from + at, 16);
        memcpy(into + len - 16, from + len - 16, 16);
    } else if (len >= 8) {
        memcpy(into, from, 8);
        memcpy(into + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(into, from, 4);
        memcpy(into + len - 4, from + len - 4, 4);
    } else {
        for (size_t at = 0; at < len; at++)
            into[at] = from[at];
    }
}

static inline void quoted_add(struct buffer *out, struct slice text)
{
    char *const into = buffer_reserve(out, text.len + 2);
    into[0] = into[text.len + 1] = '"';
    short_copy(into + 1, text.text, text.len);
    out->len += text.len + 2;
}

enum reason columns_print(struct columns *columns, struct slice record, bool plain,
                          struct buffer *out, struct outline *outline, struct buffer *detail)
{
    if (columns->count == 0) {
        buffer_add_literal(detail, "the header line could not be read");
        return REASON_BAD_COLUMNS;
    }
    const char *problem = csv_fields(&columns->csv, record, columns->count, &columns->row);
    if (problem != NULL) {
        buffer_add(detail, problem, strlen(problem));
        return REASON_BAD_COLUMNS;
    }
    if (columns->row.count != columns->count) {
        detail_count(detail, columns->row.count, "column");
        buffer_printf(detail, ", the header has %zu", columns->count);
        return REASON_BAD_COLUMNS;
    }

    const size_t begin = out->len;
    for (size_t i = 0; i < columns->count; i++) {
        if (columns->column[i].literal.len == 0) continue;
        outline_name_padded(outline, out, columns->column[i].literal, columns->column[i].slot);
        const struct csv_field *const field = &columns->row.field[i];
        if (plain && field->text.len > 0 && columns->csv.null.text == NULL) {
            quoted_add(out, field->text);
            continue;
        }
        if (!csv_field_print(&columns->csv, out, field)) {
            buffer_add_literal(detail, "an escape makes bytes that are not UTF-8");
            return REASON_BAD_UTF8;
        }
    }
    out->data[begin] = '{'; /* in place of the first comma */
    buffer_add_char(out, '}');
    outline_end(outline, out, false);
    return REASON_NONE;
}
