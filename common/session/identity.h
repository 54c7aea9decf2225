/*
 * identity.h - whose an event is: --id, and --split-by; and the members of a row that say so.
 *
 * An identity's name is the values of these members as timeline.h writes them, the id's first: so
 * null, "" and "null" are three values, and so are 1 and "1". Its 128 bits (timeline_id) find it in
 * a table.
 */
#ifndef CS_IDENTITY_H
#define CS_IDENTITY_H

#include <stdbool.h>

#include "admit/misnumber.h"
#include "base/buffer.h"
#include "base/junk.h"
#include "base/option.h"
#include "event/event.h"
#include "event/schema.h"
#include "session/timeline.h"
#include "writer/rows.h"

struct identity {
    int slot[SCHEMA_MAX];   /* the id's first */
    int member[SCHEMA_MAX]; /* of the row; -1: it has one of that name already */
    int count;
    struct buffer name;       /* of the event looked at last */
    struct junk junk;         /* ids that are nobody's */
    struct misnumbers *noted; /* where rows of such are; NULL: nowhere. Borrowed, as the next */
    struct slice id;          /* what the id's member is called */
};

void identity_release(struct identity *identity);

/* Sets the member that is the id. False, and a phrase added to why: that makes no sense. */
bool identity_init(struct identity *identity, struct schema *schema, const char *id,
                   struct buffer *why);

/* From now on rows whose id is nobody's are noted there. */
void identity_watch(struct identity *identity, const struct schema *schema,
                    struct misnumbers *noted);

/* Adds another member. False: there are too many. */
bool identity_add(struct identity *identity, struct schema *schema, struct slice member);

/* Adds those that the values of an option list; that there are too many ends the run. */
void identity_add_all(struct identity *identity, struct schema *schema, const char *option,
                      const struct option_list *values);

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

/* Declares the members of a row: the id in front of all others, the rest behind them. */
void identity_declare_id(struct identity *identity, struct rows *rows, const struct schema *schema);
void identity_declare_rest(struct identity *identity, struct rows *rows,
                           const struct schema *schema);

/* Prints what a name has behind the id. */
static inline void identity_print_rest(const struct identity *identity, struct rows *rows,
                                       struct slice rest)
{
    for (int i = 1; i < identity->count; i++) {
        const struct value value = name_value(&rest);
        if (identity->member[i] >= 0) rows_value(rows, identity->member[i], value);
    }
}

/* A row of that id has been printed for good. */
static inline void identity_printed(const struct identity *identity, struct value id)
{
    if (identity->noted != NULL && id.kind == KIND_STRING &&
        junk_has(&identity->junk, value_slice(id)))
        misnumber_note(identity->noted, MISNUMBER_NOBODY, identity->id, id);
}

/* Adds "one ID, one MEMBER" for --explain. */
void identity_explain(const struct identity *identity, const struct schema *schema,
                      struct buffer *out);

#endif
