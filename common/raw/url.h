/*
 * url.h - the pieces of an address of the web, absolute or as a server logs it, and its parameters.
 *
 * Nothing is refused: what people and robots send is read as far as it looks like one.
 */
#ifndef CS_URL_H
#define CS_URL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

/* Slices of the text; empty where it has none. */
struct url {
    struct slice host;  /* without user, port and brackets */
    struct slice path;  /* from its slash on */
    struct slice query; /* behind the first '?' or '#', to the end */
};

struct url url_of(struct slice text);

/* The next parameter of a query: *rest is what is behind it. '&', ';', '?' and '#' come between
 * two, so that &amp; and what is behind a '#' are read, too. False: there is none. */
bool url_parameter(struct slice *rest, struct slice *name, struct slice *value);

/* A parameter's value: %HH is a byte, '+' a blank. What would not be UTF-8 then stays as it is. The
 * result is in scratch, which is empty, with VALUE_PADDING readable bytes behind. */
struct slice url_decode(struct buffer *scratch, struct slice value);

/* Are both hosts of one site: the same but for www., or one a part of the other (m.shop.example of
 * shop.example)? Upper and lower case are the same. An empty one is no site's. */
bool url_same_site(struct slice host, struct slice other);

#endif
