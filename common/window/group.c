#include "window/group.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/compat.h"
#include "admit/partition.h"
#include "base/json.h"
#include "base/list.h"
#include "base/lower.h"
#include "base/memory.h"
#include "base/object.h"
#include "base/pack.h"

void group_by_init(struct group_by *by)
{
    *by = (struct group_by){.partition_slot = -1};
}

void group_by_release(struct group_by *by)
{
    for (int i = 0; i < by->count; i++) {
        free((char *)by->value[i].name.text);
        operand_release(&by->value[i].operand);
    }
    buffer_release(&by->scratch);
    buffer_release(&by->key);
    free(by->memo);
    group_by_init(by);
}

/* "lower(F)", all of it: sets *inside to F. */
static bool is_lower(struct slice text, struct slice *inside)
{
    const size_t prefix = sizeof "lower(" - 1;
    if (text.len <= prefix || memcmp(text.text, "lower(", prefix) != 0) return false;
    *inside = (struct slice){.text = text.text + prefix, .len = text.len - prefix};
    const char *close = text_find(*inside, ')');
    if (close == NULL || close + 1 != text.text + text.len) return false;
    inside->len = (size_t)(close - inside->text);
    return true;
}

/* Takes entry apart at its first '=' into name and what stands behind; a bare name is both. */
static bool entry_split(struct slice entry, struct slice *name, struct slice *what,
                        struct buffer *why)
{
    *name = *what = entry;
    if (name_bare(entry)) return true;
    const char *equals = memchr(entry.text, '=', entry.len);
    if (equals != NULL) {
        const size_t before = (size_t)(equals - entry.text);
        *name = text_trim((struct slice){.text = entry.text, .len = before});
        *what = text_trim((struct slice){.text = equals + 1, .len = entry.len - before - 1});
        if (name_valid(*name) && (what->len == 0 || what->text[0] != '=')) return true;
    }
    /* An expression, or a member whose name is none in an expression, as user-id. */
    const char *const quote = name_valid(entry) ? "\"" : "";
    buffer_printf(why, "'%.*s' needs a name: NAME=%s%s%.*s%s", (int)entry.len, entry.text,
                  *quote == '"' ? "." : "", quote, (int)entry.len, entry.text, quote);
    return false;
}

static bool entry_add(struct group_by *by, struct slice entry, struct schema *schema,
                      struct buffer *why)
{
    struct slice name, what;
    if (!entry_split(entry, &name, &what, why)) return false;
    for (int i = 0; i < by->count; i++) {
        if (!slice_equal(by->value[i].name, name)) continue;
        buffer_printf(why, "'%.*s' is there twice", (int)name.len, name.text);
        return false;
    }
    if (by->count == GROUP_VALUES_MAX) {
        buffer_printf(why, "more than %d values", GROUP_VALUES_MAX);
        return false;
    }
    struct group_value *value = &by->value[by->count];
    *value = (struct group_value){.row_slot = -1};
    value->lower = is_lower(what, &what);
    if (!operand_compile(&value->operand, what, schema, why)) return false;
    schema_apart(schema, value->operand.slot);
    value->name = (struct slice){.text = memory_text(name.text, name.len), .len = name.len};
    by->count++;
    return true;
}

bool group_by_add(struct group_by *by, const char *text, struct schema *schema, struct buffer *why)
{
    struct list entries = {0};
    if (text_trim(slice_of(text)).len == 0) return true;
    const char *problem = list_add(&entries, LIST_EXPRESSIONS, slice_of(text));
    bool good = problem == NULL;
    if (!good) buffer_printf(why, "'%s': %s", text, problem);
    for (size_t i = 0; i < entries.count && good; i++)
        good = entry_add(by, entries.item[i].name, schema, why);
    list_release(&entries);
    return good;
}

bool group_by_rows(struct group_by *by, struct schema *schema, struct buffer *why)
{
    by->partition = true;
    by->partition_slot = schema_need(schema, SLICE("partition"));
    bool all = by->partition_slot >= 0;
    for (int i = 0; i < by->count && all; i++) {
        by->value[i].row_slot = schema_need(schema, by->value[i].name);
        all = by->value[i].row_slot >= 0;
    }
    if (!all) buffer_printf(why, "more than %d members are read", SCHEMA_MAX);
    return all;
}

