/* notify: datagrams as systemd expects them, from the module and from a tool that runs. */
#include "run/notify.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static char abstract[64]; /* of this process: another build's test may run beside it */

/* ok, of one of several cases. */
static void holds(bool passed, const char *which, const char *name)
{
    char text[128];
    snprintf(text, sizeof text, "%s: %s", which, name);
    ok(passed, text);
}

/* The manager's end. '@' in front: a name in the abstract namespace. */
static int manager_listen(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", name);
    if (name[0] == '@') address.sun_path[0] = '\0';
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) != 0) return -1;
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

/* Is this the next datagram? Waits ten seconds for it. */
static bool manager_hears(int fd, const char *text)
{
    char got[64] = "";
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    if (poll(&readable, 1, 10000) != 1) return false;
    const ssize_t len = recv(fd, got, sizeof got - 1, 0);
    if (len < 0 || strcmp(got, text) == 0) return len >= 0;
    printf("# %s\n", got);
    return false;
}

static bool manager_hears_nothing(int fd)
{
    char got[1];
    return recv(fd, got, sizeof got, MSG_DONTWAIT) < 0;
}

static void module_test(const char *name)
{
    const int fd = manager_listen(name);
    setenv("WATCHDOG_USEC", "60000", 1);
    struct notify notify;
    notify_open(&notify);
    holds(getenv("NOTIFY_SOCKET") == NULL && getenv("WATCHDOG_USEC") == NULL, name,
          "children do not inherit the variables");
    holds(manager_hears_nothing(fd), name, "nothing is said before it is ready");
    notify_ready(&notify);
    holds(manager_hears(fd, "READY=1"), name, "ready");
    holds(notify_tick(&notify) == 20001, name, "three signs of life in the time allowed");
    holds(manager_hears(fd, "WATCHDOG=1"), name, "the first sign of life comes at once");
    (void)notify_tick(&notify);
    holds(manager_hears_nothing(fd), name, "the second does not");
    usleep(21000);
    (void)notify_tick(&notify);
    holds(manager_hears(fd, "WATCHDOG=1"), name, "it comes when it is due");
    notify_stopping(&notify);
    holds(manager_hears(fd, "STOPPING=1\nWATCHDOG=1"), name, "stopping");
    notify_close(&notify);
    close(fd);
    if (name[0] == '/') unlink(name);
}

/* Nobody there, a name that is none, no watchdog: never a failure. */
static void nobody_test(void)
{
    static const char *const names[] = {"/nonexistent/notify", "relative", "", "@", NULL};
    for (int i = 0; names[i] != NULL; i++) {
        struct notify notify;
        setenv("NOTIFY_SOCKET", names[i], 1);
        setenv("WATCHDOG_USEC", "1000000", 1);
        notify_open(&notify);
        notify_ready(&notify);
        holds(notify_tick(&notify) == INT64_MAX, names[i], "nobody listens, nothing happens");
        notify_stopping(&notify);
        notify_close(&notify);
    }
    const int fd = manager_listen(abstract);
    static const char *const spans[] = {"", "0", "-5", "1x", NULL};
    for (int i = 0; spans[i] != NULL; i++) {
        struct notify notify;
        setenv("NOTIFY_SOCKET", abstract, 1);
        setenv("WATCHDOG_USEC", spans[i], 1);
        notify_open(&notify);
        holds(notify_tick(&notify) == INT64_MAX, spans[i], "as WATCHDOG_USEC: no signs of life");
        notify_close(&notify);
    }
    close(fd);
}

/* A tool beside this test, reading from a pipe that says nothing. */
static void tool_test(const char *self)
{
    char tool[PATH_MAX];
    const char *slash = strrchr(self, '/');
    snprintf(tool, sizeof tool, "%.*s../cs-funnel", slash == NULL ? 0 : (int)(slash - self + 1),
             self);
    if (access(tool, X_OK) != 0) {
        ok(true, "a tool # skip it is not there");
        return;
    }
    const int fd = manager_listen(abstract);
    setenv("WATCHDOG_USEC", "300000", 1);
    int ends[2];
    if (pipe(ends) != 0) exit(1);
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(tool, tool, (char *)NULL);
        _exit(127);
    }
    close(ends[0]);
    ok(manager_hears(fd, "READY=1"), "a tool is ready");
    for (int i = 0; i < 3; i++)
        ok(manager_hears(fd, "WATCHDOG=1"), "a tool that waits for input is alive");
    close(ends[1]);
    bool alive = true; /* signs of life may come first */
    for (int i = 0; i < 5 && alive; i++) {
        char got[64] = "";
        alive = recv(fd, got, sizeof got - 1, 0) > 0 && strcmp(got, "WATCHDOG=1") == 0;
        if (!alive) ok(strcmp(got, "STOPPING=1\nWATCHDOG=1") == 0, "a tool is stopping");
    }
    int status;
    ok(waitpid(pid, &status, 0) == pid && status == 0, "and it ends well");
    close(fd);
}

int main(int argc, char **argv)
{
    (void)argc;
    char path[64];
    snprintf(path, sizeof path, "/tmp/notify-test.%ld", (long)getpid());
    snprintf(abstract, sizeof abstract, "@clickstream-notify.%ld", (long)getpid());
    module_test(abstract);
    module_test(path);
    nobody_test();
    tool_test(argv[0]);
    return plan();
}
