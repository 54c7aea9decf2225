/*
 * hint.h - what a run says to whoever reads standard error when something was wrong.
 *
 * Rows look right whatever went into them: a misspelt member is null, what came too late or could
 * not be read is missing. So a run that has lost something, or looked for something that was not
 * there, says so in a line each when it ends, and what would help. A run in which nothing was wrong
 * says nothing.
 */
#ifndef CS_HINT_H
#define CS_HINT_H

#include <stdint.h>

#include "run/loop.h"

/* The slots of members that somebody has named: those it is worth telling about. */
uint64_t hint_slots(const struct schema *schema);

/* An input begins with that. */
void hint_begin(struct loop *l, const struct input *input, struct slice head);

/* It begins with that, of which nothing can be made. */
void hint_head(struct loop *l, const struct input *input, struct slice head);

/* Says early what cannot get right any more; cheap. */
void hint_early(struct loop *l);

/* At the end: what was refused may only be in another encoding. */
void hint_encoding(const struct loop *l);

/* The run is over. Returns its exit status: records came, and none was of use; with --merge, one
 * was not. */
int hint_end(struct loop *l);

#endif