/* pack_value, without a call for each byte: this runs for every event. An array or an object is as
 * it will be printed: what is the same, but for blanks and escapes, is one group. */
static inline void key_add(struct buffer *key, struct value value)
{
    char *to = buffer_reserve(key, sizeof(uint32_t) + 1 + value.len);
    *to++ = (char)value.kind;
    if (value.kind > KIND_TRUE) {
        const uint32_t len = htole32(value.len);
        memcpy(to, &len, sizeof len);
        to += sizeof len;
        if (value.len != 0) memcpy(to, value.text, value.len);
        to += value.len;
    }
    key->len = (size_t)(to - key->data);
}

static struct value lowered(struct value value, struct buffer *scratch)
{
    if (value.kind != KIND_STRING) return value;
    return value_string(lower_text(value_slice(value), scratch));
}

/* What a row of --merge has, which somebody may have written anew; operands see to that themselves.
 */
static struct value compact(struct value value, struct buffer *scratch)
{
    if (value.kind < KIND_ARRAY) return value;
    buffer_clear(scratch);
    json_add_compact(scratch, value_slice(value));
    value.text = scratch->data;
    value.len = (uint32_t)scratch->len;
    return value;
}

static void key_add_partition(struct group_by *by, const struct event *ev, struct buffer *key)
{
    char text[24];
    struct value value = {.text = text, .kind = KIND_NUMBER};
    if (by->partition_slot >= 0) {
        value = compact(event_value(ev, by->partition_slot), &by->scratch);
    } else {
        const long long number = partition_number(ev->partition);
        value.len = (uint32_t)snprintf(text, sizeof text, "%lld", number);
    }
    key_add(key, value);
}

void group_key(struct group_by *by, const struct event *ev, struct buffer *key)
{
    buffer_clear(key);
    for (int i = 0; i < by->count; i++) {
        const struct group_value *value = &by->value[i];
        if (value->row_slot >= 0) {
            key_add(key, compact(event_written(ev, value->row_slot), &by->scratch));
        } else if (value->lower) {
            key_add(key, lowered(operand_value(&value->operand, ev), &by->scratch));
        } else {
            key_add(key, operand_value(&value->operand, ev));
        }
    }
    if (by->partition) key_add_partition(by, ev, key);
}

/* How many values a memo needs for keys of this kind; -1: such keys are not kept. */
static int memo_width(const struct group_by *by)
{
    if (by->count > GROUP_MEMO_VALUES || by->partition) return -1;
    for (int i = 0; i < by->count; i++)
        if (by->value[i].operand.slot < 0 || by->value[i].lower) return -1;
    return by->count;
}

static struct id key_id(struct group_by *by, const struct event *ev)
{
    group_key(by, ev, &by->key);
    return id_of(buffer_slice(&by->key));
}

static void memo_set(struct group_by *by, const struct event *ev, int width, uint32_t shape,
                     struct group_memo *memo)
{
    for (int i = 0; i < width; i++)
        memo->head[i] = value_head(event_value(ev, by->value[i].operand.slot));
    memo->shape = shape;
    memo->id = key_id(by, ev);
}

