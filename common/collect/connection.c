#include "collect/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A usual request fits in. */
#define READ_BYTES ((size_t)4 << 10)

int64_t connection_read(struct connection *c)
{
    /* As much as there is already, so that a long body takes few reads; but memory is only taken
     * for what comes. */
    const size_t room = c->in.len > READ_BYTES ? c->in.len : READ_BYTES;
    for (;;) {
        const ssize_t got = read(c->fd, buffer_reserve(&c->in, room), room);
        if (got > 0) {
            c->in.len += (size_t)got;
            /* That was all: what comes next is told of, the end too unless it has been. */
            if ((size_t)got < room && !c->hung_up) c->readable = false;
            return got;
        }
        if (got < 0 && errno == EINTR) continue;
        c->readable = false;
        return got < 0 && errno == EAGAIN ? 0 : -1;
    }
}

static enum connection_found refuse(struct connection *c, int status, const char *why)
{
    c->request.status = status;
    c->request.why = why;
    return CONNECTION_REFUSED;
}

enum connection_found connection_head(struct connection *c)
{
    struct request *const request = &c->request;
    if (c->in.len == 0) return CONNECTION_PART;
    switch (request_read(request, c->in.data, c->in.len, &c->seen)) {
    case REQUEST_BAD: return CONNECTION_REFUSED;
    case REQUEST_PART:
        if (c->in.len > CONNECTION_HEAD_BYTES) return refuse(c, 431, "too long a head");
        return CONNECTION_PART;
    case REQUEST_WHOLE: break;
    }
    if (request->head_len > CONNECTION_HEAD_BYTES) return refuse(c, 431, "too long a head");
    c->chunks = (struct chunks){.left = 0};
    c->body_len = 0;
    c->expects = request->expects && c->in.len == request->head_len;
    c->close = request->close;
    return CONNECTION_WHOLE;
}

static enum connection_found chunks_take(struct connection *c, size_t most)
{
    const size_t at = c->request.head_len + c->body_len;
    size_t body = 0, taken = 0;
    const enum chunks_found found =
        chunks_read(&c->chunks, c->in.data + at, c->in.len - at, most, &c->body_len, &body, &taken);
    if (found == CHUNKS_BAD) return refuse(c, 400, "chunks that are none");
    if (found == CHUNKS_LARGE) return refuse(c, 413, "too long a body");
    memmove(c->in.data + at + body, c->in.data + at + taken, c->in.len - at - taken);
    c->in.len -= taken - body;
    return found == CHUNKS_WHOLE ? CONNECTION_WHOLE : CONNECTION_PART;
}

enum connection_found connection_body(struct connection *c, size_t most)
{
    const struct request *const request = &c->request;
    if (request->chunked) {
        const enum connection_found found = chunks_take(c, most);
        if (found != CONNECTION_WHOLE) return found;
    } else if (request->length > 0) {
        if ((uint64_t)request->length > most) return refuse(c, 413, "too long a body");
        if (c->in.len - request->head_len < (size_t)request->length) return CONNECTION_PART;
        c->body_len = (size_t)request->length;
    }
    /* The buffer may have moved since the head came. */
    size_t seen = 0;
    (void)request_read(&c->request, c->in.data, c->request.head_len, &seen);
    return CONNECTION_WHOLE;
}

struct slice connection_body_slice(const struct connection *c)
{
    return (struct slice){.text = c->in.data + c->request.head_len, .len = c->body_len};
}

void connection_next(struct connection *c)
{
    const size_t done = c->request.head_len + c->body_len;
    if (done < c->in.len) memmove(c->in.data, c->in.data + done, c->in.len - done);
    c->in.len -= done;
    c->seen = c->body_len = 0;
    c->request.head_len = 0;
    if (c->in.len == 0) buffer_release(&c->in);
}

int connection_write(struct connection *c)
{
    while (c->written < c->out.len) {
        const ssize_t sent = send(c->fd, c->out.data + c->written, c->out.len - c->written,
                                  MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return errno == EAGAIN ? 0 : -1;
        c->written += (size_t)sent;
    }
    c->written = 0;
    buffer_release(&c->out);
    return 1;
}

void connection_release(struct connection *c)
{
    buffer_release(&c->in);
    buffer_release(&c->out);
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
}
