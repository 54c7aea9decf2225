#include "window/aggregate.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/list.h"
#include "base/memory.h"

/* The cell of sum and avg: a two's complement number of 192 bits, in units of 1e-9. */
struct sum_cell {
    uint64_t word[3];
    uint64_t count; /* numbers added */
    uint64_t lost;  /* numbers too large for a decimal: the total is null */
};

/* The cell of min, max, first and last. */
struct kept_cell {
    int64_t time_us;
    uint64_t at; /* in the window's text */
    uint32_t len;
    uint32_t cap; /* bytes that may be written over */
    uint32_t kind;
    uint32_t present;
};

static const struct {
    const char *name;
    uint32_t cell_bytes;
} functions[] = {
    [FUNCTION_COUNT] = {"count", sizeof(uint64_t)},
    [FUNCTION_DISTINCT] = {"distinct", sizeof(uint64_t)},
    [FUNCTION_SUM] = {"sum", sizeof(struct sum_cell)},
    [FUNCTION_AVG] = {"avg", sizeof(struct sum_cell)},
    [FUNCTION_MIN] = {"min", sizeof(struct kept_cell)},
    [FUNCTION_MAX] = {"max", sizeof(struct kept_cell)},
    [FUNCTION_FIRST] = {"first", sizeof(struct kept_cell)},
    [FUNCTION_LAST] = {"last", sizeof(struct kept_cell)},
    [FUNCTION_PERCENT] = {"percent", 0},
};
#define FUNCTION_NAMES "count distinct sum avg min max first last percent"

void aggregates_init(struct aggregates *all)
{
    memset(all, 0, sizeof *all);
    all->too_large_slot = -1;
}

void aggregates_release(struct aggregates *all)
{
    for (int i = 0; i < all->count; i++) {
        free(all->item[i].name);
        free(all->item[i].text);
    }
    for (int i = 0; i < all->operand_count; i++)
        operand_release(&all->operand[i]);
    for (int i = 0; i < all->condition_count; i++) {
        expr_free(all->condition[i]);
        free(all->condition_text[i]);
    }
    aggregates_init(all);
}

/* Reading NAME=FUNC[(F)][ if EXPR]. */

struct parsed {
    struct slice name, function, inside, condition;
    bool has_inside, has_condition;
};

static struct slice slice_from(struct slice text, const char *at)
{
    return (struct slice){.text = at, .len = text.len - (size_t)(at - text.text)};
}

static struct slice slice_until(struct slice text, const char *end)
{
    return (struct slice){.text = text.text, .len = (size_t)(end - text.text)};
}

/* " if EXPR", or nothing. */
static bool condition_split(struct slice rest, struct parsed *parsed, struct buffer *why)
{
    const struct slice tail = text_trim(rest);
    if (tail.len == 0) return true;
    const bool is_if = tail.len > 2 && memcmp(tail.text, "if", 2) == 0 &&
                       (tail.text[2] == ' ' || tail.text[2] == '\t' || tail.text[2] == '(');
    if (!is_if) {
        buffer_printf(why, "'%.*s' is not understood: ' if EXPR' or the end should be there",
                      (int)tail.len, tail.text);
        return false;
    }
    parsed->has_condition = true;
    parsed->condition = text_trim(slice_from(tail, tail.text + 2));
    return true;
}

static bool text_split(struct slice text, struct parsed *parsed, struct buffer *why)
{
    *parsed = (struct parsed){0};
    const char *equals = memchr(text.text, '=', text.len);
    if (equals != NULL) parsed->name = text_trim(slice_until(text, equals));
    if (equals == NULL || !name_valid(parsed->name)) {
        buffer_printf(why, "'%.*s' is not NAME=FUNC[(F)][ if EXPR]", (int)text.len, text.text);
        return false;
    }
    struct slice rest = text_trim(slice_from(text, equals + 1));
    size_t len = 0;
    while (len < rest.len && name_bare((struct slice){.text = rest.text, .len = len + 1}))
        len++;
    parsed->function = (struct slice){.text = rest.text, .len = len};
    rest = slice_from(rest, rest.text + len);
    const struct slice tail = text_trim(rest);
    if (tail.len == 0 || tail.text[0] != '(') return condition_split(rest, parsed, why);

    const struct slice inside = slice_from(tail, tail.text + 1);
    const char *close = text_find(inside, ')');
    if (close == NULL) {
        buffer_printf(why, "'%.*s': the parenthesis is not closed", (int)text.len, text.text);
        return false;
    }
    parsed->has_inside = true;
    parsed->inside = text_trim(slice_until(inside, close));
    return condition_split(slice_from(tail, close + 1), parsed, why);
}

