/*
 * members.h - the members of events that options name.
 *
 * More of them than a schema has room for, and names that are none, are die_usage.
 */
#ifndef CS_MEMBERS_H
#define CS_MEMBERS_H

#include "base/option.h"
#include "event/schema.h"

/* The slot of a member that --option names. */
int member_need(struct schema *schema, struct slice name, const char *option);

/* Those of the items of an option that lists members, in order; slot has room for SCHEMA_MAX.
 * Returns how many they are. */
int members_need(struct schema *schema, const char *option, const struct option_list *values,
                 int *slot);

/* For an option that lists NEW=OLD: from now on the input's members OLD are read as NEW. */
void members_rename(struct schema *schema, const char *option, const struct option_list *values);

#endif
