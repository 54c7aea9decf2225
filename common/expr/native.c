#include "expr/native.h"

#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/object.h"
#include "expr/epoch.h"
#include "expr/libjq.h"
#include "expr/syntax.h"

#define STRING_MAX (64u << 20) /* longer ones are left to libjq, where memory is counted */
#define INTEGER_LIMIT 9.2e18   /* jq's % is on int64; outside it does what the machine does */

struct native {
    struct syntax *syntax;
    uint64_t reads;
    struct buffer printed; /* the number that is the value */
};

/* A value on its way through a tree. */
struct datum {
    struct slice text; /* a string's content; else as in the input */
    enum kind kind;
    bool event;    /* the event as a whole; has no text */
    bool computed; /* a number that has no text: see number */
    double number;
};

/* What a node is run on. */
struct scope {
    const struct event *ev;
    const struct datum *input;
};

static const struct datum whole_event = {.kind = KIND_OBJECT, .event = true};

static enum outcome run(struct node *node, const struct scope *scope, struct datum *out);
static enum outcome run_truth(struct node *node, const struct scope *scope, bool *out);

/* Values on their way through a tree. */

static struct datum datum_of(struct value value)
{
    return (struct datum){.text = value_slice(value), .kind = (enum kind)value.kind};
}

static struct datum datum_number(double number)
{
    return (struct datum){.kind = KIND_NUMBER, .computed = true, .number = number};
}

static struct datum datum_bool(bool truth)
{
    return (struct datum){.kind = truth ? KIND_TRUE : KIND_FALSE};
}

static struct datum datum_string(struct slice text)
{
    return (struct datum){.text = text, .kind = KIND_STRING};
}

static double datum_double(const struct datum *datum)
{
    return datum->computed ? datum->number : number_double(datum->text);
}

static bool both(const struct datum *a, const struct datum *b, enum kind kind)
{
    return a->kind == kind && b->kind == kind;
}

static bool is_true(enum kind kind)
{
    return kind > KIND_FALSE;
}

static bool is_nested(const struct datum *datum)
{
    return datum->kind >= KIND_ARRAY;
}

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

static struct value unescaped(struct value string, struct buffer *scratch)
{
    buffer_clear(scratch);
    scratch->len = json_unescape(buffer_reserve(scratch, string.len + 1), value_slice(string));
    return value_string(buffer_slice(scratch));
}

/* A member of the event; cs-parse leaves the escapes in its strings. */
static struct value event_member(struct node *node, const struct event *ev)
{
    const struct value value = event_value(ev, node->slot);
    return value.escaped ? unescaped(value, &node->scratch) : value;
}

