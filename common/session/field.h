/*
 * field.h - the members of a row about a session or a cart, one entry each.
 *
 *     static const struct field fields[] = {
 *         {"user_id", &field_last, "user_id"},
 *         {"purchases", &field_count, "purchase"},
 *         {"converted", &field_any, "purchase"},
 *         FIELD_END,
 *     };
 *
 * An entry is the member's name, its kind, and what it is of. A kind says what of events has to be
 * kept for it (kept.h), and prints its value from what is known of them all; how events come
 * together in what is kept is the business of attribute.h, products.h and stretch.h. A command may
 * have kinds of its own.
 */
#ifndef CS_FIELD_H
#define CS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "event/event.h"
#include "event/schema.h"
#include "session/account.h"
#include "session/action.h"
#include "session/identity.h"
#include "session/kept.h"
#include "session/stretch.h"
#include "writer/rows.h"

enum field_keeps {
    KEEPS_NOTHING, /* but what every stretch has: its name, first and last event */
    KEEPS_FIRST,   /* the first text of the member */
    KEEPS_LAST,    /* the last one */
    KEEPS_COUNT,   /* how many events there are of that type */
    KEEPS_SUM,     /* the numbers of the member, added up */
    KEEPS_LIST,    /* all texts of the member; there can be one such member */
    KEEPS_SPLIT,   /* the value of a member of --split-on (lineup.h), of whatever kind */
    KEEPS_ACCOUNT, /* what --agg says: the next of them */
    KEEPS_TRACK,   /* the pages, of which the member is the address; likewise */
};

enum field_prints {
    PRINTS_NOTHING, /* behind the last field */
    PRINTS_OWN,     /* what the kind's function says */
    PRINTS_TEXT,
    PRINTS_COUNT,
    PRINTS_ANY,
    PRINTS_SUM,
    PRINTS_EVENTS,
    PRINTS_START,
    PRINTS_END,
    PRINTS_SECONDS,
    PRINTS_LIST,
    PRINTS_LIST_CUT,
    PRINTS_SPLIT,
    PRINTS_ACCOUNT,
    PRINTS_ACCOUNT_EXTRA,
    /* What stands in the context, at the kind's place: */
    PRINTS_THAT_COUNT,   /* an uint32_t */
    PRINTS_THAT_TRUTH,   /* a bool */
    PRINTS_THAT_TEXT,    /* a slice; text NULL is null */
    PRINTS_THAT_TIME,    /* an int64_t of microseconds */
    PRINTS_THAT_SECONDS, /* likewise a duration; INT64_MIN is null */
};

struct field_kind {
    enum field_keeps keeps;
    enum field_prints prints;
    enum column_kind column; /* of a command's own kind, and what it says: for a table */
    const char *about;
    size_t at; /* PRINTS_THAT_...: where in the context */
    /* PRINTS_OWN: prints the value as that member of the row. context: as given to fields_print. */
    void (*print)(struct rows *rows, int member, const struct overview *overview,
                  const void *context);
};

extern const struct field_kind field_first, field_last; /* of a member */
extern const struct field_kind field_count, field_any; /* of an event type: a number; true, false */
/* Of a member: null where no event has a number there, or the total is too large (sum.h). */
extern const struct field_kind field_sum;
extern const struct field_kind field_events;           /* how many there are in all */
extern const struct field_kind field_start, field_end; /* the first and the last event's time */
extern const struct field_kind field_seconds;          /* from one to the other */
extern const struct field_kind field_list;             /* of a member */
/* The next aggregate of --agg; and the second member of the one before. */
extern const struct field_kind field_account, field_account_extra;
/* Of a member of --split-on; not printed where the row has a member of that name already. */
extern const struct field_kind field_split;
extern const struct field_kind field_list_cut; /* were there more than are listed? */

struct field {
    const char *name;
    const struct field_kind *kind;
    const char *of; /* NULL: nothing in particular */
};

#define FIELD_END                                                                                  \
    {                                                                                              \
        .name = NULL                                                                               \
    }

#define FIELDS_MAX 200

/* A field as it is printed: a cache line. */
struct field_column {
    char name[NDJSON_PIECE]; /* as it stands in front of the value, if there is room for it */
    uint32_t name_len;
    uint16_t prints; /* enum field_prints */
    uint16_t place;  /* of the attribute, the action or the sum that is kept for it */
    int member;      /* of the row */
    uint32_t at;     /* as the kind has it */
    const struct field_kind *kind;
};

/* Those of a command. */
struct fields {
    const struct field *field;
    int count;
    int place[FIELDS_MAX];
    struct field_column column[FIELDS_MAX + 1]; /* but for the one that is the id */
    int columns;
    size_t room; /* bytes for the id and all of them with short values */
    struct actions actions;
    struct kept kept;
    int splits, accounts; /* fields of that kind */
    int final;            /* member that says whether the row is the last of its kind; -1: none */
    bool is_final;        /* what it says of the row that is printed next */
};

/* Asks for the members that have to be read, and declares those of the rows: the id, these, and the
 * rest of the identity. A text that is the id is not printed twice. field: as above, up to
 * FIELD_END; it has to stay. False, and a phrase added to why: the name of the id is taken, or they
 * are too many. */
bool fields_init(struct fields *fields, const struct field *field, struct identity *identity,
                 struct schema *schema, struct rows *rows, struct buffer *why);

/* The number of an action, or place of an attribute or sum, that one of the fields is of. */
int fields_place(const struct fields *fields, enum field_keeps keeps, const char *of);

/* The event as stretches take it. */
static inline struct click fields_click(const struct fields *fields, const struct event *ev)
{
    return (struct click){.time_us = ev->time_us,
                          .watermark_us = ev->watermark_us,
                          .action = action_of(&fields->actions, event_value(ev, SLOT_EVENT_TYPE)),
                          .value = ev->value,
                          .listed = kept_listed(&fields->kept, ev->value)};
}

/* Prints a row. */
void fields_print(const struct fields *fields, const struct identity *identity, struct rows *rows,
                  const struct overview *overview, const void *context);

#endif
