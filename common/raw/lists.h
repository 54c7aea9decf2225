/*
 * lists.h - the lists of --derive: bots.txt, referrers.txt, a line an entry, columns between tabs.
 *
 * They are made of other people's well-kept packages when the tools are built, and any of them can
 * be replaced (--lists=DIR). '#' begins a comment line.
 */
#ifndef CS_LISTS_H
#define CS_LISTS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Reads the file of that name, in directory or (NULL) where the tools have theirs, into text, with
 * VALUE_PADDING bytes behind. A file that is not there or cannot be read is die_usage, and option
 * says which item of --derive wants it. */
void lists_read(struct buffer *text, const char *directory, const char *name, const char *option);

/* The next entry of a list that is being read: *rest is what is behind it. value is what stands
 * between the first tab and the next, or empty. False: there is none. */
bool lists_next(struct slice *rest, struct slice *entry, struct slice *value);

void lists_release(void);

#endif