static enum outcome run_member(struct node *node, const struct scope *scope, struct datum *out)
{
    if (node->slot >= 0) {
        *out = datum_of(event_member(node, scope->ev));
        return OUTCOME_VALUE;
    }
    struct datum parent = *scope->input;
    if (node->left != NULL) {
        const enum outcome outcome = run(node->left, scope, &parent);
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
    const enum outcome outcome = run(node->left, scope, &input);
    if (outcome != OUTCOME_VALUE) return outcome;
    const struct scope inner = {.ev = scope->ev, .input = &input};
    return run(node->right, &inner, out);
}

/* An error on the left is one of the whole: so it is in jq 1.6. */
static enum outcome run_alternative(struct node *node, const struct scope *scope, struct datum *out)
{
    const enum outcome outcome = run(node->left, scope, out);
    if (outcome == OUTCOME_NONE || (outcome == OUTCOME_VALUE && !is_true(out->kind)))
        return run(node->right, scope, out);
    return outcome;
}

static enum outcome run_if(struct node *node, const struct scope *scope, struct datum *out)
{
    bool truth;
    const enum outcome outcome = run_truth(node->test, scope, &truth);
    if (outcome != OUTCOME_VALUE) return outcome;
    return run(truth ? node->left : node->right, scope, out);
}

static enum outcome run_select(struct node *node, const struct scope *scope, struct datum *out)
{
    bool truth;
    const enum outcome outcome = run_truth(node->left, scope, &truth);
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

/* What is true or false: nodes whose value is that of run_truth. */
static enum outcome run_bool(struct node *node, const struct scope *scope, struct datum *out)
{
    bool truth;
    const enum outcome outcome = run_truth(node, scope, &truth);
    if (outcome == OUTCOME_VALUE) *out = datum_bool(truth);
    return outcome;
}

/* Operators. jq works out the right side first, which shows when one is empty and the other
 * fails. */

static enum outcome run_sides(struct node *node, const struct scope *scope, struct datum *left,
                              struct datum *right)
{
    const enum outcome outcome = run(node->right, scope, right);
    if (outcome != OUTCOME_VALUE) return outcome;
    return run(node->left, scope, left);
}

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
    const enum outcome outcome = run_sides(node, scope, &left, &right);
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
    const enum outcome outcome = run_sides(node, scope, &left, &right);
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
    const enum outcome outcome = run(node->left, scope, &datum);
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

static enum outcome run_epoch(struct node *node, const struct scope *scope, struct datum *out)
{
    struct datum time;
    double seconds;
    const enum outcome outcome = run(node->left, scope, &time);
    if (outcome != OUTCOME_VALUE) return outcome;
    *out = time;
    if (time.kind == KIND_NULL) return OUTCOME_VALUE;
    const bool is_number = time.kind == KIND_NUMBER;
    if (!is_number && time.kind != KIND_STRING) return OUTCOME_ERROR;
    if (is_number) time.text = datum_print(&time, &node->scratch);
    if (!epoch_read(time.text, is_number, &seconds)) return OUTCOME_ERROR;
    *out = datum_number(seconds);
    return OUTCOME_VALUE;
}

static bool begins(struct slice text, struct slice part)
{
    return text.len >= part.len && memcmp(text.text, part.text, part.len) == 0;
}

static bool ends(struct slice text, struct slice part)
{
    return text.len >= part.len &&
           memcmp(text.text + (text.len - part.len), part.text, part.len) == 0;
}

static bool holds(struct slice text, struct slice part)
{
    return part.len == 0 || memmem(text.text, text.len, part.text, part.len) != NULL;
}

/* $ stands before a last newline too. */
static struct slice without_newline(struct slice text)
{
    if (text.len > 0 && text.text[text.len - 1] == '\n') text.len--;
    return text;
}

static enum outcome run_trim(struct node *node, const struct scope *scope, struct datum *out)
{
    struct datum part;
    const enum outcome outcome = run(node->left, scope, &part);
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

/* Truth: the same tree, asked only whether the value is neither false nor null. */

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
    enum outcome outcome = run_sides(node, scope, &left, &right);
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
    const enum outcome outcome = run_truth(node->left, scope, out);
    if (outcome != OUTCOME_VALUE || *out == (node->kind == NODE_OR)) return outcome;
    return run_truth(node->right, scope, out);
}

static enum outcome truth_affix(struct node *node, const struct scope *scope, bool *out)
{
    struct datum part;
    const enum outcome outcome = run(node->left, scope, &part);
    if (outcome != OUTCOME_VALUE) return outcome;
    if (!both(scope->input, &part, KIND_STRING)) return OUTCOME_ERROR;
    *out = (node->kind == NODE_STARTSWITH ? begins : ends)(scope->input->text, part.text);
    return OUTCOME_VALUE;
}

/* jq 1.6 looks no further than a NUL, and into arrays and objects. */
static enum outcome truth_contains(struct node *node, const struct scope *scope, bool *out)
{
    struct datum part;
    const struct datum *const whole = scope->input;
    const enum outcome outcome = run(node->left, scope, &part);
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
    const enum outcome outcome = run(node->left, scope, &input);
    if (outcome != OUTCOME_VALUE) return outcome;
    const struct scope inner = {.ev = scope->ev, .input = &input};
    return run_truth(node->right, &inner, out);
}

static inline bool member_is(struct node *node, const struct event *ev)
{
    const struct value *const value = &ev->value[node->slot];
    if (value->kind != KIND_STRING) return false;
    if (__builtin_expect(value->escaped, 0))
        return value_equal(event_member(node, ev), node->value);
    return value->len == node->value.len && memcmp(value->text, node->value.text, value->len) == 0;
}

static enum outcome run_truth(struct node *node, const struct scope *scope, bool *out)
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
    const enum outcome outcome = run(node, scope, &datum);
    if (outcome == OUTCOME_VALUE) *out = is_true(datum.kind);
    return outcome;
}

static enum outcome run(struct node *node, const struct scope *scope, struct datum *out)
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
    case NODE_EPOCH: return run_epoch(node, scope, out);
    case NODE_LTRIMSTR:
    case NODE_RTRIMSTR: return run_trim(node, scope, out);
    default: return run_bool(node, scope, out);
    }
}

