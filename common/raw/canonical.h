/*
 * canonical.h - an event as the JSON object that cs-parse prints: all twelve members in their
 * order, then the others.
 *
 * Most events come nearly as they go. So pieces of the line are copied as long as the bytes there
 * are the very bytes that are due, and an event that is canonical already is copied at once.
 * Strings keep the escapes they came with. DEL and C1 controls, which JSON allows raw, are escaped;
 * tabs and carriage returns between values become blanks. So no byte of the row is a control, and
 * the row means what the line meant: what is in a string and what is between them are not treated
 * alike.
 */
#ifndef CS_CANONICAL_H
#define CS_CANONICAL_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/instant.h"
#include "event/event.h"
#include "event/schema.h"

/* Adds the event, scanned with schema.all, without a line end; its members are printed as they are
 * in ev->value, event_time too. changed has a bit for each slot of a member that is not
 * canonical and whose value is now the one in ev->value: it is printed in its place in ev->rest, or
 * behind, where it has none. */
void canonical_print(struct buffer *out, const struct schema *schema, const struct event *ev,
                     uint64_t changed);

/* Rids JSON text of at least 16 bytes, which was added from begin on, of its controls in the same
 * way. */
void canonical_tidy(struct buffer *out, size_t begin);

/* Room for an event's line and time where they are not the input's. A zeroed struct is empty; what
 * an event borrows from it is good until the next event. */
struct canonical_line {
    struct buffer line;
    char time[INSTANT_TEXT_MAX + VALUE_PADDING];
};

void canonical_line_release(struct canonical_line *made);

/* The event's event_time is its time as we write it, in a canonical line too. */
void canonical_line_time(struct canonical_line *made, struct event *ev);

/* Its line is now what canonical_print gives. */
void canonical_line_make(struct canonical_line *made, const struct schema *schema, struct event *ev,
                         uint64_t changed);

#endif
