/*
 * identity.h - whose an event is: --id, and --split-by.
 *
 * An identity's name is the values of these members as timeline.h writes them, the id's first: so
 * null, "" and "null" are three values, and so are 1 and "1". Its 128 bits (timeline_id) find it in
 * a table.
 */
#ifndef CS_IDENTITY_H
#define CS_IDENTITY_H

#include <stdbool.h>

#include "base/buffer.h"
#include "event/event.h"
#include "event/schema.h"
#include "session/timeline.h"

struct identity {
    int slot[SCHEMA_MAX]; /* the id's first */
    int count;
    struct buffer name; /* of the event looked at last */
};

void identity_release(struct identity *identity);

/* Adds a member; the first one is the id. False: there are too many. */
bool identity_add(struct identity *identity, struct schema *schema, struct slice member);

/* Is the event somebody's? An id that is null is nobody. */
static inline bool identity_has(const struct identity *identity, const struct event *ev)
{
    return event_value(ev, identity->slot[0]).kind != KIND_NULL;
}

/* Works out whose the event is, and keeps it in ev->hint. */
struct id identity_hint(struct identity *identity, struct event *ev);

/* What identity_hint worked out. */
static inline struct id identity_id(const struct event *ev)
{
    return (struct id){.low = ev->hint[0], .high = ev->hint[1]};
}

/* The name, good until the next call. */
struct slice identity_name(struct identity *identity, const struct event *ev);

#endif