static bool function_find(struct slice name, enum function *out)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (!slice_equal(name, slice_of(functions[i].name))) continue;
        *out = (enum function)i;
        return true;
    }
    return false;
}

/* Does the condition look at event_type, and at nothing else? */
static bool reads_type_only(const char *text)
{
    struct schema schema;
    struct buffer why = {0};
    schema_init(&schema);
    struct expr *probe = expr_compile(text, &schema, &why);
    const bool only = probe != NULL && expr_native(probe) && !schema.whole &&
                      (schema.needed & ~(UINT64_C(1) << SLOT_EVENT_TYPE)) == 0;
    if (probe != NULL) expr_free(probe);
    buffer_release(&why);
    schema_release(&schema);
    return only;
}

static int condition_index(struct aggregates *all, struct slice text, struct schema *schema,
                           struct buffer *why)
{
    for (int i = 0; i < all->condition_count; i++)
        if (slice_equal(text, slice_of(all->condition_text[i]))) return i;
    if (all->condition_count == CONDITIONS_MAX) {
        buffer_printf(why, "more than %d different conditions", CONDITIONS_MAX);
        return -1;
    }
    char *copy = memory_text(text.text, text.len);
    struct expr *expr = expr_compile(copy, schema, why);
    if (expr == NULL) {
        free(copy);
        return -1;
    }
    if (reads_type_only(copy)) {
        (void)schema_need(schema, SLICE("event_type"));
        all->typed |= UINT64_C(1) << all->condition_count;
    }
    all->condition[all->condition_count] = expr;
    all->condition_text[all->condition_count] = copy;
    return all->condition_count++;
}

static int operand_index(struct aggregates *all, struct slice text, struct schema *schema,
                         struct buffer *why)
{
    for (int i = 0; i < all->operand_count; i++)
        if (slice_equal(text, slice_of(all->operand[i].text))) return i;
    struct operand *operand = &all->operand[all->operand_count];
    return operand_compile(operand, text, schema, why) ? all->operand_count++ : -1;
}

static bool percent_read(struct aggregate *item, const struct parsed *parsed, struct buffer *why)
{
    const char *comma = memchr(parsed->inside.text, ',', parsed->inside.len);
    if (comma != NULL) {
        item->part_name = text_trim(slice_until(parsed->inside, comma));
        item->whole_name = text_trim(slice_from(parsed->inside, comma + 1));
    }
    if (parsed->has_condition || !name_valid(item->part_name) || !name_valid(item->whole_name)) {
        buffer_printf(why, "'%s': percent is percent(A,B), A and B names of other aggregates",
                      item->text);
        return false;
    }
    return true;
}

/* Fills item from the parts of its text. */
static bool item_read(struct aggregates *all, struct aggregate *item, const struct parsed *parsed,
                      struct schema *schema, struct buffer *why)
{
    if (!function_find(parsed->function, &item->function)) {
        buffer_printf(why, "'%.*s' is no function (%s)", (int)parsed->function.len,
                      parsed->function.text, FUNCTION_NAMES);
        return false;
    }
    if (item->function == FUNCTION_PERCENT) return percent_read(item, parsed, why);
    if (!parsed->has_inside && item->function != FUNCTION_COUNT) {
        const char *name = functions[item->function].name;
        buffer_printf(why, "'%s': %s of what? %s(F)", item->text, name, name);
        return false;
    }
    if (parsed->has_inside && !(item->function == FUNCTION_COUNT && parsed->inside.len == 0)) {
        item->operand = operand_index(all, parsed->inside, schema, why);
        if (item->operand < 0) return false;
    }
    if (parsed->has_condition) {
        item->condition = condition_index(all, parsed->condition, schema, why);
        if (item->condition < 0) return false;
    }
    return true;
}

static int aggregates_find(const struct aggregates *all, struct slice name)
{
    for (int i = 0; i < all->count; i++)
        if (slice_equal(name, slice_of(all->item[i].name))) return i;
    return -1;
}

