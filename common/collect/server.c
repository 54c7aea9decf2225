#include "collect/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/held.h"
#include "base/instant.h"
#include "base/memory.h"
#include "collect/connection.h"

/* So many events a turn, of ours: connections are the library's. */
enum { TURN_EVENTS = 16, TURN_ACCEPTS = 256 };

/* So often the library may go on in a turn. */
enum { TURN_RUNS = 8 };

/* Of the library's memory for a connection, which has to hold the head, a read of the body, and the
 * head of the answer. */
#define POOL_BYTES ((size_t)24 << 10)
#define POOL_STEP ((size_t)4 << 10)

/* So much of a body that nobody wants is read all the same: closing a connection while the client
 * still sends would take the answer away from him. */
#define THROW_BYTES ((size_t)1 << 20)

/* No connection can be accepted for lack of descriptors: until then. */
#define ACCEPT_AGAIN_US INT64_C(100000)

/* Connections in the order in which they were put there, so that the first is the first to be over
 * its time. */
struct connections {
    struct connection *first, *last;
    int64_t time_us; /* so long they may be there */
};

struct server {
    int epoll_fd; /* of ours; the library's is in it */
    struct MHD_Daemon *daemon;
    const struct listeners *listeners;
    const struct server_limits *limits;
    const struct server_user *user;
    struct server_counters counters;
    int64_t connections;
    struct connections idle, busy;
    struct connection *waiting;
    /* Of the connection that is being made. */
    const struct listener *accepting;
    struct peer peer;
    bool *full;  /* by listener: there may be more to accept */
    bool queued; /* answers, that have not gone out yet */
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

/* The library notices, and closes it. */
static void hang_up(struct connection *c)
{
    list_leave(c);
    (void)shutdown(c->fd, SHUT_RDWR);
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
    answer->close |= server->drains;
    connection_forget(c);
    c->status = answer->status;
    c->response = answer_response(answer, instant_now() / 1000000, &c->is_kept);
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
}

/* The answer goes to the library. */
static enum MHD_Result answer_queue(struct server *server, struct connection *c,
                                    struct MHD_Connection *library)
{
    const enum MHD_Result done = MHD_queue_response(library, (unsigned)c->status, c->response);
    connection_forget(c);
    c->state = CONNECTION_WRITES;
    server->queued = true;
    return done;
}

/* --- one request --- */

static struct exchange exchange_of(struct connection *c, struct slice body)
{
    return (struct exchange){
        .request = &c->request, .peer = &c->peer, .admin = c->admin, .body = body};
}

/* The head is there. */
static enum MHD_Result head_take(struct server *server, struct connection *c,
                                 struct MHD_Connection *library)
{
    struct exchange exchange = exchange_of(c, SLICE(""));
    server->counters.bytes += c->head_len;
    server->user->head(server->user->context, &exchange);
    c->state = CONNECTION_BODY;
    if (exchange.answer.status != 0) {
        server->counters.requests++;
        answer(server, c, &exchange.answer);
    } else if (c->request.length > server->limits->body_bytes) {
        refuse(server, c, 413, "too long a body");
    }
    if (c->response == NULL) return MHD_YES;
    /* Answered at once, the connection would end: the library reads no further then. */
    if (c->request.length > (int64_t)THROW_BYTES) return answer_queue(server, c, library);
    c->state = CONNECTION_THROWS;
    c->thrown = 0;
    return MHD_YES;
}

/* Nobody wants what has come of the body, nor the rest: it is thrown away, and then that is said.
 */
static void body_refuse(struct server *server, struct connection *c, int status, const char *why)
{
    refuse(server, c, status, why);
    buffer_release(&c->body);
    c->state = CONNECTION_THROWS;
    c->thrown = 0;
}

/* All of the body has come: the request is handled. */
static void request_take(struct server *server, struct connection *c, struct slice body)
{
    struct exchange exchange = exchange_of(c, body);
    server->counters.requests++;
    server->user->request(server->user->context, &exchange);
    answer(server, c, &exchange.answer);
    c->state = CONNECTION_READY;
    if (!exchange.waits) return;
    /* The library asks again when it runs the next time: behind the commit. */
    c->state = CONNECTION_WAITS;
    list_leave(c);
    c->next_waiting = server->waiting;
    server->waiting = c;
}

/* Some of the body. */
static enum MHD_Result body_take(struct server *server, struct connection *c, const char *data,
                                 size_t len)
{
    server->counters.bytes += len;
    if (c->state == CONNECTION_BODY && c->body.len + len > (size_t)server->limits->body_bytes)
        body_refuse(server, c, 413, "too long a body");
    if (c->state == CONNECTION_BODY && !held_allows((size_t)1 << 20))
        body_refuse(server, c, 503, "too much is under way");
    if (c->state == CONNECTION_THROWS) {
        c->thrown += len;
        return c->thrown > THROW_BYTES ? MHD_NO : MHD_YES;
    }
    /* Most come in one piece, and are read where they lie. */
    if (c->body.len == 0 && c->request.length == (int64_t)len)
        request_take(server, c, (struct slice){.text = data, .len = len});
    else
        buffer_add(&c->body, data, len);
    return MHD_YES;
}

/* The library says that all of the request is there. */
static enum MHD_Result request_end_take(struct server *server, struct connection *c,
                                        struct MHD_Connection *library)
{
    if (c->request.chunked && connection_has_trailers(c, library)) {
        refuse(server, c, 400, "trailers");
        return answer_queue(server, c, library);
    }
    request_take(server, c, buffer_slice(&c->body));
    return c->state == CONNECTION_READY ? answer_queue(server, c, library) : MHD_YES;
}

/* MHD_AccessHandlerCallback: called when the head has come, for each piece of the body, and when
 * all has, until there is an answer. */
static enum MHD_Result handle(void *context, struct MHD_Connection *library, const char *target,
                              const char *method, const char *version, const char *data,
                              size_t *len, void **of_request)
{
    struct server *const server = context;
    struct connection *const c = *of_request;
    const size_t some = *len;
    const char *why;
    int status;
    switch (c->state) {
    case CONNECTION_IDLE:
    case CONNECTION_HEAD:
        if ((why = connection_head(c, library, method, target, version, &status)) == NULL)
            return head_take(server, c, library);
        refuse(server, c, status, why);
        return answer_queue(server, c, library);
    case CONNECTION_BODY:
        *len = 0;
        return some != 0 ? body_take(server, c, data, some) : request_end_take(server, c, library);
    case CONNECTION_THROWS:
        *len = 0;
        return some != 0 ? body_take(server, c, data, some) : answer_queue(server, c, library);
    case CONNECTION_READY: return answer_queue(server, c, library);
    case CONNECTION_WAITS:
    case CONNECTION_WRITES: break;
    }
    return MHD_YES;
}

static struct connection *connection_of(struct MHD_Connection *library)
{
    return MHD_get_connection_info(library, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The first line of a request has come: what it returns is the request's for the library. */
static void *begun(void *context, const char *target, struct MHD_Connection *library)
{
    struct connection *const c = connection_of(library);
    c->target_len = strlen(target);
    c->state = CONNECTION_HEAD;
    c->request = (struct request){.length = -1};
    list_join(context, c, &((struct server *)context)->busy);
    return c;
}

/* MHD_RequestCompletedCallback: the answer has gone, or never will. */
static void completed(void *context, struct MHD_Connection *library, void **of_request,
                      enum MHD_RequestTerminationCode end)
{
    struct server *const server = context;
    struct connection *const c = *of_request;
    const union MHD_ConnectionInfo *const info =
        MHD_get_connection_info(library, MHD_CONNECTION_INFO_HTTP_STATUS);
    if (end == MHD_REQUEST_TERMINATED_COMPLETED_OK && info != NULL)
        count(server, (int)info->http_status);
    buffer_release(&c->body);
    if (c->state == CONNECTION_WAITS) return; /* it is in that list */
    connection_forget(c);
    c->state = CONNECTION_IDLE;
    list_leave(c);
    list_join(server, c, &server->idle);
}

/* --- new connections --- */

/* MHD_NotifyConnectionCallback. */
static void came_or_went(void *context, struct MHD_Connection *library, void **of_socket,
                         enum MHD_ConnectionNotificationCode what)
{
    struct server *const server = context;
    struct connection *c = *of_socket;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        server->connections--;
        held_drop(HELD_TEXTS, POOL_BYTES);
        list_leave(c);
        c->is_gone = true;
        if (c->state != CONNECTION_WAITS) connection_free(c);
        return;
    }
    *of_socket = c = memory_zero(1, sizeof *c);
    c->fd = MHD_get_connection_info(library, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    c->admin = server->accepting->admin;
    c->peer = server->peer;
    server->connections++;
    server->counters.accepted++;
    held_add(HELD_TEXTS, POOL_BYTES);
    list_join(server, c, &server->idle);
}

/* The connection that has been idle longest goes. False: there is none. */
static bool evict(struct server *server)
{
    if (server->idle.first == NULL) return false;
    server->counters.evicted++;
    hang_up(server->idle.first);
    return true;
}

/* One more; false: there is none, or no room. */
static bool accept_one(struct server *server, size_t number)
{
    const struct listener *const listener = &server->listeners->listener[number];
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (server->connections >= server->limits->connections) {
        (void)evict(server); /* there is room when the library has closed it */
        return false;
    }
    const int fd =
        accept4(listener->fd, (struct sockaddr *)&address, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        server->accepting = listener;
        server->peer = peer_of((const struct sockaddr *)&address, len);
        (void)MHD_add_connection(server->daemon, fd, (const struct sockaddr *)&address, len);
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
    static const char slow[] = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n"
                               "Connection: close\r\n\r\n";
    struct connection *c;
    while ((c = server->idle.first) != NULL && c->since_us + server->idle.time_us <= server->now_us)
        hang_up(c);
    while ((c = server->busy.first) != NULL &&
           c->since_us + server->busy.time_us <= server->now_us) {
        /* The library has said nothing yet. */
        if (c->state < CONNECTION_WAITS) {
            (void)!send(c->fd, slow, sizeof slow - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
            count(server, 408);
        }
        hang_up(c);
    }
}

/* How long until the first of them is over its time. */
static int64_t list_due(const struct server *server, const struct connections *list)
{
    if (list->first == NULL) return INT64_MAX;
    const int64_t left_us = list->first->since_us + list->time_us - server->now_us;
    return left_us < 0 ? 0 : left_us;
}

/* Has the library something to do at once? */
static bool library_goes_on(const struct server *server)
{
    MHD_UNSIGNED_LONG_LONG ms;
    return MHD_get_timeout(server->daemon, &ms) == MHD_YES && ms == 0;
}

/* For epoll_wait: in milliseconds, no earlier than that. */
static int timeout_ms(const struct server *server, int64_t wait_us)
{
    const struct connections *const lists[] = {&server->idle, &server->busy};
    if (library_goes_on(server)) return 0;
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
    const struct listener *const listener = event->data.ptr;
    if (listener != NULL) server->full[listener - server->listeners->listener] = true;
}

static void waiting_answer(struct server *server)
{
    if (server->waiting == NULL) return;
    const bool good = server->user->commit(server->user->context);
    struct connection *next;
    for (struct connection *c = server->waiting; c != NULL; c = next) {
        next = c->next_waiting;
        c->state = CONNECTION_READY;
        if (c->is_gone) {
            connection_free(c);
            continue;
        }
        if (!good) {
            struct exchange exchange = exchange_of(c, SLICE(""));
            server->user->failed(server->user->context, &exchange);
            answer(server, c, &exchange.answer);
        }
        list_join(server, c, &server->busy);
    }
    server->waiting = NULL;
}

/* What has come is handled, and who waits for his rows is answered. Answers go out before the next
 * group is made durable. */
static void library_run(struct server *server)
{
    for (int runs = 0; runs < TURN_RUNS; runs++) {
        server->queued = false;
        (void)MHD_run(server->daemon);
        if (server->queued) continue;
        waiting_answer(server);
        if (!library_goes_on(server)) break;
    }
    waiting_answer(server);
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
    library_run(server);
    over_time(server);
}

/* --- the server --- */

static void watch(struct server *server, int fd, uint32_t what, const void *whose)
{
    struct epoll_event event = {.events = what, .data.ptr = (void *)(uintptr_t)whose};
    /* A regular file is always ready. */
    if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 && errno != EPERM)
        die_errno("epoll_ctl");
}

/* Targets stay as they were sent. */
static size_t untouched(void *context, struct MHD_Connection *library, char *text)
{
    (void)context;
    (void)library;
    return strlen(text);
}

/* Nothing is said of what clients do wrong. */
static void unsaid(void *context, const char *format, va_list values)
{
    (void)context;
    (void)format;
    (void)values;
}

static struct MHD_Daemon *daemon_start(struct server *server)
{
    struct MHD_Daemon *const daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle, server,
        MHD_OPTION_EXTERNAL_LOGGER, unsaid, server, MHD_OPTION_URI_LOG_CALLBACK, begun, server,
        MHD_OPTION_UNESCAPE_CALLBACK, untouched, NULL, MHD_OPTION_NOTIFY_COMPLETED, completed,
        server, MHD_OPTION_NOTIFY_CONNECTION, came_or_went, server, MHD_OPTION_STRICT_FOR_CLIENT, 0,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, POOL_BYTES, MHD_OPTION_CONNECTION_MEMORY_INCREMENT,
        POOL_STEP, MHD_OPTION_CONNECTION_LIMIT, (unsigned)server->limits->connections + 16,
        MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_END);
    if (daemon == NULL) die_errno("libmicrohttpd");
    return daemon;
}

struct server *server_new(const struct listeners *listeners, const struct server_limits *limits,
                          const struct server_user *user)
{
    struct server *const server = memory_zero(1, sizeof *server);
    server->listeners = listeners;
    server->limits = limits;
    server->user = user;
    server->idle.time_us = limits->idle_us;
    server->busy.time_us = limits->request_us;
    server->full = memory_zero(listeners->count + 1, sizeof server->full[0]);
    server->now_us = instant_steady();
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll_fd < 0) die_errno("epoll_create1");
    server->daemon = daemon_start(server);
    watch(server, MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->listen_fd, EPOLLIN,
          NULL);
    for (size_t i = 0; i < listeners->count; i++) {
        server->full[i] = true; /* somebody may have come already */
        watch(server, listeners->listener[i].fd, EPOLLIN | EPOLLET, &listeners->listener[i]);
    }
    return server;
}

void server_watch(struct server *server, int fd, bool to_write)
{
    watch(server, fd, to_write ? EPOLLOUT | EPOLLET : EPOLLIN, NULL);
}

void server_drain(struct server *server)
{
    server->drains = true;
    while (server->idle.first != NULL)
        hang_up(server->idle.first);
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

void server_free(struct server *server)
{
    MHD_stop_daemon(server->daemon);
    answer_release();
    close(server->epoll_fd);
    free(server->full);
    free(server);
}
