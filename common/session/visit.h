/*
 * visit.h - sessions as cs-sessionize has them: when each is complete, and its rows, one of a
 * session, or with --pages one of each of its pages.
 *
 * Events go to the sessions (session.h), or where their order matters to the lineup first. What a
 * row has is a list of fields (field.h) put together as the options ask for it; what only these
 * rows have, the pages, how often the id was there and what ended it, are kinds of their own
 * (visit_rows.c).
 */
#ifndef CS_VISIT_H
#define CS_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "session/field.h"
#include "session/ledger.h"
#include "session/lineup.h"
#include "session/pages.h"
#include "session/rule.h"
#include "session/session.h"

/* What the rows are to say. */
struct visit_asks {
    bool detail;
    bool pages;          /* rows are pages */
    int64_t path;        /* so many pages at most stand in a row; 0: it has no path */
    int64_t page_cap_us; /* INT64_MAX: none */
    int64_t remember_us; /* ledger.h; detail only */
    struct option_list agg;
    bool updates; /* open sessions have rows, too */
};

/* Reads the value of --path; NULL: none was given. Returns NULL, or the phrase that says what is
 * wrong. */
const char *path_parse(const char *value, int64_t *out_path);

/* Does each have a meaning beside the others? False: what is wrong is added to why, as
 * "--option: phrase". */
bool visit_asks_check(const struct visit_asks *asks, struct buffer *why);

/* It stays where it is. */
struct visits {
    struct visit_asks asks;
    const struct rule *rule; /* borrowed */
    bool orders;             /* the order of events matters */
    bool special;            /* it does, or there is --agg, or --emit=updates */
    struct field field[FIELDS_MAX + 1];
    struct fields fields;
    struct sessions sessions;
    struct lineup lineup;        /* if the order matters */
    struct ledger ledger;        /* detail only */
    struct accounts accounts;    /* with --agg */
    char *extra[AGGREGATES_MAX]; /* names of their second members, owned */
};

/* Asks for the members that have to be read, and declares those of the rows. False, and a phrase
 * added to why: as fields_init. */
bool visits_init(struct visits *visits, const struct visit_asks *asks, const struct rule *rule,
                 struct identity *identity, struct schema *schema, struct rows *rows,
                 struct buffer *why);
void visits_release(struct visits *visits);

/* From now on the run is told what of events and rows is not what it looks like. */
void visits_watch(struct visits *visits, struct identity *identity, struct run *run);

/* For visits_init: the part of it that is about rows. */
bool visits_declare(struct visits *visits, struct identity *identity, struct schema *schema,
                    struct rows *rows, struct buffer *why);

/* Adds what --explain says of it. */
void visits_explain(const struct visits *visits, const struct identity *identity,
                    const struct schema *schema, struct buffer *out);

/* For how long after its last event an id may matter. */
int64_t visits_reach(const struct visits *visits);

/* How many ids are held beside the sessions. */
static inline size_t visits_beside(const struct visits *visits)
{
    return ledger_count(&visits->ledger) + visits->accounts.ids;
}

/* For visits_event: in order, with --agg, or --emit=updates. */
bool visits_event_special(struct visits *visits, uint32_t number, struct identity *identity,
                          const struct event *ev);

/* Adds an event; number: of its id's timeline, or POOL_NONE. False: it is late. */
static inline bool visits_event(struct visits *visits, uint32_t number, struct identity *identity,
                                const struct event *ev)
{
    if (__builtin_expect(visits->special, 0))
        return visits_event_special(visits, number, identity, ev);
    const struct click click = fields_click(&visits->fields, ev);
    return sessions_event(&visits->sessions, number, identity, ev, &click);
}

/* As those of session.h. */
void visits_advance(struct visits *visits, int64_t watermark_us,
                    void (*print)(void *context, const struct session *session), void *context);
void visits_finish(struct visits *visits,
                   void (*print)(void *context, const struct session *session), void *context);
void visits_updates(struct visits *visits,
                    void (*print)(void *context, const struct session *session), void *context);
void visits_save(struct visits *visits, struct buffer *out);
bool visits_load(struct visits *visits, struct unpack *in);

/* For visits_print: with what only some rows have. */
void visit_print(struct visits *visits, const struct identity *identity, struct rows *rows,
                 const struct session *session, const struct overview *overview);

/* Prints the rows of a session. */
static inline __attribute__((always_inline)) void visits_print(struct visits *visits,
                                                               const struct identity *identity,
                                                               struct rows *rows,
                                                               const struct session *session)
{
    struct overview overview;

    stretch_overview(&overview, &visits->sessions.timelines.stretches, session->stretch);
    visits->fields.is_final = session->end != SESSION_GOES_ON;
    if (visits->fields.kept.has_track)
        visit_print(visits, identity, rows, session, &overview);
    else
        fields_print(&visits->fields, identity, rows, &overview, NULL);
}

#endif