bool aggregates_add(struct aggregates *all, const char *text, struct schema *schema,
                    struct buffer *why)
{
    if (all->count == AGGREGATES_MAX) {
        buffer_printf(why, "more than %d aggregates", AGGREGATES_MAX);
        return false;
    }
    struct aggregate *item = &all->item[all->count];
    *item = (struct aggregate){
        .text = memory_text(text, strlen(text)),
        .operand = -1,
        .condition = CONDITION_NONE,
        .row_slot = -1,
    };
    struct parsed parsed;
    bool good = text_split(text_trim(slice_of(item->text)), &parsed, why);
    if (good && aggregates_find(all, parsed.name) >= 0) {
        buffer_printf(why, "'%.*s' is there twice", (int)parsed.name.len, parsed.name.text);
        good = false;
    }
    if (!good || !item_read(all, item, &parsed, schema, why)) {
        free(item->text);
        return false;
    }
    item->name = memory_text(parsed.name.text, parsed.name.len);
    all->count++;
    return true;
}

/* Layout. */

static bool can_be_percent(const struct aggregates *all, int index)
{
    return index >= 0 && all->item[index].function <= FUNCTION_SUM;
}

static bool percent_complete(const struct aggregates *all, struct aggregate *item,
                             struct buffer *why)
{
    item->part = aggregates_find(all, item->part_name);
    item->whole = aggregates_find(all, item->whole_name);
    if (can_be_percent(all, item->part) && can_be_percent(all, item->whole)) return true;
    const struct slice wrong = can_be_percent(all, item->part) ? item->whole_name : item->part_name;
    buffer_printf(why, "'%s': '%.*s' is no other aggregate of count, distinct or sum", item->text,
                  (int)wrong.len, wrong.text);
    return false;
}

/* The set over that operand which has a bit left, made if there is none. */
static struct distinct_set *set_find(struct aggregates *all, int operand)
{
    for (int i = 0; i < all->set_count; i++)
        if (all->set[i].operand == operand && all->set[i].count < SET_BITS) return &all->set[i];
    struct distinct_set *set = &all->set[all->set_count++];
    *set = (struct distinct_set){.operand = operand, .direct = ~UINT64_C(0)};
    return set;
}

bool aggregates_complete(struct aggregates *all, struct buffer *why)
{
    all->cell_bytes = 0;
    all->set_count = 0;
    all->only_distinct = true;
    for (int i = 0; i < all->count; i++) {
        struct aggregate *item = &all->item[i];
        item->cell = all->cell_bytes;
        all->cell_bytes += functions[item->function].cell_bytes;
        if (item->function == FUNCTION_PERCENT && !percent_complete(all, item, why)) return false;
        if (item->function != FUNCTION_DISTINCT) {
            all->only_distinct &= item->function == FUNCTION_PERCENT;
            continue;
        }
        struct distinct_set *set = set_find(all, item->operand);
        set->condition[set->count] = (uint8_t)item->condition;
        set->cell[set->count] = item->cell;
        if (item->condition != set->count) set->direct = 0;
        set->count++;
    }
    all->untyped =
        all->condition_count == 0 ? 0 : ~all->typed & ~UINT64_C(0) >> (64 - all->condition_count);
    for (int i = 0; i < all->set_count; i++)
        all->set[i].direct &= ~UINT64_C(0) >> (64 - all->set[i].count);
    return true;
}

bool aggregates_rows(struct aggregates *all, struct schema *schema, struct buffer *why)
{
    for (int i = 0; i < all->count; i++) {
        struct aggregate *item = &all->item[i];
        if (item->function == FUNCTION_PERCENT) continue;
        if (item->function == FUNCTION_AVG || item->function >= FUNCTION_FIRST) {
            buffer_printf(why, "'%s': %s cannot be added up from parts", item->text,
                          functions[item->function].name);
            return false;
        }
        item->row_slot = schema_need(schema, slice_of(item->name));
        if (item->row_slot >= 0) continue;
        buffer_printf(why, "more than %d members are read", SCHEMA_MAX);
        return false;
    }
    if (aggregates_sum(all)) all->too_large_slot = schema_need(schema, SLICE("too_large"));
    return true;
}

bool aggregates_sum(const struct aggregates *all)
{
    for (int i = 0; i < all->count; i++)
        if (all->item[i].function == FUNCTION_SUM) return true;
    return false;
}

/* One event. */

