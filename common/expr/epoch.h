/*
 * epoch.h - epoch(f): a time as seconds since 1970, in expressions.
 *
 * jq's own fromdate reads one form of time only, without milliseconds. epoch reads what the tools
 * read as event_time, with the options that say how times stand in the input; so
 * epoch(.event_time) - epoch(.first_seen) is a length of time. null is null, and what is no time is
 * an error. Numbers are doubles, as everywhere in jq.
 *
 * Programs run in libjq get the same reader. libjq knows no functions of ours, but its strptime
 * calls that of the C library, through the dynamic linker: what epoch.c defines under that name is
 * used instead (jq_limits.h does the same with other functions). A format that no program of a
 * user's can have by chance means epoch, any other one is handed on. The answer comes back in the
 * members of struct tm, of which epoch's definition in jq makes the number.
 */
#ifndef CS_EPOCH_H
#define CS_EPOCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/slice.h"

/* How times stand in the input, from now on; borrowed. Until then: as without options. */
void epoch_format(const struct instant_format *format);

/* A time, a string's text or a number's, as seconds. False: it is none. */
bool epoch_read(struct slice text, bool is_number, double *out_seconds);

/* The same of a text, in microseconds; without --tz a time without a zone is of UTC. */
bool epoch_read_us(struct slice text, int64_t *out_us);

/* What has to stand before a program that names epoch, so that libjq knows it. */
extern const char epoch_definition[];

#endif
