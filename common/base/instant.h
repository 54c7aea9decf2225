/*
 * instant.h - points in time: int64 microseconds since 1970-01-01T00:00:00Z, UTC, no leap seconds.
 *
 * Range: years 0001 to 9999. Text: RFC 3339 with 'T', 't' or one blank between date and time,
 * seconds required, 0 to 9 fraction digits (finer than microseconds is cut off, toward the past for
 * epoch numbers too) behind a point or a comma, and a zone as zone.h reads it; or a form of
 * timetext.h. Second 60 is the next minute's 0.
 * Numbers, and text of digits with a fraction or without, count from 1970, in a given unit or, from
 * 1e8 on, by size: s, ms, us or ns below 1e11, 1e14, 1e17 and above. So each unit begins in 1973.
 */
#ifndef CS_INSTANT_H
#define CS_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/value.h"
#include "base/zone.h"

#define INSTANT_MIN INT64_C(-62135596800000000) /* 0001-01-01T00:00:00Z */
#define INSTANT_MAX INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */

#define TIME_NONE INT64_MIN /* before every event */

enum instant_unit {
    UNIT_AUTO,
    UNIT_S,
    UNIT_MS,
    UNIT_US,
    UNIT_NS,
    UNIT_DATE, /* digits are a date: 20260107100000 */
    UNIT_EXCEL /* days since 1899-12-30, local time */
};

/* How times stand in the input. */
struct instant_format {
    enum instant_unit unit; /* --time-unit */
    struct zone *zone;      /* of times without one; NULL: they cannot be read */
};

/* The same, but that a time without a zone is UTC where the format has none. */
struct instant_format instant_or_utc(const struct instant_format *format);

/* Reads text other than digits. zone: of times without one, or NULL. False: not a time, or out of
 * range. */
bool instant_parse_text(struct slice text, struct zone *zone, int64_t *out_us);

/* Reads a member: text, digits, or a number. False: bad-time. */
bool instant_parse(struct value value, const struct instant_format *format, int64_t *out_us);

/* Why a value that instant_parse has refused is no time: a phrase that follows the member's name,
 * "has no seconds". */
const char *instant_fault(struct value value, const struct instant_format *format);

/* The minute of the time read last: the next one is nearly always in the same. A zeroed struct
 * knows none. */
struct instant_near {
    uint64_t text[2]; /* "2026-01-01T00:10" */
    bool known;
    int64_t minute_us;
};

/* Reads text as it is usually written (24 bytes, "2026-01-01T00:10:23.456Z") when it lies in the
 * near minute; false: look closer. */
static inline bool instant_near_read(const struct instant_near *near, struct value value,
                                     int64_t *out_us)
{
    if (value.kind != KIND_STRING || value.len != 24 || !near->known) return false;
    if (((slice_word(value.text) ^ near->text[0]) | (slice_word(value.text + 8) ^ near->text[1])) !=
        0)
        return false;
    /* ":23.456Z": XOR makes digits 0-9 and what is between them 0. */
    const uint64_t word = slice_word(value.text + 16) ^ UINT64_C(0x5a3030302e30303a);
    const uint64_t limits = UINT64_C(0x7f7676767f76767f); /* the top bit is set beyond 9, or 0 */
    const uint64_t pairs = word * 10 + (word >> 8);
    const unsigned second = (unsigned)(pairs >> 8) & 0xff;
    if ((((word + limits) | word) & UINT64_C(0x8080808080808080)) != 0 || second > 59) return false;
    const unsigned millis = ((unsigned)(pairs >> 32) & 0xff) * 10 + ((unsigned)(word >> 48) & 0xff);
    *out_us = near->minute_us + (int64_t)(second * 1000 + millis) * 1000;
    return true;
}

/* instant_parse, by instant_near_read where that is enough. */
bool instant_parse_near(struct instant_near *near, struct value value,
                        const struct instant_format *format, int64_t *out_us);

/* Is the text, which was read as a time, just what instant_write would write? False: perhaps. */
static inline bool instant_is_usual(struct value value)
{
    return value.kind == KIND_STRING && !value.escaped && value.len == 24 &&
           value.text[10] == 'T' && value.text[17] < '6' && value.text[19] == '.' &&
           value.text[23] == 'Z';
}

/* Writes "2026-01-01T00:10:00.000Z", or six fraction digits when it is not a whole millisecond;
 * returns the length (24 or 27), no NUL. time_us is in range. */
#define INSTANT_TEXT_MAX 27
size_t instant_write(char *out, int64_t time_us);

/* Adds the same to a buffer. */
void instant_print(struct buffer *out, int64_t time_us);

/* The nearest time within the range; a window's bound may lie beyond. */
static inline int64_t instant_within(int64_t time_us)
{
    if (time_us < INSTANT_MIN) return INSTANT_MIN;
    return time_us > INSTANT_MAX ? INSTANT_MAX : time_us;
}

/* Adds it as a JSON string, in quotes; a time beyond the range as the last instant within. */
void instant_print_string(struct buffer *out, int64_t time_us);

/* A time so much later; never (INT64_MAX) where the duration is none (INT64_MAX). The time is one
 * that can be: of an event, or a watermark. */
static inline int64_t instant_add_capped(int64_t time_us, int64_t duration_us)
{
    return duration_us == INT64_MAX ? INT64_MAX : time_us + duration_us;
}

static inline int64_t instant_max(int64_t a_us, int64_t b_us)
{
    return a_us > b_us ? a_us : b_us;
}

static inline int64_t instant_min(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

/* The wall clock, and a clock that never jumps (for waiting and pacing). */
int64_t instant_now(void);
int64_t instant_steady(void);

#endif
