#include "run/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/instant.h"

static void notify_send(const struct notify *notify, const char *text)
{
    (void)!send(notify->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A path, or with @ in front a name in the abstract namespace, which begins with a NUL. */
static int notify_connect(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t len = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof address.sun_path) return -1;
    memcpy(address.sun_path, name, len);
    if (name[0] == '@') address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    if (connect(fd, (const struct sockaddr *)&address, size) == 0) return fd;
    close(fd);
    return -1;
}

/* $WATCHDOG_USEC; three signs in that time, so that one may be late. $WATCHDOG_PID names the
 * manager's own child, which may be a script that started this tool: NotifyAccess=all is what lets
 * the tool speak for it. */
static int64_t watchdog_every(const char *text)
{
    if (text == NULL) return 0;
    char *end;
    const long long usec = strtoll(text, &end, 10);
    return end == text || *end != '\0' || usec <= 0 ? 0 : usec / 3 + 1;
}

void notify_open(struct notify *notify)
{
    const char *name = getenv("NOTIFY_SOCKET");
    *notify = (struct notify){.fd = name == NULL ? -1 : notify_connect(name)};
    if (notify->fd >= 0) notify->every_us = watchdog_every(getenv("WATCHDOG_USEC"));
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void notify_ready(struct notify *notify)
{
    if (notify->fd < 0) return;
    notify_send(notify, "READY=1");
    notify->due_us = instant_steady();
}

int64_t notify_tick(struct notify *notify)
{
    if (notify->every_us == 0) return INT64_MAX;
    const int64_t now_us = instant_steady();
    if (now_us >= notify->due_us) {
        notify_send(notify, "WATCHDOG=1");
        notify->due_us = now_us + notify->every_us;
    }
    return notify->due_us - now_us;
}

void notify_stopping(struct notify *notify)
{
    if (notify->fd < 0) return;
    notify_send(notify, notify->every_us == 0 ? "STOPPING=1" : "STOPPING=1\nWATCHDOG=1");
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0) close(notify->fd);
    notify->fd = -1;
}
