/*
 * recode.h - --recode: other people's words for a member's values become ours.
 *
 *     event_type:view=product_view,cart=add_to_cart
 *
 * A value that is not listed stays as it is, and so does null. Numbers and booleans are compared by
 * their text and become strings when they are listed. The parts of a list may be given in several
 * options; the last word for a value counts.
 */
#ifndef CS_RECODE_H
#define CS_RECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/value.h"

/* The words of one member. A zeroed struct with a name has none. */
struct recode {
    struct slice name; /* the member's; owned */
    int slot;          /* for the caller */
    struct recode_pair *pair;
    size_t count;
    struct buffer plain; /* scratch: the value without its escapes */
};

/* The member of every option of the list. A zeroed struct is empty. */
struct recode_list {
    struct recode *recode;
    size_t count;
};

/* Adds what one option says. Returns NULL, or the phrase that says what is wrong. */
const char *recode_add(struct recode_list *list, const char *text);

/* The new word for the value (a string may still have its escapes), or the value itself. The result
 * borrows from the recode. */
struct value recode_value(struct recode *recode, struct value value);

void recode_release(struct recode_list *list);

#endif
