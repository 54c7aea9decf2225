#include "expr/native_inside.h"

#include <math.h>

/* nan is less than any number, itself too. */
static int order_numbers(double a, double b)
{
    if (isnan(a)) return -1;
    if (isnan(b)) return 1;
    return (a > b) - (a < b);
}

static enum outcome order_data(const struct datum *a, const struct datum *b, int *order)
{
    *order = 0;
    if (a->kind != b->kind)
        *order = a->kind < b->kind ? -1 : 1;
    else if (a->kind == KIND_NUMBER)
        *order = order_numbers(datum_double(a), datum_double(b));
    else if (a->kind == KIND_STRING)
        *order = slice_compare(a->text, b->text);
    else if (is_nested(a))
        return OUTCOME_BEYOND;
    return OUTCOME_VALUE;
}

static bool order_is(enum node_kind kind, int order)
{
    switch (kind) {
    case NODE_EQUAL: return order == 0;
    case NODE_UNEQUAL: return order != 0;
    case NODE_LESS: return order < 0;
    case NODE_LESS_EQUAL: return order <= 0;
    case NODE_GREATER: return order > 0;
    default: return order >= 0;
    }
}

static enum outcome truth_order(struct node *node, const struct scope *scope, bool *out)
{
    struct datum left;
    struct datum right;
    int order;
    enum outcome outcome = node_sides(node, scope, &left, &right);
    if (outcome == OUTCOME_VALUE) outcome = order_data(&left, &right, &order);
    if (outcome == OUTCOME_VALUE) *out = order_is(node->kind, order);
    return outcome;
}

/* A member on the left and a number on the right: kind of comparison, slot and number stand in
 * one node. */
static bool member_order(const struct node *node, const struct event *ev)
{
    const struct value *const value = &ev->value[node->slot];
    if (value->kind != KIND_NUMBER) return order_is(node->kind, value->kind < KIND_NUMBER ? -1 : 1);
    return order_is(node->kind, order_numbers(number_double(value_slice(*value)), node->number));
}

/* Both sides give booleans; the right one is looked at only if the left one does not decide. */
static enum outcome truth_logic(struct node *node, const struct scope *scope, bool *out)
{
    const enum outcome outcome = node_truth(node->left, scope, out);
    if (outcome != OUTCOME_VALUE || *out == (node->kind == NODE_OR)) return outcome;
    return node_truth(node->right, scope, out);
}

static enum outcome truth_affix(struct node *node, const struct scope *scope, bool *out)
{
    struct datum part;
    const enum outcome outcome = node_run(node->left, scope, &part);
    if (outcome != OUTCOME_VALUE) return outcome;
    if (!both(scope->input, &part, KIND_STRING)) return OUTCOME_ERROR;
    *out = (node->kind == NODE_STARTSWITH ? begins : ends)(scope->input->text, part.text);
    return OUTCOME_VALUE;
}

static bool holds(struct slice text, struct slice part)
{
    return part.len == 0 || memmem(text.text, text.len, part.text, part.len) != NULL;
}

/* jq 1.6 looks no further than a NUL, and into arrays and objects. */
static enum outcome truth_contains(struct node *node, const struct scope *scope, bool *out)
{
    struct datum part;
    const struct datum *const whole = scope->input;
    const enum outcome outcome = node_run(node->left, scope, &part);
    if (outcome != OUTCOME_VALUE) return outcome;
    if (whole->kind != part.kind) return OUTCOME_ERROR;
    if (is_nested(whole)) return OUTCOME_BEYOND;
    *out = true;
    if (whole->kind == KIND_NUMBER) *out = datum_double(whole) == datum_double(&part);
    if (whole->kind != KIND_STRING) return OUTCOME_VALUE;
    const struct slice nul = {.text = "", .len = 1};
    if (holds(whole->text, nul) || holds(part.text, nul)) return OUTCOME_BEYOND;
    *out = holds(whole->text, part.text);
    return OUTCOME_VALUE;
}

