#include "run/signals.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"

volatile sig_atomic_t stop_signal, stats_wanted, reopen_wanted;
static int wait_fd = -1, wake_fd = -1;

static void on_stop(int signal)
{
    stop_signal = signal;
    waker_wake(wake_fd);
}

static void on_stats(int signal)
{
    (void)signal;
    stats_wanted = 1;
    waker_wake(wake_fd);
}

static void on_reopen(int signal)
{
    (void)signal;
    reopen_wanted = 1;
    waker_wake(wake_fd);
}

/* Something has happened that the loop will look for when it is awake: a save has ended. */
static void on_wake(int signal)
{
    (void)signal;
    waker_wake(wake_fd);
}

int signals_catch(bool children, bool files)
{
    if (!waker_open(&wait_fd, &wake_fd)) die_errno("a descriptor for signals");
    struct sigaction action = {.sa_handler = on_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    action.sa_flags = (int)SA_RESETHAND; /* a second ^C kills at once */
    sigaction(SIGINT, &action, NULL);
    /* Past ulimit -f a write fails, and is reported, instead of killing. */
    action = (struct sigaction){.sa_handler = SIG_IGN};
    sigaction(SIGXFSZ, &action, NULL);
    action = (struct sigaction){.sa_handler = on_stats};
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    action.sa_handler = on_reopen;
    if (files) sigaction(SIGHUP, &action, NULL);
    if (!children) return wait_fd;
    action = (struct sigaction){.sa_handler = on_wake, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    sigaction(SIGCHLD, &action, NULL);
    return wait_fd;
}

bool signals_wait(int fd)
{
    struct pollfd entries[] = {{.fd = fd, .events = POLLIN}, {.fd = wait_fd, .events = POLLIN}};
    while (poll(entries, 2, -1) < 0)
        if (errno != EINTR) die_errno("poll");
    uint64_t signals;
    if (entries[1].revents == 0) return true;
    (void)!read(wait_fd, &signals, sizeof signals);
    return false;
}
