/*
 * cart.h - ids that have put something into the cart and gone away without buying.
 *
 * An id's events make runs, with no gap longer than after between two of them; and runs make a
 * visit, with no gap longer than forget. At the end of each run, that is when the watermark is past
 * its last event + after, the visit up to there is judged: something in the cart, nothing bought,
 * and no alert yet in this visit gives an alert. How far one event moves the watermark does not
 * matter, nor how often carts_advance is called: runs are stretches (stretch.h) joined by the rule
 * of session.h.
 *
 * Runs that were judged are added up into one, the visit's past. When nothing but the past is left,
 * the id leaves the timelines for the dormants (dormant.h), until its next event or until it is
 * forgotten. An event that comes when its own partition's watermark is past what it would have been
 * in a run with changes no verdict: it is set aside, and counts from that watermark on, before a
 * run that is due then. If by then there is something in the cart for the first time, nothing
 * bought, and no run going on, the visit is judged again. An event is late when its whole visit is
 * over: the rule for sessions with a gap of forget.
 *
 * What is in the cart is said by moves (basket.h), which stretches list. After each verdict the
 * visit's past has none of them any more: either nothing was in the cart, or what was has had its
 * alert, or nothing of this visit will be reported.
 */
#ifndef CS_CART_H
#define CS_CART_H

#include <stdbool.h>
#include <stdint.h>

#include "session/basket.h"
#include "session/dormant.h"
#include "session/identity.h"
#include "session/moves.h"
#include "session/timeline.h"
#include "session/weave.h"

/* What a cart is, and when it is abandoned. */
struct cart_rule {
    int64_t after_us;       /* idle for longer is abandoned */
    int64_t until_us;       /* and for longer than this of no interest any more: for callers */
    int64_t forget_us;      /* silent for longer is forgotten; longer than after_us */
    unsigned add, purchase; /* actions */
    unsigned remove;        /* the same; 0: nothing is ever taken out of a cart */
    int user;               /* the last attribute that is the user */
};

/* Of an overview these are known: name (see timeline.h), last_us, the user, and how many additions
 * there are in the visit so far. */
typedef void cart_alert(void *context, const struct overview *alert);

struct cart_verdict;

struct carts {
    struct cart_rule rule;
    int64_t watermark_us;         /* what carts_advance was told last; INT64_MIN before */
    struct timelines timelines;   /* of the ids that wait for a verdict */
    struct dormants dormants;     /* of the others, which have been judged */
    struct cart_verdict *verdict; /* of one carts_advance */
    size_t verdict_count, verdict_cap;
    struct buffer texts;      /* of the verdicts */
    struct weave_place place; /* of the alert that is handed out */
    struct basket basket;
    uint64_t cut; /* looks at carts that had more put in and taken out than is kept */
};

/* Is something in the cart of a settled stretch? As stretch_leaves (moves.h). */
static inline bool stretch_has_cart(const struct stretches *stretches,
                                    const struct stretch *stretch, const struct cart_rule *rule,
                                    struct basket *basket, uint64_t *cut)
{
    return stretch_count(stretch, rule->add) > 0 &&
           (rule->remove == 0 || stretch_leaves(stretches, stretch, basket, cut));
}

/* The carts stay where they are. */
void carts_init(struct carts *carts, const struct kept *kept, const struct cart_rule *rule);
void carts_release(struct carts *carts);

/* How many ids are held. */
static inline size_t carts_count(const struct carts *carts)
{
    return timelines_count(&carts->timelines) + dormants_count(&carts->dormants);
}

/* An event of this id will come soon: prefetches what it will touch. */
static inline void carts_hint(struct carts *carts, struct id id)
{
    timelines_hint(&carts->timelines, id);
}

/* Adds an event of an id that has a timeline (timelines_find). False: it is late. */
bool carts_add(struct carts *carts, uint32_t number, const struct click *click);

/* Adds an event of an id that has none; name is what the id was made of. False: it is late. */
bool carts_begin(struct carts *carts, struct id id, struct slice name, const struct click *click);

/* Either of them: number is that of the timeline, or POOL_NONE. */
static inline bool carts_event(struct carts *carts, uint32_t number, struct identity *identity,
                               const struct event *ev, const struct click *click)
{
    if (number != POOL_NONE) return carts_add(carts, number, click);
    return carts_begin(carts, identity_id(ev), identity_name(identity, ev), click);
}

/* Hands out the alerts that are due now, in the order in which they became due, then by last event
 * and name: calls that follow each other give the order of one. */
void carts_advance(struct carts *carts, int64_t watermark_us, cart_alert *alert, void *context);

/* No event will come any more, or not for a while: what was set aside when the watermark was where
 * it is now has nothing to wait for, and is judged, too. */
void carts_settle(struct carts *carts, cart_alert *alert, void *context);

/* The same bytes for the same visits. Loading wants ids that are not there, or whose visits are
 * over; false: invalid. */
void carts_save(struct carts *carts, struct buffer *out);
bool carts_load(struct carts *carts, struct unpack *in);

#endif
