/*
 * zone_rule.h - when summer time begins and ends, as POSIX's TZ says it: CET-1CEST,M3.5.0,M10.5.0/3
 *
 * That is the last line of a zone file: what holds behind its last transition.
 */
#ifndef CS_ZONE_RULE_H
#define CS_ZONE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* A moment of a year, in local time. */
struct zone_moment {
    enum { DAY_OF_MONTH_WEEK, DAY_WITHOUT_LEAP, DAY_FROM_ZERO } kind; /* Mm.w.d, Jn, n */
    unsigned month, week, day;
    int64_t seconds; /* from midnight on; may be negative or more than a day */
};

struct zone_rule {
    int64_t standard, summer; /* seconds ahead of UTC */
    bool has_summer;
    struct zone_moment begin, end; /* of summer time: in standard time, and in summer time */
};

/* Reads a rule, all of text. */
bool zone_rule_read(struct slice text, struct zone_rule *out);

/* That moment of a year, as seconds of local time since 1970. */
int64_t zone_rule_time(const struct zone_moment *moment, unsigned year);

#endif
