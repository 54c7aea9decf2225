#include "writer/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/nearest.h"

/* A block ends with its window and before the tool waits, and when it is so large. */
#define BLOCK_ROWS ((size_t)1000)
#define BLOCK_BYTES ((size_t)1 << 20)

static struct slice name_copy(struct slice name)
{
    return (struct slice){.text = memory_text(name.text, name.len), .len = name.len};
}

/* The phrase for a list that cannot be read. */
static const char *list_phrase(const char *option, const char *text, const char *why)
{
    static char phrase[200];
    snprintf(phrase, sizeof phrase, "--%s: '%.100s': %s", option, text, why);
    return phrase;
}

static const char *keys_read(struct rows *rows, const char *text)
{
    struct list names = {0};
    const char *why = list_add(&names, LIST_NAMES, slice_of(text));
    rows->keys = (int)names.count;
    rows->key = memory_zero(names.count, sizeof rows->key[0]);
    rows->key_member = memory_zero(names.count, sizeof rows->key_member[0]);
    for (size_t i = 0; i < names.count; i++)
        rows->key[i] = name_copy(names.item[i].name);
    list_release(&names);
    return why == NULL ? NULL : list_phrase("key", text, why);
}

/* [-]NAME */
static const char *order_read(struct rows *rows, const char *text)
{
    struct list names = {0};
    rows->descending = text[0] == '-';
    const char *why = list_add(&names, LIST_NAMES, slice_of(text + rows->descending));
    if (names.count > 0)
        rows->order_by = memory_text(names.item[0].name.text, names.item[0].name.len);
    if (why == NULL && names.count > 1) why = "rows are sorted by one member";
    list_release(&names);
    return why == NULL ? NULL : list_phrase("order-by", text, why);
}

static const char *options_wrong(const struct rows_options *options)
{
    const bool is_json = options->format == ENCODING_NDJSON;
    if (options->key != NULL && !is_json)
        return "--key: messages with a key are NDJSON: not with another --format";
    if (options->pad != 0 && !is_json)
        return "--pad: empty lines are for NDJSON: not with another --format";
    if (options->order_by != NULL && options->order_by[options->order_by[0] == '-'] == '\0')
        return "--order-by: which member?";
    if (options->ties && (options->top == 0 || options->order_by == NULL))
        return "--ties says which rows --top prints beyond N: it needs --top and --order-by";
    return NULL;
}

struct rows *rows_new(struct output *output, const struct rows_options *options, const char **why)
{
    *why = options_wrong(options);
    if (*why != NULL) return NULL;
    struct rows *rows = memory_zero(1, sizeof *rows);
    rows->output = output;
    rows->encoder.encoding = encodings[options->format];
    rows->top = (size_t)options->top;
    rows->ties = options->ties;
    rows->pad = options->pad;
    rows->order_member = -1;
    if (options->key != NULL) *why = keys_read(rows, options->key);
    if (options->order_by != NULL && *why == NULL) *why = order_read(rows, options->order_by);
    if (*why == NULL) return rows;
    rows_free(rows);
    return NULL;
}

void rows_free(struct rows *rows)
{
    if (rows == NULL) return;
    const struct encoding *encoding = rows->encoder.encoding;
    if (encoding->release != NULL) encoding->release(&rows->encoder);
    for (int i = 0; i < rows->members; i++) {
        free((char *)(uintptr_t)rows->member[i].name.text);
        free((char *)(uintptr_t)rows->member[i].prefix.text);
    }
    for (int i = 0; i < rows->keys; i++)
        free((char *)(uintptr_t)rows->key[i].text);
    free(rows->member);
    free(rows->key);
    free(rows->key_member);
    free(rows->order_by);
    relation_release(&rows->relation);
    cells_release(&rows->cells);
    ranks_release(&rows->ranks);
    having_free(rows->having);
    buffer_release(&rows->scratch);
    free(rows);
}

/* --- members --- */

int rows_member(struct rows *rows, struct slice name)
{
    rows->member = memory_resize(rows->member, (size_t)rows->members + 1, sizeof rows->member[0]);
    rows->member[rows->members] =
        (struct member){.name = name_copy(name), .prefix = ndjson_prefix(name)};
    relation_add(&rows->relation, name);
    return rows->members++;
}

int rows_declare(struct rows *rows, struct slice name, struct buffer *why)
{
    if (rows_find(rows, name) >= 0 && why->len == 0)
        buffer_printf(why, "rows would have two members '%.*s'", (int)name.len, name.text);
    return rows_member(rows, name);
}

void rows_describe(struct rows *rows, int member, enum column_kind kind, struct slice about)
{
    if (member >= 0) relation_describe(&rows->relation, member, kind, about);
}

void rows_key(struct rows *rows, int member, bool is_key)
{
    if (member >= 0) relation_key(&rows->relation, member, is_key);
}

void rows_column(struct rows *rows, struct slice name, enum column_kind kind, struct slice about)
{
    relation_add(&rows->relation, name);
    relation_describe(&rows->relation, rows->relation.count - 1, kind, about);
}

