/*
 * kept.h - what sessions and carts keep of their events: which counts, which texts, which sums,
 * which pages, which list.
 *
 * An analysis declares this once, by the members of its rows (field.h), and all its stretches keep
 * the same. An event is handed to them as a click: its time, its action (action.h), and the values
 * of its members, of which each kind of keeping knows its slots.
 */
#ifndef CS_KEPT_H
#define CS_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/value.h"

#define ATTRIBUTES_MAX 8
#define SUMS_MAX 8
#define SPLITS_MAX 4  /* members of --split-on: their slots are behind those of the schema */
#define KEPT_COUNTS 5 /* counters that have a place in each record; more stand elsewhere */

struct accounts;

/* An event as sessions and carts see it. The values are borrowed. */
struct click {
    int64_t time_us;
    int64_t watermark_us; /* its partition's, before it came */
    unsigned action;
    const struct value *value; /* by slot */
    struct slice listed;       /* what goes into the list; text NULL: nothing */
};

struct kept {
    int actions;               /* so many are counted, and in front of them those that are none */
    int attributes;            /* texts: the last ones, lasts in number, then the first ones */
    int lasts;                 /* of the attributes */
    unsigned first_bits;       /* a bit for each of the others */
    int slot[ATTRIBUTES_MAX];  /* which member each is */
    int sums;                  /* numbers that are added up */
    int sum_slot[SUMS_MAX];    /* which member each is of */
    bool has_track;            /* the pages of events, one after the other (track.h) */
    int track_slot;            /* which member says the page */
    unsigned view_action;      /* the action that is a view of one */
    int64_t page_cap_us;       /* one counts for no longer; INT64_MAX: none */
    bool lists_pages;          /* rows have them one by one */
    struct accounts *accounts; /* what --agg says of events (account.h), borrowed; NULL: nothing */
    /* What counters, extras (extras.h), and both together, take of a block (parts.h), in bytes:
     * worked out by kept_measure. */
    uint32_t counters_bytes, extras_bytes, cells_bytes;
    int list_slot; /* the member of which all values are listed; -1: none, or what an owner says */
};

/* What of these values is listed; text NULL: nothing. */
static inline struct slice kept_listed(const struct kept *kept, const struct value *value)
{
    if (kept->list_slot < 0 || value[kept->list_slot].kind != KIND_STRING)
        return (struct slice){NULL, 0};
    return value_slice(value[kept->list_slot]);
}

#endif