/* width is a constant to the compiler, which keeps all in registers. */
static inline __attribute__((always_inline)) struct id memo_id(struct group_by *by,
                                                               const struct event *ev, int width)
{
    struct value_head head[GROUP_MEMO_VALUES];
    uint64_t hash = 0;
    uint32_t shape = 0, longest = 0;
#pragma GCC unroll 4
    for (int i = 0; i < width; i++) {
        const struct value value = event_value(ev, by->value[i].operand.slot);
        const uint32_t len = value.len & -(uint32_t)(value.kind > KIND_TRUE);
        longest |= len + (32 - VALUE_PADDING - 1); /* 32 or more: longer than that */
        shape = shape << 8 | (uint32_t)value.kind << 5 | (len & 31);
        head[i] = value_head((struct value){.text = value.text,
                                            .len = len < VALUE_PADDING ? len : VALUE_PADDING,
                                            .kind = value.kind});
        hash = (hash ^ head[i].low ^ head[i].high << 1) * UINT64_C(0x9e3779b97f4a7c15);
    }
    if (__builtin_expect(longest >= 32, 0)) return key_id(by, ev);
    struct group_memo *const memo = &by->memo[(hash >> 40 ^ hash >> 52) & (GROUP_MEMOS - 1)];
    uint64_t differ = memo->shape ^ shape;
#pragma GCC unroll 4
    for (int i = 0; i < width; i++)
        differ |= (memo->head[i].low ^ head[i].low) | (memo->head[i].high ^ head[i].high);
    if (__builtin_expect(differ != 0 || id_is_none(memo->id), 0))
        memo_set(by, ev, width, shape, memo);
    return memo->id;
}

struct id group_id(struct group_by *by, const struct event *ev)
{
    if (__builtin_expect(by->memo == NULL, 0)) {
        by->memo = memory_zero(GROUP_MEMOS, sizeof by->memo[0]);
        by->memo_width = memo_width(by);
    }
    if (by->memo_width == 2) return memo_id(by, ev, 2);
    switch (by->memo_width) {
    case 0: return memo_id(by, ev, 0);
    case 1: return memo_id(by, ev, 1);
    case 3: return memo_id(by, ev, 3);
    case 4: return memo_id(by, ev, 4);
    default: return key_id(by, ev);
    }
}

void group_ahead(const struct group_by *by, const struct event *const *events, size_t count)
{
    for (int i = 0; i < by->count; i++)
        operand_ahead(&by->value[i].operand, events, count);
}

bool group_values(struct slice key, struct value *values, int width)
{
    struct unpack in = {.at = key.text, .end = key.text + key.len};
    for (int i = 0; i < width; i++)
        values[i] = unpack_value(&in);
    return !in.broken && in.at == in.end;
}

int group_compare(struct slice a, struct slice b, int width)
{
    struct unpack in_a = {.at = a.text, .end = a.text + a.len};
    struct unpack in_b = {.at = b.text, .end = b.text + b.len};
    for (int i = 0; i < width; i++) {
        const int order = value_compare(unpack_value(&in_a), unpack_value(&in_b));
        if (order != 0) return order;
    }
    return 0;
}

bool group_native(const struct group_by *by)
{
    for (int i = 0; i < by->count; i++)
        if (!operand_native(&by->value[i].operand)) return false;
    return true;
}

void group_explain(const struct group_by *by, struct buffer *out)
{
    for (int i = 0; i < by->count; i++) {
        const struct group_value *value = &by->value[i];
        buffer_add_literal(out, "by       ");
        json_add_inside(out, value->name);
        buffer_add_literal(out, ": ");
        operand_explain(&value->operand, out);
        if (value->lower) buffer_add_literal(out, ", in lower case");
        buffer_add_char(out, '\n');
    }
    if (by->partition) buffer_add_literal(out, "by       partition\n");
}

static bool is_group_name(const struct group_by *by, struct slice name)
{
    for (int i = 0; i < by->count; i++)
        if (slice_equal(by->value[i].name, name)) return true;
    return false;
}

bool group_by_fits_row(const struct group_by *by, const struct event *row)
{
    struct value key, value;
    struct buffer plain = {0};
    bool good = true, partition = false;
    for (int i = 0; i < by->count; i++)
        good &= event_value(row, by->value[i].row_slot).text != NULL;
    for (const char *at = row->line.text + 1;
         good && !partition && object_next(&at, &key, &value);) {
        buffer_clear(&plain);
        const struct slice name = value_slice(value_plain(key, &plain));
        partition = slice_equal(name, SLICE("partition"));
        good = partition || slice_equal(name, SLICE("window_start")) ||
               slice_equal(name, SLICE("window_end")) || is_group_name(by, name);
    }
    buffer_release(&plain);
    return good;
}
