/*
 * logtime.h - times as web servers write them, and as RFC 3339.
 *
 * Usually that is 17/May/2015:10:05:03 +0000. Apache can be told anything that strftime knows; of
 * that we read what makes a date and a time: %d %e %m %b %h %Y %H %M %S %F %T %z, and literals.
 * Only the form is checked here; whether there is such a day is for the reader of RFC 3339 to
 * judge.
 */
#ifndef CS_LOGTIME_H
#define CS_LOGTIME_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

#define LOGTIME_LEN 26 /* 17/May/2015:10:05:03 +0000 */

/* Has the text, LOGTIME_LEN bytes, the usual form? */
bool logtime_fits(const char *text);

/* Adds a time of the usual form as RFC 3339, in quotes; as_printed: as cs-parse prints times, if
 * that is no more than to write UTC another way. */
void logtime_print(struct buffer *out, const char *text, bool as_printed);

/* Do we read all of this format of strftime? */
bool logtime_known(struct slice format);

/* Takes a time of this format off the front of text; returns behind it, or NULL. With out it is
 * added as RFC 3339 in quotes; what the format does not say is left out. */
const char *logtime_take(struct slice format, struct slice text, struct buffer *out);

#endif
