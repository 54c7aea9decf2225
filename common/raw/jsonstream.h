/*
 * jsonstream.h - JSON values one behind the other, wherever the lines end: arrays of records,
 * pretty-printed and concatenated JSON.
 *
 * A stream is cut into pieces: a value, or what stands between values (white space, commas, and the
 * brackets of an outermost array, which is no record but many). So a record may span lines, and an
 * array may be of any length.
 *
 * A value is followed by its grammar as far as that shows where it is broken. A broken one must not
 * swallow the stream: it ends where the next value seems to begin, which is an opening brace that
 * cannot stand where it stands, one behind a closing brace on the same line, or one on a line that
 * is indented no deeper than the broken value was.
 */
#ifndef CS_JSONSTREAM_H
#define CS_JSONSTREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"

enum jsonstream_end {
    JSONSTREAM_WHOLE,
    JSONSTREAM_OPEN,   /* the text ends before the value does */
    JSONSTREAM_BROKEN, /* *behind is where that shows */
};

/* A zeroed struct is at the beginning of a stream. */
struct jsonstream {
    bool inside;   /* the last piece held no line end: the next value begins in mid-line, */
    size_t indent; /* else behind so many blanks */
    uint64_t open; /* brackets of outermost arrays that have not been closed */
    /* The last piece, if it was followed to its end as one value; else of no length. Good until the
     * next piece is looked for. */
    struct slice whole;
};

/* Follows the value at at, which is no white space. */
enum jsonstream_end jsonstream_follow(const char *at, const char *end, const char **behind);

/* Behind the first piece in data..end, or NULL when it may go on behind end. final: nothing will
 * follow. */
const char *jsonstream_split(struct jsonstream *stream, const char *data, const char *end,
                             bool final);

/* Is the piece what stands between values? */
bool jsonstream_between(struct slice piece);

/* Adds the value on one line; false: it is broken. */
bool jsonstream_line(struct slice value, struct buffer *out);

#endif
