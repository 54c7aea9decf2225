/*
 * connection.h - one client's connection: its bytes, and how far its request has come.
 *
 * Its buffer holds the head of the request, then the body as it is meant (chunks taken apart), then
 * what has come behind. While nothing has come it has no memory. Reading says nothing of when: that
 * is the server's.
 */
#ifndef CS_CONNECTION_H
#define CS_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "collect/chunks.h"
#include "collect/peer.h"
#include "collect/request.h"

/* A head has at most so many bytes. */
#define CONNECTION_HEAD_BYTES ((size_t)16 << 10)

enum connection_state {
    CONNECTION_HEAD,   /* the head of a request is due, or has come in part */
    CONNECTION_BODY,   /* its body is */
    CONNECTION_WAITS,  /* it is handled, and answered when its rows are durable */
    CONNECTION_WRITES, /* its answer goes out */
    CONNECTION_LINGERS /* nothing is said any more; what comes is thrown away, for a while */
};

enum connection_found {
    CONNECTION_PART,    /* more has to come */
    CONNECTION_WHOLE,   /* what was due is there */
    CONNECTION_REFUSED, /* status and why say what is wrong with it */
};

struct connection {
    int fd;
    struct peer peer;
    bool admin;
    enum connection_state state;
    struct buffer in, out;
    size_t written; /* of out */
    int status;     /* of the answer in it */
    size_t seen;    /* of the head: request.h */
    struct chunks chunks;
    size_t body_len;        /* of the body, so far */
    size_t thrown;          /* bytes, while it lingers */
    struct request request; /* its slices are those of in, as it was when the head came */
    bool readable;          /* more may have come than has been read */
    bool hung_up;           /* the client sends no more than what has come */
    bool close;             /* after the answer */
    bool expects;           /* it waits to be asked for its body */
    /* For the server. */
    bool queued;  /* it is to be looked at in this turn */
    bool is_dead; /* closed, and freed when the turn ends */
    struct connection *next_queued, *next_dead, *next_waiting;
    struct connection *earlier, *later; /* in the list it is in */
    struct connections *list;           /* or NULL */
    int64_t since_us;                   /* steady clock: when it was put there */
};

/* Reads once. Returns how much has come; 0: nothing for now; -1: nothing will any more. */
int64_t connection_read(struct connection *c);

/* Looks for the head of a request in what has come. */
enum connection_found connection_head(struct connection *c);

/* Looks for all of the body, of at most so many bytes. Behind CONNECTION_WHOLE the request's slices
 * are good until the connection reads again. */
enum connection_found connection_body(struct connection *c, size_t most);

/* The body, when it is whole. */
struct slice connection_body_slice(const struct connection *c);

/* The request is done with: what has come behind it comes to the front. */
void connection_next(struct connection *c);

/* Writes what is left of the answer. Returns 1: all has gone; 0: not now; -1: it cannot. */
int connection_write(struct connection *c);

void connection_release(struct connection *c);

#endif
