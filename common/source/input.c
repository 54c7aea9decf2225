#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/compat.h"
#include "base/head.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/prefetch.h"
#include "event/scan.h"
#include "source/input_inside.h"

#define BLOCK_BYTES ((size_t)256 << 10)
/* Of a file no more at once: it, and the next block on its way, stay in the second cache. */
#define FILE_BYTES ((size_t)128 << 10)
/* One byte more than a line may have, so that a longer one can be told. */
#define DATA_MAX (LINE_MAX_BYTES + 2 + BLOCK_BYTES)
/* What one long line has needed is given back when the next are short. */
#define DATA_AMPLE (BLOCK_BYTES * 16)
#define AMPLE_READS 64
#define PIPE_BYTES (1 << 20)

const char *input_label(const struct input *input)
{
    if (input->label != NULL) return input->label;
    return strcmp(input->name, "-") == 0 ? "standard input" : input->name;
}

bool input_lasts(const struct input *input)
{
    return input->regular && strcmp(input->name, "-") != 0;
}

bool input_filtered(const struct input *input)
{
    return input->regular && (input->coding != NULL || input->charset != NULL);
}

void input_head_update(struct input *input)
{
    if (!input_lasts(input) || input->fd < 0 || input->filters != 0) return;
    /* Of a filtered file all that there is: a position in what comes out of it says nothing of
     * its own bytes. */
    const uint64_t seen =
        input_filtered(input) ? input->size : input->consumed + input->end - input->start;
    const uint32_t len = seen < HEAD_BYTES ? (uint32_t)seen : HEAD_BYTES;
    if (len > input->head_len && head_read(input->name, input->fd, len, &input->head))
        input->head_len = len;
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

void input_open(struct input *input)
{
    if (strcmp(input->name, "-") == 0) {
        input->fd = STDIN_FILENO;
        if (isatty(input->fd)) message("reading events from the terminal (Ctrl-D ends)");
    } else {
        /* A FIFO that nobody writes to yet is not waited for here: the others may have something.
         */
        input->fd = open(input->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (input->fd < 0) die_errno("%s", input_label(input));
    }
    struct stat stat;
    if (fstat(input->fd, &stat) != 0) die_errno("%s", input_label(input));
    if (S_ISDIR(stat.st_mode)) {
        errno = EISDIR;
        die_errno("%s", input_label(input));
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
        pipe_widen(input->fd,
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
        input->bound = -1;
        input_open(input);
        if (input->regular) input_recognise(inputs, input, true);
        inputs->bytes_total += input_filtered(input) ? 0 : input->size;
        inputs->has_streams |= !input->regular;
        /* Regular files are opened again when their turn comes: a thousand need no thousand
         * descriptors. */
        if (input->regular && input->fd != STDIN_FILENO && !interleave) {
            close(input->fd);
            input->fd = -1;
        }
    }
}

void input_turn(const struct inputs *inputs, struct input *input)
{
    if (input->fd < 0) {
        const uint64_t dev = input->dev, ino = input->ino;
        input_open(input);
        if (input->dev != dev || input->ino != ino) {
            if (input->consumed != 0)
                die_person("%s: has just been replaced: the position in the state is gone",
                           input->name);
            message("%s: was replaced while other files were read", input->name);
        }
        input_recognise(inputs, input, false);
    }
    if (input_filtered(input))
        input_filters_begin(inputs, input);
    else if (input->consumed != 0 && lseek(input->fd, (off_t)input->consumed, SEEK_SET) < 0)
        die_errno("%s", input_label(input));
}

/* Closes what is read to its end. False: it has to be read once more. */
static bool input_close(struct inputs *inputs, struct input *input)
{
    input_head_update(input);
    prefetch_forget(input->fd);
    if (input->fd > STDIN_FILENO) close(input->fd);
    input->fd = -1;
    if (input->filters == 0) return true;
    if (input_filters_end(inputs, input)) return false;
    if (input->brought < input->passed)
        die_person("%s: is shorter than it was: the position in the state is gone", input->name);
    return true;
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
        prefetch_forget(input->fd);
        if (input->fd > STDIN_FILENO) close(input->fd);
        buffer_release(&input->ahead);
        buffer_release(&input->kept);
        free(input->label);
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

/* How far the file may be read: to its end, as far as is known, or that of a range. */
static uint64_t end_of(const struct input *input)
{
    return input->stop != 0 ? input->stop : input->size;
}

/* Does a read bring the bytes of a regular file, not those of a pipe? */
static bool reads_file(const struct input *input)
{
    return input->regular && input->filters == 0;
}

/* Of a file that is read by itself, the block behind this one is asked for. */
static void next_block_ask(const struct inputs *inputs, const struct input *input)
{
    if (!reads_file(input) || inputs->interleave) return;
    const off_t at = lseek(input->fd, 0, SEEK_CUR);
    if (at < 0) return;
    prefetch_block(input->fd, (uint64_t)at, FILE_BYTES, end_of(input));
}

/* Reads once, or what was read ahead; as read does. */
static ssize_t input_fetch(struct inputs *inputs, struct input *input, char *into, size_t room)
{
    if (inputs->jobs > 1 && input->regular && input->coding != NULL && !inputs->interleave) {
        ahead_begin(inputs, input);
        ahead_gather(inputs, input);
        const size_t taken = ahead_take(input, into, room);
        if (taken != 0) return (ssize_t)taken;
    }
    ssize_t got;
    do
        got = read(input->fd, into, room);
    while (got < 0 && errno == EINTR && input->regular);
    if (got > 0) next_block_ask(inputs, input);
    return got;
}

/* Bytes have arrived, from there to the end: those that we have had already are thrown away. */
static void input_arrived(struct inputs *inputs, struct input *input, size_t from)
{
    const size_t len = input->end - from;
    const size_t had = input->skip < len ? (size_t)input->skip : len;
    if (had != 0) memmove(input->data + from, input->data + from + had, len - had);
    input->brought += len;
    input->skip -= had;
    input->end -= had;
    inputs->bytes_read += len - had;
}

/* Nothing follows. False: it goes on all the same, through another filter. */
static bool input_end(struct inputs *inputs, struct input *input)
{
    const size_t from = input->start;
    input->ended = true;
    if (!input->settled) {
        if (input_look(inputs, input) == LOOKED_AGAIN) {
            input->ended = false;
            return false;
        }
        input_arrived(inputs, input, from);
    }
    input->ended = input_close(inputs, input);
    return input->ended;
}

/* How much may be read now: of a range, no more than is left of it. */
static size_t room_of(const struct input *input)
{
    const size_t most = reads_file(input) ? FILE_BYTES : BLOCK_BYTES;
    size_t room = input->cap - input->end;
    if (room > most) room = most;
    if (input->stop == 0) return room;
    const uint64_t read_up_to = input->consumed + (input->end - input->start);
    const uint64_t left = input->stop > read_up_to ? input->stop - read_up_to : 0;
    return room < left ? room : (size_t)left;
}

/* Nothing follows, and the end that the file had when it was opened has not come? Then somebody has
 * emptied or cut it meanwhile, and what stood there is lost. */
static void shrunk_tell(struct inputs *inputs, struct input *input)
{
    if (!reads_file(input) || input->damaged) return;
    const off_t read_up_to = lseek(input->fd, 0, SEEK_CUR);
    if (read_up_to < 0 || (uint64_t)read_up_to >= end_of(input)) return;
    message("%s: has become shorter while it was read: what stood there is not used",
            input_label(input));
    input->damaged = true;
    inputs->damaged++;
}

/* One read, or more where one brings nothing but what says what the input is; false when it would
 * have to wait. */
static bool input_read(struct inputs *inputs, struct input *input)
{
    for (;;) {
        const bool is_new = input->fd < 0 || (input_filtered(input) && input->filters == 0);
        if (input->regular && !input->ended && is_new) input_turn(inputs, input);
        input_make_room(input);
        const size_t room = room_of(input);
        if (room == 0) {
            input->ended = true; /* stays open: another range may follow */
            return true;
        }
        const ssize_t got = input_fetch(inputs, input, input->data + input->end, room);
        if (got < 0) {
            if (errno == EAGAIN || errno == EINTR) return false;
            die_errno("%s", input_label(input));
        }
        if (got == 0) shrunk_tell(inputs, input);
        if (got == 0 && input_end(inputs, input)) return true;
        const size_t from = input->settled ? input->end : input->start;
        input->end += (size_t)got;
        if (got != 0 && (input->settled || input_look(inputs, input) == LOOKED_SETTLED)) {
            input_arrived(inputs, input, from);
            if (input->end > input->start) return true;
        }
        if (!input->regular) return false; /* poll says when there is more */
    }
}

/* How far an input's event time has come. */
static int64_t reached(const struct input *input)
{
    return input->reached_us == NULL ? TIME_NONE : *input->reached_us;
}

/* Is the input, of those read side by side, to be read before the other one? */
static bool is_behind(const struct inputs *inputs, const struct input *input,
                      const struct input *other)
{
    if (inputs->order != NULL) return inputs->order(inputs->context, input, other) < 0;
    return reached(input) < reached(other);
}

/* The regular file whose turn it is, or NULL. */
static struct input *next_regular(struct inputs *inputs)
{
    struct input *best = NULL;
    for (int i = inputs->first; i < inputs->count; i++) {
        struct input *input = &inputs->input[i];
        if (!input->regular || input->ended) continue;
        if (!inputs->interleave) return input;
        if (best == NULL || is_behind(inputs, input, best)) best = input;
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

/* Of the streams that have something, which have not been tried yet, the one whose turn it is, or
 * NULL. */
static struct input *next_stream(const struct inputs *inputs, nfds_t streams)
{
    static nfds_t turn; /* so that a busy one does not starve the others */
    nfds_t best = streams;
    for (nfds_t i = 0; i < streams; i++) {
        const nfds_t at = (turn + i) % streams;
        if (inputs->entries[at].revents == 0) continue;
        if (best == streams || is_behind(inputs, inputs->who[at], inputs->who[best])) best = at;
        if (inputs->order == NULL) break;
    }
    if (best == streams) return NULL;
    turn = best + 1;
    inputs->entries[best].revents = 0;
    return inputs->who[best];
}

/* Of inputs in an order nothing is gained by a file that is ahead of a stream: what it brings would
 * only be held until that one brings something. */
static bool waits_for_stream(const struct inputs *inputs, const struct input *file, nfds_t streams)
{
    if (inputs->order == NULL) return false;
    for (nfds_t i = 0; i < streams; i++)
        if (!inputs->who[i]->ended && is_behind(inputs, inputs->who[i], file)) return true;
    return false;
}

enum input_status inputs_next(struct inputs *inputs, struct input **input)
{
    inputs_pass(inputs);
    const nfds_t streams = poll_entries(inputs, inputs->entries, inputs->who);
    if (streams != 0 && poll(inputs->entries, streams, 0) > 0)
        while ((*input = next_stream(inputs, streams)) != NULL)
            if (input_read(inputs, *input)) return INPUT_DATA;
    *input = next_regular(inputs);
    if (*input != NULL && !waits_for_stream(inputs, *input, streams) && input_read(inputs, *input))
        return INPUT_DATA;
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
    input->start = input->end = 0;
    input->discarding = false;
    if (input_filtered(input))
        input->skip = consumed;
    else if (input->fd >= 0 && lseek(input->fd, (off_t)consumed, SEEK_SET) < 0)
        die_errno("%s", input->name);
}

void input_consume(struct input *input, size_t bytes)
{
    input->start += bytes;
    input->consumed += bytes;
}
