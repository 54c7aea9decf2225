#include "writer/rows.h"

#include <stdio.h>

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/value.h"

/* One printed row within the buffer of a group. */
struct rows_printed {
    size_t start, len;
    size_t order_start, order_len; /* the value --order-by sorts by */
    bool order_escaped;            /* a string with escapes: orders has what it means */
    size_t number;                 /* in the order of the group, for ties */
};

#define NONE SIZE_MAX

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

struct rows *rows_new(struct output *output, const char *key, const char *order_by, int64_t top,
                      int64_t pad, const char **why)
{
    *why = NULL;
    struct rows *rows = memory_zero(1, sizeof *rows);
    rows->output = output;
    rows->top = (size_t)top;
    rows->pad = pad;
    rows->order_member = -1;
    if (key != NULL) *why = keys_read(rows, key);
    if (order_by != NULL && *why == NULL) *why = order_read(rows, order_by);
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
    free(rows->printed);
    buffer_release(&rows->group);
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
    rows->into = rows->sorting     ? &rows->group
                 : rows->keys != 0 ? &rows->scratch
                                   : &rows->output->buffer;
    if (rows->into == &rows->scratch) buffer_clear(&rows->scratch);
    rows->row_start = rows->into->len;
    rows->finding = rows->sorting || rows->keys != 0;
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
        if (text.text[0] == '"') {
            const struct slice inside = {.text = text.text + 1, .len = text.len - 2};
            if (!value_looks_json(inside)) text = inside;
        }
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
    if (rows->sorting) {
        if (rows->printed_count == rows->printed_cap) {
            rows->printed_cap = rows->printed_cap == 0 ? 64 : rows->printed_cap * 2;
            rows->printed =
                memory_resize(rows->printed, rows->printed_cap, sizeof rows->printed[0]);
        }
        struct rows_printed *printed = &rows->printed[rows->printed_count];
        *printed = (struct rows_printed){.number = rows->printed_count};
        rows->printed_count++;
        if (rows->order_member >= 0) {
            const struct slice text = member_text(rows, rows->order_member);
            printed->order_start = (size_t)(text.text - rows->group.data);
            printed->order_len = text.len;
            printed->order_escaped =
                text.text[0] == '"' && memchr(text.text, '\\', text.len) != NULL;
        }
        /* The key goes behind the row here and is swapped to the front when it is written. */
        const size_t row_len = rows->group.len - rows->row_start;
        buffer_clear(&rows->scratch);
        key_add(rows, &rows->scratch);
        const size_t key_len = rows->scratch.len;
        buffer_add_slice(&rows->group, buffer_slice(&rows->scratch));
        char *row = rows->group.data + rows->row_start;
        memmove(row + key_len, row, row_len);
        if (key_len != 0) memcpy(row, rows->scratch.data, key_len);
        printed->order_start += key_len;
        printed->start = rows->row_start;
        printed->len = row_len + key_len;
        return;
    }
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

/* An element of the key of several members: the same value is the same bytes. */
static void raw_key_element(struct buffer *out, struct value value)
{
    struct buffer plain = {0};
    value_print(out, value_plain(value, &plain));
    buffer_release(&plain);
}

/* The key of a row of cs-parse, from the event's members. */
static void raw_key_add(struct rows *rows, const struct event *ev, const struct schema *schema)
{
    struct buffer *out = &rows->output->buffer;
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

void rows_group(struct rows *rows)
{
    rows->sorting = rows->order_member >= 0 || rows->top != 0;
    rows->printed_count = 0;
    buffer_clear(&rows->group);
    buffer_clear(&rows->orders);
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

static struct value order_value(const struct rows *rows, const struct rows_printed *printed)
{
    const char *data = printed->order_escaped ? rows->orders.data : rows->group.data;
    const struct slice text = {.text = data + printed->order_start, .len = printed->order_len};
    return printed->order_escaped ? value_string(text) : value_read(text);
}

/* Strings are sorted by their bytes, which escapes are not. */
static void orders_unescape(struct rows *rows)
{
    for (size_t i = 0; i < rows->printed_count; i++) {
        struct rows_printed *printed = &rows->printed[i];
        if (!printed->order_escaped) continue;
        const struct slice inside = {.text = rows->group.data + printed->order_start + 1,
                                     .len = printed->order_len - 2};
        char *plain = buffer_reserve(&rows->orders, inside.len);
        printed->order_len = json_unescape(plain, inside);
        printed->order_start = rows->orders.len;
        rows->orders.len += printed->order_len;
    }
}

/* Numbers of equal value are a tie, whatever their digits: the group decides. */
static int order_compare(struct value a, struct value b)
{
    if (a.kind == KIND_NUMBER && b.kind == KIND_NUMBER)
        return number_compare(value_slice(a), value_slice(b));
    return value_compare(a, b);
}

static int printed_compare(const void *left, const void *right, void *context)
{
    const struct rows *rows = context;
    const struct rows_printed *a = left, *b = right;
    if (rows->order_member >= 0) {
        const int order = order_compare(order_value(rows, a), order_value(rows, b));
        if (order != 0) return rows->descending ? -order : order;
    }
    return a->number < b->number ? -1 : 1;
}

void rows_group_end(struct rows *rows)
{
    if (!rows->sorting) return;
    rows->sorting = false;
    orders_unescape(rows);
    if (rows->printed_count > 1)
        qsort_r(rows->printed, rows->printed_count, sizeof rows->printed[0], printed_compare, rows);
    size_t count = rows->printed_count;
    if (rows->top != 0 && count > rows->top) count = rows->top;
    for (size_t i = 0; i < count; i++) {
        const struct rows_printed *printed = &rows->printed[i];
        buffer_add(&rows->output->buffer, rows->group.data + printed->start, printed->len);
        buffer_add_char(&rows->output->buffer, '\n');
        row_written(rows);
    }
    buffer_release(&rows->group);
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
