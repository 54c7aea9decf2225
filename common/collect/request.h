/*
 * request.h - the head of an HTTP request, as the library has read it, and what of it is refused.
 *
 * A collector often stands behind a proxy, and two readers of one stream who do not agree where a
 * request ends let strangers put requests into other people's connections (request smuggling).
 * libmicrohttpd reads HTTP/1 and is generous; so what it has read is looked at once more, and
 * refused are: two lengths, be they equal, a length beside Transfer-Encoding, any coding but
 * chunked, a name or a method with bytes that are no token (a blank before the colon), controls in
 * a value, no Host or two of them. Every refusal ends the connection.
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

struct request_lines {
    struct slice line[REQUEST_REPEATED];
    int count;
};

struct request {
    struct slice method, path; /* the path as it was sent, without what stands behind a '?' */
    struct slice host, origin, agent, encoding, none_match, purpose, from_network;
    struct request_lines forwarded_for, forwarded;
    int64_t length; /* Content-Length; -1: there is none */
    bool chunked;
    bool is_old; /* HTTP/1.0 */
};

/* Each returns NULL, or the phrase that refuses the request: its first line, which begins it; a
 * field; all of it. */
const char *request_line(struct request *request, struct slice method, struct slice target,
                         struct slice version);
const char *request_field(struct request *request, struct slice name, struct slice value);
const char *request_end(const struct request *request);

/* Is it that name, whatever the case of its letters? lower is in lower case. */
bool request_word_is(struct slice word, struct slice lower);

#endif
