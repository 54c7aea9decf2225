/*
 * native_inside.h - what native.c, native_truth.c and native_compile.c share; nobody else includes
 * it.
 */
#ifndef CS_NATIVE_INSIDE_H
#define CS_NATIVE_INSIDE_H

#include <string.h>

#include "base/json.h"
#include "base/number.h"
#include "expr/native.h"
#include "expr/syntax.h"

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

/* What the node gives; a string may stand in the node's own memory, until it is run again. */
enum outcome node_run(struct node *node, const struct scope *scope, struct datum *out);

/* Is that neither false nor null? Like node_run, but nothing is made that is only compared. */
enum outcome node_truth(struct node *node, const struct scope *scope, bool *out);

/* What both sides give. jq works out the right one first, which shows when one is empty and the
 * other fails. */
static inline enum outcome node_sides(struct node *node, const struct scope *scope,
                                      struct datum *left, struct datum *right)
{
    const enum outcome outcome = node_run(node->right, scope, right);
    if (outcome != OUTCOME_VALUE) return outcome;
    return node_run(node->left, scope, left);
}

static inline struct datum datum_of(struct value value)
{
    return (struct datum){.text = value_slice(value), .kind = (enum kind)value.kind};
}

static inline struct datum datum_number(double number)
{
    return (struct datum){.kind = KIND_NUMBER, .computed = true, .number = number};
}

static inline struct datum datum_bool(bool truth)
{
    return (struct datum){.kind = truth ? KIND_TRUE : KIND_FALSE};
}

static inline struct datum datum_string(struct slice text)
{
    return (struct datum){.text = text, .kind = KIND_STRING};
}

static inline double datum_double(const struct datum *datum)
{
    return datum->computed ? datum->number : number_double(datum->text);
}

static inline bool both(const struct datum *a, const struct datum *b, enum kind kind)
{
    return a->kind == kind && b->kind == kind;
}

static inline bool is_true(enum kind kind)
{
    return kind > KIND_FALSE;
}

static inline bool is_nested(const struct datum *datum)
{
    return datum->kind >= KIND_ARRAY;
}

static inline struct value unescaped(struct value string, struct buffer *scratch)
{
    buffer_clear(scratch);
    scratch->len = json_unescape(buffer_reserve(scratch, string.len + 1), value_slice(string));
    return value_string(buffer_slice(scratch));
}

/* A member of the event; cs-parse leaves the escapes in its strings. */
static inline struct value event_member(struct node *node, const struct event *ev)
{
    const struct value value = event_value(ev, node->slot);
    return value.escaped ? unescaped(value, &node->scratch) : value;
}

static inline bool begins(struct slice text, struct slice part)
{
    return text.len >= part.len && memcmp(text.text, part.text, part.len) == 0;
}

static inline bool ends(struct slice text, struct slice part)
{
    return text.len >= part.len &&
           memcmp(text.text + (text.len - part.len), part.text, part.len) == 0;
}

#endif