/* Runs the conditions of mask. */
static uint64_t conditions_run(const struct aggregates *all, const struct event *ev, uint64_t mask)
{
    uint64_t selected = UINT64_C(1) << CONDITION_NONE;
    for (; mask != 0; mask &= mask - 1) {
        const int i = __builtin_ctzll(mask);
        selected |= (uint64_t)expr_selects(all->condition[i], ev) << i;
    }
    return selected;
}

uint64_t aggregates_type_select(struct aggregates *all, const struct event *ev,
                                struct type_memo *memo, struct value_head head)
{
    const uint64_t errors = expr_errors;
    const uint64_t selected = conditions_run(all, ev, all->typed);
    if (memo == NULL || expr_errors != errors) return selected; /* to be counted each time */
    const struct value type = event_value(ev, SLOT_EVENT_TYPE);
    *memo = (struct type_memo){.head = head, .selected = selected, .len = type.len};
    return selected;
}

uint64_t aggregates_other_select(const struct aggregates *all, const struct event *ev)
{
    return conditions_run(all, ev, all->untyped);
}

static void sum_add(struct sum_cell *sum, decimal addend)
{
    const unsigned __int128 low = (unsigned __int128)sum->word[1] << 64 | sum->word[0];
    const unsigned __int128 total = low + (unsigned __int128)addend;
    sum->word[2] += (addend < 0 ? UINT64_MAX : 0) + (total < low);
    sum->word[1] = (uint64_t)(total >> 64);
    sum->word[0] = (uint64_t)total;
}

static bool sum_get(const struct sum_cell *sum, decimal *out)
{
    *out = (decimal)((unsigned __int128)sum->word[1] << 64 | sum->word[0]);
    return sum->lost == 0 && sum->word[2] == (*out < 0 ? UINT64_MAX : 0);
}

/* Returns 1 for what is neither a number nor null. */
static unsigned sum_event(struct sum_cell *sum, struct value value)
{
    decimal addend;
    if (value.kind != KIND_NUMBER) return value.kind != KIND_NULL;
    if (decimal_parse(value_slice(value), &addend)) {
        sum_add(sum, addend);
    } else {
        sum->lost++;
    }
    sum->count++;
    return 0;
}

static struct value kept_value(const struct kept_cell *kept, const struct buffer *text)
{
    if (kept->present == 0) return VALUE_NULL;
    return (struct value){.text = kept->len == 0 ? "" : text->data + kept->at,
                          .len = kept->len,
                          .kind = (uint8_t)kept->kind};
}

/* Should value at time_us take the place of what is kept? */
static bool kept_yields(enum function function, const struct kept_cell *kept,
                        const struct buffer *text, struct value value, int64_t time_us)
{
    if (kept->present == 0) return true;
    if (function == FUNCTION_FIRST && time_us != kept->time_us) return time_us < kept->time_us;
    if (function == FUNCTION_LAST && time_us != kept->time_us) return time_us > kept->time_us;
    const int order = value_compare(value, kept_value(kept, text));
    return function == FUNCTION_MIN || function == FUNCTION_FIRST ? order < 0 : order > 0;
}

static void kept_set(struct kept_cell *kept, struct buffer *text, struct value value,
                     int64_t time_us)
{
    if (value.len > kept->cap) {
        kept->cap = value.len < UINT32_MAX / 2 ? value.len + value.len / 4 : value.len;
        buffer_reserve(text, kept->cap);
        kept->at = text->len;
        text->len += kept->cap;
    }
    if (value.len != 0) memcpy(text->data + kept->at, value.text, value.len);
    kept->len = value.len;
    kept->kind = value.kind;
    kept->time_us = time_us;
    kept->present = 1;
}

static void kept_event(enum function function, struct kept_cell *kept, struct buffer *text,
                       struct value value, int64_t time_us)
{
    if (value.kind == KIND_NULL) return;
    if (function < FUNCTION_FIRST)
        time_us = 0; /* which of several equal ones it was leaves no trace */
    if (kept_yields(function, kept, text, value, time_us)) kept_set(kept, text, value, time_us);
}

unsigned aggregates_event(const struct aggregates *all, char *cells, struct buffer *text,
                          const struct event *ev, struct operand_values *values, uint64_t selected)
{
    unsigned not_numbers = 0;

    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        if (item->function == FUNCTION_COUNT && item->operand < 0) {
            *cell_count(cells, item->cell) += selected >> item->condition & 1;
            continue;
        }
        if (item->function == FUNCTION_DISTINCT || item->function == FUNCTION_PERCENT) continue;
        if ((selected >> item->condition & 1) == 0) continue;
        const struct value value = operand_once(all, values, ev, item->operand);
        void *cell = cells + item->cell;
        if (item->function == FUNCTION_COUNT) {
            *(uint64_t *)cell += value.kind != KIND_NULL;
        } else if (item->function == FUNCTION_SUM || item->function == FUNCTION_AVG) {
            not_numbers += sum_event(cell, value);
        } else {
            kept_event(item->function, cell, text, value, ev->time_us);
        }
    }
    return not_numbers;
}

