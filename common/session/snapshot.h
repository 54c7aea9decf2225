/*
 * snapshot.h - carts as they stood at one point in time.
 *
 * An id's visits are sessions (session.h) with a gap of forget; of the events up to that time the
 * last visit counts. Whether somebody had gone away then is known when the input ends.
 */
#ifndef CS_SNAPSHOT_H
#define CS_SNAPSHOT_H

#include <stdint.h>

#include "session/cart.h"
#include "session/session.h"

struct snapshot {
    struct sessions visits; /* events are added to it (sessions_add), those up to at_us */
    struct cart_rule rule;
    int64_t at_us;
    struct basket basket;
    uint64_t cut; /* as carts count it */
};

void snapshot_init(struct snapshot *snapshot, const struct kept *kept, const struct cart_rule *rule,
                   int64_t at_us);
void snapshot_release(struct snapshot *snapshot);

/* Forgets whose visits are over. */
void snapshot_advance(struct snapshot *snapshot, int64_t watermark_us);

/* Hands out who had been idle for longer than after and for less than until, by last event, then
 * name; nothing is left. */
void snapshot_finish(struct snapshot *snapshot, cart_alert *alert, void *context);

#endif
