#include "expr/native_inside.h"

#include <math.h>

#include "base/object.h"
#include "expr/libjq.h"

#define STRING_MAX (64u << 20) /* longer ones are left to libjq, where memory is counted */
#define INTEGER_LIMIT 9.2e18   /* jq's % is on int64; outside it does what the machine does */

static const struct datum whole_event = {.kind = KIND_OBJECT, .event = true};

/* Short integers are printed as they are written. */
static bool prints_as_written(struct slice text)
{
    if (text.len == 0 || text.len > 15) return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.text[i] < '0' || text.text[i] > '9') return false;
    return true;
}

static struct slice datum_print(const struct datum *datum, struct buffer *printed)
{
    if (!datum->computed && prints_as_written(datum->text)) return datum->text;
    buffer_clear(printed);
    libjq_print_number(printed, datum_double(datum));
    return buffer_slice(printed);
}

/* Paths, literals and what joins them. */

static enum outcome run_input(struct node *node, const struct scope *scope, struct datum *out)
{
    (void)node;
    *out = *scope->input;
    return OUTCOME_VALUE;
}

static enum outcome run_member(struct node *node, const struct scope *scope, struct datum *out)
{
    if (node->slot >= 0) {
        *out = datum_of(event_member(node, scope->ev));
        return OUTCOME_VALUE;
    }
    struct datum parent = *scope->input;
    if (node->left != NULL) {
        const enum outcome outcome = node_run(node->left, scope, &parent);
        if (outcome != OUTCOME_VALUE) return outcome;
    }
    if (parent.event) return OUTCOME_BEYOND;
    if (parent.kind == KIND_NULL) {
        *out = datum_of(VALUE_NULL);
        return OUTCOME_VALUE;
    }
    if (parent.kind != KIND_OBJECT) return node->optional ? OUTCOME_NONE : OUTCOME_ERROR;
    *out = datum_of(object_find(parent.text, node->name, &node->scratch));
    return OUTCOME_VALUE;
}

static enum outcome run_literal(struct node *node, const struct scope *scope, struct datum *out)
{
    (void)scope;
    *out = node->value.kind == KIND_NUMBER ? datum_number(node->number) : datum_of(node->value);
    return OUTCOME_VALUE;
}

static enum outcome run_pipe(struct node *node, const struct scope *scope, struct datum *out)
{
    struct datum input;
    const enum outcome outcome = node_run(node->left, scope, &input);
    if (outcome != OUTCOME_VALUE) return outcome;
    const struct scope inner = {.ev = scope->ev, .input = &input};
    return node_run(node->right, &inner, out);
}

/* An error on the left is one of the whole: so it is in jq 1.6. */
static enum outcome run_alternative(struct node *node, const struct scope *scope, struct datum *out)
{
    const enum outcome outcome = node_run(node->left, scope, out);
    if (outcome == OUTCOME_NONE || (outcome == OUTCOME_VALUE && !is_true(out->kind)))
        return node_run(node->right, scope, out);
    return outcome;
}

static enum outcome run_if(struct node *node, const struct scope *scope, struct datum *out)
{
    bool truth;
    const enum outcome outcome = node_truth(node->test, scope, &truth);
    if (outcome != OUTCOME_VALUE) return outcome;
    return node_run(truth ? node->left : node->right, scope, out);
}

static enum outcome run_select(struct node *node, const struct scope *scope, struct datum *out)
{
    bool truth;
    const enum outcome outcome = node_truth(node->left, scope, &truth);
    if (outcome != OUTCOME_VALUE) return outcome;
    *out = *scope->input;
    return truth ? OUTCOME_VALUE : OUTCOME_NONE;
}

static enum outcome run_empty(struct node *node, const struct scope *scope, struct datum *out)
{
    (void)node;
    (void)scope;
    (void)out;
    return OUTCOME_NONE;
}

/* What is true or false: nodes whose value is that of node_truth. */
static enum outcome run_bool(struct node *node, const struct scope *scope, struct datum *out)
{
    bool truth;
    const enum outcome outcome = node_truth(node, scope, &truth);
    if (outcome == OUTCOME_VALUE) *out = datum_bool(truth);
    return outcome;
}

/* Operators. */

static enum outcome concatenate(struct node *node, struct slice left, struct slice right,
                                struct datum *out)
{
    if (left.len + right.len > STRING_MAX) return OUTCOME_BEYOND;
    buffer_clear(&node->scratch);
    buffer_reserve(&node->scratch, left.len + right.len + 1);
    buffer_add_slice(&node->scratch, left);
    buffer_add_slice(&node->scratch, right);
    *out = datum_string(buffer_slice(&node->scratch));
    return OUTCOME_VALUE;
}

static enum outcome run_add(struct node *node, const struct scope *scope, struct datum *out)
{
    struct datum left;
    struct datum right;
    const enum outcome outcome = node_sides(node, scope, &left, &right);
    if (outcome != OUTCOME_VALUE) return outcome;
    if (left.kind == KIND_NULL || right.kind == KIND_NULL) {
        *out = left.kind == KIND_NULL ? right : left;
        return OUTCOME_VALUE;
    }
    if (both(&left, &right, KIND_STRING)) return concatenate(node, left.text, right.text, out);
    if (left.kind == right.kind && is_nested(&left)) return OUTCOME_BEYOND;
    if (!both(&left, &right, KIND_NUMBER)) return OUTCOME_ERROR;
    *out = datum_number(datum_double(&left) + datum_double(&right));
    return OUTCOME_VALUE;
}

