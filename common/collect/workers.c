#include "collect/workers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "collect/figures.h"
#include "run/signals.h"

/* Until all are ready, they are looked at so often. */
#define READY_LOOK_MS 20

struct workers {
    pid_t *pid; /* 0: it has ended */
    size_t count, left;
    bool ending, is_ready;
    int status;
};

static void all_kill(const struct workers *workers, int signal)
{
    for (size_t i = 0; i < workers->count; i++)
        if (workers->pid[i] != 0) (void)kill(workers->pid[i], signal);
}

/* One has ended. */
static void ended(struct workers *workers, size_t number, int how)
{
    workers->pid[number] = 0;
    workers->left--;
    const bool by_signal = WIFSIGNALED(how);
    const bool asked = workers->ending && by_signal && WTERMSIG(how) == SIGINT;
    if (asked || (workers->ending && WIFEXITED(how) && WEXITSTATUS(how) == EXIT_DONE)) return;
    if (by_signal)
        message("worker %zu: died of %s", number + 1, strsignal(WTERMSIG(how)));
    else
        message("worker %zu: ended with %d", number + 1, WEXITSTATUS(how));
    if (workers->status == EXIT_DONE)
        workers->status =
            by_signal || WEXITSTATUS(how) == EXIT_DONE ? EXIT_FAILED : WEXITSTATUS(how);
    if (!workers->ending) all_kill(workers, SIGTERM);
    workers->ending = true;
}

static void ends_take(struct workers *workers)
{
    int how;
    for (pid_t pid; (pid = waitpid(-1, &how, WNOHANG)) > 0;)
        for (size_t i = 0; i < workers->count; i++)
            if (workers->pid[i] == pid) ended(workers, i, how);
}

static void signals_pass(struct workers *workers)
{
    if (stop_signal != 0 && !workers->ending) {
        workers->ending = true;
        all_kill(workers, stop_signal);
    }
    if (reopen_wanted) all_kill(workers, SIGHUP);
    if (stats_wanted && workers->pid[0] != 0) (void)kill(workers->pid[0], SIGUSR1);
    reopen_wanted = stats_wanted = 0;
}

static bool all_ready(const struct workers *workers)
{
    for (size_t i = 0; i < workers->count; i++)
        if (!figures_tally(i)->ready) return false;
    return true;
}

/* Has each done a turn lately? */
static bool all_alive(const struct workers *workers, const struct notify *notify)
{
    const int64_t now_us = instant_steady();
    for (size_t i = 0; i < workers->count; i++)
        if (workers->pid[i] != 0 && now_us - figures_tally(i)->alive_us > 3 * notify->every_us)
            return false;
    return true;
}

/* Speaks for them; how long until it has to again, in milliseconds; -1: never. */
static int manager_tell(struct workers *workers, struct notify *notify)
{
    if (!workers->is_ready) {
        workers->is_ready = all_ready(workers);
        if (!workers->is_ready) return READY_LOOK_MS;
        notify_ready(notify);
    }
    if (notify->every_us == 0) return -1;
    const int64_t due_us = all_alive(workers, notify) ? notify_tick(notify) : notify->every_us;
    return (int)(due_us / 1000) + 1;
}

static int wait_for_all(struct workers *workers, struct notify *notify)
{
    struct pollfd entry = {.fd = signals_catch(true, true), .events = POLLIN};
    uint64_t signals;
    while (workers->left > 0) {
        ends_take(workers);
        signals_pass(workers);
        if (workers->left == 0) break;
        if (poll(&entry, 1, manager_tell(workers, notify)) < 0 && errno != EINTR) die_errno("poll");
        if (entry.revents != 0) (void)!read(entry.fd, &signals, sizeof signals);
    }
    return workers->status;
}

int workers_run(size_t count, struct notify *notify, int *status)
{
    struct workers workers = {
        .pid = memory_zero(count, sizeof workers.pid[0]), .count = count, .left = count};
    const pid_t parent = getpid();
    for (size_t i = 0; i < count; i++) {
        const pid_t pid = fork();
        if (pid < 0) {
            all_kill(&workers, SIGTERM);
            die_errno("fork");
        }
        if (pid == 0) {
            free(workers.pid);
            die_with(parent);
            return (int)i;
        }
        workers.pid[i] = pid;
    }
    *status = wait_for_all(&workers, notify);
    free(workers.pid);
    return -1;
}
