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
#include <stdint.h>

#include "base/buffer.h"
#include "base/option.h"
#include "base/slice.h"
#include "base/value.h"
#include "event/event.h"
#include "event/schema.h"

/* The words of one member. A zeroed struct with a name has none. */
struct recode {
    struct slice name; /* the member's; owned */
    int slot;          /* the member's in an event */
    struct recode_pair *pair;
    size_t count;
    struct buffer plain; /* scratch: the value without its escapes */
};

/* The member of every option of the list. A zeroed struct is empty. */
struct recode_list {
    struct recode *recode;
    size_t count;
};

/* Adds what every --recode says; an expression of --where then sees the new words, too. Anything
 * wrong is die_usage. */
void recode_options(struct recode_list *list, const struct option_list *values,
                    struct schema *schema);

/* Puts the new words in the event, whose strings may still have their escapes; they borrow from the
 * list. Returns a bit for each slot of a member in ev->rest that has changed (canonical.h). */
uint64_t recode_event(struct recode_list *list, struct event *ev);

void recode_release(struct recode_list *list);

#endif
