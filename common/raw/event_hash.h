/*
 * event_hash.h - an event_id made of an event's members, for --event-id-from.
 *
 * The first 128 bits of SHA-256 over a JSON array of the values, without blanks: what
 * `jq -jc '[.a,.b]' | sha256sum` gives, so that anybody can make the same id. Strings are written
 * as RFC 8785 and a browser's JSON.stringify write them: " \ and C0 controls with the shortest
 * escape, everything else as it is. So an id does not depend on how a string was escaped, and null
 * is no empty string. Other values keep their text.
 */
#ifndef CS_EVENT_HASH_H
#define CS_EVENT_HASH_H

#include "base/buffer.h"
#include "base/option.h"
#include "base/value.h"
#include "event/event.h"
#include "event/schema.h"

enum { EVENT_HASH_BYTES = 16 };

/* A zeroed struct makes no ids. */
struct event_hash {
    int slot[SCHEMA_MAX]; /* the members, in order */
    int count;
    struct buffer bytes; /* of the event looked at last */
    struct buffer plain;
    char text[2 * EVENT_HASH_BYTES + VALUE_PADDING]; /* the id made of it */
};

/* Asks for the members of all values of the option. Anything wrong is die_usage. */
void event_hash_options(struct event_hash *hash, const struct option_list *values,
                        struct schema *schema);

/* The event's event_id is now its hash, good until the next call; null where all members are. */
void event_hash_set(struct event_hash *hash, struct event *ev);

void event_hash_release(struct event_hash *hash);

#endif
