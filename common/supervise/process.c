#include "supervise/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"

#define NOT_RUN 127
#define READ_BYTES ((size_t)64 << 10)

/* In the child, which is not to run handlers of ours. */
static void signals_reset(const struct process *process)
{
    static const int defaults[] = {SIGTERM, SIGCHLD, SIGHUP, SIGXFSZ, SIGPIPE};
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++)
        signal(defaults[i], SIG_DFL);
    signal(SIGINT, SIG_IGN);
    if (process->reopens) signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN); /* it may come before a tool is ready for it */
}

static void stream_set(int fd, int stream)
{
    if (fd > STDERR_FILENO && dup2(fd, stream) < 0) _exit(NOT_RUN);
}

static void first_write(struct slice first)
{
    while (first.len > 0) {
        const ssize_t put = write(STDOUT_FILENO, first.text, first.len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) _exit(EXIT_FAILED);
        first.text += put;
        first.len -= (size_t)put;
    }
}

static _Noreturn void child_run(const struct process *process, pid_t parent)
{
    if (process->bound && !parent_death_signal(SIGTERM)) die_errno("prctl");
    if (process->bound && getppid() != parent) _exit(EXIT_FAILED); /* it was faster */
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0) die_errno("/dev/null");
    stream_set(nothing, STDIN_FILENO);
    stream_set(process->out, STDOUT_FILENO);
    stream_set(process->err, STDERR_FILENO);
    for (size_t i = 0; i < process->inherited_count; i++)
        if (fcntl(process->inherited[i], F_SETFD, 0) != 0) die_errno("fcntl");
    umask(process->umask);
    unsetenv("KCAT_CONFIG"); /* it is given by name, where it cannot overrule properties */
    first_write(process->first);
    if (process->only_first) _exit(EXIT_DONE);
    if (process->path != NULL)
        execv(process->path, process->words);
    else
        execvp(process->words[0], process->words);
    message("%s: cannot be run: %s", process->words[0], strerror(errno));
    _exit(NOT_RUN);
}

pid_t process_start(const struct process *process)
{
    const pid_t parent = getpid();
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    const pid_t pid = fork();
    if (pid < 0) die_errno("fork");
    if (pid == 0) {
        signals_reset(process);
        sigprocmask(SIG_SETMASK, &before, NULL);
        child_run(process, parent);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

int process_status(int waited)
{
    return WIFEXITED(waited) ? WEXITSTATUS(waited) : 128 + WTERMSIG(waited);
}

int process_wait(pid_t pid)
{
    int waited = 0;
    while (waitpid(pid, &waited, 0) < 0)
        if (errno != EINTR) die_errno("waitpid");
    return process_status(waited);
}

void process_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) die_errno("pipe");
}

bool process_read(int *fd, struct buffer *into)
{
    const ssize_t got = read(*fd, buffer_reserve(into, READ_BYTES), READ_BYTES);
    if (got > 0) into->len += (size_t)got;
    if (got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN))) return true;
    if (got < 0) die_errno("read");
    close(*fd);
    *fd = -1;
    return false;
}

/* Is that a program? */
static bool is_program(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 && S_ISREG(there.st_mode) && access(path, X_OK) == 0;
}

static bool path_try(struct buffer *path, const char *directory, size_t len, const char *name)
{
    buffer_clear(path);
    buffer_add(path, directory, len);
    buffer_printf(path, "%s%s", len > 0 ? "/" : "./", name);
    buffer_add_char(path, '\0');
    return is_program(path->data);
}

static bool path_search(struct buffer *path, const char *name)
{
    const char *all = getenv("PATH");
    if (all == NULL) all = "/usr/local/bin:/usr/bin:/bin";
    for (const char *at = all;; at++) {
        const char *const end = strchrnul(at, ':');
        if (path_try(path, at, (size_t)(end - at), name)) return true;
        if (*end == '\0') return false;
        at = end;
    }
}

/* Beside this program, or in that directory of one it lies in, three levels up at most. */
static bool beside_search(struct buffer *path, const char *name, const char *inside)
{
    char self[4096];
    if (!program_path(self, sizeof self - 64)) return false;
    for (int up = 0; up < 4; up++) {
        char *const slash = strrchr(self, '/');
        if (slash == NULL) return false;
        *slash = '\0';
        if (up == 0 && path_try(path, self, strlen(self), name)) return true;
        if (inside == NULL) return false;
        const size_t before = strlen(self);
        strcpy(self + before, inside);
        if (path_try(path, self, strlen(self), name)) return true;
        self[before] = '\0';
    }
    return false;
}

bool program_find(struct buffer *path, const char *name)
{
    if (strchr(name, '/') != NULL) {
        buffer_clear(path);
        buffer_add(path, name, strlen(name) + 1);
        return is_program(name);
    }
    return path_search(path, name) || beside_search(path, name, NULL);
}

bool program_find_own(struct buffer *path, const char *name)
{
    return beside_search(path, name, "/scripts") || path_search(path, name);
}
