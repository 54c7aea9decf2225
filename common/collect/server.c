#include "collect/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/held.h"
#include "base/instant.h"
#include "base/memory.h"
#include "collect/connection.h"

/* So many events a turn: what is behind them comes in the next one. */
enum { TURN_EVENTS = 512, TURN_ACCEPTS = 256 };

/* So many requests of one connection are handled before it is the others' turn. */
enum { TURN_REQUESTS = 16 };

/* How long a connection that is done with lingers, and for how many bytes: closing it while the
 * client still sends would take the answer away from him. */
#define LINGER_US INT64_C(2000000)
#define LINGER_BYTES ((size_t)1 << 20)

/* No connection can be accepted for lack of descriptors: until then. */
#define ACCEPT_AGAIN_US INT64_C(100000)

/* Connections in the order in which they were put there, so that the first is the first to be over
 * its time. */
struct connections {
    struct connection *first, *last;
    int64_t time_us; /* so long they may be there */
};

struct server {
    int epoll_fd;
    const struct listeners *listeners;
    const struct server_limits *limits;
    const struct server_user *user;
    struct server_counters counters;
    int64_t connections;
    struct connections idle, busy, lingering;
    struct connection *queue, *queue_last; /* to be looked at */
    struct connection *waiting, *dead;
    bool *full; /* by listener: there may be more to accept */
    int64_t accept_again_us;
    bool drains;
    int64_t now_us; /* steady clock, as of this turn */
};

/* --- lists --- */

static void list_leave(struct connection *c)
{
    struct connections *const list = c->list;
    if (list == NULL) return;
    *(c->earlier == NULL ? &list->first : &c->earlier->later) = c->later;
    *(c->later == NULL ? &list->last : &c->later->earlier) = c->earlier;
    c->list = NULL;
    c->earlier = c->later = NULL;
}

static void list_join(struct server *server, struct connection *c, struct connections *list)
{
    if (c->list == list && list == &server->busy) return; /* its time goes on */
    list_leave(c);
    c->list = list;
    c->since_us = server->now_us;
    c->earlier = list->last;
    *(list->last == NULL ? &list->first : &list->last->later) = c;
    list->last = c;
}

static void queue_add(struct server *server, struct connection *c)
{
    if (c->queued || c->is_dead) return;
    c->queued = true;
    c->next_queued = NULL;
    *(server->queue == NULL ? &server->queue : &server->queue_last->next_queued) = c;
    server->queue_last = c;
}

static void end(struct server *server, struct connection *c)
{
    if (c->is_dead) return;
    list_leave(c);
    connection_release(c);
    c->is_dead = true; /* events of this turn may still name it */
    c->next_dead = server->dead;
    server->dead = c;
    server->connections--;
}

/* --- answers --- */

static void count(struct server *server, int status)
{
    struct server_counters *const counters = &server->counters;
    counters->answers[status / 100 % 6]++;
    counters->bad += status == 400;
    counters->slow += status == 408;
    counters->large += status == 413 || status == 431;
    counters->busy += status == 503;
}

static void answer(struct server *server, struct connection *c, struct answer *answer)
{
    answer->close |= c->close || server->drains;
    c->close = answer->close;
    c->status = answer->status;
    buffer_clear(&c->out);
    c->written = 0;
    answer_add(&c->out, answer, instant_now() / 1000000);
}

/* Says what is wrong, and is done with the connection. */
static void refuse(struct server *server, struct connection *c, int status, const char *why)
{
    static struct buffer text;
    buffer_clear(&text);
    buffer_printf(&text, "%s\n", why);
    struct answer said = {.status = status,
                          .close = true,
                          .retry_after_s = status == 503 ? 5 : 0,
                          .type = SLICE("text/plain; charset=utf-8"),
                          .body = buffer_slice(&text)};
    answer(server, c, &said);
    c->state = CONNECTION_WRITES;
}

/* --- one connection --- */

static struct exchange exchange_of(struct connection *c, struct slice body)
{
    return (struct exchange){
        .request = &c->request, .peer = &c->peer, .admin = c->admin, .body = body};
}