/* Compiling. */

/* The comparison with its sides exchanged. */
static enum node_kind mirrored(enum node_kind kind)
{
    switch (kind) {
    case NODE_LESS: return NODE_GREATER;
    case NODE_LESS_EQUAL: return NODE_GREATER_EQUAL;
    case NODE_GREATER: return NODE_LESS;
    case NODE_GREATER_EQUAL: return NODE_LESS_EQUAL;
    default: return kind;
    }
}

/* A member of the event compared with a literal, either way round, becomes one node without
 * children. */
static void shorten_comparison(struct node *node)
{
    const bool swap = node->left->kind == NODE_LITERAL;
    const struct node *const member = swap ? node->right : node->left;
    const struct node *const literal = swap ? node->left : node->right;
    const bool equality = node->kind == NODE_EQUAL || node->kind == NODE_UNEQUAL;
    if (member->kind != NODE_MEMBER || member->slot < 0 || literal->kind != NODE_LITERAL) return;
    switch (literal->value.kind) {
    case KIND_NUMBER: node->kind = swap ? mirrored(node->kind) : node->kind; break;
    case KIND_STRING:
        if (!equality) return;
        node->kind = node->kind == NODE_EQUAL ? NODE_MEMBER_IS : NODE_MEMBER_ISNT;
        break;
    case KIND_NULL:
        if (!equality) return;
        node->kind = node->kind == NODE_EQUAL ? NODE_MEMBER_NULL : NODE_MEMBER_PRESENT;
        break;
    default: return;
    }
    node->slot = member->slot;
    node->value = literal->value;
    node->number = literal->number;
}

/* Gives the members of the event their slots. on_event: the node's input is the event. False:
 * no slot is left. */
static bool resolve(struct native *native, struct node *node, bool on_event, struct schema *schema)
{
    if (node == NULL) return true;
    if (node->kind == NODE_MEMBER && node->left == NULL && on_event) {
        node->slot = schema_need(schema, node->name);
        if (node->slot >= 0) native->reads |= UINT64_C(1) << node->slot;
        return node->slot >= 0;
    }
    const bool passes_on = node->kind != NODE_PIPE || node->left->kind == NODE_INPUT ||
                           node->left->kind == NODE_SELECT;
    if (!resolve(native, node->test, on_event, schema)) return false;
    if (!resolve(native, node->left, on_event, schema)) return false;
    if (!resolve(native, node->right, on_event && passes_on, schema)) return false;
    if (node->kind >= NODE_EQUAL && node->kind <= NODE_GREATER_EQUAL) shorten_comparison(node);
    return true;
}

struct native *native_compile(const char *text, struct schema *schema, struct buffer *why)
{
    struct syntax *syntax = syntax_parse(slice_of(text));
    if (syntax == NULL) return NULL;
    struct native *native = memory_zero(1, sizeof(*native));
    native->syntax = syntax;
    if (resolve(native, syntax->root, true, schema)) return native;
    buffer_printf(why, "more than %d members are read", SCHEMA_MAX);
    native_free(native);
    return NULL;
}

void native_free(struct native *native)
{
    if (native == NULL) return;
    syntax_free(native->syntax);
    buffer_release(&native->printed);
    free(native);
}

enum outcome native_selects(struct native *native, const struct event *ev, bool *selects)
{
    const struct scope scope = {.ev = ev, .input = &whole_event};
    const enum outcome outcome = run_truth(native->syntax->root, &scope, selects);
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
    const enum outcome outcome = run(native->syntax->root, &scope, &datum);
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

int native_member(const struct native *native)
{
    const struct node *const root = native->syntax->root;
    return root->kind == NODE_MEMBER ? root->slot : -1;
}

bool native_path(const struct native *native)
{
    const struct node *node = native->syntax->root;
    while (node != NULL && node->kind == NODE_MEMBER)
        node = node->left;
    return node == NULL;
}

uint64_t native_reads(const struct native *native)
{
    return native->reads;
}
