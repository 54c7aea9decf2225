/*
 * badtime.h - why what an event has for a time is none.
 *
 * Mostly that is the text's fault (instant.h). Where the text is the name of a member, it is a
 * header line among rows, as cat makes of several files: the rows behind it, of perhaps other
 * columns, are read by the first one all the same, and nobody would know.
 */
#ifndef CS_BADTIME_H
#define CS_BADTIME_H

#include "base/instant.h"

/* A phrase that follows the member's name. line: the event's; value: its time, which has been
 * refused. */
const char *badtime_why(struct slice line, struct value value, const struct instant_format *format);

#endif
