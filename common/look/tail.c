#include "look/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "run/signals.h"

/* A pipe's bytes are taken up to there before anything else is looked at. */
#define STREAM_READS 64

/* Takes the whole lines of what has been read of an input, and, at the end of one that does not
 * grow, what stands behind the last. */
static void input_take(struct tail *tail, struct input *input)
{
    char *const data = input->data + input->start;
    const char *end = input->data + input->end, *at = data;
    bool torn = false;
    if (input->discarding) {
        const char *const newline = memchr(data, '\n', (size_t)(end - data));
        input_consume(input, newline == NULL ? (size_t)(end - data) : (size_t)(newline + 1 - data));
        input->discarding = newline == NULL;
        input->lines += newline != NULL;
        if (newline != NULL) input_take(tail, input);
        return;
    }
    if (data == end) return;
    if (input->ended && end[-1] != '\n' && !(tail->follows && input->regular)) {
        input->data[input->end] = '\n'; /* the room for it is always there */
        memset(input->data + input->end + 1, 0, SCAN_PADDING);
        end++;
        torn = true;
    }
    const char *const last = memrchr(data, '\n', (size_t)(end - data));
    while (last != NULL && at <= last && stop_signal != SIGINT) {
        const bool is_last = torn && memchr(at, '\n', (size_t)(end - at)) == end - 1;
        at = board_take(tail->board, at, is_last, input_label(input), ++input->lines);
    }
    const size_t taken = (size_t)(at - data);
    input_consume(input, torn && at == end ? taken - 1 : taken);
    if (torn) input->start = input->end;
    if (input->end - input->start > LINE_MAX_BYTES) {
        board_refuse(tail->board, "too-long: longer than 16 MiB", input_label(input),
                     input->lines + 1);
        input_consume(input, input->end - input->start);
        input->discarding = true;
    }
}

static bool is_stream(const char *name)
{
    struct stat stat_now;
    return strcmp(name, "-") == 0 || (stat(name, &stat_now) == 0 && !S_ISREG(stat_now.st_mode));
}