/* The head is there. */
static void head_take(struct server *server, struct connection *c)
{
    struct exchange exchange = exchange_of(c, SLICE(""));
    server->user->head(server->user->context, &exchange);
    c->state = CONNECTION_BODY;
    if (exchange.answer.status == 0 && c->request.length > server->limits->body_bytes) {
        refuse(server, c, 413, "too long a body");
    } else if (exchange.answer.status != 0) {
        /* Nobody reads the body. */
        exchange.answer.close |= c->request.length > 0 || c->request.chunked;
        server->counters.requests++;
        answer(server, c, &exchange.answer);
        c->state = CONNECTION_WRITES;
    } else if (c->expects && (c->request.length > 0 || c->request.chunked)) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
        /* So few bytes always fit; who does not get them sends his body all the same. */
        (void)!send(c->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

/* All of the request is there. */
static void request_take(struct server *server, struct connection *c)
{
    struct exchange exchange = exchange_of(c, connection_body_slice(c));
    server->counters.requests++;
    server->user->request(server->user->context, &exchange);
    if (exchange.waits) {
        /* Made now, as what it says may be gone by then. */
        answer(server, c, &exchange.answer);
        c->state = CONNECTION_WAITS;
        list_leave(c);
        c->next_waiting = server->waiting;
        server->waiting = c;
        return;
    }
    answer(server, c, &exchange.answer);
    c->state = CONNECTION_WRITES;
}

/* Reads; false: nothing has come. */
static bool more(struct server *server, struct connection *c)
{
    if (!c->readable) return false;
    if (!held_allows((size_t)1 << 20) && c->in.len != 0) {
        refuse(server, c, 503, "too much is under way");
        return true;
    }
    const int64_t got = connection_read(c);
    if (got < 0) {
        end(server, c); /* nothing complete has come */
        return false;
    }
    server->counters.bytes += (uint64_t)got;
    if (got > 0) list_join(server, c, &server->busy);
    return got > 0;
}

/* The answer has gone. */
static void answered(struct server *server, struct connection *c)
{
    count(server, c->status);
    if (c->close) {
        (void)shutdown(c->fd, SHUT_WR);
        buffer_release(&c->in);
        c->state = CONNECTION_LINGERS;
        c->thrown = 0;
        list_join(server, c, &server->lingering);
        return;
    }
    connection_next(c);
    c->state = CONNECTION_HEAD;
    list_leave(c); /* the time of the next request begins anew */
    list_join(server, c, c->in.len == 0 ? &server->idle : &server->busy);
}

/* What comes is thrown away. False: nothing more can be done now. */
static bool linger(struct server *server, struct connection *c)
{
    if (!c->readable) return false;
    const int64_t got = connection_read(c);
    c->thrown += got > 0 ? (size_t)got : 0;
    buffer_release(&c->in);
    if (got < 0 || c->thrown > LINGER_BYTES) end(server, c);
    return got > 0 && !c->is_dead;
}

/* One step; false: it has to wait for something. */
static bool step(struct server *server, struct connection *c)
{
    switch (c->state) {
    case CONNECTION_HEAD:
        switch (connection_head(c)) {
        case CONNECTION_PART: return more(server, c);
        case CONNECTION_WHOLE: head_take(server, c); return true;
        case CONNECTION_REFUSED: refuse(server, c, c->request.status, c->request.why); return true;
        }
        return false;
    case CONNECTION_BODY:
        switch (connection_body(c, (size_t)server->limits->body_bytes)) {
        case CONNECTION_PART: return more(server, c);
        case CONNECTION_WHOLE: request_take(server, c); return true;
        case CONNECTION_REFUSED: refuse(server, c, c->request.status, c->request.why); return true;
        }
        return false;
    case CONNECTION_WAITS: return false;
    case CONNECTION_WRITES: {
        const int wrote = connection_write(c);
        if (wrote < 0) end(server, c);
        if (wrote == 0) list_join(server, c, &server->busy);
        if (wrote > 0) answered(server, c);
        return wrote > 0;
    }
    case CONNECTION_LINGERS: return linger(server, c);
    }
    return false;
}

static void look_at(struct server *server, struct connection *c)
{
    const uint64_t before = server->counters.requests;
    while (!c->is_dead && step(server, c)) {
        if (server->counters.requests - before < TURN_REQUESTS) continue;
        queue_add(server, c);
        return;
    }
}

/* --- new connections --- */

static void accepted(struct server *server, const struct listener *listener, int fd,
                     const struct sockaddr *address, socklen_t len)
{
    struct connection *const c = memory_zero(1, sizeof *c);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    c->fd = fd;
    c->peer = peer_of(address, len);
    c->admin = listener->admin;
    c->readable = true;
    server->connections++;
    server->counters.accepted++;
    list_join(server, c, &server->idle);
    if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) die_errno("epoll_ctl");
    queue_add(server, c);
}

/* The connection that has been idle longest goes. False: there is none. */
static bool evict(struct server *server)
{
    if (server->idle.first == NULL) return false;
    server->counters.evicted++;
    end(server, server->idle.first);
    return true;
}

/* One more; false: there is none, or no room. */
static bool accept_one(struct server *server, size_t number)
{
    const struct listener *const listener = &server->listeners->listener[number];
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (server->connections >= server->limits->connections && !evict(server)) return false;
    const int fd =
        accept4(listener->fd, (struct sockaddr *)&address, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        accepted(server, listener, fd, (const struct sockaddr *)&address, len);
        return true;
    }
    if (errno == EAGAIN) server->full[number] = false;
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
        return errno != EAGAIN; /* what was wrong with that one connection is its own affair */
    if (!evict(server)) server->accept_again_us = server->now_us + ACCEPT_AGAIN_US;
    return false;
}

static void accept_all(struct server *server)
{
    if (server->drains || server->now_us < server->accept_again_us) return;
    for (size_t i = 0; i < server->listeners->count; i++)
        for (int n = 0; server->full[i] && n < TURN_ACCEPTS && accept_one(server, i); n++)
            ;
}

/* --- turns --- */

static void over_time(struct server *server)
{
    struct connection *c;
    while ((c = server->idle.first) != NULL && c->since_us + server->idle.time_us <= server->now_us)
        end(server, c);
    while ((c = server->lingering.first) != NULL &&
           c->since_us + server->lingering.time_us <= server->now_us)
        end(server, c);
    while ((c = server->busy.first) != NULL &&
           c->since_us + server->busy.time_us <= server->now_us) {
        list_leave(c);
        if (c->state == CONNECTION_WRITES) {
            end(server, c);
            continue;
        }
        refuse(server, c, 408, "too slow");
        queue_add(server, c);
    }
}

/* How long until the first of them is over its time. */
static int64_t list_due(const struct server *server, const struct connections *list)
{
    if (list->first == NULL) return INT64_MAX;
    const int64_t left_us = list->first->since_us + list->time_us - server->now_us;
    return left_us < 0 ? 0 : left_us;
}

/* For epoll_wait: in milliseconds, no earlier than that. */
static int timeout_ms(const struct server *server, int64_t wait_us)
{
    const struct connections *const lists[] = {&server->idle, &server->busy, &server->lingering};
    if (server->queue != NULL) return 0;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const int64_t due_us = list_due(server, lists[i]);
        if (due_us < wait_us) wait_us = due_us;
    }
    /* A listener with more to accept tells of it no second time. */
    for (size_t i = 0; i < server->listeners->count; i++)
        if (server->full[i] && !server->drains && wait_us > ACCEPT_AGAIN_US)
            wait_us = server->connections < server->limits->connections &&
                              server->now_us >= server->accept_again_us
                          ? 0
                          : ACCEPT_AGAIN_US;
    return wait_us > INT64_C(60000000) ? 60000 : (int)((wait_us + 999) / 1000);
}

