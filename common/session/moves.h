/*
 * moves.h - which events put something into a cart or take something out, and what they say of it.
 *
 * An addition is of type add_to_cart, a removal of the type that --emptied says. What moves, and
 * how much of it, stands in the members product_id, quantity and price; a quantity is a number
 * above 0, a price one of at least 0, both as numbers or as text (a CSV file has nothing else).
 * What is none is as good as missing, and noted.
 */
#ifndef CS_MOVES_H
#define CS_MOVES_H

#include <stdbool.h>

#include "admit/command.h"
#include "event/event.h"
#include "event/schema.h"
#include "session/action.h"
#include "session/basket.h"
#include "session/stretch.h"

struct moves {
    unsigned add, remove;         /* actions; remove 0: nothing is taken out */
    int product, quantity, price; /* slots; price -1: it is of no interest */
    const struct schema *schema;
    struct run *run; /* where values are noted that are no numbers */
    struct buffer text;
    uint64_t taken; /* removals so far */
};

/* Asks for the members, and declares the actions. emptied: a type of events, or "" for none; it has
 * to stay; always: additions are of interest where nothing is ever taken out, too. False: that type
 * means something else already. */
bool moves_init(struct moves *moves, struct actions *actions, const char *emptied, bool always,
                bool prices, struct run *run);
void moves_release(struct moves *moves);

/* What an event of that action does, as text (basket.h), good until the next call; text NULL:
 * nothing. */
struct slice moves_text(struct moves *moves, const struct event *ev, bool takes);

static inline struct slice moves_of(struct moves *moves, const struct event *ev, unsigned action)
{
    const bool takes = action == moves->remove;
    if (__builtin_expect(action == 0 || (!takes && action != moves->add), 1))
        return (struct slice){NULL, 0};
    return moves_text(moves, ev, takes);
}

/* Is something left in the cart after the moves that a settled stretch lists? basket is for that
 * look; cut counts stretches of which that is not known, because they have had more moves than are
 * listed: then something is said to be left. */
bool stretch_leaves(const struct stretches *stretches, const struct stretch *stretch,
                    struct basket *basket, uint64_t *cut);

#endif
