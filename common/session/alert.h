/*
 * alert.h - the rows of cs-abandon: carts whose owners have gone away.
 */
#ifndef CS_ALERT_H
#define CS_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "base/buffer.h"
#include "event/schema.h"
#include "session/cart.h"
#include "session/field.h"
#include "session/identity.h"
#include "session/moves.h"
#include "writer/rows.h"

struct alerts {
    struct identity identity; /* whose carts they are */
    struct fields fields;
    struct cart_rule rule;
    struct moves moves;
};

/* Asks for the members that have to be read, declares those of the rows, and adds to the rule what
 * it says of actions and attributes. emptied: which events take something out of a cart, "" for
 * none. False, and a phrase added to why: id cannot be the member that says whose a cart is. */
bool alerts_init(struct alerts *alerts, const struct cart_rule *rule, const char *id,
                 const char *emptied, struct run *run, struct buffer *why);
void alerts_release(struct alerts *alerts);

/* Prints the row of a cart that has been idle for so long. */
void alerts_print(const struct alerts *alerts, struct rows *rows, const struct overview *cart,
                  int64_t idle_us);

/* Adds a line for --explain. at_us: of --at, or INT64_MIN. */
void alerts_explain(const struct alerts *alerts, int64_t at_us, const struct schema *schema,
                    struct buffer *out);

#endif
