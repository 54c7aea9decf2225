/*
 * alert.h - the rows of cs-abandon: carts whose owners have gone away, and what has become of them.
 */
#ifndef CS_ALERT_H
#define CS_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "base/buffer.h"
#include "event/schema.h"
#include "session/cart.h"
#include "session/news.h"
#include "session/field.h"
#include "session/identity.h"
#include "session/moves.h"
#include "session/turns.h"
#include "writer/rows.h"

/* What the options ask for. */
struct alert_asks {
    const char *id;
    const char *emptied; /* which events take something out of a cart; "": none */
    bool has_emptied;    /* somebody has said so */
    bool transitions;    /* rows say what has become of a cart */
    bool cart;           /* ... and what is in it */
};

#define ALERT_FIELDS 20

struct alerts {
    struct identity identity; /* whose carts they are */
    struct field field[ALERT_FIELDS];
    struct fields fields;
    struct cart_rule rule;
    struct moves moves;
    unsigned checkout; /* the action; 0: it is of no interest */
    bool has_cart;
    bool has_emptied;  /* removals are to be missed */
    bool has_episodes; /* rows are of episodes */
};

/* Asks for the members that have to be read, declares those of the rows, and adds to the rule what
 * it says of actions and attributes. False, and a phrase added to why: an option makes no sense. */
bool alerts_init(struct alerts *alerts, const struct cart_rule *rule, const struct alert_asks *asks,
                 struct run *run, struct buffer *why);
void alerts_release(struct alerts *alerts);

/* The event as episodes take it, from now until the next call. */
struct deed alerts_deed(struct alerts *alerts, const struct event *ev);

/* Prints the row of a cart that has been idle for so long. */
void alerts_print(const struct alerts *alerts, struct rows *rows, const struct overview *cart,
                  int64_t idle_us);

/* Prints the row of an episode. */
void alerts_print_change(const struct alerts *alerts, struct rows *rows,
                         const struct news_item *change);

/* Adds a line for --explain. at_us: of --at, or INT64_MIN. */
void alerts_explain(const struct alerts *alerts, int64_t at_us, const struct schema *schema,
                    struct buffer *out);

#endif
