/*
 * request.h - the head of an HTTP/1 request: the request line and the header fields.
 *
 * A collector often stands behind a proxy, and two readers of one stream who do not agree where a
 * request ends let strangers put requests into other people's connections (request smuggling). So
 * what RFC 9112 leaves to the reader's generosity is refused here: two lengths, be they equal, a
 * length beside Transfer-Encoding, any coding but chunked, blanks before a colon, folded lines, a
 * line that ends in LF alone, CR or NUL or another control anywhere, a name or a method with bytes
 * that are no token, no Host or two of them. Every refusal ends the connection.
 *
 * Nothing is copied: slices are of the bytes that were given.
 */
#ifndef CS_REQUEST_H
#define CS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* Of a field that may be repeated, so many lines are kept: the last ones. */
enum { REQUEST_REPEATED = 4 };

/* A head may have so many fields. */
enum { REQUEST_FIELDS_MOST = 100 };

enum request_found {
    REQUEST_PART,  /* the head is not complete */
    REQUEST_WHOLE, /* it is, and good */
    REQUEST_BAD,   /* status and why say what is wrong */
};

struct request_lines {
    struct slice line[REQUEST_REPEATED];
    int count;
};

struct request {
    struct slice method, path, query; /* the path as it was sent; query: behind the first '?' */
    struct slice host, origin, agent, encoding, none_match, purpose, from_network;
    struct request_lines forwarded_for, forwarded;
    int64_t length; /* Content-Length; -1: there is none */
    bool chunked;
    bool expects; /* Expect: 100-continue */
    bool close;   /* the client wants no further request on this connection */
    size_t head_len;
    /* REQUEST_BAD. */
    int status;
    const char *why; /* a phrase */
};

/* Reads the head at data. Of the bytes before *seen it is known that they hold no end of a head and
 * nothing that can be refused line by line: 0 at first, and kept by the caller until the head is
 * whole. */
enum request_found request_read(struct request *request, const char *data, size_t len,
                                size_t *seen);

/* Is it that name, whatever the case of its letters? lower is in lower case. */
bool request_word_is(struct slice word, struct slice lower);

#endif