/* What - * / % make of other kinds than numbers: an error, or something only libjq knows. */
static enum outcome other_arithmetic(enum node_kind kind, const struct datum *left,
                                     const struct datum *right)
{
    const bool text = left->kind == KIND_STRING || right->kind == KIND_STRING;
    if (is_nested(left) || is_nested(right)) return OUTCOME_BEYOND;
    if (text && (kind == NODE_MULTIPLY || kind == NODE_DIVIDE)) return OUTCOME_BEYOND;
    return OUTCOME_ERROR;
}

static enum outcome remainder_of(double left, double right, struct datum *out)
{
    if (!(fabs(left) < INTEGER_LIMIT && fabs(right) < INTEGER_LIMIT)) return OUTCOME_BEYOND;
    if ((int64_t)right == 0) return OUTCOME_ERROR;
    *out = datum_number((double)((int64_t)left % (int64_t)right));
    return OUTCOME_VALUE;
}

static enum outcome run_arithmetic(struct node *node, const struct scope *scope, struct datum *out)
{
    struct datum left;
    struct datum right;
    const enum outcome outcome = node_sides(node, scope, &left, &right);
    if (outcome != OUTCOME_VALUE) return outcome;
    if (!both(&left, &right, KIND_NUMBER)) return other_arithmetic(node->kind, &left, &right);
    const double a = datum_double(&left);
    const double b = datum_double(&right);
    switch (node->kind) {
    case NODE_SUBTRACT: *out = datum_number(a - b); return OUTCOME_VALUE;
    case NODE_MULTIPLY: *out = datum_number(a * b); return OUTCOME_VALUE;
    case NODE_DIVIDE: *out = datum_number(a / b); return b == 0 ? OUTCOME_ERROR : OUTCOME_VALUE;
    default: return remainder_of(a, b, out);
    }
}

static enum outcome run_negate(struct node *node, const struct scope *scope, struct datum *out)
{
    struct datum datum;
    const enum outcome outcome = node_run(node->left, scope, &datum);
    if (outcome != OUTCOME_VALUE) return outcome;
    if (datum.kind != KIND_NUMBER) return OUTCOME_ERROR;
    *out = datum_number(-datum_double(&datum));
    return OUTCOME_VALUE;
}

/* Functions of the input. */

static enum outcome run_type(struct node *node, const struct scope *scope, struct datum *out)
{
    static const char *const names[] = {"null",   "boolean", "boolean", "number",
                                        "string", "array",   "object"};
    (void)node;
    *out = datum_string(slice_of(names[scope->input->kind]));
    return OUTCOME_VALUE;
}

static double count_codepoints(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.text[i] & 0xc0) != 0x80;
    return (double)count;
}

static enum outcome run_length(struct node *node, const struct scope *scope, struct datum *out)
{
    (void)node;
    switch (scope->input->kind) {
    case KIND_NULL: *out = datum_number(0); return OUTCOME_VALUE;
    case KIND_NUMBER: *out = datum_number(fabs(datum_double(scope->input))); return OUTCOME_VALUE;
    case KIND_STRING:
        *out = datum_number(count_codepoints(scope->input->text));
        return OUTCOME_VALUE;
    case KIND_ARRAY:
    case KIND_OBJECT: return OUTCOME_BEYOND;
    default: return OUTCOME_ERROR;
    }
}

static enum outcome run_tostring(struct node *node, const struct scope *scope, struct datum *out)
{
    switch (scope->input->kind) {
    case KIND_NULL: *out = datum_string(SLICE("null")); return OUTCOME_VALUE;
    case KIND_FALSE: *out = datum_string(SLICE("false")); return OUTCOME_VALUE;
    case KIND_TRUE: *out = datum_string(SLICE("true")); return OUTCOME_VALUE;
    case KIND_NUMBER:
        *out = datum_string(datum_print(scope->input, &node->scratch));
        return OUTCOME_VALUE;
    case KIND_STRING: *out = *scope->input; return OUTCOME_VALUE;
    default: return OUTCOME_BEYOND;
    }
}

/* jq reads more than JSON's numbers here (" 1", "nan", ...). */
static enum outcome run_tonumber(struct node *node, const struct scope *scope, struct datum *out)
{
    (void)node;
    *out = *scope->input;
    if (out->kind == KIND_NUMBER) return OUTCOME_VALUE;
    if (out->kind != KIND_STRING) return OUTCOME_ERROR;
    if (!number_valid(out->text)) return OUTCOME_BEYOND;
    *out = datum_number(number_double(out->text));
    return OUTCOME_VALUE;
}

