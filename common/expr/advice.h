/*
 * advice.h - what somebody may have meant whose expression is none.
 *
 * People write expressions as in SQL, C or the shell: = and && and <>, 'purchase' or purchase for
 * "purchase", price for .price, quotes as a chat program makes them. The expression is written
 * anew with what jq has for each (advice.c: one table, and one function for words); whoever then
 * finds that this is an expression can say so.
 */
#ifndef CS_ADVICE_H
#define CS_ADVICE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Adds the program as it may have been meant; is_function says whether jq has one of that name.
 * False: there is nothing to change. */
bool advice_rewrite(struct slice program, bool (*is_function)(struct slice name),
                    struct buffer *out);

/* What to do, as a phrase, where the program cannot be written anew by signs and words: for LIKE,
 * IN and others of SQL. NULL: nothing is known of it. */
const char *advice_phrase(struct slice program);

/* Programs that jq takes, and that mean something else than whoever wrote them: a member is given a
 * value (=) as the last doing or as a condition, so that every event is selected; not stands before
 * what it is to turn round; a text or a number alone stands beside or, or beside and, where it is
 * always true. Returns what is wrong, as a phrase; NULL: nothing of the kind. */
const char *advice_trap(struct slice program);

/* The same of what is no trap as a value, but is one as a condition: nothing at all, which jq takes
 * for the event itself, and a text alone. */
const char *advice_condition_trap(struct slice program);

/* The same of one that gives values, one behind the other, where only the first is looked at: a
 * comma between members and nothing that might leave one of them out. */
const char *advice_value_trap(struct slice program);

#endif
