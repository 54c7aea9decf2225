/* What --agg says. */
#include <stdlib.h>

#include "base/list.h"
#include "base/memory.h"
#include "window/aggregate_inside.h"

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

/* Adds a name for an aggregate written without one: sum_price=sum(price). */
static void name_propose(struct slice text, struct buffer *why)
{
    size_t len = 0;
    while (len < text.len && name_bare((struct slice){.text = text.text, .len = len + 1}))
        len++;
    if (aggregate_function_find((struct slice){.text = text.text, .len = len}) == NULL) return;
    buffer_printf(why, "; did you mean %.*s", (int)len, text.text);
    const char *const end = text.len > len && text.text[len] == '('
                                ? text_find(slice_from(text, text.text + len + 1), ')')
                                : NULL;
    bool apart = true;
    for (const char *at = text.text + len; end != NULL && at < end; at++) {
        const bool bare =
            name_bare((struct slice){.text = at, .len = 1}) || (*at >= '0' && *at <= '9');
        if (bare && apart) buffer_add_char(why, '_');
        if (bare) buffer_add_char(why, *at);
        apart = !bare;
    }
    buffer_printf(why, "=%.*s?", (int)text.len, text.text);
}

static bool text_split(struct slice text, struct parsed *parsed, struct buffer *why)
{
    *parsed = (struct parsed){0};
    const char *equals = memchr(text.text, '=', text.len);
    if (equals != NULL) parsed->name = text_trim(slice_until(text, equals));
    if (equals == NULL || !name_valid(parsed->name)) {
        buffer_printf(why, "'%.*s' is not NAME=FUNC[(F)][ if EXPR]", (int)text.len, text.text);
        name_propose(text, why);
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
    struct expr *expr = expr_compile_condition(copy, schema, why);
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

/* FUNC(A,B). */
static bool names_read(struct aggregate *item, const struct parsed *parsed, struct buffer *why)
{
    const char *comma = memchr(parsed->inside.text, ',', parsed->inside.len);
    const char *name = item->function->name;
    if (comma != NULL) {
        item->part_name = text_trim(slice_until(parsed->inside, comma));
        item->whole_name = text_trim(slice_from(parsed->inside, comma + 1));
    }
    if (parsed->has_condition || !name_valid(item->part_name) || !name_valid(item->whole_name)) {
        buffer_printf(why, "'%s': %s is %s(A,B), A and B names of other aggregates", item->text,
                      name, name);
        return false;
    }
    return true;
}

bool aggregate_whole(struct slice text, int64_t most, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.text[i] < '0' || text.text[i] > '9' || *out > most) return false;
        *out = *out * 10 + (text.text[i] - '0');
    }
    return *out >= 1 && *out <= most;
}

/* FUNC(F,N): takes N off inside. False: the reason is added to why. */
static bool parameter_read(struct aggregate *item, struct slice *inside, struct buffer *why)
{
    const struct aggregate_function *function = item->function;
    const char *comma = NULL;
    struct slice rest = *inside;
    for (const char *at; (at = text_find(rest, ',')) != NULL; rest = slice_from(rest, at + 1))
        comma = at;
    if (comma != NULL && function->parameter(text_trim(rest), &item->parameter)) {
        *inside = text_trim(slice_until(*inside, comma));
        return true;
    }
    buffer_printf(why, "'%s': %s is %s%s", item->text, function->name, function->name,
                  function->parameter_range);
    return false;
}

static bool is_any(const struct aggregate_function *function)
{
    (void)function;
    return true;
}

/* FUNC(F) counts what is not null: is F nothing that is false instead? */
static bool counts_values(const struct operand *operand, const struct parsed *parsed,
                          struct buffer *why)
{
    if (operand->expr == NULL || !expr_truth(operand->expr)) return true;
    buffer_printf(why, "'%.*s' is true or false, and false is not null: it would be counted, too",
                  (int)parsed->inside.len, parsed->inside.text);
    if (!parsed->has_condition)
        buffer_printf(why, "; did you mean %.*s=%.*s if %.*s?", (int)parsed->name.len,
                      parsed->name.text, (int)parsed->function.len, parsed->function.text,
                      (int)parsed->inside.len, parsed->inside.text);
    return false;
}

/* Fills item from the parts of its text. */
static bool item_read(struct aggregates *all, struct aggregate *item, struct parsed *parsed,
                      struct schema *schema, struct buffer *why)
{
    const struct aggregate_function *function = aggregate_function_find(parsed->function);
    item->function = function;
    if (function == NULL) {
        buffer_printf(why, "'%.*s' is no function (", (int)parsed->function.len,
                      parsed->function.text);
        aggregate_functions_name(is_any, " ", " ", why);
        buffer_add_char(why, ')');
        return false;
    }
    if (function->argument == ARGUMENT_AGGREGATES) return names_read(item, parsed, why);
    if (function->argument == ARGUMENT_VALUE_AND && !parameter_read(item, &parsed->inside, why))
        return false;
    const bool may_be_bare = function->argument == ARGUMENT_MAYBE;
    if (!parsed->has_inside && !may_be_bare) {
        buffer_printf(why, "'%s': %s of what? %s(F)", item->text, function->name, function->name);
        return false;
    }
    if (parsed->has_inside && !(may_be_bare && parsed->inside.len == 0)) {
        item->operand = operand_index(all, parsed->inside, schema, why);
        if (item->operand < 0) return false;
        if (function->of_each) schema_apart(schema, all->operand[item->operand].slot);
        if (may_be_bare && !counts_values(&all->operand[item->operand], parsed, why)) return false;
    }
    if (parsed->has_condition) {
        item->condition = condition_index(all, parsed->condition, schema, why);
        if (item->condition < 0) return false;
    }
    return true;
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
    if (good && aggregate_find(all, parsed.name) >= 0) {
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
