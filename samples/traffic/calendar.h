/*
 * calendar.h - event times as text: 2026-01-01T00:00:00.123Z, years 1 to 9999, UTC.
 */
#ifndef TRAFFIC_CALENDAR_H
#define TRAFFIC_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#define CALENDAR_BYTES 24

/* Reads RFC 3339 with Z and at most three fraction digits as microseconds since the epoch. */
bool calendar_parse(const char *text, int64_t *out_us);

/* Writes CALENDAR_BYTES bytes, without a terminator. */
void calendar_print(char *out, int64_t time_us);

#endif
