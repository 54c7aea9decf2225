/*
 * listener.h - the sockets that clients connect to.
 *
 *     127.0.0.1:8080  [::1]:8080  *:8080  localhost:8080   TCP
 *     unix:/run/clickstream/collect.sock                    a Unix socket
 *
 * Or they come from systemd (sd_listen_fds(3) without its library): a service that is started for
 * its first connection, or that shall not open ports itself. There a socket that is named admin
 * (FileDescriptorName=) is one of --admin. A Unix socket that nobody answers at is what a killed
 * process has left: it is taken away. One that this process has made is taken away when it ends.
 */
#ifndef CS_LISTENER_H
#define CS_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/option.h"

struct listener {
    const char *name; /* as it was given */
    int fd;
    bool admin;
    bool is_unix;
    bool given; /* by the service manager */
    char *path; /* of a Unix socket made here; owned; or NULL */
};

/* A zeroed struct has none. */
struct listeners {
    struct listener *listener;
    size_t count;
};

/* Those that the service manager has opened. Returns how many; they are taken out of the
 * environment. */
size_t listeners_given(struct listeners *listeners);

/* Opens one more. shared: other processes listen at the same port, and the kernel deals out
 * connections (SO_REUSEPORT). Anything wrong with the address is die_usage, and that it cannot be
 * had ends the process. */
void listeners_add(struct listeners *listeners, const char *option, const char *address, bool admin,
                   bool shared);

/* The same once more, for another process: TCP sockets of their own at the same ports, which must
 * be shared; Unix sockets and those of the service manager are the same ones. None of --admin. */
void listeners_again(struct listeners *listeners, const struct listeners *all);

/* They are another process's: closed here, and left as they are. */
void listeners_leave(struct listeners *listeners);

/* Where it listens, as "127.0.0.1:8080": port 0 has become one. The caller frees it. */
char *listener_where(const struct listener *listener);

void listeners_release(struct listeners *listeners);

#endif