/* Rows of a part, and parts of a whole. */

static bool count_read(struct value value, uint64_t *out)
{
    decimal number;
    if (value.kind != KIND_NUMBER || !decimal_parse(value_slice(value), &number)) return false;
    if (number < 0 || number % DECIMAL_ONE != 0) return false;
    number /= DECIMAL_ONE;
    if (number > INT64_MAX) return false;
    *out = (uint64_t)number;
    return true;
}

/* Is the sum among those that the row names as too large? Names need no escapes. */
static bool row_too_large(const struct aggregates *all, const struct aggregate *item,
                          const struct event *ev)
{
    if (all->too_large_slot < 0) return false;
    const struct value names = event_value(ev, all->too_large_slot);
    struct buffer name = {0};
    if (names.kind != KIND_ARRAY) return false;
    json_add_string(&name, slice_of(item->name));
    const bool found = memmem(names.text, names.len, name.data, name.len) != NULL;
    buffer_release(&name);
    return found;
}

bool aggregates_row_valid(const struct aggregates *all, const struct event *ev)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        if (item->row_slot < 0) continue;
        const struct value value = event_written(ev, item->row_slot);
        uint64_t count;
        if (value.text == NULL) return false; /* a row has every member */
        if (item->function <= FUNCTION_DISTINCT && !count_read(value, &count)) return false;
        if (item->function == FUNCTION_SUM && value.kind != KIND_NUMBER && value.kind != KIND_NULL)
            return false;
    }
    return true;
}

void aggregates_row(const struct aggregates *all, char *cells, struct buffer *text,
                    const struct event *ev)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        if (item->row_slot < 0) continue;
        const struct value value = event_written(ev, item->row_slot);
        void *cell = cells + item->cell;
        if (item->function <= FUNCTION_DISTINCT) {
            (void)count_read(value, cell);
        } else if (item->function == FUNCTION_SUM) {
            struct sum_cell *sum = cell;
            memset(sum, 0, sizeof *sum);
            (void)sum_event(sum, value);
            if (row_too_large(all, item, ev)) sum->count = sum->lost = 1;
        } else {
            ((struct kept_cell *)cell)->present = 0;
            if (value.kind != KIND_NULL) kept_set(cell, text, value, 0);
        }
    }
}

static void sum_combine(struct sum_cell *sum, const struct sum_cell *other)
{
    const unsigned __int128 low = (unsigned __int128)sum->word[1] << 64 | sum->word[0];
    const unsigned __int128 add = (unsigned __int128)other->word[1] << 64 | other->word[0];
    const unsigned __int128 total = low + add;
    sum->word[2] += other->word[2] + (total < low);
    sum->word[1] = (uint64_t)(total >> 64);
    sum->word[0] = (uint64_t)total;
    sum->count += other->count;
    sum->lost += other->lost;
}

/* What rows claim may be more than a count holds: then it is COUNT_LOST, and printed as null. */
#define COUNT_LOST UINT64_MAX

static void count_combine(uint64_t *count, uint64_t more)
{
    *count = *count > INT64_MAX - more ? COUNT_LOST : *count + more;
}

void aggregates_combine(const struct aggregates *all, char *cells, const char *other,
                        const struct buffer *text)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        void *cell = cells + item->cell;
        const void *more = other + item->cell;
        if (item->function <= FUNCTION_DISTINCT) {
            count_combine(cell, *(const uint64_t *)more);
        } else if (item->function <= FUNCTION_AVG) {
            sum_combine(cell, more);
        } else if (item->function != FUNCTION_PERCENT) {
            const struct kept_cell *kept = more;
            if (kept->present == 0) continue;
            const struct value value = kept_value(kept, text);
            /* Refers to the same bytes, which are the other's to write over. */
            if (!kept_yields(item->function, cell, text, value, kept->time_us)) continue;
            memcpy(cell, kept, sizeof *kept);
            ((struct kept_cell *)cell)->cap = 0;
        }
    }
}