int rows_find(const struct rows *rows, struct slice name)
{
    for (int i = 0; i < rows->members; i++)
        if (slice_equal(rows->member[i].name, name)) return i;
    return -1;
}

/* The phrase for a name that is none of the rows'. */
static const char *member_missing(const struct rows *rows, const char *option, const char *name)
{
    static char phrase[300];
    struct nearest nearest;
    nearest_begin(&nearest, slice_of(name));
    for (int i = 0; i < rows->members; i++)
        nearest_offer(&nearest, rows->member[i].name);
    const bool near = nearest.name.text != NULL;
    snprintf(phrase, sizeof phrase, "--%s: rows have no member '%.100s'%s%.*s%s", option, name,
             near ? "; did you mean " : "", near ? (int)nearest.name.len : 0,
             near ? nearest.name.text : "", near ? "?" : "");
    return phrase;
}

const char *rows_check(struct rows *rows)
{
    rows->encoder.member = rows->member;
    rows->encoder.members = rows->cells.members = rows->members;
    for (int i = 0; i < rows->keys; i++) {
        rows->key_member[i] = rows_find(rows, rows->key[i]);
        if (rows->members == 0 || rows->key_member[i] >= 0) continue;
        return member_missing(rows, "key", rows->key[i].text);
    }
    if (rows->order_by != NULL) {
        rows->order_member = rows_find(rows, slice_of(rows->order_by));
        if (rows->order_member < 0) return member_missing(rows, "order-by", rows->order_by);
    }
    return NULL;
}

const char *rows_having(struct rows *rows, const char *text)
{
    static char phrase[300];
    struct buffer why = {0};
    struct slice missing;
    if (rows->having == NULL) rows->having = having_new();
    rows->as_json = (struct encoder){
        .encoding = &encoding_ndjson, .member = rows->member, .members = rows->members};
    const bool good = having_add(rows->having, text, rows->member, rows->members, &rows->relation,
                                 &missing, &why);
    snprintf(phrase, sizeof phrase, "--having: %.*s", (int)why.len, why.data);
    buffer_release(&why);
    if (good || missing.text == NULL) return good ? NULL : phrase;
    char *name = memory_text(missing.text, missing.len);
    const char *const wrong = member_missing(rows, "having", name);
    free(name);
    return wrong;
}

void rows_open(struct rows *rows, bool on_terminal)
{
    const struct encoding *encoding = rows->encoder.encoding;
    rows->encoder.on_terminal = on_terminal;
    if (encoding->open == NULL || rows->output->position != 0) return;
    encoding->open(&rows->encoder, &rows->output->buffer);
    rows->dirty = true;
}

/* --- a row --- */

/* Is the row asked about when it ends? Ranked ones have been. */
static bool is_asked(const struct rows *rows)
{
    return rows->having != NULL && !rows_ranked(rows);
}

void rows_begin(struct rows *rows)
{
    rows->direct = rows->encoder.encoding == &encoding_ndjson && rows->keys == 0 && !is_asked(rows);
    if (rows->direct)
        rows->row_start = rows->output->buffer.len;
    else
        cells_row(&rows->cells);
}

void rows_percent(struct rows *rows, int member, int64_t part, int64_t whole)
{
    if (whole == 0)
        rows_null(rows, member);
    else
        percent_print(rows_place(rows, member, KIND_NUMBER), part, whole);
}

static void row_written(struct rows *rows)
{
    rows->count++;
    rows->dirty = true;
    output_row_done(rows->output);
}

/* A member that was left out is null in a key. */
static struct value key_value(const struct rows *rows, size_t row, int key)
{
    const struct value value = cells_value(&rows->cells, row, rows->key_member[key]);
    return value.text == NULL ? VALUE_NULL : value;
}

/* Adds "KEY\t". */
static void key_add(const struct rows *rows, size_t row, struct buffer *out)
{
    if (rows->keys == 0) return;
    if (rows->keys == 1) {
        value_print_key(out, key_value(rows, row, 0));
    } else {
        for (int i = 0; i < rows->keys; i++) {
            buffer_add_char(out, i == 0 ? '[' : ',');
            value_print(out, key_value(rows, row, i));
        }
        buffer_add_char(out, ']');
    }
    buffer_add_char(out, '\t');
}

/* Writes the rows that wait, and forgets them. */
static void block_write(struct rows *rows)
{
    const struct encoding *encoding = rows->encoder.encoding;
    struct buffer *out = &rows->output->buffer;
    const size_t count = rows->cells.rows;
    if (encoding->measure != NULL && count > 0) {
        for (size_t row = 0; row < count; row++)
            encoding->measure(&rows->encoder, &rows->cells, row);
        encoding->block(&rows->encoder, out);
    }
    for (size_t row = 0; row < count; row++) {
        key_add(rows, row, out);
        encoding->row(&rows->encoder, &rows->cells, row, out);
        row_written(rows);
    }
    cells_clear(&rows->cells);
}

