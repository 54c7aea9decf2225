/*
 * body.h - the records in the body of a request.
 *
 * A body is read as cs-parse --from=json reads a file: an object, an array of them, objects one
 * behind the other with or without line ends. And it may be an envelope, an object with an array
 * `events`: then the elements of that are the records, and `sent_at` is when the sender's clock
 * said it was sent. A record that is broken takes no other one with it (jsonstream.h).
 */
#ifndef CS_BODY_H
#define CS_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "base/value.h"

struct body_record {
    struct slice text; /* borrowed from the body, without blanks around */
    bool is_whole;     /* it was followed to its end as one value */
};

/* Zeroed at first; its memory is used again by the next body_split. */
struct body {
    struct body_record *record;
    size_t count, cap;
    bool is_cut;          /* the text ends inside of an array */
    bool is_json;         /* there are records, or the text says that there are none: [] */
    struct value sent_at; /* a string may have escapes; text NULL: nothing is said */
};

/* Finds the records of the text. */
void body_split(struct body *body, struct slice text);

void body_release(struct body *body);

#endif
