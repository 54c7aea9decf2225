/*
 * input_ahead.c - decompressors that work before it is their file's turn.
 *
 * A pipe holds a megabyte, and a decompressor whose pipe is full stands still. So what those of the
 * next files bring is taken out of their pipes whenever the file whose turn it is is read, and is
 * kept until theirs comes: as much as there is memory for it.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/die.h"
#include "base/held.h"
#include "source/input_inside.h"

/* What all of them may hold, and the part of all memory that this may be. */
#define AHEAD_BYTES ((size_t)256 << 20)
#define AHEAD_SHARE 8
#define BLOCK_BYTES ((size_t)256 << 10)

/* Is it a file whose decompressor may work before its turn? */
static bool is_fit(const struct input *input)
{
    return input->regular && input->coding != NULL && !input->ended;
}

/* Is one working? */
static bool is_working(const struct input *input)
{
    return is_fit(input) && input->fd >= 0 && !input->ahead_ended;
}

/* Where decompressing is not what takes the time, what was brought before its turn would have been
 * kept for nothing. */
static bool is_slow(const struct input *current)
{
    for (int i = 0; i < current->filters; i++) {
        const char *const program = current->filter[i].program;
        if (program != NULL && coding_is_fast(program)) return false;
    }
    return true;
}

void ahead_begin(struct inputs *inputs, const struct input *current)
{
    int working = 0;
    const int turn = (int)(current - inputs->input);
    if (inputs->begun <= turn) inputs->begun = turn + 1;
    if (!is_slow(current)) return;
    for (int i = turn; i < inputs->begun; i++)
        working += i == turn || is_working(&inputs->input[i]);
    for (; inputs->begun < inputs->count && working < inputs->jobs; inputs->begun++) {
        struct input *next = &inputs->input[inputs->begun];
        if (!is_fit(next) || next->fd >= 0) continue;
        input_turn(inputs, next);
        working++;
    }
}

/* How much one of them may hold. */
static size_t room_each(const struct inputs *inputs)
{
    const size_t share = held.most / AHEAD_SHARE;
    return (share < AHEAD_BYTES ? share : AHEAD_BYTES) / (size_t)(inputs->jobs - 1);
}

/* Takes a block of what one has brought. */
static void block_take(struct input *input)
{
    char *const into = buffer_reserve(&input->ahead, BLOCK_BYTES);
    ssize_t got;
    do
        got = read(input->fd, into, BLOCK_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0) die_errno("%s", input_label(input));
    input->ahead.len += (size_t)got;
    input->ahead_ended = got == 0;
}

void ahead_gather(struct inputs *inputs, const struct input *current)
{
    const size_t most = room_each(inputs);
    const int turn = (int)(current - inputs->input);
    const bool has_more = current->ahead.len > current->ahead_taken;
    /* Where decompressing is not what takes the time, keeping what it brings would only cost. */
    struct pollfd now = {.fd = current->fd, .events = POLLIN};
    if (!has_more && poll(&now, 1, 0) > 0) return;
    for (;;) {
        nfds_t count = 0;
        if (!has_more) {
            inputs->entries[count] = (struct pollfd){.fd = current->fd, .events = POLLIN};
            inputs->who[count++] = NULL;
        }
        for (int i = turn + 1; i < inputs->begun; i++) {
            struct input *input = &inputs->input[i];
            if (!is_working(input) || input->ahead.len >= most) continue;
            inputs->entries[count] = (struct pollfd){.fd = input->fd, .events = POLLIN};
            inputs->who[count++] = input;
        }
        if (count == 0 || (count == 1 && !has_more)) return; /* a read waits as well */
        if (poll(inputs->entries, count, has_more ? 0 : -1) < 0 && errno != EINTR)
            die_errno("poll");
        for (nfds_t i = has_more ? 0 : 1; i < count; i++)
            if (inputs->entries[i].revents != 0) block_take(inputs->who[i]);
        if (has_more || inputs->entries[0].revents != 0) return;
    }
}

size_t ahead_take(struct input *current, char *into, size_t room)
{
    size_t len = current->ahead.len - current->ahead_taken;
    if (len == 0) return 0;
    if (len > room) len = room;
    memcpy(into, current->ahead.data + current->ahead_taken, len);
    current->ahead_taken += len;
    if (current->ahead_taken == current->ahead.len) {
        buffer_release(&current->ahead);
        current->ahead_taken = 0;
    }
    return len;
}
