/*
 * watch.h - what cs-abandon does with events: carts as the stream goes by (cart.h), as they stood
 * at one point in time (snapshot.h), or what becomes of each (history.h).
 */
#ifndef CS_WATCH_H
#define CS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "session/alert.h"
#include "session/cart.h"
#include "session/history.h"
#include "session/snapshot.h"

/* One of these belongs to a run: it is run->own. One of the three is in use. */
struct watch {
    struct alerts alerts;
    struct carts carts;
    struct snapshot snapshot;
    struct history history;
    int64_t at_us;        /* of --at; INT64_MIN: it is not given */
    struct border border; /* of a range of --jobs */
    struct weave weave;
};

/* Of a zeroed one: which analysis it is. NULL, and a phrase added to why: the options make no
 * sense.
 */
const struct analysis *watch_begin(struct watch *watch, const struct cart_rule *rule,
                                   const struct alert_asks *asks, int64_t at_us, struct run *run,
                                   struct buffer *why);
void watch_release(struct watch *watch);

#endif
