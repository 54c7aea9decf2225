/*
 * changes.h - what the options of cs-parse change about an event, in their order.
 *
 * The time as it is printed; --recode; --id-from; --derive; --event-id-from. --where sees what
 * comes out.
 */
#ifndef CS_CHANGES_H
#define CS_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "event/event.h"
#include "event/reason.h"
#include "event/schema.h"
#include "raw/canonical.h"
#include "raw/derive.h"
#include "raw/event_hash.h"
#include "raw/made_id.h"
#include "raw/recode.h"

/* The options as they are given. */
struct changes_options {
    struct option_list recodes, id_from, derive, own_hosts, event_id_from;
    const char *lists;
};

/* A zeroed struct changes nothing. What an event borrows from it is good until the next one. */
struct changes {
    struct recode_list words;
    struct made_id session_id;
    struct derive derive;
    struct event_hash event_id;
    bool time_elsewhere; /* --time-field: event_time need not be the time */
    struct canonical_line made;
    uint64_t slots; /* of members behind the canonical ones that are not as they came */
};

/* Reads the options, and asks for the members they name. Anything wrong is die_usage. */
void changes_start(struct changes *changes, const struct changes_options *options,
                   struct schema *schema);

/* Changes the event, or refuses it: it has to have a type. */
enum reason changes_make(struct changes *changes, const struct schema *schema, struct event *ev);

void changes_release(struct changes *changes);

#endif
