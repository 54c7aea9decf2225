/*
 * measure.c - runs a command once and says what it cost.
 *
 *     measure [--out=FILE] COMMAND...     WALL USER SYS RSS: seconds, seconds, seconds, KiB
 *     measure --first-byte COMMAND...     seconds from before its start to its first byte of output
 *
 * Standard input is the command's own, and so is standard error; its output goes to FILE
 * (/dev/null). Exits as the command did. A program of our own because /usr/bin/time rounds to
 * hundredths of a second.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static _Noreturn void die(const char *what, int error)
{
    fprintf(stderr, "measure: %s: %s\n", what, strerror(error));
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static pid_t start(char **command, int out)
{
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    pid_t child;
    const int error = posix_spawnp(&child, command[0], &actions, NULL, command, environ);
    if (error != 0) die(command[0], error);
    posix_spawn_file_actions_destroy(&actions);
    return child;
}

/* Waits for the child; its exit status as a shell would say it. */
static int finish(pid_t child, struct rusage *usage)
{
    int status;
    while (wait4(child, &status, 0, usage) < 0)
        if (errno != EINTR) die("wait4", errno);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_whole(const char *name, char **command)
{
    const int out = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out < 0) die(name, errno);
    struct rusage usage;
    const double begin = now();
    const int status = finish(start(command, out), &usage);
    const double wall = now() - begin;
    printf("%.6f %.6f %.6f %ld\n", wall, seconds(usage.ru_utime), seconds(usage.ru_stime),
           usage.ru_maxrss);
    return status;
}

static int run_first_byte(char **command)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) die("pipe", errno);
    struct rusage usage;
    char bytes[4096];
    const double begin = now();
    const pid_t child = start(command, ends[1]);
    close(ends[1]);
    const ssize_t first = read(ends[0], bytes, sizeof bytes);
    const double wall = now() - begin;
    while (read(ends[0], bytes, sizeof bytes) > 0)
        continue;
    const int status = finish(child, &usage);
    if (first <= 0) die("the output of the command", first < 0 ? errno : ENODATA);
    printf("%.6f\n", wall);
    return status;
}

int main(int argc, char **argv)
{
    const char *out = "/dev/null";
    bool first_byte = false;
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strncmp(argv[i], "--out=", 6) == 0)
            out = argv[i] + 6;
        else if (strcmp(argv[i], "--first-byte") == 0)
            first_byte = true;
        else
            break;
    }
    if (i >= argc || argv[i][0] == '-') {
        fprintf(stderr, "usage: measure [--out=FILE|--first-byte] COMMAND...\n");
        return 2;
    }
    return first_byte ? run_first_byte(argv + i) : run_whole(out, argv + i);
}
