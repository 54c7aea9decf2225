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

/* Their rows, for a table of options that fills a struct changes_options. */
#define CHANGES_OPTION_ROWS(to)                                                                    \
    {.name = "recode",                                                                             \
     .type = OPTION_LIST,                                                                          \
     .target = &(to)->recodes,                                                                     \
     .argument = "FIELD:old=new,...",                                                              \
     .free = true,                                                                                 \
     .help = "change these values of FIELD; others stay"},                                         \
        {.name = "id-from",                                                                        \
         .type = OPTION_LIST,                                                                      \
         .target = &(to)->id_from,                                                                 \
         .argument = "F,...",                                                                      \
         .free = true,                                                                             \
         .help = "make session_id from these members"},                                            \
        {.name = "event-id-from",                                                                  \
         .type = OPTION_LIST,                                                                      \
         .target = &(to)->event_id_from,                                                           \
         .argument = "F,...",                                                                      \
         .help = "make event_id of these members, for --dedup"},                                   \
        {.name = "derive",                                                                         \
         .type = OPTION_LIST,                                                                      \
         .target = &(to)->derive,                                                                  \
         .argument = "ITEM,...",                                                                   \
         .free = true,                                                                             \
         .help = "fill device_type, bot, traffic_source, campaign_id; cut ip; all"},               \
        {.name = "own-host",                                                                       \
         .type = OPTION_LIST,                                                                      \
         .target = &(to)->own_hosts,                                                               \
         .argument = "HOST,...",                                                                   \
         .free = true,                                                                             \
         .help = "referrers of these hosts are internal, too"},                                    \
    {                                                                                              \
        .name = "lists", .type = OPTION_TEXT, .target = &(to)->lists, .argument = "DIR",           \
        .free = true, .help = "where --derive finds bots.txt and referrers.txt"                    \
    }

/* A zeroed struct changes nothing. What an event borrows from it is good until the next one. */
struct changes {
    struct recode_list words;
    struct made_id session_id;
    struct derive derive;
    struct event_hash event_id;
    bool time_elsewhere; /* --time-field: event_time need not be the time */
    struct canonical_line made;
    uint64_t
        given; /* set by whoever sets members of events himself before changes_make: their slots */
    uint64_t slots; /* of members behind the canonical ones that are not as they came */
};

/* Reads the options, and asks for the members they name. Anything wrong is die_usage. */
void changes_start(struct changes *changes, const struct changes_options *options,
                   struct schema *schema);

/* Changes the event, or refuses it: it has to have a type. */
enum reason changes_make(struct changes *changes, const struct schema *schema, struct event *ev);

void changes_release(struct changes *changes);

#endif
