#include "rows.h"

#include <stdio.h>

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "json.h"
#include "memory.h"
#include "number.h"
#include "value.h"

/* A row that is to be sorted or cut. */
struct rows_rank {
    struct value value; /* to sort by */
    size_t number;
    size_t start, len; /* of the value in rows->orders, where it is printed */
    bool is_printed, is_escaped;
};

#define NONE SIZE_MAX

static struct slice name_copy(struct slice name)
{
    return (struct slice){.text = memory_text(name.text, name.len), .len = name.len};
}

static void keys_split(struct rows *rows, const char *list)
{
    for (const char *from = list;;) {
        const char *comma = strchrnul(from, ',');
        rows->key = memory_resize(rows->key, (size_t)rows->keys + 1, sizeof rows->key[0]);
        rows->key[rows->keys++] =
            name_copy((struct slice){.text = from, .len = (size_t)(comma - from)});
        if (*comma == '\0') break;
        from = comma + 1;
    }
    rows->key_member = memory_zero((size_t)rows->keys, sizeof rows->key_member[0]);
}

struct rows *rows_new(struct output *output, const char *key, const char *order_by, int64_t top,
                      int64_t pad, const char **why)
{
    *why = NULL;
    struct rows *rows = memory_zero(1, sizeof *rows);
    rows->output = output;
    rows->top = (size_t)top;
    rows->pad = pad;
    rows->order_member = -1;
    if (key != NULL) keys_split(rows, key);
    if (order_by != NULL) {
        rows->descending = order_by[0] == '-';
        rows->order_by = strdup(order_by + rows->descending);
        if (rows->order_by == NULL) die_errno("--order-by");
        if (rows->order_by[0] == '\0') *why = "--order-by: which member?";
    }
    if (*why == NULL) return rows;
    rows_free(rows);
    return NULL;
}

void rows_free(struct rows *rows)
{
    if (rows == NULL) return;
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
    held_drop(HELD_ROWS, rows->rank_cap * sizeof rows->rank[0]);
    free(rows->rank);
    buffer_release(&rows->orders);
    buffer_release(&rows->scratch);
    free(rows);
}

int rows_member(struct rows *rows, struct slice name)
{
    rows->member = memory_resize(rows->member, (size_t)rows->members + 1, sizeof rows->member[0]);
    struct buffer prefix = {0};
    buffer_add_char(&prefix, ',');
    json_add_string(&prefix, name);
    buffer_add_char(&prefix, ':');
    memset(buffer_reserve(&prefix, ROWS_PIECE), 0, ROWS_PIECE);
    rows->member[rows->members] =
        (struct rows_member){.name = name_copy(name), .prefix = buffer_slice(&prefix)};
    return rows->members++;
}

int rows_find(const struct rows *rows, struct slice name)
{
    for (int i = 0; i < rows->members; i++)
        if (slice_equal(rows->member[i].name, name)) return i;
    return -1;
}

const char *rows_check(struct rows *rows)
{
    static char phrase[200];
    for (int i = 0; i < rows->keys; i++) {
        rows->key_member[i] = rows_find(rows, rows->key[i]);
        if (rows->members == 0 || rows->key_member[i] >= 0) continue;
        snprintf(phrase, sizeof phrase, "--key: rows have no member '%.100s'", rows->key[i].text);
        return phrase;
    }
    if (rows->order_by != NULL) {
        rows->order_member = rows_find(rows, slice_of(rows->order_by));
        if (rows->order_member < 0) {
            snprintf(phrase, sizeof phrase, "--order-by: rows have no member '%.100s'",
                     rows->order_by);
            return phrase;
        }
    }
    return NULL;
}

void rows_begin(struct rows *rows)
{
    rows->into = rows->keys != 0 ? &rows->scratch : &rows->output->buffer;
    if (rows->into == &rows->scratch) buffer_clear(&rows->scratch);
    rows->row_start = rows->into->len;
    rows->finding = rows->keys != 0;
    if (!rows->finding) return;
    for (int i = 0; i < rows->members; i++)
        rows->member[i].start = NONE;
}

/* The text of a member's value in the row that has been made: it ends where the next one's name
 * begins. */
static struct slice member_text(const struct rows *rows, int member)
{
    const size_t start = rows->member[member].start;
    if (start == NONE) return SLICE("null");
    size_t end = rows->into->len - rows->row_start - 1; /* the closing brace */
    for (int i = 0; i < rows->members; i++) {
        const struct rows_member *other = &rows->member[i];
        if (other->start == NONE || other->start <= start) continue;
        const size_t before = other->start - other->prefix.len;
        if (before < end) end = before;
    }
    return (struct slice){.text = rows->into->data + rows->row_start + start, .len = end - start};
}

/* Adds "KEY\t" for the row that has been made. */
static void key_add(struct rows *rows, struct buffer *out)
{
    if (rows->keys == 0) return;
    if (rows->keys == 1) {
        struct slice text = member_text(rows, rows->key_member[0]);
        if (text.text[0] == '"') text = (struct slice){.text = text.text + 1, .len = text.len - 2};
        buffer_add_slice(out, text);
    } else {
        for (int i = 0; i < rows->keys; i++) {
            buffer_add_char(out, i == 0 ? '[' : ',');
            buffer_add_slice(out, member_text(rows, rows->key_member[i]));
        }
        buffer_add_char(out, ']');
    }
    buffer_add_char(out, '\t');
}

static void row_written(struct rows *rows)
{
    rows->count++;
    rows->dirty = true;
    output_row_done(rows->output);
}

