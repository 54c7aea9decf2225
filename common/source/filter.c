#include "source/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "source/charset.h"
#include "source/coding.h"
#include "source/inflater.h"

#define BLOCK_BYTES ((size_t)64 << 10)
#define PIPE_BYTES (1 << 20)
#define COMPLAINT_BYTES 200

static void pipe_open(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0) die_errno("pipe");
    pipe_widen(ends[0], PIPE_BYTES);
}

static void descriptor_close(int fd)
{
    if (fd > STDIN_FILENO) close(fd);
}

static void complaints_open(struct filter *filter)
{
    filter->complaints = file_unnamed("complaints");
    if (filter->complaints < 0) die_errno("a file without a name");
}

int filter_program(struct filter *filter, const char *name, const char *const *arguments, int fd)
{
    int ends[2];
    *filter = (struct filter){.program = arguments[0]};
    pipe_open(ends);
    complaints_open(filter);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, filter->complaints, STDERR_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    char *const *const argv = (char *const *)(uintptr_t)arguments;
    const int failed =
        posix_spawnp(&filter->pid, filter->program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        errno = failed;
        die_errno("%s: cannot run %s", name, filter->program);
    }
    close(ends[1]);
    descriptor_close(fd);
    return ends[0];
}

/* Writes all of it; when nobody reads any more, the process ends by SIGPIPE. */
static void block_write(int fd, struct slice bytes)
{
    while (bytes.len != 0) {
        const ssize_t put = write(fd, bytes.text, bytes.len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) _exit(EXIT_FAILED);
        bytes.text += put;
        bytes.len -= (size_t)put;
    }
}

/* Reads a block, waiting for it; 0: the end. */
static size_t block_read(const char *name, int fd, char *block)
{
    for (;;) {
        const ssize_t got = read(fd, block, BLOCK_BYTES);
        if (got >= 0) return (size_t)got;
        if (errno == EAGAIN) {
            struct pollfd entry = {.fd = fd, .events = POLLIN};
            (void)poll(&entry, 1, -1);
        } else if (errno != EINTR) {
            die_errno("%s", name);
        }
    }
}

static void utf8_tell(const char *name, const char *charset_name, uint64_t characters)
{
    if (characters == 0) return;
    message("%s is UTF-8 already, of whose characters beyond ASCII (%" PRIu64
            ") --encoding=%s has made others: was it meant without that option?",
            name, characters, charset_name);
}

static _Noreturn void fork_run(const char *name, const char *charset_name, struct slice head,
                               int from, int to)
{
    static char block[BLOCK_BYTES];
    struct charset charset;
    struct buffer out = {0};
    if (charset_name != NULL && !charset_init(&charset, charset_name))
        die("no encoding '%s'", charset_name);
    struct slice bytes = head;
    do {
        if (charset_name != NULL) {
            buffer_clear(&out);
            charset_convert(&charset, bytes, false, &out);
            block_write(to, buffer_slice(&out));
        } else {
            block_write(to, bytes);
        }
        bytes = (struct slice){.text = block, .len = block_read(name, from, block)};
    } while (bytes.len != 0);
    if (charset_name != NULL) {
        buffer_clear(&out);
        charset_convert(&charset, bytes, true, &out);
        block_write(to, buffer_slice(&out));
        utf8_tell(name, charset_name, charset_utf8(&charset));
    }
    _exit(EXIT_DONE);
}

static _Noreturn void inflate_run(const char *name, int from, int to)
{
    static char block[BLOCK_BYTES], out[4 * BLOCK_BYTES];
    struct inflater inflater;
    size_t got, brought;
    inflater_init(&inflater);
    while ((got = block_read(name, from, block)) != 0) {
        inflater_take(&inflater, (struct slice){.text = block, .len = got});
        while ((brought = inflater_bring(&inflater, out, sizeof out)) != 0)
            block_write(to, (struct slice){.text = out, .len = brought});
    }
    inflater_end(&inflater);
    if (inflater.place == INFLATER_DAMAGED) (void)dprintf(STDERR_FILENO, "%s\n", inflater.why);
    _exit(inflater.place == INFLATER_DAMAGED    ? EXIT_FAILED
          : inflater.place == INFLATER_FOLLOWED ? FILTER_FOLLOWED
                                                : EXIT_DONE);
}

/* Forks: true in the child, whose standard input and output are what the filter reads and writes.
 * *end: what to read from, for the parent. */
static bool filter_is_child(struct filter *filter, int fd, int *end)
{
    int ends[2];
    pipe_open(ends);
    const pid_t parent = getpid();
    filter->pid = fork();
    if (filter->pid < 0) die_errno("fork");
    if (filter->pid == 0) {
        (void)setpgid(0, 0);
        die_with(parent);
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        signal(SIGUSR1, SIG_IGN);
        signal(SIGPIPE, SIG_DFL);
        close(ends[0]);
        /* Somebody else may wait for the end of what we have inherited. */
        (void)dup2(ends[1], STDOUT_FILENO);
        if (fd != STDIN_FILENO) (void)dup2(fd, STDIN_FILENO);
        if (filter->complaints >= 0) (void)dup2(filter->complaints, STDERR_FILENO);
        descriptors_close(STDERR_FILENO + 1);
        return true;
    }
    close(ends[1]);
    descriptor_close(fd);
    *end = ends[0];
    return false;
}

int filter_fork(struct filter *filter, const char *name, const char *charset, struct slice head,
                int fd)
{
    int end = -1;
    *filter = (struct filter){.complaints = -1};
    if (filter_is_child(filter, fd, &end))
        fork_run(name, charset, head, STDIN_FILENO, STDOUT_FILENO);
    return end;
}

int filter_inflate(struct filter *filter, const char *name, int fd)
{
    int end = -1;
    *filter = (struct filter){.program = CODING_ZLIB};
    complaints_open(filter);
    if (filter_is_child(filter, fd, &end)) inflate_run(name, STDIN_FILENO, STDOUT_FILENO);
    return end;
}

int filter_end(struct filter *filter, struct buffer *complaints)
{
    int status = 0;
    while (waitpid(filter->pid, &status, 0) < 0) {
        if (errno == EINTR) continue;
        if (errno == ECHILD) break; /* the ends of children are ignored */
        die_errno("waiting for %s", filter->program == NULL ? "a filter" : filter->program);
    }
    if (filter->complaints >= 0) {
        char text[COMPLAINT_BYTES];
        const ssize_t got = pread(filter->complaints, text, sizeof text, 0);
        const char *from = text, *const end = text + (got < 0 ? 0 : got);
        while (from < end && *from == '\n')
            from++;
        const char *const newline = from == end ? NULL : memchr(from, '\n', (size_t)(end - from));
        buffer_clear(complaints);
        buffer_add(complaints, from, (size_t)((newline == NULL ? end : newline) - from));
        close(filter->complaints);
    }
    *filter = (struct filter){.complaints = -1};
    return status;
}
