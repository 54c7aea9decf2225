#include "look/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
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

/* Where to go on in the file as it is now; false: nowhere, for now. */
static bool file_look(struct tail_file *file)
{
    struct stat stat_now;
    if (stat(file->name, &stat_now) != 0) {
        if (errno != ENOENT) die_errno("%s", file->name);
        if (!file->missing) message("%s: is not there yet", file->name);
        file->missing = true;
        return false;
    }
    file->missing = false;
    const bool is_other = file->ino != stat_now.st_ino || file->dev != stat_now.st_dev;
    if (file->consumed != 0 && (is_other || (uint64_t)stat_now.st_size < file->consumed)) {
        message("%s: is another file by now: read from its beginning", file->name);
        file->consumed = file->lines = 0;
    }
    file->dev = stat_now.st_dev;
    file->ino = stat_now.st_ino;
    return (uint64_t)stat_now.st_size > file->consumed;
}

static bool file_take(struct tail *tail, struct tail_file *file)
{
    struct inputs inputs = {.wake_fd = tail->wake_fd};
    struct input *input;
    if (tail->follows && !file_look(file)) return false;
    const uint64_t lines = file->lines;
    inputs_open(&inputs, &file->name, 1, false);
    if (file->consumed != 0) input_seek(&inputs.input[0], file->consumed, file->lines);
    while (stop_signal == 0 && inputs_next(&inputs, &input) == INPUT_DATA)
        input_take(tail, input);
    file->consumed = inputs.input[0].consumed;
    file->lines = inputs.input[0].lines;
    inputs_release(&inputs);
    return file->lines != lines;
}

static bool streams_take(struct tail *tail)
{
    struct input *input;
    bool some = false;
    for (int i = 0; i < STREAM_READS && !tail->streams_end; i++) {
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
    bool some = streams_take(tail);
    for (size_t i = 0; tail->follows && i < tail->files; i++)
        some |= file_take(tail, &tail->file[i]);
    return some;
}

void tail_all(struct tail *tail)
{
    for (size_t i = 0; i < tail->files; i++)
        (void)file_take(tail, &tail->file[i]);
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
    free(tail->file);
}
