#include "collect/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"

/* The first descriptor that systemd passes. */
#define GIVEN_FIRST 3

/* So many connections may wait to be accepted; the kernel may allow fewer. */
#define BACKLOG 4096

static struct listener *listener_new(struct listeners *listeners)
{
    listeners->listener =
        memory_resize(listeners->listener, listeners->count + 1, sizeof listeners->listener[0]);
    struct listener *const listener = &listeners->listener[listeners->count++];
    *listener = (struct listener){.fd = -1};
    return listener;
}

static void on(int fd, int level, int option)
{
    const int yes = 1;
    (void)setsockopt(fd, level, option, &yes, sizeof yes);
}

/* --- given by systemd --- */

static long number_of(const char *variable)
{
    const char *const text = getenv(variable);
    char *end;
    if (text == NULL || *text == '\0') return -1;
    const long number = strtol(text, &end, 10);
    return *end == '\0' ? number : -1;
}

/* The name of the next socket, `a:b:c`; *names goes behind it. */
static bool name_is_admin(const char **names)
{
    if (*names == NULL) return false;
    const size_t len = strcspn(*names, ":");
    const bool is_admin = len == 5 && memcmp(*names, "admin", 5) == 0;
    *names = (*names)[len] == ':' ? *names + len + 1 : NULL;
    return is_admin;
}

size_t listeners_given(struct listeners *listeners)
{
    const long count = number_of("LISTEN_PID") == (long)getpid() ? number_of("LISTEN_FDS") : 0;
    const char *names = getenv("LISTEN_FDNAMES");
    for (int fd = GIVEN_FIRST; fd < GIVEN_FIRST + count; fd++) {
        struct listener *const listener = listener_new(listeners);
        int listens = 0;
        struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
        socklen_t len = sizeof listens, address_len = sizeof address;
        listener->name = "socket of the service manager";
        listener->fd = fd;
        listener->given = true;
        listener->admin = name_is_admin(&names);
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0 || !listens ||
            getsockname(fd, (struct sockaddr *)&address, &address_len) != 0)
            die("descriptor %d, which LISTEN_FDS passes, is no listening stream socket (a socket "
                "unit needs ListenStream= and Accept=no)",
                fd);
        listener->is_unix = address.ss_family == AF_UNIX;
        (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
        on(fd, IPPROTO_TCP, TCP_NODELAY);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return listeners->count;
}

/* --- opened here --- */

/* Does somebody answer at that socket? */
static bool is_answered(const struct sockaddr_un *address)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) die_errno("socket");
    const bool answered =
        connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 || errno == EAGAIN;
    close(fd);
    return answered;
}

static void unix_open(struct listener *listener, const char *option, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat there;
    if (*path == '\0' || strlen(path) >= sizeof address.sun_path)
        die_usage("--%s: '%s': the path of a Unix socket has 1 to %zu bytes", option,
                  listener->name, sizeof address.sun_path - 1);
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (lstat(path, &there) == 0) {
        if (!S_ISSOCK(there.st_mode)) die("--%s: %s is there, and is no socket", option, path);
        if (is_answered(&address)) die("--%s: %s: another process listens there", option, path);
        if (unlink(path) != 0) die_errno("--%s: %s", option, path);
    }
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0 ||
        bind(listener->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        die_errno("--%s: %s", option, path);
    listener->is_unix = true;
    listener->path = memory_text(path, strlen(path));
}

/* HOST:PORT taken apart; false: it is none. host is the caller's to free. */
static bool host_split(const char *text, char **host, const char **port)
{
    const char *const colon = strrchr(text, ':');
    if (colon == NULL || colon[1] == '\0') return false;
    size_t len = (size_t)(colon - text);
    const bool brackets = len >= 2 && text[0] == '[' && text[len - 1] == ']';
    if (!brackets && memchr(text, ':', len) != NULL) return false;
    if (brackets) {
        text++;
        len -= 2;
    }
    if (len == 0 || strlen(colon + 1) > 5 || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        atoi(colon + 1) > 65535)
        return false;
    *host = memory_text(text, len);
    *port = colon + 1;
    return true;
}

static void tcp_open(struct listener *listener, const char *option, bool shared)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char *host;
    const char *port;
    if (!host_split(listener->name, &host, &port))
        die_usage("--%s: '%s' is no address (127.0.0.1:8080, [::1]:8080, *:8080 or unix:PATH)",
                  option, listener->name);
    const bool any = strcmp(host, "*") == 0;
    const int status = getaddrinfo(any ? "::" : host, port, &hints, &found);
    if (status != 0) die_usage("--%s: %s: %s", option, listener->name, gai_strerror(status));
    const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) die_errno("--%s: %s", option, listener->name);
    on(fd, SOL_SOCKET, SO_REUSEADDR);
    if (shared) on(fd, SOL_SOCKET, SO_REUSEPORT);
    on(fd, IPPROTO_TCP, TCP_NODELAY); /* connections inherit it */
    const int only = !any;
    if (found->ai_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
    if (bind(fd, found->ai_addr, found->ai_addrlen) != 0)
        die_errno("--%s: %s", option, listener->name);
    listener->fd = fd;
    freeaddrinfo(found);
    free(host);
}

void listeners_add(struct listeners *listeners, const char *option, const char *address, bool admin,
                   bool shared)
{
    struct listener *const listener = listener_new(listeners);
    listener->name = address;
    listener->admin = admin;
    if (strncmp(address, "unix:", 5) == 0)
        unix_open(listener, option, address + 5);
    else
        tcp_open(listener, option, shared);
    if (listen(listener->fd, BACKLOG) != 0) die_errno("--%s: %s", option, address);
}

void listeners_again(struct listeners *listeners, const struct listeners *all)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct listener *const first = &all->listener[i];
        if (first->admin) continue;
        if (first->is_unix || first->given) {
            struct listener *const same = listener_new(listeners);
            *same = *first;
            same->path = NULL;
            same->fd = fcntl(first->fd, F_DUPFD_CLOEXEC, 0);
            if (same->fd < 0) die_errno("%s", first->name);
            continue;
        }
        char *const where = listener_where(first); /* port 0 is the one that it has become */
        listeners_add(listeners, "listen", where, false, true);
        listeners->listener[listeners->count - 1].name = first->name;
        free(where);
    }
}

void listeners_leave(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        close(listeners->listener[i].fd);
        free(listeners->listener[i].path);
    }
    free(listeners->listener);
    *listeners = (struct listeners){.count = 0};
}

char *listener_where(const struct listener *listener)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    struct buffer text = {0};
    if (listener->is_unix || getsockname(listener->fd, (struct sockaddr *)&address, &len) != 0 ||
        getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return memory_text(listener->name, strlen(listener->name));
    buffer_printf(&text, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
    char *const copy = memory_text(text.data, text.len);
    buffer_release(&text);
    return copy;
}

void listeners_release(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->count; i++) {
        struct listener *const listener = &listeners->listener[i];
        close(listener->fd);
        if (listener->path != NULL) (void)unlink(listener->path);
        free(listener->path);
    }
    free(listeners->listener);
    *listeners = (struct listeners){.count = 0};
}