/* What comes out. */

static unsigned __int128 magnitude(decimal number)
{
    return number < 0 ? 0 - (unsigned __int128)number : (unsigned __int128)number;
}

/* One digit of a long division: rest * 10 / whole, rest becoming the remainder. 10 = (2 * 2 + 1) *
 * 2, so that nothing grows past twice whole. */
static unsigned digit_next(unsigned __int128 *rest, unsigned __int128 whole)
{
    const bool add[] = {false, true, false};
    unsigned __int128 at = *rest;
    unsigned digit = 0;
    for (int i = 0; i < 3; i++) {
        at *= 2;
        digit *= 2;
        if (at >= whole) {
            at -= whole;
            digit++;
        }
        if (!add[i]) continue;
        at += *rest;
        if (at >= whole) {
            at -= whole;
            digit++;
        }
    }
    *rest = at;
    return digit;
}

bool decimal_ratio(decimal part, decimal whole, int power, decimal *out)
{
    const unsigned __int128 limit = ~(unsigned __int128)0 >> 1;
    const unsigned __int128 divisor = magnitude(whole);
    if (divisor == 0) return false;
    unsigned __int128 result = magnitude(part) / divisor;
    unsigned __int128 rest = magnitude(part) % divisor;
    for (; power > 0; power--) {
        if (result > (limit - 10) / 10) return false;
        result = result * 10 + digit_next(&rest, divisor);
    }
    result += rest >= divisor - rest;
    if (result > limit) return false;
    *out = (part < 0) != (whole < 0) ? -(decimal)result : (decimal)result;
    return true;
}

/* A count or a sum as a decimal. False: null. */
static bool addable_number(const struct aggregate *item, const char *cells, decimal *out)
{
    if (item->function == FUNCTION_SUM) {
        const struct sum_cell *sum = (const void *)(cells + item->cell);
        return sum->count != 0 && sum_get(sum, out);
    }
    const uint64_t count = *cell_count((char *)cells, item->cell);
    *out = (decimal)count * DECIMAL_ONE;
    return count != COUNT_LOST;
}

#define HUNDREDTH (DECIMAL_ONE / 100)
#define PERCENT_PLACES 4 /* a part of 1 with two places as a percentage */

static void percent_value(const struct aggregates *all, const struct aggregate *item,
                          const char *cells, struct rows *rows, int member)
{
    const struct aggregate *part_item = &all->item[item->part];
    const struct aggregate *whole_item = &all->item[item->whole];
    decimal part, whole, percent;
    const bool known =
        addable_number(part_item, cells, &part) && addable_number(whole_item, cells, &whole);
    if (known && part_item->function != FUNCTION_SUM && whole_item->function != FUNCTION_SUM) {
        rows_percent(rows, member, (int64_t)*cell_count((char *)cells, part_item->cell),
                     (int64_t)*cell_count((char *)cells, whole_item->cell));
        return;
    }
    if (known && decimal_ratio(part, whole, PERCENT_PLACES, &percent) &&
        !__builtin_mul_overflow(percent, HUNDREDTH, &percent))
        rows_decimal(rows, member, percent);
    else
        rows_null(rows, member);
}

static void sum_value(enum function function, const struct sum_cell *sum, struct rows *rows,
                      int member)
{
    decimal total;
    if (sum->count == 0 || !sum_get(sum, &total))
        rows_null(rows, member);
    else
        rows_decimal(rows, member,
                     function == FUNCTION_SUM ? total : decimal_average(total, sum->count));
}

static void count_value(uint64_t count, struct rows *rows, int member)
{
    if (count == COUNT_LOST)
        rows_null(rows, member);
    else
        rows_int(rows, member, (int64_t)count);
}

void aggregates_print_too_large(const struct aggregates *all, const char *cells, struct rows *rows,
                                int member)
{
    struct buffer *list = NULL;
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        decimal ignored;
        if (item->function != FUNCTION_SUM) continue;
        if (sum_get((const void *)(cells + item->cell), &ignored)) continue;
        if (list == NULL) list = rows_list(rows, member);
        rows_list_text(list, slice_of(item->name));
    }
    if (list != NULL) rows_list_end(list);
}

