/*
 * schema.h - which members of an event are wanted, each with a slot of its own.
 *
 * The twelve canonical members always have slots 0 to 11, in their order. A command, and every
 * expression it compiles, asks for what it reads with schema_need; the scanner then fills these
 * slots and no others. A member has one slot however often it is asked for. After the first
 * event has been scanned nothing may be added.
 */
#ifndef CS_SCHEMA_H
#define CS_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum canonical {
    SLOT_EVENT_ID,
    SLOT_SESSION_ID,
    SLOT_USER_ID,
    SLOT_EVENT_TYPE,
    SLOT_PAGE_URL,
    SLOT_PRODUCT_ID,
    SLOT_CATEGORY_ID,
    SLOT_SEARCH_QUERY,
    SLOT_TRAFFIC_SOURCE,
    SLOT_CAMPAIGN_ID,
    SLOT_DEVICE_TYPE,
    SLOT_EVENT_TIME,
    SLOT_CANONICAL, /* how many there are; further slots follow */
};

#define SCHEMA_MAX 64

struct schema {
    struct slice name[SCHEMA_MAX];    /* owned; plain bytes, no escapes */
    uint64_t needed;                  /* bit per slot: the scanner must fill it */
    uint64_t asked;                   /* of these, by schema_need */
    const char *expected[SCHEMA_MAX]; /* by slot: the option that means nothing where no event has
                                         a value there; NULL: there is none */
    uint64_t made;      /* bit per slot: a member that cs-parse makes where it is missing */
    uint64_t number;    /* bit per slot: --number, text that is a number is one */
    uint64_t measured;  /* slots whose members expressions compare with numbers */
    uint64_t judged;    /* the same of true and false */
    uint64_t quoted;    /* slots whose members expressions compare with such in quotes */
    uint64_t timed;     /* slots of moment */
    uint64_t apart;     /* slots whose values are ids, groups or counted once each: schema_apart */
    bool decimal_comma; /* --decimal-comma: as numeral.h says */
    int count;
    bool whole; /* somebody (libjq) looks at the whole line */
    bool lined; /* somebody may: an expression, where it fails or is asked of libjq */
    bool all;   /* cs-parse: ev->rest is wanted, and strings keep their escapes */
    bool names; /* somebody wants to know which names events came with: witness.h */
    bool as_is; /* with all: of a canonical line ev->rest is not wanted */
    struct schema_alias *alias; /* --rename */
    size_t alias_count;
    struct schema_watch *watch;   /* names that have no slot, and somebody looks for: witness.h */
    size_t watch_count;           /* at most SCHEMA_MAX */
    struct schema_text *text;     /* texts that members are compared with: vocabulary.h */
    size_t text_count;            /* at most SCHEMA_MAX */
    struct schema_moment *moment; /* what members are compared with in quotes: moment.h */
    size_t moment_count;          /* at most SCHEMA_MAX */
};

/* A member that comes under another name: old in the input is read as name. */
struct schema_alias {
    struct slice old, name; /* owned */
};

/* A member's name as an expression has it. */
struct schema_watch {
    struct slice name; /* owned */
    bool nested;       /* everybody who has it means one inside of another member */
    bool tolerant;     /* everybody who has it asks whether the member is there at all */
};

/* A text that a member is compared with. */
struct schema_text {
    struct slice name, text; /* owned */
};

/* A time, or a number, that a member is compared with, as the text that it is. */
struct schema_moment {
    int slot;
    unsigned orders;   /* what the comparison says yes to: bits of moment.h */
    struct slice text; /* owned */
    bool is_number;
    double number;   /* where it is one */
    int64_t time_us; /* else */
};

/* The canonical members, none needed. */
void schema_init(struct schema *schema);

void schema_release(struct schema *schema);

/* The slot's values are told apart, and 1 and "1" are two: said where there are both. Canonical
 * members are always text. */
static inline void schema_apart(struct schema *schema, int slot)
{
    if (slot >= SLOT_CANONICAL) schema->apart |= UINT64_C(1) << slot;
}

/* A canonical member's name. */
struct slice schema_canonical_name(int slot);

/* The slot of a canonical member by how its name stands in JSON, `,"name":`; else -1. */
int schema_canonical(struct slice literal);

/* The slot of a member, or -1. */
int schema_find(const struct schema *schema, struct slice name);

/* The slot of a member, made and marked as needed; -1 when all SCHEMA_MAX are taken. */
int schema_need(struct schema *schema, struct slice name);

/* The same of a member without which an option (a literal, without its dashes) means nothing,
 * though its value does not name it. */
int schema_expect(struct schema *schema, struct slice name, const char *option);

/* From now on the input's member old is read as the member name. */
void schema_rename(struct schema *schema, struct slice name, struct slice old);

/* The name as which the input's member of that name is read; text NULL: its own. */
struct slice schema_renamed(const struct schema *schema, struct slice old);

static inline bool schema_renames(const struct schema *schema, struct slice old)
{
    return schema_renamed(schema, old).text != NULL;
}

/* Somebody has named a member, inside of another one if nested, and cannot do without it unless
 * tolerant. */
void schema_look(struct schema *schema, struct slice name, bool nested, bool tolerant);

/* Somebody compares the member with that text, which has no escapes. */
void schema_compare(struct schema *schema, struct slice name, struct slice text);

/* That note of a name, or NULL. */
const struct schema_watch *schema_watched(const struct schema *schema, struct slice name);

static inline bool schema_needs(const struct schema *schema, int slot)
{
    return (schema->needed >> slot & 1) != 0;
}

#endif
