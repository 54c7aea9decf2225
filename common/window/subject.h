/*
 * subject.h - what is watched: what --value says it is, and what the rows call it.
 *
 *     [NAME=]FUNC[(F)][ if EXPR]     of events
 *     FIELD, or NAME=EXPR            of rows
 */
#ifndef CS_SUBJECT_H
#define CS_SUBJECT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "event/schema.h"
#include "window/aggregate.h"

/* The members of the rows: the value, and what is usual for it. */
struct subject {
    struct buffer value, usual;
};

void subject_release(struct subject *subject);

/* Of events: adds the aggregate that text says; NULL: different sessions. What is usual is called
 * kind ("avg") and the value's name. False: the reason is added to why. */
bool subject_of_events(struct subject *subject, const char *text, struct slice kind,
                       struct aggregates *aggregates, struct schema *schema, struct buffer *why);

/* Of rows: operand becomes what stands for the value; it borrows from text. False: as above. */
bool subject_of_rows(struct subject *subject, const char *text, struct slice kind,
                     struct slice *operand, struct buffer *why);

#endif
