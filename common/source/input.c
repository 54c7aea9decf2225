#include "source/input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/head.h"
#include "base/instant.h"
#include "base/memory.h"
#include "event/scan.h"

#define BLOCK_BYTES ((size_t)256 << 10)
/* One byte more than a line may have, so that a longer one can be told. */
#define DATA_MAX (LINE_MAX_BYTES + 2 + BLOCK_BYTES)
/* What one long line has needed is given back when the next are short. */
#define DATA_AMPLE (BLOCK_BYTES * 16)
#define AMPLE_READS 64
#define PIPE_BYTES (1 << 20)

extern char **environ;

/* What messages call it. */
static const char *label(const struct input *input)
{
    return strcmp(input->name, "-") == 0 ? "standard input" : input->name;
}

/* The program that decompresses files with this ending, or NULL. */
static const char *decompressor(const char *name)
{
    static const struct {
        const char *ending, *program;
    } known[] = {{".gz", "gzip"}, {".zst", "zstd"}, {".xz", "xz"}, {".bz2", "bzip2"}};
    const size_t len = strlen(name);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const size_t ending = strlen(known[i].ending);
        if (len > ending && strcmp(name + len - ending, known[i].ending) == 0)
            return known[i].program;
    }
    return NULL;
}

bool input_lasts(const struct input *input)
{
    return input->regular && strcmp(input->name, "-") != 0;
}

bool input_compressed(const struct input *input)
{
    return input->regular && decompressor(input->name) != NULL;
}

void input_head_update(struct input *input)
{
    if (!input_lasts(input) || input->fd < 0 || input->child != 0) return;
    /* Of a compressed file all that there is: a position in what comes out of it says nothing of
     * its own bytes. */
    const uint64_t seen =
        input_compressed(input) ? input->size : input->consumed + input->end - input->start;
    const uint32_t len = seen < HEAD_BYTES ? (uint32_t)seen : HEAD_BYTES;
    if (len > input->head_len && head_read(input->name, input->fd, len, &input->head))
        input->head_len = len;
}

/* Starts PROGRAM -dc reading fd; fd is replaced by the end to read from. */
static void decompress(struct input *input, const char *program)
{
    int ends[2];
    input_head_update(input);
    if (pipe2(ends, O_CLOEXEC) != 0) die_errno("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input->fd, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    /* In a process group of its own: ^C is for us, and a decompressor killed by it would look like
     * a damaged file. */
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    char *const argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t) "-dc", NULL};
    const int failed = posix_spawnp(&input->child, program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        errno = failed;
        die_errno("%s: cannot run %s", input->name, program);
    }
    close(ends[1]);
    close(input->fd);
    input->fd = ends[0];
}

/*
 * For a FIFO behind /dev/fd/N, that descriptor itself, or -1. Opened anew after its writers have
 * gone, it would be waited for for ever: poll tells of their going only who has seen them.
 */
static int fifo_given(const char *name)
{
    static const char place[] = "/dev/fd/";
    if (strncmp(name, place, sizeof place - 1) != 0) return -1;
    char *end;
    const long fd = strtol(name + sizeof place - 1, &end, 10);
    if (*end != '\0' || fd < 0 || fd > INT_MAX) return -1;
    return fcntl((int)fd, F_DUPFD_CLOEXEC, 0);
}