static void event_take(struct server *server, const struct epoll_event *event)
{
    const struct listener *const first = server->listeners->listener;
    const struct listener *const listener = event->data.ptr;
    if (event->data.ptr == NULL) return; /* of server_watch: its owner looks */
    if ((uintptr_t)listener >= (uintptr_t)first &&
        (uintptr_t)listener < (uintptr_t)(first + server->listeners->count)) {
        server->full[listener - first] = true;
        return;
    }
    struct connection *const c = event->data.ptr;
    if ((event->events & ~(unsigned)EPOLLOUT) != 0) c->readable = true;
    if ((event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) c->hung_up = true;
    queue_add(server, c);
}

static void waiting_answer(struct server *server)
{
    if (server->waiting == NULL) return;
    const bool good = server->user->commit(server->user->context);
    struct connection *next;
    for (struct connection *c = server->waiting; c != NULL; c = next) {
        next = c->next_waiting;
        if (!good) {
            struct exchange exchange = exchange_of(c, SLICE(""));
            server->user->failed(server->user->context, &exchange);
            answer(server, c, &exchange.answer);
        }
        c->state = CONNECTION_WRITES;
        queue_add(server, c);
    }
    server->waiting = NULL;
}

static void queue_run(struct server *server)
{
    struct connection *next;
    struct connection *const queue = server->queue;
    server->queue = server->queue_last = NULL;
    for (struct connection *c = queue; c != NULL; c = next) {
        next = c->next_queued;
        c->queued = false;
        if (!c->is_dead) look_at(server, c);
    }
}

/* Those that are in the queue are freed when they have come out of it. */
static void dead_free(struct server *server)
{
    struct connection *next;
    struct connection *const dead = server->dead;
    server->dead = NULL;
    for (struct connection *c = dead; c != NULL; c = next) {
        next = c->next_dead;
        if (!c->queued) {
            free(c);
            continue;
        }
        c->next_dead = server->dead;
        server->dead = c;
    }
}

void server_turn(struct server *server, int64_t wait_us)
{
    struct epoll_event events[TURN_EVENTS];
    const int wait_ms = timeout_ms(server, wait_us);
    int found = epoll_wait(server->epoll_fd, events, TURN_EVENTS, wait_ms);
    if (found < 0 && errno != EINTR) die_errno("epoll_wait");
    server->now_us = instant_steady();
    for (int i = 0; i < found; i++)
        event_take(server, &events[i]);
    accept_all(server);
    queue_run(server);
    waiting_answer(server);
    over_time(server);
    queue_run(server); /* answers go out at once */
    waiting_answer(server);
    dead_free(server);
}

/* --- the server --- */

struct server *server_new(const struct listeners *listeners, const struct server_limits *limits,
                          const struct server_user *user)
{
    struct server *const server = memory_zero(1, sizeof *server);
    server->listeners = listeners;
    server->limits = limits;
    server->user = user;
    server->idle.time_us = limits->idle_us;
    server->busy.time_us = limits->request_us;
    server->lingering.time_us = LINGER_US;
    server->full = memory_zero(listeners->count + 1, sizeof server->full[0]);
    server->now_us = instant_steady();
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll_fd < 0) die_errno("epoll_create1");
    for (size_t i = 0; i < listeners->count; i++) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLET,
                                    .data.ptr = &listeners->listener[i]};
        server->full[i] = true; /* somebody may have come already */
        if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, listeners->listener[i].fd, &event) != 0)
            die_errno("epoll_ctl");
    }
    return server;
}