void rows_end(struct rows *rows)
{
    if (rows->direct) {
        buffer_add_literal(&rows->output->buffer, "}\n");
        row_written(rows);
        return;
    }
    cells_end(&rows->cells);
    const struct cells *cells = &rows->cells;
    if (is_asked(rows) && !having_selects(rows->having, &rows->cells, &rows->as_json)) {
        cells_drop(&rows->cells);
        return;
    }
    if (rows->encoder.encoding->measure == NULL || cells->rows == BLOCK_ROWS ||
        cells->text.len >= BLOCK_BYTES)
        block_write(rows);
}

/* --- rows that are made elsewhere --- */

void rows_line(struct rows *rows, const struct event *ev, const struct schema *schema)
{
    if (rows->keys != 0) {
        buffer_add_slice(rows_raw_begin(rows), ev->line);
        rows_raw_end(rows, ev, schema);
        return;
    }
    output_line(rows->output, ev->line);
    row_written(rows);
}

/* An element of the key of several members: the same value is the same bytes. */
static void raw_key_element(struct buffer *out, struct value value)
{
    struct buffer plain = {0};
    value_print(out, value_plain(value, &plain));
    buffer_release(&plain);
}

/* The key of a row of cs-parse, from the event's members. */
void rows_event_key(const struct rows *rows, const struct event *ev, const struct schema *schema,
                    struct buffer *out)
{
    if (rows->keys == 0) return;
    for (int i = 0; i < rows->keys; i++) {
        const int slot = schema_find(schema, rows->key[i]);
        const struct value value = slot < 0 ? VALUE_NULL : ev->value[slot];
        if (rows->keys == 1) {
            value_print_key(out, value);
            break;
        }
        buffer_add_char(out, i == 0 ? '[' : ',');
        raw_key_element(out, value);
    }
    if (rows->keys > 1) buffer_add_char(out, ']');
    buffer_add_char(out, '\t');
}

void rows_raw_keyed(struct rows *rows, const struct event *ev, const struct schema *schema)
{
    rows_event_key(rows, ev, schema, &rows->output->buffer);
    buffer_add_slice(&rows->output->buffer, buffer_slice(&rows->scratch));
}

void rows_ready_end(struct rows *rows)
{
    buffer_add_char(&rows->output->buffer, '\n');
    row_written(rows);
}

void rows_pass(struct rows *rows, struct slice text)
{
    if (text.len == 0) return;
    rows->dirty = true;
    output_add(rows->output, text);
}

/* A write that meets a page which is not here yet begins anew behind it, after zeroes where that
 * page will go; and all that is here counts as memory of the process. */
#define PASSED_BYTES ((size_t)256 << 10)

void rows_pass_mapped(struct rows *rows, struct slice text)
{
    const char *known = text.text;
    while (text.len > PASSED_BYTES) {
        memory_pages_map(text.text, PASSED_BYTES);
        rows_pass(rows, (struct slice){.text = text.text, .len = PASSED_BYTES});
        text.text += PASSED_BYTES;
        text.len -= PASSED_BYTES;
        known = memory_pages_forget(known, text.text);
    }
    rows_pass(rows, text);
}

/* --- the rows of a window --- */

void rows_rank(struct rows *rows, size_t number, struct value value)
{
    ranks_add(&rows->ranks, number, value);
}

void rows_rank_begin(struct rows *rows)
{
    rows->direct = false;
    cells_row(&rows->cells);
}

void rows_rank_end(struct rows *rows, size_t number)
{
    cells_end(&rows->cells);
    const bool wanted =
        rows->having == NULL || having_selects(rows->having, &rows->cells, &rows->as_json);
    struct value value = VALUE_NULL;
    if (rows->order_member >= 0) value = cells_value(&rows->cells, 0, rows->order_member);
    if (wanted) ranks_add_copy(&rows->ranks, number, value);
    cells_clear(&rows->cells);
}

size_t rows_ranks(struct rows *rows)
{
    const size_t count = rows->ranks.count;
    if (rows->order_member >= 0) ranks_sort(&rows->ranks, rows->descending);
    if (rows->top == 0 || count <= rows->top) return count;
    size_t printed = rows->top;
    while (rows->ties && printed < count && ranks_tied(&rows->ranks, printed - 1, printed))
        printed++;
    return printed;
}

size_t rows_rank_at(const struct rows *rows, size_t place)
{
    return rows->ranks.rank[place].number;
}

void rows_group_end(struct rows *rows)
{
    block_write(rows);
    ranks_clear(&rows->ranks);
}

void rows_flush(struct rows *rows)
{
    block_write(rows);
    if (!rows->dirty && rows->output->buffer.len == 0) return;
    if (rows->dirty && rows->pad != 0) {
        memset(buffer_reserve(&rows->output->buffer, (size_t)rows->pad), '\n', (size_t)rows->pad);
        rows->output->buffer.len += (size_t)rows->pad;
    }
    rows->dirty = false;
    output_flush(rows->output);
}

uint64_t rows_count(const struct rows *rows)
{
    return rows->count;
}
