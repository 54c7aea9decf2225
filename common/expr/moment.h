/*
 * moment.h - members that an expression compares, as text, with a time or a number.
 *
 * To jq a time is a text, and texts go by their bytes: "2026-01-01 10:01" is less than every
 * "2026-01-01T...", and "10:00:00Z" is greater than "10:00:00.500Z". Where both are written in the
 * same way that is the order of times, and where not, an event may be selected, or not, in silence.
 * Whoever compares a member with the text of a time notes it in the schema; each event's value is
 * then asked whether texts and times differ in what the comparison says. A text that is the other's
 * beginning is meant so: .event_time >= "2026-01-01". Numbers in quotes are such texts, too: "99"
 * is greater than "100".
 */
#ifndef CS_MOMENT_H
#define CS_MOMENT_H

#include <stdbool.h>

#include "base/slice.h"
#include "base/value.h"
#include "event/schema.h"

/* What a comparison may say yes to: less, equal, greater. */
#define MOMENT_LESS 1u
#define MOMENT_EQUAL 2u
#define MOMENT_GREATER 4u

/* The member of that slot is compared with the text, which is on the right; nothing is noted of one
 * that is neither a time nor, where it is asked what is greater, a number. A time without a zone is
 * UTC where --tz says nothing else. */
void moment_note(struct schema *schema, int slot, unsigned orders, struct slice text);

enum moment_fault { MOMENT_FINE, MOMENT_TIME, MOMENT_NUMBER };

/* Is there a comparison of that slot which says of this value, a string, something else than of the
 * time, or the number, that it is? */
enum moment_fault moment_misjudged(const struct schema *schema, int slot, struct value value);

#endif
