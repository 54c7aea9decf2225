/*
 * visit.h - the rows of cs-sessionize: one of a session, or with --pages one of each of its pages.
 *
 * What a row has is a list of fields (field.h) put together as the options ask for it; what only
 * these rows have, the pages, how often the id was there and what ended it, are kinds of its own.
 */
#ifndef CS_VISIT_H
#define CS_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "session/field.h"
#include "session/ledger.h"
#include "session/pages.h"
#include "session/session.h"

/* What was asked for. */
struct visit_asks {
    bool detail;
    bool pages;          /* rows are pages */
    int64_t path;        /* so many pages at most stand in a row; 0: it has no path */
    int64_t page_cap_us; /* INT64_MAX: none */
    int64_t remember_us; /* ledger.h; detail only */
};

/* Reads the value of --path; NULL: none was given. Returns NULL, or the phrase that says what is
 * wrong. */
const char *path_parse(const char *value, int64_t *out_path);

/* Does each have a meaning beside the others? False: what is wrong is added to why, as
 * "--option: phrase". */
bool visit_asks_check(const struct visit_asks *asks, struct buffer *why);

struct visits {
    struct visit_asks asks;
    struct field field[FIELDS_MAX + 1];
    struct fields fields;
    struct ledger ledger; /* detail only */
};

/* Asks for the members that have to be read, and declares those of the rows. False, and a phrase
 * added to why: as fields_init. */
bool visits_init(struct visits *visits, const struct visit_asks *asks, struct identity *identity,
                 struct schema *schema, struct rows *rows, struct buffer *why);
void visits_release(struct visits *visits);

/* For how long after an id's last event, beyond the gap, what it did may matter. */
int64_t visits_reach(const struct visits *visits);

/* Asks the sessions to be told what will be printed soon. They have to go together to the end. */
void visits_prepare(const struct visits *visits, struct sessions *sessions);

/* For visits_print: with what only some rows have. */
void visit_print(struct visits *visits, const struct identity *identity, struct rows *rows,
                 const struct sessions *sessions, const struct session *session,
                 const struct overview *overview);

/* Prints the rows of a session that is complete. */
static inline __attribute__((always_inline)) void visits_print(struct visits *visits,
                                                               const struct identity *identity,
                                                               struct rows *rows,
                                                               const struct sessions *sessions,
                                                               const struct session *session)
{
    struct overview overview;

    stretch_overview(&overview, &sessions->timelines.stretches, session->stretch);
    if (visits->fields.kept.has_trail)
        visit_print(visits, identity, rows, sessions, session, &overview);
    else
        fields_print(&visits->fields, identity, rows, &overview, NULL);
}

/* What it knows beside the sessions. Loading adds; false: invalid. */
void visits_save(const struct visits *visits, const struct sessions *sessions, struct buffer *out);
bool visits_load(struct visits *visits, struct unpack *in);

#endif
