/*
 * timetext.h - times as programs other than ours write them, and why a text is no time.
 *
 *     07/Jan/2026:10:00:00 +0100            Apache, nginx
 *     Wed, 07 Jan 2026 10:00:00 GMT         HTTP, mail; without the day of the week, too
 *     Wed Jan  7 10:00:00 2026              C, Unix; with a zone before the year, too
 *     Wed Jan 07 2026 10:00:00 GMT+0100     JavaScript; with the zone's name in parentheses, too
 *     20260107100000                        only when asked for (--time-unit=date)
 *
 * RFC 3339, which nearly all times are, is read in instant.c. Nothing is read that could mean two
 * things: 01/02/2026 is January in one country and February in another.
 */
#ifndef CS_TIMETEXT_H
#define CS_TIMETEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/zone.h"

/* A time as it is written: what the clock on the wall shows, and how far that is ahead of UTC. */
struct timetext {
    int64_t local_seconds; /* since 1970 */
    int64_t fraction_us;
    int64_t zone_seconds;
};

/* Reads "", ".1" to ".123456789" from the front of *rest, with a comma, too; finer digits than
 * microseconds are cut off. */
bool timetext_fraction(struct slice *rest, int64_t *out_us);

/* Reads one of the forms above, but for the last. zone: of times without one; NULL: they are none.
 */
bool timetext_read(struct slice text, struct zone *zone, struct timetext *out);

/* Reads YYYYMMDD, YYYYMMDDhhmm, YYYYMMDDhhmmss or YYYYMMDDhhmmssfff, with a T before the hours, a
 * fraction and a zone where there are any. */
bool timetext_compact(struct slice text, struct zone *zone, struct timetext *out);

/* Is it such a date, of 1970 to 2100? */
bool timetext_looks_compact(struct slice text);

/* Why a text is no time: a phrase that follows the member's name ("has no seconds"). */
const char *timetext_fault(struct slice text);

#endif