void server_watch(struct server *server, int fd, bool to_write)
{
    struct epoll_event event = {.events = to_write ? EPOLLOUT | EPOLLET : EPOLLIN};
    /* A regular file is always ready. */
    if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 && errno != EPERM)
        die_errno("epoll_ctl");
}

void server_drain(struct server *server)
{
    server->drains = true;
    while (server->idle.first != NULL)
        end(server, server->idle.first);
    for (size_t i = 0; i < server->listeners->count; i++)
        (void)epoll_ctl(server->epoll_fd, EPOLL_CTL_DEL, server->listeners->listener[i].fd, NULL);
}

int64_t server_connections(const struct server *server)
{
    return server->connections;
}

const struct server_counters *server_counters(const struct server *server)
{
    return &server->counters;
}

static void list_end(struct server *server, struct connections *list)
{
    while (list->first != NULL)
        end(server, list->first);
}

void server_free(struct server *server)
{
    list_end(server, &server->idle);
    list_end(server, &server->busy);
    list_end(server, &server->lingering);
    while (server->queue != NULL) {
        struct connection *const c = server->queue;
        server->queue = c->next_queued;
        c->queued = false;
        end(server, c);
    }
    dead_free(server);
    close(server->epoll_fd);
    free(server->full);
    free(server);
}
