#include "collect/drain.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "base/die.h"

/* Memory that is kept when all has been written. */
#define KEPT_BYTES ((size_t)1 << 20)

bool drain_put(struct drain *drain, struct slice rows)
{
    if (drain->waiting.len - drain->written + rows.len > drain->most_bytes) return false;
    /* What has been written goes, once it is half of all. */
    if (drain->written > drain->waiting.len / 2) {
        memmove(drain->waiting.data, drain->waiting.data + drain->written,
                drain->waiting.len - drain->written);
        drain->waiting.len -= drain->written;
        drain->written = 0;
    }
    buffer_add_slice(&drain->waiting, rows);
    return true;
}

/* Is there room for a piece? */
static bool may_write(const struct drain *drain, int timeout_ms)
{
    struct pollfd entry = {.fd = drain->fd, .events = POLLOUT};
    const int count = poll(&entry, 1, timeout_ms);
    if (count < 0 && errno != EINTR) die_errno("poll");
    return count > 0;
}

static void pieces_write(struct drain *drain, int timeout_ms)
{
    while (drain_waits(drain) && may_write(drain, timeout_ms)) {
        const size_t left = drain->waiting.len - drain->written;
        const ssize_t written = write(drain->fd, drain->waiting.data + drain->written,
                                      left < PIPE_BUF ? left : PIPE_BUF);
        if (written < 0 && errno != EINTR && errno != EAGAIN) die_errno("standard output");
        if (written > 0) drain->written += (size_t)written;
    }
    if (drain_waits(drain)) return;
    drain->written = 0;
    buffer_trim(&drain->waiting, KEPT_BYTES);
}

void drain_write(struct drain *drain)
{
    pieces_write(drain, 0);
}

void drain_close(struct drain *drain)
{
    pieces_write(drain, -1);
    buffer_release(&drain->waiting);
    if (close(drain->fd) != 0) die_errno("standard output");
}
