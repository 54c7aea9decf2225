#include "writer/relation.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/id.h"
#include "base/memory.h"

#define IDENTIFIER_MAX 63 /* bytes; PostgreSQL cuts off the rest */

static const struct {
    const char *type;
    const char *before, *behind; /* what makes an expression for the index of the column */
} kinds[] = {
    [COLUMN_ANY] = {"json", "(md5((", ")::text))"},
    [COLUMN_TEXT] = {"text", "(md5(", "))"},
    [COLUMN_TIME] = {"timestamptz", "", ""},
    [COLUMN_COUNT] = {"bigint", "", ""},
    [COLUMN_NUMBER] = {"numeric", "", ""},
    [COLUMN_TRUTH] = {"boolean", "", ""},
    [COLUMN_DOCUMENT] = {"jsonb", "(md5((", ")::text))"},
};

static struct slice copy(struct slice text)
{
    return (struct slice){.text = memory_text(text.text, text.len), .len = text.len};
}

static void copy_free(struct slice text)
{
    free((char *)(uintptr_t)text.text);
}

void relation_add(struct relation *relation, struct slice name)
{
    const size_t count = (size_t)relation->count + 1;
    relation->column = memory_resize(relation->column, count, sizeof relation->column[0]);
    relation->column[relation->count++] = (struct column){.name = copy(name)};
}

void relation_describe(struct relation *relation, int column, enum column_kind kind,
                       struct slice about)
{
    struct column *const described = &relation->column[column];
    described->kind = kind;
    copy_free(described->about);
    described->about = copy(about);
}

void relation_key(struct relation *relation, int column, bool is_key)
{
    relation->column[column].is_key = is_key;
}

void relation_release(struct relation *relation)
{
    for (int i = 0; i < relation->count; i++) {
        copy_free(relation->column[i].name);
        copy_free(relation->column[i].about);
    }
    free(relation->column);
    *relation = (struct relation){0};
}

/* --- names --- */

static bool is_bare(struct slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        const unsigned char byte = (unsigned char)name.text[i];
        if (byte != '_' && !isalpha(byte) && (i == 0 || !isdigit(byte))) return false;
    }
    return name.len > 0 && name.len <= IDENTIFIER_MAX;
}

/* Takes a name apart at its dot; without one, schema is empty. */
static struct slice name_split(struct slice name, struct slice *schema)
{
    const char *const dot = memchr(name.text, '.', name.len);
    *schema = (struct slice){.text = name.text};
    if (dot == NULL) return name;
    schema->len = (size_t)(dot - name.text);
    return (struct slice){.text = dot + 1, .len = name.len - schema->len - 1};
}

bool relation_name_valid(struct slice name)
{
    struct slice schema;
    const struct slice table = name_split(name, &schema);
    return is_bare(table) && (table.text == name.text || is_bare(schema));
}

static bool is_control(char byte)
{
    return (unsigned char)byte < 0x20 || byte == 0x7f;
}

static bool has_control(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_control(text.text[i])) return true;
    return false;
}

/* With quotes always: window, user and end are words of SQL. */
static void identifier_add(struct buffer *out, struct slice name)
{
    const bool escaped = has_control(name);
    buffer_printf(out, "%s\"", escaped ? "U&" : "");
    for (size_t i = 0; i < name.len; i++) {
        const char byte = name.text[i];
        if (byte == '"' || (escaped && byte == '\\')) buffer_add_char(out, byte);
        if (is_control(byte))
            buffer_printf(out, "\\%04x", byte);
        else
            buffer_add_char(out, byte);
    }
    buffer_add_char(out, '"');
}

static void literal_add(struct buffer *out, struct slice text)
{
    buffer_add_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.text[i] == '\'') buffer_add_char(out, '\'');
        buffer_add_char(out, is_control(text.text[i]) ? ' ' : text.text[i]);
    }
    buffer_add_char(out, '\'');
}

/* As PostgreSQL takes a name without quotes: in small letters. */
static void table_add(struct buffer *out, struct slice name)
{
    struct slice schema;
    const struct slice table = name_split(name, &schema);
    struct buffer small = {0};
    for (size_t i = 0; i < name.len; i++)
        buffer_add_char(&small, (char)tolower((unsigned char)name.text[i]));
    if (schema.len > 0) {
        identifier_add(out, (struct slice){.text = small.data, .len = schema.len});
        buffer_add_char(out, '.');
    }
    identifier_add(out,
                   (struct slice){.text = small.data + (table.text - name.text), .len = table.len});
    buffer_release(&small);
}

