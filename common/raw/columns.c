#include "raw/columns.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/table.h"
#include "base/utf8.h"

#define COLUMN_NONE SIZE_MAX

/* So many columns are listed, and none with a longer name. */
#define LISTED_MAX 12
#define LISTED_BYTES_MAX 64

struct column {
    struct slice literal; /* `,"name":`; empty: a later column has the same name. Of a missing one
                             with null behind */
    size_t number;        /* from 0; COLUMN_NONE: there is no such column */
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
    columns->count = columns->shown = 0;
    buffer_clear(&columns->header);
    buffer_clear(&columns->names);
}

void columns_release(struct columns *columns)
{
    buffer_release(&columns->header);
    buffer_release(&columns->names);
    csv_row_release(&columns->row);
    free(columns->column);
    free(columns->ordered);
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

/* What stands between the quotes of `,"name":`. */
static struct slice name_of(struct slice literal)
{
    static const size_t before = 2, behind = 2;
    return (struct slice){literal.text + before, literal.len - before - behind};
}

/* Of columns with one name only the last keeps its literal. */
static void hide_repeated(struct columns *columns)
{
    struct table seen;

    columns->repeated = (struct slice){0};
    table_init(&seen, sizeof(struct column_entry), HELD_TEXTS);
    for (size_t i = 0; i < columns->count; i++) {
        bool is_new = false;
        struct column_entry *entry = table_put(&seen, id_of(columns->column[i].literal), &is_new);
        if (!is_new) {
            if (columns->repeated.text == NULL)
                columns->repeated = name_of(columns->column[i].literal);
            columns->column[entry->column].literal.len = 0;
        }
        entry->column = i;
    }
    table_release(&seen);
}

/* Those that are hidden are not printed. */
static void drop_hidden(struct columns *columns)
{
    columns->shown = 0;
    for (size_t i = 0; i < columns->count; i++)
        if (columns->column[i].literal.len != 0)
            columns->column[columns->shown++] = columns->column[i];
}

/* nulls: the literals of canonical members, one behind the other, for those that are missing. */
static void put_in_order(struct columns *columns, const char *nulls)
{
    const size_t most = columns->shown + SLOT_CANONICAL;
    struct column *to = memory_resize(columns->ordered, most, sizeof(*to));

    columns->ordered = to;
    for (int slot = 0; slot < SLOT_CANONICAL; slot++) {
        const size_t len = sizeof(",\"\":null") - 1 + schema_canonical_name(slot).len;
        *to = (struct column){.literal = {nulls, len}, .number = COLUMN_NONE, .slot = slot};
        for (size_t i = 0; i < columns->shown; i++)
            if (columns->column[i].slot == slot) *to = columns->column[i];
        nulls += len;
        to++;
    }
    for (size_t i = 0; i < columns->shown; i++)
        if (columns->column[i].slot < 0) *to++ = columns->column[i];
    columns->ordered_count = (size_t)(to - columns->ordered);
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
    const size_t missing = columns->names.len;
    for (int slot = 0; slot < SLOT_CANONICAL; slot++)
        buffer_printf(&columns->names, ",\"%s\":null", schema_canonical_name(slot).text);
    /* outline_name_padded reads them. */
    memset(buffer_reserve(&columns->names, OUTLINE_NAME_BYTES), 0, OUTLINE_NAME_BYTES);
    const char *at = columns->names.data;
    for (size_t i = 0; i < columns->count; i++) {
        struct column *const column = &columns->column[i];
        column->literal.text = at;
        column->number = i;
        at += column->literal.len;
        column->slot = schema_canonical(column->literal);
    }
    hide_repeated(columns);
    drop_hidden(columns);
    put_in_order(columns, columns->names.data + missing);
    buffer_add_slice(&columns->header, record);
    return REASON_NONE;
}

bool columns_name_any(const struct columns *columns, struct slice names)
{
    for (size_t i = 0; i < columns->shown; i++) {
        const struct slice name = columns->column[i].literal;
        if (memmem(names.text, names.len, name.text, name.len) != NULL) return true;
    }
    return false;
}

static struct slice nearest_of(const struct columns *columns, struct slice names)
{
    const char *at = names.text;
    const char *const end = at + names.len;

    while (at < end) { /* a name has no quote that is not escaped, and commas only inside */
        const char *const colon = memmem(at, (size_t)(end - at), "\":", 2);
        if (colon == NULL) break;
        struct nearest nearest;
        const struct slice wanted = {at, (size_t)(colon + 2 - at)};
        const bool canonical = schema_canonical(wanted) >= 0;
        nearest_begin(&nearest, name_of(wanted));
        for (size_t i = 0; i < columns->shown; i++)
            if (!canonical || columns->column[i].slot < 0)
                nearest_offer(&nearest, name_of(columns->column[i].literal));
        if (nearest.name.text != NULL) return nearest.name;
        at = colon + 2;
    }
    return (struct slice){0};
}

static struct slice time_of(const struct columns *columns)
{
    static const struct slice words[] = {SLICE("timestamp"), SLICE("datetime"), SLICE("time"),
                                         SLICE("created"),   SLICE("date"),     SLICE("at")};
    for (size_t word = 0; word < sizeof words / sizeof words[0]; word++) {
        for (size_t i = 0; i < columns->shown; i++) {
            const struct slice name = name_of(columns->column[i].literal);
            if (columns->column[i].slot < 0 && nearest_has_word(name, words[word])) return name;
        }
    }
    return (struct slice){0};
}

struct slice columns_meant(const struct columns *columns, struct slice names, bool time)
{
    const struct slice near = nearest_of(columns, names);
    return near.text == NULL && time ? time_of(columns) : near;
}

void columns_list(const struct columns *columns, struct buffer *out)
{
    for (size_t i = 0; i < columns->shown; i++) {
        const struct slice name = name_of(columns->column[i].literal);
        if (i == LISTED_MAX || name.len > LISTED_BYTES_MAX) {
            if (i > 0) buffer_add_literal(out, ", ...");
            return;
        }
        buffer_printf(out, "%s%.*s", i == 0 ? "" : ", ", (int)name.len, name.text);
    }
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

/* The columns of a row in the order in which they are printed. */
struct printing {
    const struct columns *columns;
    const struct column *column;
    size_t count;
    struct buffer *out;
    struct outline *outline;
};

/* Writes the literal, and notes where it is. */
static inline char *literal_write(const struct printing *printing, size_t i, char *to)
{
    const struct column *const column = &printing->column[i];
    const size_t len = column->literal.len;
    const size_t name = (size_t)(to - printing->out->data) + 1;

    memcpy(to, column->literal.text, OUTLINE_NAME_BYTES);
    if (__builtin_expect(len > OUTLINE_NAME_BYTES, 0)) memcpy(to, column->literal.text, len);
    if (__builtin_expect(i < OUTLINE_MAX, 1)) {
        printing->outline->member[i].name = (uint32_t)name;
        printing->outline->member[i].value =
            (uint32_t)(name - 1 + len - (column->number == COLUMN_NONE ? 4 : 0));
        printing->outline->member[i].slot = column->slot;
    }
    return to + len;
}

/* A field that needs no escapes. */
static inline char *plain_write(const struct csv *csv, const struct csv_field *field, char *to)
{
    const size_t len = field->text.len;

    if (len == 0 && !field->quoted && !csv->escapes) {
        memcpy(to, "null", 4);
        return to + 4;
    }
    to[0] = '"';
    short_copy(to + 1, field->text.text, len);
    to[len + 1] = '"';
    return to + len + 2;
}

static void plain_print(const struct printing *printing, size_t record_len)
{
    const struct columns *const columns = printing->columns;
    struct buffer *const out = printing->out;
    /* Of each column its name and at most six bytes beside what is in the record. */
    char *to = buffer_reserve(out, columns->names.len + record_len + 6 * columns->count +
                                       OUTLINE_NAME_BYTES);

    for (size_t i = 0; i < printing->count; i++) {
        const size_t number = printing->column[i].number;
        to = literal_write(printing, i, to);
        if (number == COLUMN_NONE) continue;
        to = plain_write(&columns->csv, &columns->row.field[number], to);
    }
    out->len = (size_t)(to - out->data);
    printing->outline->count = printing->count;
    printing->outline->plain = true;
}

/* Any row. False: an escape makes bytes that are not UTF-8. */
static bool any_print(const struct printing *printing)
{
    const struct columns *const columns = printing->columns;

    for (size_t i = 0; i < printing->count; i++) {
        const struct column *const column = &printing->column[i];
        outline_name_padded(printing->outline, printing->out, column->literal, column->slot);
        if (column->number == COLUMN_NONE) {
            if (i < OUTLINE_MAX) printing->outline->member[i].value -= 4;
        } else if (!csv_field_print(&columns->csv, printing->out,
                                    &columns->row.field[column->number])) {
            return false;
        }
    }
    return true;
}

static bool slot_is_null(const struct columns *columns, int slot)
{
    const size_t number = columns->ordered[slot].number;
    return number == COLUMN_NONE || csv_field_is_null(&columns->csv, &columns->row.field[number]);
}

/* May the row be printed in cs-parse's order? A long one is left as it is, with what is missing it
 * might be too long; and so is one that will be refused for what it has not: its names are told. */
static bool may_be_ordered(const struct columns *columns, struct slice record)
{
    return csv_row_holds(&columns->row, record) && !slot_is_null(columns, SLOT_EVENT_TYPE) &&
           !slot_is_null(columns, SLOT_EVENT_TIME);
}

enum reason columns_print(struct columns *columns, struct slice record, bool plain,
                          struct buffer *out, struct outline *outline, struct buffer *detail)
{
    const char *problem = NULL;

    if (columns->count == 0) {
        buffer_add_literal(detail, "the header line could not be read");
        return REASON_BAD_COLUMNS;
    }
    if (!csv_row_holds(&columns->row, record))
        problem = csv_fields(&columns->csv, record, columns->count, &columns->row);
    if (problem != NULL) {
        buffer_add(detail, problem, strlen(problem));
        return REASON_BAD_COLUMNS;
    }
    if (columns->row.count != columns->count) {
        detail_count(detail, columns->row.count, "column");
        buffer_printf(detail, ", the header has %zu", columns->count);
        return REASON_BAD_COLUMNS;
    }

    const bool ordered = outline->ordered && may_be_ordered(columns, record);
    const struct printing printing = {
        .columns = columns,
        .column = ordered ? columns->ordered : columns->column,
        .count = ordered ? columns->ordered_count : columns->shown,
        .out = out,
        .outline = outline,
    };
    const size_t begin = out->len;
    if (plain && columns->csv.null.text == NULL) {
        plain_print(&printing, record.len);
    } else if (!any_print(&printing)) {
        buffer_add_literal(detail, "an escape makes bytes that are not UTF-8");
        return REASON_BAD_UTF8;
    }
    outline->canonical = ordered;
    out->data[begin] = '{'; /* in place of the first comma */
    buffer_add_char(out, '}');
    outline_end(outline, out, false);
    return REASON_NONE;
}
