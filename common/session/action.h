/*
 * action.h - which of the counted things an event says was done.
 *
 * An analysis declares the event types it counts, and each gets a number from 1 on. What has none
 * of these types, or no type, is 0. So a counter for each number, 0 included, counts all events.
 */
#ifndef CS_ACTION_H
#define CS_ACTION_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/slice.h"
#include "base/value.h"
#include "event/schema.h"

#define ACTIONS_MAX 16
#define ACTION_BYTES_MAX 31 /* of a type's name */

struct action {
    const char *name; /* borrowed */
    uint8_t len;
    uint8_t next;        /* another one of the same length; 0: none */
    uint64_t head, tail; /* the first and the last word of a name of 8 to 16 bytes, as the usual
                            ones are: they may overlap, and are all of it */
};

struct actions {
    int count;
    struct action of[1 + ACTIONS_MAX];       /* by number */
    uint8_t by_length[ACTION_BYTES_MAX + 1]; /* the first one of a length; 0: none */
};

/* The number of an event type, which is made if it has none; -1: there are too many, or the name is
 * too long. */
int actions_add(struct actions *actions, struct slice event_type);

/* Says that these event types are looked for, for who tells of those that no event has. */
void actions_expect(const struct actions *actions, struct schema *schema);

static inline bool action_is(const struct action *action, const char *text)
{
    const size_t len = action->len;

    if (len < 8 || len > 16) return memcmp(text, action->name, len) == 0;
    return slice_word(text) == action->head && slice_word(text + len - 8) == action->tail;
}

/* The number of an event's type. */
static inline unsigned action_of(const struct actions *actions, struct value event_type)
{
    if (event_type.kind != KIND_STRING || event_type.len > ACTION_BYTES_MAX) return 0;
    unsigned number = actions->by_length[event_type.len];
    while (number != 0 && !action_is(&actions->of[number], event_type.text))
        number = actions->of[number].next;
    return number;
}

#endif
