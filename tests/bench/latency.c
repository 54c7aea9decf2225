/*
 * latency.c - how long after the event that closes a window its rows are there.
 *
 *     latency --rate=N --lateness=DUR_MS FILE COMMAND...
 *
 * Writes the lines of FILE to the command's standard input at a fixed pace, N events a second in
 * one write a millisecond, and reads its rows. A window that ends at W is closed by the first event
 * whose event_time is W + lateness or later. An event is there when the write that brings it
 * begins, a row when the read that got it has returned; the difference is the row's latency, and
 * contains both pipes and the scheduler. Rows that come after the end of the input say nothing
 * about a stream, and are left out.
 *
 * FILE is NDJSON in time order with times like 2026-01-01T00:00:00.377Z; rows have window_end.
 * Prints JSON: the rows, and their latency in milliseconds, p50, p90, p99 and the largest.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct line {
    int64_t time_ms;  /* the largest event_time so far */
    int64_t wrote_ns; /* when it was handed to the command, 0 before */
    size_t end;       /* behind its newline, in the file */
};

struct row {
    int64_t window_end_ms;
    int64_t read_ns;
};

static const char *text;
static size_t text_len;
static struct line *lines;
static size_t lines_len;
static int64_t rate = 100000;
static int64_t lateness_ms = 30000;
static int to_command;

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "latency: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void *grow(void *old, size_t *cap, size_t size)
{
    *cap = *cap == 0 ? 4096 : *cap * 2;
    void *const new = realloc(old, *cap * size);
    if (new == NULL) die("memory");
    return new;
}