/* A FIFO that somebody else may write to when one has ended: held open, it does not end. */
static void fifo_hold(struct tail *tail, const char *name)
{
    struct stat stat_now;
    if (!tail->follows || lstat(name, &stat_now) != 0 || !S_ISFIFO(stat_now.st_mode)) return;
    const int fd = open(name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return; /* who may not write to it reads up to its end */
    tail->held = memory_resize(tail->held, tail->holds + 1, sizeof tail->held[0]);
    tail->held[tail->holds++] = fd;
}

void tail_open(struct tail *tail, struct board *board, char **operands, int count, bool follows,
               int wake_fd)
{
    static char standard_input[] = "-";
    static char *just_standard_input[] = {standard_input};
    *tail = (struct tail){.board = board, .follows = follows, .wake_fd = wake_fd};
    if (count == 0) {
        operands = just_standard_input;
        count = 1;
    }
    char **const streams = memory_zero((size_t)count, sizeof streams[0]);
    int stream_count = 0;
    tail->file = memory_zero((size_t)count, sizeof tail->file[0]);
    for (int i = 0; i < count; i++) {
        if (is_stream(operands[i])) {
            streams[stream_count++] = operands[i];
            fifo_hold(tail, operands[i]);
            continue;
        }
        if (!follows && access(operands[i], R_OK) != 0) die_errno("%s", operands[i]);
        tail->file[tail->files++].name = operands[i];
    }
    tail->streams_end = stream_count == 0;
    if (stream_count > 0) inputs_open(&tail->streams, streams, stream_count, false);
    tail->streams.wake_fd = wake_fd;
    free(streams);
}

/* Has the file changed, so that it has to be read from its beginning? */
static bool is_other(const struct tail_file *file, const struct stat *now)
{
    if (file->consumed == 0) return false;
    if (file->ino != now->st_ino || file->dev != now->st_dev) return true;
    if (file->filtered) return (uint64_t)now->st_size != file->size;
    return (uint64_t)now->st_size < file->consumed;
}

/* Is there something in the file as it is now? */
static bool file_look(struct tail_file *file)
{
    struct stat now;
    if (stat(file->name, &now) != 0) {
        if (errno != ENOENT) die_errno("%s", file->name);
        if (!file->missing) message("%s: is not there yet", file->name);
        file->missing = true;
        return false;
    }
    file->missing = false;
    if (is_other(file, &now)) {
        message("%s: is another file by now: read from its beginning", file->name);
        file->consumed = file->lines = 0;
        file->filtered = false;
    }
    file->dev = now.st_dev;
    file->ino = now.st_ino;
    file->size = (uint64_t)now.st_size;
    return file->filtered ? file->consumed == 0 : file->size > file->consumed;
}

/* Is the time over that tail_more has? */
static bool is_due(struct tail *tail)
{
    tail->behind |= tail->until_us != 0 && instant_steady() >= tail->until_us;
    return tail->behind;
}

static bool file_take(struct tail *tail, struct tail_file *file)
{
    struct input *input;
    enum input_status status = INPUT_DATA;
    if (!file->open) {
        if (tail->follows && !file_look(file)) return false;
        file->inputs = (struct inputs){.wake_fd = tail->wake_fd};
        inputs_open(&file->inputs, &file->name, 1, false);
        if (file->consumed != 0) input_seek(&file->inputs.input[0], file->consumed, file->lines);
        file->open = true;
    }
    const uint64_t lines = file->lines;
    while (stop_signal == 0 && !is_due(tail) &&
           (status = inputs_next(&file->inputs, &input)) == INPUT_DATA)
        input_take(tail, input);
    file->consumed = file->inputs.input[0].consumed;
    file->lines = file->inputs.input[0].lines;
    if (status == INPUT_END || stop_signal != 0) {
        file->filtered = input_filtered(&file->inputs.input[0]);
        inputs_release(&file->inputs);
        file->open = false;
    }
    return file->lines != lines;
}

static bool streams_take(struct tail *tail)
{
    struct input *input;
    bool some = false;
    for (int i = 0; i < STREAM_READS && !tail->streams_end && !is_due(tail); i++) {
        const enum input_status status = inputs_next(&tail->streams, &input);
        tail->streams_end = status == INPUT_END;
        if (status != INPUT_DATA) break;
        input_take(tail, input);
        some = true;
    }
    return some;
}

bool tail_more(struct tail *tail)
{
    tail->behind = false;
    bool some = streams_take(tail);
    for (size_t i = 0; tail->follows && i < tail->files && !is_due(tail); i++)
        some |= file_take(tail, &tail->file[i]);
    return some;
}

void tail_all(struct tail *tail)
{
    for (size_t i = 0; i < tail->files; i++)
        do
            (void)file_take(tail, &tail->file[i]);
        while (tail->file[i].open && stop_signal == 0);
    while (!tail->streams_end && stop_signal == 0)
        if (!streams_take(tail) && !tail->streams_end) tail_wait(tail, INT64_MAX);
}

void tail_wait(struct tail *tail, int64_t timeout_us)
{
    if (tail->streams_end) {
        struct inputs none = {.wake_fd = tail->wake_fd};
        struct pollfd entry;
        none.entries = &entry;
        (void)inputs_wait(&none, timeout_us);
        return;
    }
    (void)inputs_wait(&tail->streams, timeout_us);
}

void tail_release(struct tail *tail)
{
    if (tail->streams.input != NULL) inputs_release(&tail->streams);
    for (size_t i = 0; i < tail->files; i++)
        if (tail->file[i].open) inputs_release(&tail->file[i].inputs);
    free(tail->file);
    for (size_t i = 0; i < tail->holds; i++)
        close(tail->held[i]);
    free(tail->held);
}
