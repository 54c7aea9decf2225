/*
 * stamp.h - members put behind those of an event, which stays as it came byte for byte.
 *
 * Where the event has one of that name, it is taken out: a name twice means the last one here, and
 * something else elsewhere. Then the blanks between its members go, too.
 */
#ifndef CS_STAMP_H
#define CS_STAMP_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* A text to be a member's value. */
struct stamp {
    struct slice name;   /* plain */
    bool taken_out;      /* the event has one, or several */
    bool put;            /* else the member is only taken out */
    struct slice prefix; /* in front of the text, plain */
    struct slice text;   /* UTF-8; text NULL: null */
};

/* Adds the event, valid JSON, with these, without a line end; no byte of it is a control. clean:
 * none of the line is one. */
void stamp_print(struct buffer *out, struct slice line, bool clean, const struct stamp *stamps,
                 int count);

#endif