static int64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* The time behind "NAME":", in milliseconds since 1970; -1 if there is none. */
static int64_t time_of(const char *begin, const char *end, const char *name)
{
    const char *at = memmem(begin, (size_t)(end - begin), name, strlen(name));
    if (at == NULL) return -1;
    at += strlen(name);
    struct tm tm = {0};
    int ms = 0;
    if (sscanf(at, "%4d-%2d-%2dT%2d:%2d:%2d.%3d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec, &ms) < 6)
        return -1;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (int64_t)timegm(&tm) * 1000 + ms;
}

static void file_load(const char *name)
{
    const int fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) die(name);
    text_len = (size_t)status.st_size;
    text = mmap(NULL, text_len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (text == MAP_FAILED) die(name);
    close(fd);
    size_t cap = 0;
    int64_t largest = INT64_MIN;
    char copy[4096]; /* sscanf measures the rest of its text: it gets no more than a line */
    for (size_t at = 0; at < text_len;) {
        const char *const newline = memchr(text + at, '\n', text_len - at);
        if (newline == NULL) break;
        const size_t len = (size_t)(newline - (text + at));
        const size_t kept = len < sizeof copy ? len : sizeof copy - 1;
        memcpy(copy, text + at, kept);
        copy[kept] = '\0';
        const int64_t time = time_of(copy, copy + kept, "\"event_time\":\"");
        if (time > largest) largest = time;
        at += len + 1;
        if (lines_len == cap) lines = grow(lines, &cap, sizeof *lines);
        lines[lines_len++] = (struct line){.time_ms = largest, .end = at};
    }
}

static void write_all(const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(to_command, bytes, len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) die("write");
        bytes += n;
        len -= (size_t)n;
    }
}

/* A thread: every millisecond the lines that are due by then, in one write. */
static void *feed(void *unused)
{
    (void)unused;
    const int64_t begin = now_ns();
    size_t sent = 0, at = 0;
    for (int64_t tick = 1; sent < lines_len; tick++) {
        const int64_t due = begin + tick * 1000000;
        const struct timespec until = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
            continue;
        size_t upto = (size_t)(tick * rate / 1000);
        if (upto > lines_len) upto = lines_len;
        if (upto == sent) continue;
        const int64_t wrote = now_ns();
        for (size_t i = sent; i < upto; i++)
            __atomic_store_n(&lines[i].wrote_ns, wrote, __ATOMIC_RELEASE);
        write_all(text + at, lines[upto - 1].end - at);
        at = lines[upto - 1].end;
        sent = upto;
    }
    close(to_command);
    return NULL;
}

/* The rows, in the order they came. */
static struct row *rows_read(int fd, size_t *len)
{
    struct row *rows = NULL;
    size_t cap = 0, held = 0;
    static char bytes[1 << 20];
    *len = 0;
    for (;;) {
        const ssize_t n = read(fd, bytes + held, sizeof bytes - 1 - held);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        const int64_t got = now_ns();
        held += (size_t)n;
        bytes[held] = '\0';
        char *at = bytes;
        for (char *newline; (newline = memchr(at, '\n', held - (size_t)(at - bytes))) != NULL;
             at = newline + 1) {
            if (*len == cap) rows = grow(rows, &cap, sizeof *rows);
            *newline = '\0';
            rows[*len].read_ns = got;
            rows[(*len)++].window_end_ms = time_of(at, newline, "\"window_end\":\"");
        }
        held -= (size_t)(at - bytes);
        memmove(bytes, at, held);
        if (held == sizeof bytes - 1) held = 0; /* no row is that long */
    }
    return rows;
}

/* The first line that closes a window ending then; lines_len when none does. */
static size_t closer(int64_t window_end_ms)
{
    size_t low = 0, high = lines_len;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (lines[middle].time_ms >= window_end_ms + lateness_ms)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int by_value(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double percentile(const double *sorted, size_t len, double p)
{
    const size_t at = (size_t)(p * (double)len);
    return sorted[at < len ? at : len - 1];
}

int main(int argc, char **argv)
{
    int i = 1;
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strncmp(argv[i], "--rate=", 7) == 0)
            rate = atoll(argv[i] + 7);
        else if (strncmp(argv[i], "--lateness=", 11) == 0)
            lateness_ms = atoll(argv[i] + 11);
        else
            break;
    }
    if (argc - i < 2 || rate < 1) {
        fprintf(stderr,
                "usage: latency [--rate=EVENTS_PER_SECOND] [--lateness=MS] FILE COMMAND...\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    file_load(argv[i]);

    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) die("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    pid_t child;
    errno = posix_spawnp(&child, argv[i + 1], &actions, NULL, argv + i + 1, environ);
    if (errno != 0) die(argv[i + 1]);
    close(in[0]);
    close(out[1]);
    to_command = in[1];

    pthread_t feeder;
    const int64_t begin = now_ns();
    errno = pthread_create(&feeder, NULL, feed, NULL);
    if (errno != 0) die("thread");
    size_t rows_len;
    struct row *const rows = rows_read(out[0], &rows_len);
    pthread_join(feeder, NULL);
    int status;
    if (waitpid(child, &status, 0) < 0) die("waitpid");
    if (status != 0) {
        fprintf(stderr, "latency: the command has failed\n");
        return 1;
    }

    const double took = (double)(lines[lines_len - 1].wrote_ns - begin) * 1e-9;
    double *const latencies = malloc((rows_len + 1) * sizeof *latencies);
    if (latencies == NULL) die("memory");
    size_t len = 0, windows = 0;
    int64_t last_window = INT64_MIN;
    for (size_t n = 0; n < rows_len; n++) {
        const size_t line = closer(rows[n].window_end_ms);
        if (rows[n].window_end_ms < 0 || line == lines_len) continue;
        latencies[len++] = (double)(rows[n].read_ns - lines[line].wrote_ns) * 1e-6;
        windows += rows[n].window_end_ms != last_window;
        last_window = rows[n].window_end_ms;
    }
    if (len == 0) {
        fprintf(stderr, "latency: no window has closed before the end\n");
        return 1;
    }
    qsort(latencies, len, sizeof *latencies, by_value);
    printf(
        "{\"events\":%zu,\"events_per_second\":%.0f,\"windows\":%zu,\"rows\":%zu,\"p50_ms\":%.3f,"
        "\"p90_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
        lines_len, (double)lines_len / took, windows, len, percentile(latencies, len, 0.5),
        percentile(latencies, len, 0.9), percentile(latencies, len, 0.99), latencies[len - 1]);
    return 0;
}
