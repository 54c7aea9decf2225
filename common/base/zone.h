/*
 * zone.h - time zones: how far local time is ahead of UTC.
 *
 * A zone is read once from the system's zone files (RFC 8536, what tzdata installs) and laid out as
 * one table of local times, to the year 9999: of each entry, from which local time on which offset
 * holds. Two rules make local time lead to one instant. Where the clock is set back, a local time
 * comes twice: the earlier one is meant. Where it is set forward, a local time does not exist: it
 * is read with the offset from before, so 02:30 becomes 03:30. Both are what Python's zoneinfo does
 * with fold=0. Who reads a time can ask whether it was one of these: doubts then has grown. The
 * table's entry begins at the transition plus the larger of both offsets: that is
 * both rules at once. The way back is plain: each instant has one local time.
 *
 * Times come in some order, so the offset looked up last nearly always holds for the next one.
 */
#ifndef CS_ZONE_H
#define CS_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

struct zone_entry {
    int64_t at;     /* the instant, in seconds since 1970 */
    int64_t from;   /* local seconds since 1970 */
    int64_t offset; /* seconds that local time is ahead of UTC */
};

struct zone {
    char *name;
    struct zone_entry *entry; /* in order; the first holds from the beginning of time */
    size_t count;
    /* The entry that was used last. */
    int64_t from, until, offset;
    int64_t
        clear_until; /* from then on, and before until, local time is there twice or not at all */
    uint64_t doubts; /* so many such times were looked up by zone_local */
    size_t at;       /* and by zone_offset_at */
};

/* Opens a zone: UTC, an offset such as +01:00, or a name such as Europe/Berlin, found in $TZDIR or
 * where the system has it. NULL: the reason is added to why. Free with zone_free. */
struct zone *zone_open(const char *name, struct buffer *why);

/* The same from the bytes of a zone file; NULL: they are none. */
struct zone *zone_of_file(struct slice bytes);

void zone_free(struct zone *zone);

/* Looks the local time up. */
void zone_seek(struct zone *zone, int64_t local_seconds);

/* Seconds that local time is ahead of UTC when it is local_seconds. */
static inline int64_t zone_offset(struct zone *zone, int64_t local_seconds)
{
    if (local_seconds < zone->from || local_seconds >= zone->until) zone_seek(zone, local_seconds);
    return zone->offset;
}

/* The same of a time that somebody has written. */
static inline int64_t zone_local(struct zone *zone, int64_t local_seconds)
{
    const int64_t offset = zone_offset(zone, local_seconds);
    zone->doubts += local_seconds >= zone->clear_until;
    return offset;
}

/* Do clocks in the zone of that name show a multiple of so many seconds whenever those of UTC do?
 * Of a day: is it UTC, whatever its name? What was before 2020 does not count. True without a name
 * (NULL), and where there is no such zone. */
bool zone_in_step(const char *name, int64_t seconds);

/* Seconds that local time is ahead of UTC at an instant, seconds since 1970. */
int64_t zone_offset_at(struct zone *zone, int64_t utc_seconds);

/* Reads what stands behind a time, all of text: Z, z, +hh:mm, +hhmm, +hh, " UTC", " GMT", or as
 * Ruby and Go write it, " +hhmm" and " +hhmm CET". Empty: the zone that local time is of; NULL:
 * none. Gives the seconds that local time is ahead of UTC. */
bool zone_read(struct slice text, struct zone *zone, int64_t local_seconds, int64_t *out_seconds);

#endif