/* --- the key --- */

/* An index with other columns has another name: the one of then is not taken for it. Names of
 * columns that would make it too long are a number instead. */
static void index_name_add(struct buffer *out, const struct relation *relation, struct slice name)
{
    struct slice schema;
    struct slice table = name_split(name, &schema);
    struct buffer columns = {0}, index = {0};
    for (int i = 0; i < relation->count; i++) {
        if (!relation->column[i].is_key) continue;
        buffer_add_char(&columns, '_');
        buffer_add_slice(&columns, relation->column[i].name);
    }
    if (table.len + sizeof "_by" - 1 + columns.len > IDENTIFIER_MAX) {
        const struct id id = id_of(buffer_slice(&columns));
        buffer_clear(&columns);
        buffer_printf(&columns, "_%016" PRIx64, id.low);
        const size_t most = IDENTIFIER_MAX - (sizeof "_by" - 1) - columns.len;
        if (table.len > most) table.len = most;
    }
    for (size_t i = 0; i < table.len; i++)
        buffer_add_char(&index, (char)tolower((unsigned char)table.text[i]));
    buffer_add_literal(&index, "_by");
    buffer_add_slice(&index, buffer_slice(&columns));
    identifier_add(out, buffer_slice(&index));
    buffer_release(&columns);
    buffer_release(&index);
}

static void key_add(struct buffer *out, const struct relation *relation, struct slice name)
{
    const char *between = "";
    for (int i = 0; i < relation->count; i++) {
        const struct column *const column = &relation->column[i];
        if (!column->is_key) continue;
        if (*between == '\0') {
            buffer_add_literal(out, "create unique index if not exists ");
            index_name_add(out, relation, name);
            buffer_add_literal(out, "\n    on ");
            table_add(out, name);
            buffer_add_literal(out, " (");
        }
        buffer_printf(out, "%s%s", between, kinds[column->kind].before);
        identifier_add(out, column->name);
        buffer_printf(out, "%s", kinds[column->kind].behind);
        between = ", ";
    }
    if (*between != '\0') buffer_add_literal(out, ") nulls not distinct;\n");
}

/* --- all of it --- */

static const char *columns_wrong(const struct relation *relation)
{
    static char phrase[200];
    for (int i = 0; i < relation->count; i++) {
        const struct slice name = relation->column[i].name;
        if (name.len > 0 && name.len <= IDENTIFIER_MAX) continue;
        snprintf(phrase, sizeof phrase,
                 "a column cannot be called '%.*s': names have 1 to %d bytes in PostgreSQL",
                 name.len < 80 ? (int)name.len : 80, name.text, IDENTIFIER_MAX);
        return phrase;
    }
    return NULL;
}

static void columns_add(struct buffer *out, const struct relation *relation)
{
    for (int i = 0; i < relation->count; i++) {
        const struct column *const column = &relation->column[i];
        buffer_add_literal(out, "\n    add column if not exists ");
        identifier_add(out, column->name);
        buffer_printf(out, " %s%s", kinds[column->kind].type,
                      i + 1 < relation->count ? "," : ";\n");
    }
}

static void comments_add(struct buffer *out, const struct relation *relation, struct slice name)
{
    for (int i = 0; i < relation->count; i++) {
        const struct column *const column = &relation->column[i];
        if (column->about.len == 0) continue;
        buffer_add_literal(out, "comment on column ");
        table_add(out, name);
        buffer_add_char(out, '.');
        identifier_add(out, column->name);
        buffer_add_literal(out, " is ");
        literal_add(out, column->about);
        buffer_add_literal(out, ";\n");
    }
}

const char *relation_print(const struct relation *relation, struct slice name, struct slice about,
                           struct buffer *out)
{
    const char *const wrong = columns_wrong(relation);
    if (wrong != NULL) return wrong;
    buffer_add_literal(out, "-- For PostgreSQL 15 or later. Run again, it adds what is missing.\n"
                            "begin;\nset local client_min_messages = warning;\n"
                            "create table if not exists ");
    table_add(out, name);
    buffer_add_literal(out, " ();\nalter table ");
    table_add(out, name);
    columns_add(out, relation);
    key_add(out, relation, name);
    buffer_add_literal(out, "comment on table ");
    table_add(out, name);
    buffer_add_literal(out, " is ");
    literal_add(out, about);
    buffer_add_literal(out, ";\n");
    comments_add(out, relation, name);
    buffer_add_literal(out, "commit;\n");
    return NULL;
}
