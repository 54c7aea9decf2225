/*
 * record.h - an event as named texts: what a line will say, before how it is written.
 *
 * Filled from the event, then dressed (members nulled, emptied, put in another order) or broken.
 * Everything follows from the event, the options and a generator made for that event.
 */
#ifndef TRAFFIC_RECORD_H
#define TRAFFIC_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "options.h"
#include "rng.h"

enum member_id {
    MEMBER_EVENT_ID,
    MEMBER_SESSION_ID,
    MEMBER_USER_ID,
    MEMBER_EVENT_TYPE,
    MEMBER_PAGE_URL,
    MEMBER_PRODUCT_ID,
    MEMBER_CATEGORY_ID,
    MEMBER_SEARCH_QUERY,
    MEMBER_TRAFFIC_SOURCE,
    MEMBER_CAMPAIGN_ID,
    MEMBER_DEVICE_TYPE,
    MEMBER_EVENT_TIME,
    MEMBER_PRICE, /* from here on: --extras */
    MEMBER_QUANTITY,
    MEMBER_CURRENCY,
    MEMBER_USER_AGENT, /* where crawlers are planted */
    MEMBER_COUNT,
};

extern const char *const member_names[MEMBER_COUNT];

enum value_kind {
    VALUE_NULL,
    VALUE_ABSENT, /* the member is left out */
    VALUE_PLAIN,  /* text that needs no escape */
    VALUE_TEXT,   /* any UTF-8 */
    VALUE_RAW,    /* stands there as it is: a number, or what should not be there */
    VALUE_BROKEN, /* bytes between quotes that no parser may take */
};

/* Ways to break a record; the first few leave a line of the right shape. */
enum defect {
    DEFECT_NO_TIME,
    DEFECT_BAD_TIME,
    DEFECT_BAD_UTF8,
    DEFECT_NESTED_ID, /* from here on: JSON only */
    DEFECT_NUL,
    DEFECT_CONTROL,
    DEFECT_SURROGATE,
    DEFECT_COUNT,
};
#define DEFECT_CSV_COUNT DEFECT_NESTED_ID

struct member {
    enum value_kind kind;
    uint32_t len;
    const char *text; /* in the record, or static */
};

#define RECORD_TEXT_BYTES 8192

struct record {
    struct member members[MEMBER_COUNT];
    uint8_t order[MEMBER_COUNT];
    char text[RECORD_TEXT_BYTES];
};

/* Do lines have that member? */
static inline bool record_has(int id, const struct options *options)
{
    if (id == MEMBER_USER_AGENT) return options->agents;
    return options->extras || id < MEMBER_PRICE;
}

/* Makes the members of an event, in canonical order. */
void record_fill(struct record *record, const struct event *event, const struct options *options);

/* --nulls and --empty. */
void record_dress(struct record *record, const struct options *options, struct rng *rng);

/* Puts the members into a random order. */
void record_shuffle(struct record *record, const struct options *options, struct rng *rng);

/* Spoils one member. */
void record_break(struct record *record, enum defect defect, struct rng *rng);

/* Writes a UUID made of a purpose and a number: 36 bytes. Returns the end. */
char *uuid_print(char *out, uint64_t seed, uint64_t salt, uint64_t number);

#endif