void rows_end(struct rows *rows)
{
    buffer_add_char(rows->into, '}');
    if (rows->into == &rows->scratch) {
        key_add(rows, &rows->output->buffer);
        buffer_add_slice(&rows->output->buffer, buffer_slice(&rows->scratch));
    }
    buffer_add_char(&rows->output->buffer, '\n');
    row_written(rows);
}

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

struct buffer *rows_raw_begin(struct rows *rows)
{
    output_settle(rows->output);
    rows->into = rows->keys != 0 ? &rows->scratch : &rows->output->buffer;
    if (rows->into == &rows->scratch) buffer_clear(&rows->scratch);
    return rows->into;
}

/* The key of a row of cs-parse, from the event's members. */
static void raw_key_add(struct rows *rows, const struct event *ev, const struct schema *schema)
{
    struct buffer *out = &rows->output->buffer;
    for (int i = 0; i < rows->keys; i++) {
        const int slot = schema_find(schema, rows->key[i]);
        const struct value value = slot < 0 ? VALUE_NULL : ev->value[slot];
        if (rows->keys == 1) {
            value_print_bare(out, value);
            break;
        }
        buffer_add_char(out, i == 0 ? '[' : ',');
        value_print(out, value);
    }
    if (rows->keys > 1) buffer_add_char(out, ']');
    buffer_add_char(out, '\t');
}

void rows_raw_end(struct rows *rows, const struct event *ev, const struct schema *schema)
{
    if (rows->into == &rows->scratch) {
        raw_key_add(rows, ev, schema);
        buffer_add_slice(&rows->output->buffer, buffer_slice(&rows->scratch));
    }
    buffer_add_char(&rows->output->buffer, '\n');
    row_written(rows);
}

void rows_pass(struct rows *rows, struct slice text)
{
    if (text.len == 0) return;
    rows->dirty = true;
    output_add(rows->output, text);
}

/* A JSON value as printed, as far as sorting wants it. */
static struct value value_read(struct slice text)
{
    struct value value = {.text = text.text, .len = (uint32_t)text.len, .kind = KIND_NUMBER};
    switch (text.text[0]) {
    case 'n': value.kind = KIND_NULL; break;
    case 'f': value.kind = KIND_FALSE; break;
    case 't': value.kind = KIND_TRUE; break;
    case '[': value.kind = KIND_ARRAY; break;
    case '{': value.kind = KIND_OBJECT; break;
    case '"':
        value.kind = KIND_STRING;
        value.text++;
        value.len -= 2;
        break;
    default: break;
    }
    return value;
}

static struct rows_rank *rank_add(struct rows *rows, size_t number)
{
    if (rows->rank_count == rows->rank_cap) {
        const size_t before = rows->rank_cap;
        rows->rank_cap = before == 0 ? 64 : before * 2;
        rows->rank = memory_resize(rows->rank, rows->rank_cap, sizeof rows->rank[0]);
        held_add(HELD_ROWS, (rows->rank_cap - before) * sizeof rows->rank[0]);
    }
    struct rows_rank *rank = &rows->rank[rows->rank_count++];
    *rank = (struct rows_rank){.number = number};
    return rank;
}

void rows_rank(struct rows *rows, size_t number, struct value value)
{
    rank_add(rows, number)->value = value;
}

struct buffer *rows_rank_text(struct rows *rows)
{
    rows->orders.kind = HELD_ROWS;
    rows->row_start = rows->orders.len;
    return &rows->orders;
}

void rows_rank_printed(struct rows *rows, size_t number)
{
    struct rows_rank *rank = rank_add(rows, number);
    const char *text = rows->orders.data + rows->row_start;
    rank->start = rows->row_start;
    rank->len = rows->orders.len - rows->row_start;
    rank->is_printed = true;
    rank->is_escaped = text[0] == '"' && memchr(text, '\\', rank->len) != NULL;
}

/* What was printed as values; strings are sorted by their bytes, which escapes are not. */
static void ranks_read(struct rows *rows)
{
    for (size_t i = 0; i < rows->rank_count; i++) {
        struct rows_rank *rank = &rows->rank[i];
        if (!rank->is_printed) continue;
        char *text = rows->orders.data + rank->start;
        if (rank->is_escaped) /* in its place: it only gets shorter */
            rank->value = value_string((struct slice){
                .text = text,
                .len =
                    json_unescape(text, (struct slice){.text = text + 1, .len = rank->len - 2})});
        else
            rank->value = value_read((struct slice){.text = text, .len = rank->len});
    }
}

/* Numbers of equal value are a tie, whatever their digits: the group decides. */
static int order_compare(struct value a, struct value b)
{
    if (a.kind == KIND_NUMBER && b.kind == KIND_NUMBER)
        return number_compare(value_slice(a), value_slice(b));
    return value_compare(a, b);
}

static int ranks_compare(const void *left, const void *right, void *context)
{
    const struct rows *rows = context;
    const struct rows_rank *a = left, *b = right;
    if (rows->order_member >= 0) {
        const int order = order_compare(a->value, b->value);
        if (order != 0) return rows->descending ? -order : order;
    }
    return a->number < b->number ? -1 : 1;
}

size_t rows_ranks(struct rows *rows)
{
    const size_t count = rows->rank_count;
    ranks_read(rows);
    if (count > 1 && rows->order_member >= 0)
        qsort_r(rows->rank, count, sizeof rows->rank[0], ranks_compare, rows);
    return rows->top != 0 && count > rows->top ? rows->top : count;
}

size_t rows_rank_at(const struct rows *rows, size_t place)
{
    return rows->rank[place].number;
}

void rows_ranks_end(struct rows *rows)
{
    rows->rank_count = 0;
    buffer_release(&rows->orders);
}

void rows_flush(struct rows *rows)
{
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
