/*
 * moment.h - members that an expression compares, as text, with a time.
 *
 * To jq a time is a text, and texts go by their bytes: "2026-01-01 10:01" is less than every
 * "2026-01-01T...", and "10:00:00Z" is greater than "10:00:00.500Z". Where both are written in the
 * same way that is the order of times, and where not, an event may be selected, or not, in silence.
 * Whoever compares a member with the text of a time notes it in the schema; each event's value is
 * then asked whether texts and times differ in what the comparison says. A text that is the other's
 * beginning is meant so: .event_time >= "2026-01-01".
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
 * that is no time. A time without a zone is UTC where --tz says nothing else. */
void moment_note(struct schema *schema, int slot, unsigned orders, struct slice text);

/* Is there a comparison of that slot which says of this value, a string, something else than of the
 * time that it is? */
bool moment_misjudged(const struct schema *schema, int slot, struct value value);

#endif