void aggregates_print(const struct aggregates *all, int index, const char *cells,
                      const struct buffer *text, struct rows *rows, int member)
{
    const struct aggregate *item = &all->item[index];
    const void *cell = cells + item->cell;
    switch (item->function) {
    case FUNCTION_COUNT:
    case FUNCTION_DISTINCT: count_value(*(const uint64_t *)cell, rows, member); break;
    case FUNCTION_SUM:
    case FUNCTION_AVG: sum_value(item->function, cell, rows, member); break;
    case FUNCTION_PERCENT: percent_value(all, item, cells, rows, member); break;
    case FUNCTION_MIN:
    case FUNCTION_MAX:
    case FUNCTION_FIRST:
    case FUNCTION_LAST: rows_value(rows, member, kept_value(cell, text)); break;
    }
}

bool aggregates_number(const struct aggregates *all, int index, const char *cells,
                       const struct buffer *text, decimal *out)
{
    const struct aggregate *item = &all->item[index];
    const void *cell = cells + item->cell;
    *out = 0;
    if (item->function <= FUNCTION_DISTINCT) return addable_number(item, cells, out);
    if (item->function <= FUNCTION_AVG) {
        const struct sum_cell *sum = cell;
        if (sum->count == 0) return true;
        if (!sum_get(sum, out)) return false;
        if (item->function == FUNCTION_AVG) *out = decimal_average(*out, sum->count);
        return true;
    }
    if (item->function == FUNCTION_PERCENT) return false;
    const struct value value = kept_value(cell, text);
    if (value.kind == KIND_NULL) return true;
    return value.kind == KIND_NUMBER && decimal_parse(value_slice(value), out);
}

/* The state. */

void aggregates_save(const struct aggregates *all, const char *cells, const struct buffer *text,
                     bool with_distinct, struct buffer *out)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        const void *cell = cells + item->cell;
        if (item->function == FUNCTION_COUNT ||
            (item->function == FUNCTION_DISTINCT && with_distinct)) {
            pack_u64(out, *(const uint64_t *)cell);
        } else if (item->function == FUNCTION_SUM || item->function == FUNCTION_AVG) {
            const struct sum_cell *sum = cell;
            for (int word = 0; word < 3; word++)
                pack_u64(out, sum->word[word]);
            pack_u64(out, sum->count);
            pack_u64(out, sum->lost);
        } else if (item->function >= FUNCTION_MIN && item->function <= FUNCTION_LAST) {
            const struct kept_cell *kept = cell;
            pack_value(out, kept_value(kept, text));
            pack_i64(out, kept->time_us);
        }
    }
}

void aggregates_load(const struct aggregates *all, char *cells, struct buffer *text,
                     bool with_distinct, struct unpack *in)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        void *cell = cells + item->cell;
        if (item->function == FUNCTION_COUNT ||
            (item->function == FUNCTION_DISTINCT && with_distinct)) {
            *(uint64_t *)cell += unpack_u64(in);
        } else if (item->function == FUNCTION_SUM || item->function == FUNCTION_AVG) {
            struct sum_cell more;
            for (int word = 0; word < 3; word++)
                more.word[word] = unpack_u64(in);
            more.count = unpack_u64(in);
            more.lost = unpack_u64(in);
            sum_combine(cell, &more);
        } else if (item->function >= FUNCTION_MIN && item->function <= FUNCTION_LAST) {
            const struct value value = unpack_value(in);
            kept_event(item->function, cell, text, value, unpack_i64(in));
        }
    }
}

bool aggregates_native(const struct aggregates *all)
{
    for (int i = 0; i < all->operand_count; i++)
        if (!operand_native(&all->operand[i])) return false;
    for (int i = 0; i < all->condition_count; i++)
        if (!expr_native(all->condition[i])) return false;
    return true;
}

void aggregates_explain(const struct aggregates *all, struct buffer *out)
{
    for (int i = 0; i < all->count; i++) {
        const struct aggregate *item = &all->item[i];
        buffer_add_literal(out, "agg      ");
        json_add_inside(out, slice_of(item->text));
        if (item->operand >= 0) {
            buffer_add_literal(out, ": ");
            operand_explain(&all->operand[item->operand], out);
        }
        buffer_add_char(out, '\n');
    }
    for (int i = 0; i < all->condition_count; i++) {
        buffer_add_literal(out, "if       ");
        expr_explain(all->condition[i], out);
        if (out->data[out->len - 1] == '\n') out->len--;
        if ((all->typed >> i & 1) != 0) buffer_add_literal(out, ", once for each event type");
        buffer_add_char(out, '\n');
    }
}
