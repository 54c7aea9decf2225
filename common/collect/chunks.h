/*
 * chunks.h - a body of Transfer-Encoding: chunked, as it comes.
 *
 * Read as strictly as heads are (request.h): sizes are hexadecimal digits, at most eight, each line
 * ends in CR LF, and the last chunk ends the body at once. Extensions of chunks and trailer fields,
 * which nobody sends and readers differ about, are refused.
 */
#ifndef CS_CHUNKS_H
#define CS_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>

enum chunks_found {
    CHUNKS_PART,  /* all bytes were taken, and more have to come */
    CHUNKS_WHOLE, /* the body has ended */
    CHUNKS_BAD,   /* these are no chunks */
    CHUNKS_LARGE, /* it is longer than allowed */
};

enum chunks_place { CHUNKS_SIZE, CHUNKS_SIZE_LF, CHUNKS_DATA, CHUNKS_CR, CHUNKS_LF, CHUNKS_END };

/* A zeroed struct is at the beginning of a body. */
struct chunks {
    enum chunks_place place;
    int digits;  /* of the size, so far */
    size_t left; /* of the chunk; while its size is read, that */
    bool last;   /* the size was 0 */
};

/* Takes bytes from data on: what is the body's is moved to its front, *body bytes, the first
 * *taken bytes are done with. At most `most` bytes of body are taken over all calls; *total counts
 * them. */
enum chunks_found chunks_read(struct chunks *chunks, char *data, size_t len, size_t most,
                              size_t *total, size_t *body, size_t *taken);

#endif
