/*
 * lineup.h - events that wait for their turn, where sessions depend on their order: --split-on and
 * --split-at-midnight.
 *
 * Whether an event begins a new session because of its value, or because it is another day, depends
 * on the event before it; an event that came later and belongs between the two would change that,
 * and sessions once put together cannot be taken apart. So here events are taken in the order of
 * time: each waits until the watermark is past it, and one that comes behind its own partition's
 * watermark is late. Of several at the same time, the values decide (--split-on), null first.
 * Sessions are then those of one pass. An event goes on with the session of its id unless, in this
 * order, it comes more than the gap after the session's last event, more than max after its first,
 * on another day of the zone than its first, or with a value that is not the session's; a null is
 * no other value, and a session that has had none takes the first.
 *
 * An event waits as 64 bytes and a copy of the values that are asked for.
 */
#ifndef CS_LINEUP_H
#define CS_LINEUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pack.h"
#include "base/pool.h"
#include "base/slab.h"
#include "base/timer.h"
#include "base/zone.h"
#include "event/event.h"
#include "event/schema.h"
#include "session/account.h"
#include "session/identity.h"
#include "session/kept.h"
#include "session/rule.h"
#include "session/session.h"

struct lineup {
    struct kept kept;
    int slot[SCHEMA_MAX]; /* which values have to wait with an event */
    int slots;
    int split[SPLITS_MAX]; /* slots of the members of --split-on */
    int place[SPLITS_MAX]; /* of the attribute that is a session's value */
    int splits;            /* in number */
    struct zone *zone;     /* borrowed; NULL: midnight is of no interest */
    struct pool pool;      /* of struct waiting */
    struct slab texts;     /* what they say */
    struct timer timer;    /* when it is their turn */
    struct sort_item *due; /* whose turn it is */
    size_t due_cap;
    struct buffer scratch;
    struct value value[SCHEMA_MAX + SPLITS_MAX]; /* of the event taken last */
};

/* kept: what sessions keep, in which the values of splits are attributes (field.h). The slots of
 * the rule's members are asked for in schema. */
void lineup_init(struct lineup *lineup, const struct kept *kept, const struct rule *rule,
                 const struct schema *schema);
void lineup_release(struct lineup *lineup);

/* Adds an event. False: it is behind its partition's watermark, so late. */
bool lineup_take(struct lineup *lineup, struct identity *identity, const struct event *ev,
                 unsigned action);

/* Hands those to the sessions that the watermark is past; or all. */
void lineup_advance(struct lineup *lineup, struct sessions *sessions, int64_t watermark_us);
void lineup_finish(struct lineup *lineup, struct sessions *sessions);

/* The same bytes for the same events. Loading adds; false: invalid. */
void lineup_save(struct lineup *lineup, struct buffer *out);
bool lineup_load(struct lineup *lineup, struct unpack *in);

#endif
