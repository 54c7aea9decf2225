/*
 * logvalue.h - a value out of a log as JSON: the server's escapes undone, JSON's put on.
 *
 * A server writes bytes that it does not trust as \xHH. Undone they may be no UTF-8: then those
 * from \x80 on stay as they were written, so that nothing is lost and every value is valid.
 */
#ifndef CS_LOGVALUE_H
#define CS_LOGVALUE_H

#include "base/buffer.h"
#include "base/json.h"
#include "base/slice.h"
#include "raw/logformat.h"

/* Adds the value as a JSON string, or null where it says that there is none. scratch is the
 * caller's. */
void logvalue_print(struct buffer *out, struct slice value, enum log_escape escape,
                    struct buffer *scratch);

/* The same, where mostly there is a value, and nothing in it to undo. */
static inline void logvalue_add(struct buffer *out, struct slice value, enum log_escape escape,
                                struct buffer *scratch)
{
    if (value.len < 2 || !json_add_plain(out, value)) logvalue_print(out, value, escape, scratch);
}

/* Behind the number at the front of text (a "-" alone is one, too: none), or NULL. */
const char *logvalue_number_end(struct slice text);

/* Adds a number that logvalue_number_end has found, as JSON. decimals: that many of its digits
 * stand behind the point. */
void logvalue_number_print(struct buffer *out, struct slice number, size_t decimals);

/* Adds text as a JSON string, with %HH undone; plus: '+' stands for a blank. */
void logvalue_percent_print(struct buffer *out, struct slice value, bool plus,
                            struct buffer *scratch);

#endif
