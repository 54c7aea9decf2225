#include "expr/native_inside.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/numeral.h"
#include "expr/moment.h"

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

static unsigned orders_of(enum node_kind kind)
{
    switch (kind) {
    case NODE_EQUAL: return MOMENT_EQUAL;
    case NODE_UNEQUAL: return MOMENT_LESS | MOMENT_GREATER;
    case NODE_LESS: return MOMENT_LESS;
    case NODE_LESS_EQUAL: return MOMENT_LESS | MOMENT_EQUAL;
    case NODE_GREATER: return MOMENT_GREATER;
    default: return MOMENT_GREATER | MOMENT_EQUAL;
    }
}

/* Notes what a member is compared with, so that values which that says nothing about are told of
 * (misnumber.h). */
static void literal_note(struct schema *schema, int slot, enum node_kind kind, struct value literal)
{
    const uint64_t bit = UINT64_C(1) << slot;
    const struct slice text = value_slice(literal);
    if (literal.kind == KIND_NUMBER) schema->measured |= bit;
    if (literal.kind == KIND_TRUE || literal.kind == KIND_FALSE) schema->judged |= bit;
    if (literal.kind != KIND_STRING) return;
    if (slot >= SLOT_CANONICAL && (numeral_valid(text, false) || slice_equal(text, SLICE("true")) ||
                                   slice_equal(text, SLICE("false"))))
        schema->quoted |= bit;
    moment_note(schema, slot, orders_of(kind), text);
}

/* Does the node give a number, if it gives anything? */
static bool is_numeric(const struct node *node)
{
    switch (node->kind) {
    case NODE_SUBTRACT:
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_REMAINDER:
    case NODE_NEGATE:
    case NODE_EPOCH: return true;
    case NODE_PIPE:
        return node->right->kind == NODE_TONUMBER || node->right->kind == NODE_FLOOR ||
               node->right->kind == NODE_CEIL || node->right->kind == NODE_ROUND ||
               node->right->kind == NODE_FABS || node->right->kind == NODE_LENGTH;
    default: return false;
    }
}

/* .name | IN(literal, ...) */
static void list_note(struct schema *schema, const struct node *pipe)
{
    const struct node *const member = pipe->left;
    if (member->kind != NODE_MEMBER || member->slot < 0 || pipe->right->kind != NODE_IN) return;
    for (const struct node *item = pipe->right->left; item != NULL; item = item->next)
        literal_note(schema, member->slot, NODE_EQUAL, item->value);
}

/* A member of the event compared with a literal, either way round, becomes one node without
 * children. */
static void shorten_comparison(struct node *node, struct schema *schema)
{
    const bool swap = node->left->kind == NODE_LITERAL;
    const struct node *const member = swap ? node->right : node->left;
    const struct node *const literal = swap ? node->left : node->right;
    const bool equality = node->kind == NODE_EQUAL || node->kind == NODE_UNEQUAL;
    if (node->left->kind == NODE_MEMBER && node->left->slot >= 0 && is_numeric(node->right))
        schema->measured |= UINT64_C(1) << node->left->slot;
    if (node->right->kind == NODE_MEMBER && node->right->slot >= 0 && is_numeric(node->left))
        schema->measured |= UINT64_C(1) << node->right->slot;
    if (member->kind != NODE_MEMBER || member->slot < 0 || literal->kind != NODE_LITERAL) return;
    literal_note(schema, member->slot, swap ? mirrored(node->kind) : node->kind, literal->value);
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
    if (node->kind >= NODE_EQUAL && node->kind <= NODE_GREATER_EQUAL)
        shorten_comparison(node, schema);
    if (node->kind == NODE_PIPE) list_note(schema, node);
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

int native_member(const struct native *native)
{
    const struct node *const root = native->syntax->root;
    return root->kind == NODE_MEMBER ? root->slot : -1;
}

int native_presence(const struct native *native, bool *present)
{
    const struct node *const root = native->syntax->root;
    *present = root->kind == NODE_MEMBER_PRESENT;
    return *present || root->kind == NODE_MEMBER_NULL ? root->slot : -1;
}

bool native_path(const struct native *native)
{
    const struct node *node = native->syntax->root;
    while (node != NULL && node->kind == NODE_MEMBER)
        node = node->left;
    return node == NULL;
}

bool native_truth(const struct native *native)
{
    const struct node *node = native->syntax->root;
    while (node->kind == NODE_PIPE)
        node = node->right;
    return node_judges(node->kind);
}

static bool is_plain(const struct node *node)
{
    return node->kind == NODE_LITERAL || (node->kind == NODE_MEMBER && node->slot >= 0);
}

static bool is_certain(const struct node *node)
{
    switch (node->kind) {
    case NODE_MEMBER_IS:
    case NODE_MEMBER_ISNT:
    case NODE_MEMBER_NULL:
    case NODE_MEMBER_PRESENT: return true;
    case NODE_OR:
    case NODE_AND: return is_certain(node->left) && is_certain(node->right);
    case NODE_PIPE: return is_certain(node->left) && node->right->kind == NODE_NOT;
    case NODE_EQUAL:
    case NODE_UNEQUAL:
    case NODE_LESS:
    case NODE_LESS_EQUAL:
    case NODE_GREATER:
    case NODE_GREATER_EQUAL: /* two members may both be arrays */
        return is_plain(node->left) && is_plain(node->right) &&
               (node->left->kind == NODE_LITERAL || node->right->kind == NODE_LITERAL);
    default: return is_plain(node);
    }
}

bool native_certain(const struct native *native)
{
    return is_certain(native->syntax->root);
}

uint64_t native_reads(const struct native *native)
{
    return native->reads;
}
