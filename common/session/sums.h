/*
 * sums.h - numbers of a member that events of a session carry, added up.
 *
 * Each takes SUM_BYTES (sum.h) at a fixed place of the stretch's block, so that an event adds to it
 * where it stands. Values that are no numbers are left out. The order of events leaves no trace.
 */
#ifndef CS_SUMS_H
#define CS_SUMS_H

#include "base/sum.h"
#include "session/kept.h"

/* Adds the numbers of an event to the sums at `at`, as many as are kept. */
void sums_learn(const struct kept *kept, char *at, const struct click *click);

/* Adds those of another stretch. */
void sums_join(const struct kept *kept, char *at, const char *more);

#endif
