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

/* stamp_print of one string of which nothing is written with an escape, for a line that is clean,
 * has a member but none of that name, and ends with its brace. lead, a literal, is what comes in
 * front of the text, with a comma first. */
static inline __attribute__((always_inline)) void stamp_print_plain(struct buffer *out,
                                                                    struct slice line,
                                                                    struct slice lead,
                                                                    struct slice text)
{
    const size_t len = line.len - 1;
    char *const to = buffer_reserve(out, len + lead.len + text.len + 2);
    char *const at = to + len + lead.len;
    memcpy(to, line.text, len);
    memcpy(to + len, lead.text, lead.len);
    memcpy(at, text.text, text.len);
    memcpy(at + text.len, "\"}", 2);
    out->len += len + lead.len + text.len + 2;
}

/* Is the line such a one, as far as its end and its members go? Nearly all are. */
static inline bool stamp_is_simple(struct slice line)
{
    return line.text[line.len - 1] == '}' && (unsigned char)line.text[line.len - 2] > ' ' &&
           line.text[line.len - 2] != '{';
}

#endif
