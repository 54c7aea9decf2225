/*
 * inflater.h - what gzip has compressed (RFC 1952), undone by zlib, piece by piece.
 *
 * Of a file that is cut off or damaged everything comes out that stands before the place. No
 * program can be asked for that: gzip 1.12 and igzip 2.30 may leave out the last bytes before a
 * cut, and keep up to 32 KiB and 1 MiB of what comes before an error to themselves.
 */
#ifndef CS_INFLATER_H
#define CS_INFLATER_H

#include <stddef.h>
#include <zlib.h>

#include "base/slice.h"

struct inflater {
    z_stream stream;
    enum {
        INFLATER_MEMBER,   /* within one */
        INFLATER_BETWEEN,  /* behind one */
        INFLATER_MAYBE,    /* behind the first byte of what may be the next */
        INFLATER_ZEROS,    /* among zeros, in which tapes end */
        INFLATER_FOLLOWED, /* something else is there: nothing of it is looked at */
        INFLATER_DAMAGED,
    } place;
    const char *why; /* INFLATER_DAMAGED: a phrase */
};

void inflater_init(struct inflater *inflater);
void inflater_release(struct inflater *inflater);

/* The file's next bytes, which stay where they are until all has been brought. */
void inflater_take(struct inflater *inflater, struct slice bytes);

/* Writes what they hold, at most so many bytes. Returns how many; 0: all has been brought. */
size_t inflater_bring(struct inflater *inflater, char *to, size_t room);

/* No bytes follow. The place is then INFLATER_BETWEEN, where all is well, INFLATER_FOLLOWED or
 * INFLATER_DAMAGED. */
void inflater_end(struct inflater *inflater);

#endif
