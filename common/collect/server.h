/*
 * server.h - connections, and the requests that come on them.
 *
 * HTTP is libmicrohttpd's, driven by our own loop: its epoll descriptor is one of ours, and with
 * one process and one thread nothing is shared. (With its own thread, 0.9.75 stands still when
 * exactly 128 connections are ready, or 256.) A turn accepts who has come, lets the library read
 * and has each complete request handled; then those who wait for their rows to be durable have them
 * made so together (commit); only then are they answered. So one fdatasync serves as many requests
 * as came while the last one was under way. Nobody is suspended meanwhile: between two runs of the
 * library a connection without an answer waits by itself, and that saves two epoll_ctl a request.
 *
 * What the library has no clock or bound for is done here, by hanging up: how long a request may
 * take from its first line to its answer, how long a connection may be idle, and which one goes
 * when there are too many (the one that has been idle longest). Heads and bodies have bounds, too,
 * and --max-memory counts the library's memory for each connection.
 */
#ifndef CS_SERVER_H
#define CS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "collect/answer.h"
#include "collect/listener.h"
#include "collect/peer.h"
#include "collect/request.h"

/* A request and what it is answered. */
struct exchange {
    const struct request *request;
    const struct peer *peer; /* whoever is connected: a proxy, perhaps */
    bool admin;              /* it came by a socket of --admin */
    struct slice body;
    struct answer answer; /* status 0: not yet */
    bool waits;           /* for commit */
};

/* What the server's user does. */
struct server_user {
    /* The head has come: sets the answer where none of the body is wanted. */
    void (*head)(void *context, struct exchange *exchange);
    /* All has come: sets the answer. */
    void (*request)(void *context, struct exchange *exchange);
    /* Requests wait. False: they get the answer that failed sets. */
    bool (*commit)(void *context);
    void (*failed)(void *context, struct exchange *exchange);
    void *context;
};

struct server_limits {
    int64_t connections;
    int64_t request_us; /* from a request's first byte to its last, and for its answer */
    int64_t idle_us;
    int64_t body_bytes;
};

/* What has happened so far. */
struct server_counters {
    uint64_t accepted, evicted, requests, bytes;
    uint64_t answers[6];             /* by the status' first digit */
    uint64_t bad, slow, large, busy; /* of these: 400, 408, 413 and 431, 503 */
};

struct server;

/* Everything is borrowed and stays. */
struct server *server_new(const struct listeners *listeners, const struct server_limits *limits,
                          const struct server_user *user);

/* Also waits for fd: signals, or that it can be written to. */
void server_watch(struct server *server, int fd, bool to_write);

/* One turn; waits at most so long (INT64_MAX: for ever) for something to happen. */
void server_turn(struct server *server, int64_t wait_us);

/* No connection is accepted any more, idle ones are closed, and each is after its next answer. */
void server_drain(struct server *server);

/* How many connections there are. */
int64_t server_connections(const struct server *server);

const struct server_counters *server_counters(const struct server *server);

void server_free(struct server *server);

#endif
