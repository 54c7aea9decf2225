#include "supervise/ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/die.h"
#include "run/signals.h"

static int wake_fd = -1;

void ask_wake(int fd)
{
    wake_fd = fd;
}

_Noreturn void ask_leave(void)
{
    if (stop_signal == SIGINT) {
        signal(SIGINT, SIG_DFL);
        raise(SIGINT);
    }
    exit(EXIT_DONE);
}

static void wake_read(void)
{
    uint64_t count;
    (void)!read(wake_fd, &count, sizeof count);
}

void ask_nap(int64_t us)
{
    struct pollfd entry = {.fd = wake_fd, .events = POLLIN};
    if (poll(&entry, 1, (int)(us / 1000)) > 0) wake_read();
}

int ask(const struct process *process, struct buffer *answer, struct buffer *complaints)
{
    int out[2], err[2] = {-1, -1};
    struct process asked = *process;
    buffer_clear(answer);
    process_pipe(out);
    asked.out = out[1];
    if (complaints != NULL) {
        buffer_clear(complaints);
        process_pipe(err);
        asked.err = err[1];
    }
    const pid_t pid = process_start(&asked);
    close(out[1]);
    if (complaints != NULL) close(err[1]);
    while (out[0] >= 0 || err[0] >= 0) {
        if (stop_signal != 0) {
            kill(pid, SIGTERM);
            ask_leave();
        }
        struct pollfd entries[] = {{.fd = out[0], .events = POLLIN},
                                   {.fd = err[0], .events = POLLIN},
                                   {.fd = wake_fd, .events = POLLIN}};
        if (poll(entries, 3, -1) < 0) {
            if (errno != EINTR) die_errno("poll");
            continue;
        }
        if (entries[0].revents != 0) process_read(&out[0], answer);
        if (entries[1].revents != 0) process_read(&err[0], complaints);
        if (entries[2].revents != 0) wake_read();
    }
    return process_wait(pid);
}