/* Opens one operand and learns what it is. */
static void input_open(struct input *input)
{
    if (strcmp(input->name, "-") == 0) {
        input->fd = STDIN_FILENO;
        if (isatty(input->fd)) message("reading events from the terminal (Ctrl-D ends)");
    } else {
        /* A FIFO that nobody writes to yet is not waited for here: the others may have something.
         */
        input->fd = open(input->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (input->fd < 0) die_errno("%s", label(input));
    }
    struct stat stat;
    if (fstat(input->fd, &stat) != 0) die_errno("%s", label(input));
    if (S_ISDIR(stat.st_mode)) {
        errno = EISDIR;
        die_errno("%s", label(input));
    }
    input->regular = S_ISREG(stat.st_mode);
    if (input->regular) {
        input->dev = stat.st_dev;
        input->ino = stat.st_ino;
        input->size = (uint64_t)stat.st_size;
    } else if (S_ISFIFO(stat.st_mode)) {
        const int given = fifo_given(input->name);
        if (given >= 0) {
            close(input->fd);
            input->fd = given;
        }
        (void)fcntl(input->fd, F_SETPIPE_SZ,
                    PIPE_BYTES); /* fewer switches; refused where the user's limit is lower */
    }
}

void inputs_open(struct inputs *inputs, char **operands, int count, bool interleave)
{
    static char standard_input[] = "-";
    static char *just_standard_input[] = {standard_input};
    if (count == 0) {
        operands = just_standard_input;
        count = 1;
    }
    inputs->input = memory_zero((size_t)count, sizeof inputs->input[0]);
    inputs->entries = memory_zero((size_t)count + 1, sizeof inputs->entries[0]);
    inputs->who = memory_zero((size_t)count, sizeof inputs->who[0]);
    inputs->count = count;
    inputs->interleave = interleave;
    inputs->bytes_total = 0;
    for (int i = 0; i < count; i++) {
        struct input *input = &inputs->input[i];
        input->name = operands[i];
        input_open(input);
        const char *program = input->regular ? decompressor(input->name) : NULL;
        inputs->bytes_total += program == NULL ? input->size : 0;
        inputs->has_streams |= !input->regular;
        /* Regular files are opened again when their turn comes: a thousand need no thousand
         * descriptors. */
        if (input->regular && input->fd != STDIN_FILENO && !interleave) {
            close(input->fd);
            input->fd = -1;
        } else if (program != NULL) {
            decompress(input, program);
        }
    }
}

/* Frees an input that has ended; a decompressor that failed ends the run. */
static void input_close(struct input *input)
{
    input_head_update(input);
    if (input->fd > STDIN_FILENO) close(input->fd);
    input->fd = -1;
    if (input->child == 0) return;
    int status = 0;
    while (waitpid(input->child, &status, 0) < 0)
        if (errno != EINTR) die_errno("%s: waiting for the decompressor", input->name);
    input->child = 0;
    if (status != 0)
        die("%s: %s failed: the file is damaged or cut off", input->name,
            decompressor(input->name));
}

/* Gives its memory back; nothing of it is left to read. */
static void input_forget(struct input *input)
{
    if (input->data == NULL) return;
    held_drop(HELD_TEXTS, input->cap);
    free(input->data);
    input->data = NULL;
    input->cap = input->start = input->end = 0;
}

void inputs_release(struct inputs *inputs)
{
    for (int i = 0; i < inputs->count; i++) {
        struct input *input = &inputs->input[i];
        if (input->fd > STDIN_FILENO) close(input->fd);
        input_forget(input);
    }
    free(inputs->entries);
    free(inputs->who);
    free(inputs->input);
    inputs->input = NULL;
    inputs->count = 0;
}

/* Makes room for a block behind the unread bytes, moving them to the front. */
static void input_make_room(struct input *input)
{
    const size_t unread = input->end - input->start;
    if (unread != 0 && input->start != 0) memmove(input->data, input->data + input->start, unread);
    input->start = 0;
    input->end = unread;
    input->ample = unread + BLOCK_BYTES <= input->cap / 8 ? input->ample + 1 : 0;
    const bool is_ample = input->cap > DATA_AMPLE && input->ample > AMPLE_READS;
    if (input->cap - unread >= BLOCK_BYTES && !is_ample) return;
    size_t cap = input->cap == 0 || is_ample ? BLOCK_BYTES * 2 : input->cap * 2;
    if (cap > DATA_MAX) cap = DATA_MAX;
    if (cap <= input->cap && !is_ample) return;
    char *data = memory_new(cap + 1 + SCAN_PADDING);
    if (unread != 0) memcpy(data, input->data, unread);
    memset(data + unread, 0, cap + 1 + SCAN_PADDING - unread);
    input_forget(input);
    input->data = data;
    input->cap = cap;
    input->end = unread;
    held_add(HELD_TEXTS, cap);
}

/* Throws away what an earlier run has had of a decompressor's output. */
static void input_skip(struct input *input)
{
    input_make_room(input);
    while (input->skip != 0) {
        const size_t room = input->skip < input->cap ? input->skip : input->cap;
        const ssize_t got = read(input->fd, input->data, room);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die_errno("%s", input->name);
        if (got == 0)
            die_person("%s: is shorter than it was: the position in the state is gone",
                       input->name);
        input->skip -= (uint64_t)got;
    }
}

/* One read; false when it would have to wait. */
static bool input_read(struct inputs *inputs, struct input *input)
{
    if (input->fd < 0 && !input->ended) {
        const uint64_t dev = input->dev, ino = input->ino;
        input_open(input);
        const char *program = decompressor(input->name);
        if (input->dev != dev || input->ino != ino) {
            if (input->consumed != 0)
                die_person("%s: has just been replaced: the position in the state is gone",
                           input->name);
            message("%s: was replaced while other files were read", input->name);
        }
        if (input->consumed != 0 && program == NULL &&
            lseek(input->fd, (off_t)input->consumed, SEEK_SET) < 0)
            die_errno("%s", label(input));
        if (program != NULL) decompress(input, program);
    }
    if (input->skip != 0) input_skip(input);
    input_make_room(input);
    size_t room = input->cap - input->end;
    if (room > BLOCK_BYTES) room = BLOCK_BYTES;
    if (input->stop != 0) {
        const uint64_t read_up_to = input->consumed + (input->end - input->start);
        const uint64_t left = input->stop > read_up_to ? input->stop - read_up_to : 0;
        if (room > left) room = left;
        if (room == 0) {
            input->ended = true; /* stays open: another range may follow */
            return true;
        }
    }
    ssize_t got;
    do
        got = read(input->fd, input->data + input->end, room);
    while (got < 0 && errno == EINTR && input->regular);
    if (got < 0) {
        if (errno == EAGAIN || errno == EINTR) return false;
        die_errno("%s", label(input));
    }
    if (got == 0) {
        input->ended = true;
        input_close(input);
        return true;
    }
    input->end += (size_t)got;
    inputs->bytes_read += (uint64_t)got;
    return true;
}

/* How far an input's event time has come. */
static int64_t reached(const struct input *input)
{
    return input->reached_us == NULL ? TIME_NONE : *input->reached_us;
}

/* The regular file whose turn it is, or NULL. */
static struct input *next_regular(struct inputs *inputs)
{
    struct input *best = NULL;
    for (int i = inputs->first; i < inputs->count; i++) {
        struct input *input = &inputs->input[i];
        if (!input->regular || input->ended) continue;
        if (!inputs->interleave) return input;
        /* Side by side: the one with the smallest watermark. */
        if (best == NULL || reached(input) < reached(best)) best = input;
    }
    return best;
}

/* Fills the poll entries of the inputs that wait; returns how many. */
static nfds_t poll_entries(struct inputs *inputs, struct pollfd *entries, struct input **who)
{
    nfds_t count = 0;
    for (int i = inputs->has_streams ? inputs->first : inputs->count; i < inputs->count; i++) {
        struct input *input = &inputs->input[i];
        if (input->regular || input->ended) continue;
        entries[count] = (struct pollfd){.fd = input->fd, .events = POLLIN};
        who[count++] = input;
    }
    return count;
}

/* Of files that are read one after the other, those that have been need no memory, nor a look. */
static void inputs_pass(struct inputs *inputs)
{
    for (; inputs->first < inputs->count; inputs->first++) {
        struct input *input = &inputs->input[inputs->first];
        if (!input->ended) return;
        if (input->start == input->end) input_forget(input);
    }
}

enum input_status inputs_next(struct inputs *inputs, struct input **input)
{
    inputs_pass(inputs);
    struct pollfd *const entries = inputs->entries;
    struct input **const who = inputs->who;
    const nfds_t streams = poll_entries(inputs, entries, who);
    if (streams != 0 && poll(entries, streams, 0) > 0) {
        /* In turn, so that a busy one does not starve the others. */
        static nfds_t turn;
        for (nfds_t i = 0; i < streams; i++) {
            const nfds_t at = (turn + i) % streams;
            if (entries[at].revents == 0) continue;
            turn = at + 1;
            *input = who[at];
            if (input_read(inputs, *input)) return INPUT_DATA;
        }
    }
    *input = next_regular(inputs);
    if (*input != NULL && input_read(inputs, *input)) return INPUT_DATA;
    return streams == 0 && next_regular(inputs) == NULL ? INPUT_END : INPUT_WAIT;
}

int64_t inputs_wait(struct inputs *inputs, int64_t timeout_us)
{
    struct pollfd *const entries = inputs->entries;
    nfds_t count = poll_entries(inputs, entries, inputs->who);
    entries[count++] = (struct pollfd){.fd = inputs->wake_fd, .events = POLLIN};
    const struct timespec timeout = {.tv_sec = timeout_us / 1000000,
                                     .tv_nsec = timeout_us % 1000000 * 1000};
    const int64_t from = instant_steady();
    const int ready = ppoll(entries, count, timeout_us == INT64_MAX ? NULL : &timeout, NULL);
    if (ready < 0 && errno != EINTR) die_errno("poll");
    if (ready > 0 && entries[count - 1].revents !=
                         0) { /* the signal is acted on by the caller: wake once for it */
        uint64_t signals;
        (void)!read(inputs->wake_fd, &signals, sizeof signals);
    }
    return instant_steady() - from;
}

void input_seek(struct input *input, uint64_t consumed, uint64_t lines)
{
    input->consumed = consumed;
    input->lines = lines;
    if (input_compressed(input))
        input->skip = consumed;
    else if (input->fd >= 0 && lseek(input->fd, (off_t)consumed, SEEK_SET) < 0)
        die_errno("%s", input->name);
}

void input_consume(struct input *input, size_t bytes)
{
    input->start += bytes;
    input->consumed += bytes;
}
