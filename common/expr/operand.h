/*
 * operand.h - what a group or an aggregate looks at: a member by its bare name, or a jq expression.
 *
 *     product_id            the member of that name
 *     .price * .quantity    anything else is jq
 */
#ifndef CS_OPERAND_H
#define CS_OPERAND_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/value.h"
#include "event/event.h"
#include "event/schema.h"
#include "expr/expr.h"

struct operand {
    char *text;          /* as written, without blanks around; owned */
    int slot;            /* of the member; -1: look at expr */
    struct expr *expr;   /* NULL where text is a bare name */
    struct buffer *same; /* the value looked at last, where it is an array or an object; owned */
};

/* Reads and compiles text. False: the reason is added to why, and there is nothing to release. */
bool operand_compile(struct operand *operand, struct slice text, struct schema *schema,
                     struct buffer *why);

void operand_release(struct operand *operand);

/* An array or an object as it is printed without blanks, by whomever it was written. */
struct value operand_same(const struct operand *operand, struct value value);

/* Its value for an event; the text is good until the same operand is looked at again. */
static inline struct value operand_value(const struct operand *operand, const struct event *ev)
{
    const struct value value =
        operand->slot >= 0 ? ev->value[operand->slot] : expr_value(operand->expr, ev);
    return __builtin_expect(value.kind >= KIND_ARRAY, 0) ? operand_same(operand, value) : value;
}

/* It will be looked at for these events next: expr_value_ahead. */
static inline void operand_ahead(const struct operand *operand, const struct event *const *events,
                                 size_t count)
{
    if (operand->expr != NULL) expr_value_ahead(operand->expr, events, count);
}

/* Is it cheap enough to be looked at ahead of time? */
static inline bool operand_native(const struct operand *operand)
{
    return operand->expr == NULL || expr_native(operand->expr);
}

/* Adds what --explain says of it, without a line end. */
void operand_explain(const struct operand *operand, struct buffer *out);

/* Is text a bare name: a letter or _, then letters, digits and _? */
bool name_bare(struct slice text);

/* May text be the name of a row's member? Like a bare name, with '-', '.' and anything beyond ASCII
 * as well. */
bool name_valid(struct slice text);

#endif
