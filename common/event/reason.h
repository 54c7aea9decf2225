/*
 * reason.h - why a record was refused: the names in --rejects, --late and --stats.
 */
#ifndef CS_REASON_H
#define CS_REASON_H

#include "base/buffer.h"

enum reason {
    REASON_NONE, /* nothing is wrong */
    REASON_NOT_JSON,
    REASON_NOT_AN_OBJECT,
    REASON_BAD_UTF8,
    REASON_TOO_DEEP,
    REASON_TOO_LONG,
    REASON_TORN,
    REASON_BAD_FRAME,
    REASON_NO_TIME,
    REASON_BAD_TIME,
    REASON_FUTURE,
    REASON_NO_TYPE,
    REASON_BAD_MEMBER,
    REASON_NO_ID,
    REASON_BAD_COLUMNS,
    REASON_MAP_ERROR,
    REASON_COUNT,
};

/* "not-json", "bad-time", ... */
const char *reason_name(enum reason reason);

/* Adds what the reason means, as a phrase for messages; time_member is where the time should be. */
void reason_detail(enum reason reason, const char *time_member, struct buffer *out);

#endif
