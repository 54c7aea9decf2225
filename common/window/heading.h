/*
 * heading.h - what every row of a window begins with: window_start, window_end, the group.
 */
#ifndef CS_HEADING_H
#define CS_HEADING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "window/group.h"
#include "writer/rows.h"

struct heading {
    const struct group_by *by; /* borrowed */
    int start, end;            /* members of the rows */
    int group[GROUP_VALUES_MAX + 1];
    int values; /* of the group: with the partition, where that is asked for */
};

/* Declares the members. What is wrong with their names is added to why, as a phrase. */
void heading_declare(struct heading *heading, struct rows *rows, const struct group_by *by,
                     bool partition, struct buffer *why);

/* Prints them into the row that has begun; key is the group's. */
void heading_print(const struct heading *heading, struct rows *rows, int64_t start_us,
                   int64_t end_us, struct slice key);

/* Is that member one of the group's? Then value is the one in the key. */
bool heading_value(const struct heading *heading, int member, struct slice key,
                   struct value *value);

#endif