/* $ stands before a last newline too. */
static struct slice without_newline(struct slice text)
{
    if (text.len > 0 && text.text[text.len - 1] == '\n') text.len--;
    return text;
}

static enum outcome truth_test(struct node *node, const struct scope *scope, bool *out)
{
    if (scope->input->kind != KIND_STRING) return OUTCOME_ERROR;
    const struct slice text = scope->input->text;
    const struct slice part = value_slice(node->value);
    switch (node->kind) {
    case NODE_TEST_BEGIN: *out = begins(text, part); break;
    case NODE_TEST_END: *out = ends(text, part) || ends(without_newline(text), part); break;
    case NODE_TEST_WHOLE:
        *out = slice_equal(text, part) || slice_equal(without_newline(text), part);
        break;
    default: *out = holds(text, part); break;
    }
    return OUTCOME_VALUE;
}

static bool equals_literal(const struct datum *datum, const struct node *literal)
{
    if (datum->kind != (enum kind)literal->value.kind) return false;
    if (datum->kind == KIND_STRING) return slice_equal(datum->text, value_slice(literal->value));
    if (datum->kind == KIND_NUMBER) return datum_double(datum) == literal->number;
    return true;
}

static enum outcome truth_in(struct node *node, const struct scope *scope, bool *out)
{
    *out = false;
    for (const struct node *literal = node->left; literal != NULL && !*out; literal = literal->next)
        *out = equals_literal(scope->input, literal);
    return OUTCOME_VALUE;
}

static enum outcome truth_pipe(struct node *node, const struct scope *scope, bool *out)
{
    struct datum input;
    const enum outcome outcome = node_run(node->left, scope, &input);
    if (outcome != OUTCOME_VALUE) return outcome;
    const struct scope inner = {.ev = scope->ev, .input = &input};
    return node_truth(node->right, &inner, out);
}

static inline bool member_is(struct node *node, const struct event *ev)
{
    const struct value *const value = &ev->value[node->slot];
    if (value->kind != KIND_STRING) return false;
    if (__builtin_expect(value->escaped, 0))
        return value_equal(event_member(node, ev), node->value);
    return value->len == node->value.len && memcmp(value->text, node->value.text, value->len) == 0;
}

enum outcome node_truth(struct node *node, const struct scope *scope, bool *out)
{
    switch (node->kind) {
    case NODE_MEMBER_IS: *out = member_is(node, scope->ev); return OUTCOME_VALUE;
    case NODE_MEMBER_ISNT: *out = !member_is(node, scope->ev); return OUTCOME_VALUE;
    case NODE_MEMBER_NULL:
        *out = event_value(scope->ev, node->slot).kind == KIND_NULL;
        return OUTCOME_VALUE;
    case NODE_MEMBER_PRESENT:
        *out = event_value(scope->ev, node->slot).kind != KIND_NULL;
        return OUTCOME_VALUE;
    case NODE_AND:
    case NODE_OR: return truth_logic(node, scope, out);
    case NODE_NOT: *out = !is_true(scope->input->kind); return OUTCOME_VALUE;
    case NODE_EQUAL:
    case NODE_UNEQUAL:
    case NODE_LESS:
    case NODE_LESS_EQUAL:
    case NODE_GREATER:
    case NODE_GREATER_EQUAL:
        if (node->slot < 0) return truth_order(node, scope, out);
        *out = member_order(node, scope->ev);
        return OUTCOME_VALUE;
    case NODE_STARTSWITH:
    case NODE_ENDSWITH: return truth_affix(node, scope, out);
    case NODE_CONTAINS: return truth_contains(node, scope, out);
    case NODE_TEST:
    case NODE_TEST_BEGIN:
    case NODE_TEST_END:
    case NODE_TEST_WHOLE: return truth_test(node, scope, out);
    case NODE_IN: return truth_in(node, scope, out);
    case NODE_PIPE: return truth_pipe(node, scope, out);
    default: break;
    }
    struct datum datum;
    const enum outcome outcome = node_run(node, scope, &datum);
    if (outcome == OUTCOME_VALUE) *out = is_true(datum.kind);
    return outcome;
}
