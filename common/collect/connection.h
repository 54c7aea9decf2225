/*
 * connection.h - one client's connection: how far its request has come, and the body of it.
 *
 * The bytes on the wire are libmicrohttpd's. What is kept here is what it does not keep: the head
 * as the door sees it, the body so far, the answer that waits until rows are durable, since when.
 *
 * The library forgives more than two readers of one stream can agree on: a line that ends in LF
 * alone, a folded one, what stands behind a NUL, blanks between the words of the first line. None
 * of that is seen in the fields that it hands out; but it also says how long the head was. So each
 * byte of the head has to be accounted for: METHOD TARGET VERSION, and for each field its name,
 * colon, blanks and value, and CR LF behind each. Where the sum is another one, the head is
 * refused.
 */
#ifndef CS_CONNECTION_H
#define CS_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "collect/peer.h"
#include "collect/request.h"

/* A head has at most so many bytes. */
#define CONNECTION_HEAD_BYTES ((size_t)16 << 10)

struct MHD_Connection;
struct MHD_Response;

enum connection_state {
    CONNECTION_IDLE,   /* no request has begun */
    CONNECTION_HEAD,   /* its first line has come */
    CONNECTION_BODY,   /* its head has; its body comes */
    CONNECTION_THROWS, /* its body comes, and nobody wants it; the answer is made */
    CONNECTION_WAITS,  /* it is handled, and answered when its rows are durable */
    CONNECTION_READY,  /* its answer is made */
    CONNECTION_WRITES, /* its answer goes out */
};

struct connection {
    int fd;
    struct peer peer;
    bool admin;
    enum connection_state state;
    bool is_gone;      /* closed while it waited: freed behind that */
    size_t target_len; /* of the first line, with what stands behind a '?' */
    size_t head_len;
    const char *last_field; /* its name, where the library has it; NULL: there is none */
    struct request request; /* its slices are the library's, good until the answer has gone */
    struct buffer body;
    size_t thrown; /* bytes */
    struct MHD_Response *response;
    bool is_kept; /* the response is answer.h's */
    int status;
    /* For the server. */
    struct connection *next_waiting;
    struct connection *earlier, *later; /* in the list it is in */
    struct connections *list;           /* or NULL */
    int64_t since_us;                   /* steady clock: when it was put there */
};

/* Takes the head that the library has read. Returns NULL, or the phrase that refuses it, and
 * *status is 400 or 431. */
const char *connection_head(struct connection *c, struct MHD_Connection *library,
                            const char *method, const char *target, const char *version,
                            int *status);

/* All of a chunked body has come: are there fields behind it? Where the last two bytes, CR and LF,
 * come apart, libmicrohttpd 0.9.75 has the last field of the head once more as one of these: it
 * stands in the same place of memory, and is none. */
bool connection_has_trailers(const struct connection *c, struct MHD_Connection *library);

/* The answer that was made is given up. */
void connection_forget(struct connection *c);

void connection_free(struct connection *c);

#endif
