/*
 * mention.h - which members a jq program names.
 *
 * For what is said of members that no event had (event/witness.h), so it rather overlooks one than
 * takes for a member what is none: names that the program makes itself, as a key or by an
 * assignment, and all of a program whose functions make names (to_entries, capture). Who asks
 * whether there is such a member, as .bot == null and .price // 0 do, can do without it.
 */
#ifndef CS_MENTION_H
#define CS_MENTION_H

#include "base/slice.h"
#include "event/schema.h"

/* The schema looks for all members that the program, which can be compiled, names. */
void mention_all(struct slice program, struct schema *schema);

#endif