static enum outcome run_case(struct node *node, const struct scope *scope, struct datum *out)
{
    if (scope->input->kind != KIND_STRING) return OUTCOME_ERROR;
    const struct slice text = scope->input->text;
    const char first = node->kind == NODE_DOWNCASE ? 'A' : 'a';
    buffer_clear(&node->scratch);
    char *const changed = buffer_reserve(&node->scratch, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.text[i];
        changed[i] = (char)(c >= first && c <= first + 25 ? c ^ 0x20 : c);
    }
    *out = datum_string((struct slice){.text = changed, .len = text.len});
    return OUTCOME_VALUE;
}

static enum outcome run_math(struct node *node, const struct scope *scope, struct datum *out)
{
    if (scope->input->kind != KIND_NUMBER) return OUTCOME_ERROR;
    const double number = datum_double(scope->input);
    switch (node->kind) {
    case NODE_FLOOR: *out = datum_number(floor(number)); break;
    case NODE_CEIL: *out = datum_number(ceil(number)); break;
    case NODE_ROUND: *out = datum_number(round(number)); break;
    default: *out = datum_number(fabs(number)); break;
    }
    return OUTCOME_VALUE;
}

static enum outcome run_trim(struct node *node, const struct scope *scope, struct datum *out)
{
    struct datum part;
    const enum outcome outcome = node_run(node->left, scope, &part);
    if (outcome != OUTCOME_VALUE) return outcome;
    *out = *scope->input;
    if (!both(out, &part, KIND_STRING)) return OUTCOME_VALUE;
    if (node->kind == NODE_LTRIMSTR && begins(out->text, part.text)) {
        out->text.text += part.text.len;
        out->text.len -= part.text.len;
    } else if (node->kind == NODE_RTRIMSTR && ends(out->text, part.text)) {
        out->text.len -= part.text.len;
    }
    return OUTCOME_VALUE;
}

enum outcome node_run(struct node *node, const struct scope *scope, struct datum *out)
{
    switch (node->kind) {
    case NODE_INPUT: return run_input(node, scope, out);
    case NODE_MEMBER: return run_member(node, scope, out);
    case NODE_LITERAL: return run_literal(node, scope, out);
    case NODE_PIPE: return run_pipe(node, scope, out);
    case NODE_ALTERNATIVE: return run_alternative(node, scope, out);
    case NODE_IF: return run_if(node, scope, out);
    case NODE_ADD: return run_add(node, scope, out);
    case NODE_SUBTRACT:
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_REMAINDER: return run_arithmetic(node, scope, out);
    case NODE_NEGATE: return run_negate(node, scope, out);
    case NODE_EMPTY: return run_empty(node, scope, out);
    case NODE_SELECT: return run_select(node, scope, out);
    case NODE_TYPE: return run_type(node, scope, out);
    case NODE_LENGTH: return run_length(node, scope, out);
    case NODE_TOSTRING: return run_tostring(node, scope, out);
    case NODE_TONUMBER: return run_tonumber(node, scope, out);
    case NODE_DOWNCASE:
    case NODE_UPCASE: return run_case(node, scope, out);
    case NODE_FLOOR:
    case NODE_CEIL:
    case NODE_ROUND:
    case NODE_FABS: return run_math(node, scope, out);
    case NODE_LTRIMSTR:
    case NODE_RTRIMSTR: return run_trim(node, scope, out);
    default: return run_bool(node, scope, out);
    }
}

enum outcome native_selects(struct native *native, const struct event *ev, bool *selects)
{
    const struct scope scope = {.ev = ev, .input = &whole_event};
    const enum outcome outcome = node_truth(native->syntax->root, &scope, selects);
    if (outcome != OUTCOME_NONE) return outcome;
    *selects = false;
    return OUTCOME_VALUE;
}

static struct value value_of_number(struct native *native, const struct datum *datum)
{
    if (datum->computed && isnan(datum->number)) return VALUE_NULL;
    const struct slice text = datum_print(datum, &native->printed);
    return (struct value){.text = text.text, .len = (uint32_t)text.len, .kind = KIND_NUMBER};
}

enum outcome native_value(struct native *native, const struct event *ev, struct value *out)
{
    const struct scope scope = {.ev = ev, .input = &whole_event};
    struct datum datum;
    if (native_member(native) >= 0) {
        *out = event_member(native->syntax->root, ev);
        return OUTCOME_VALUE;
    }
    const enum outcome outcome = node_run(native->syntax->root, &scope, &datum);
    if (outcome != OUTCOME_VALUE) return outcome;
    *out = (struct value){
        .text = datum.text.text, .len = (uint32_t)datum.text.len, .kind = (uint8_t)datum.kind};
    if (native_path(native)) return OUTCOME_VALUE;
    switch (datum.kind) {
    case KIND_NULL: *out = VALUE_NULL; break;
    case KIND_FALSE: *out = (struct value){.text = "false", .len = 5, .kind = KIND_FALSE}; break;
    case KIND_TRUE: *out = (struct value){.text = "true", .len = 4, .kind = KIND_TRUE}; break;
    case KIND_NUMBER: *out = value_of_number(native, &datum); break;
    case KIND_STRING: break;
    default: return OUTCOME_BEYOND;
    }
    return OUTCOME_VALUE;
}
