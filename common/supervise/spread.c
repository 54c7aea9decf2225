#include "supervise/spread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"
#include "source/frame.h"
#include "supervise/process.h"

void spread_open(struct spread *spread, int from, size_t count, int64_t until)
{
    *spread = (struct spread){.from = from,
                              .reader = memory_zero(count, sizeof spread->reader[0]),
                              .count = count,
                              .until = until};
    for (size_t i = 0; i < count; i++)
        spread->reader[i].to = -1;
}

int spread_add(struct spread *spread, size_t i, int64_t partition, int64_t offset)
{
    int ends[2];
    process_pipe(ends);
    if (offset > 0) {
        struct buffer text = {0};
        frame_print_bare(&text, partition, offset, false);
        buffer_add_char(&text, '\n');
        const ssize_t put = write(ends[1], text.data, text.len); /* the pipe is empty */
        if (put != (ssize_t)text.len) die_errno("pipe");
        buffer_release(&text);
    }
    /* The reader's end is another open file, and blocks as ever. */
    if (fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0) die_errno("fcntl");
    spread->reader[i].to = ends[1];
    return ends[0];
}

void spread_leave(struct spread *spread, size_t i)
{
    if (spread->reader[i].to >= 0) close(spread->reader[i].to);
    spread->reader[i].to = -1;
}

/* --- following the frames --- */

/* The record is behind what is to be passed: all before it is done with. */
static void spread_end(struct spread *spread, int64_t partition)
{
    spread->over = true;
    spread->block.len = spread->whole;
    frame_print_bare(&spread->block, partition, spread->until, false);
    buffer_add_char(&spread->block, '\n');
    spread->whole = spread->block.len;
}

/* Is it a record, or a word about records, that lies behind the end? A word is of what is before
 * it. */
static bool is_behind(const struct spread *spread, int64_t offset, int64_t size)
{
    if (size == -2) return false; /* the end that kcat has seen */
    return size == -3 ? offset > spread->until : offset >= spread->until;
}

/* What of the block is whole, heads of frames not cut. */
static void block_follow(struct spread *spread)
{
    const char *const end = spread->block.data + spread->block.len;
    while (!spread->over) {
        const size_t there = spread->block.len - spread->whole;
        if (spread->left >= there) {
            spread->left -= there;
            spread->whole += there;
            return;
        }
        spread->whole += (size_t)spread->left;
        spread->left = 0;
        struct frame_head head;
        const enum frame_found found =
            frame_head_read(spread->block.data + spread->whole, end, &head);
        if (found != FRAME_WHOLE) {
            spread->broken = found == FRAME_BROKEN;
            return;
        }
        if (is_behind(spread, head.offset, head.size)) {
            spread_end(spread, head.partition);
            return;
        }
        spread->left = head.len + head.rest;
    }
}

/* --- passing --- */

static bool block_is_taken(const struct spread *spread)
{
    for (size_t i = 0; i < spread->count; i++)
        if (spread->reader[i].to >= 0 && spread->reader[i].taken < spread->whole) return false;
    return true;
}

/* All have taken it: what is no whole head is the beginning of the next one. */
static void block_next(struct spread *spread)
{
    const size_t rest = spread->block.len - spread->whole;
    if (rest > 0) memmove(spread->block.data, spread->block.data + spread->whole, rest);
    spread->block.len = rest;
    spread->whole = 0;
    for (size_t i = 0; i < spread->count; i++)
        spread->reader[i].taken = 0;
}

static void reader_serve(struct spread *spread, size_t i)
{
    struct spread_reader *const reader = &spread->reader[i];
    while (reader->to >= 0 && reader->taken < spread->whole) {
        const ssize_t put =
            write(reader->to, spread->block.data + reader->taken, spread->whole - reader->taken);
        if (put > 0) {
            reader->taken += (size_t)put;
        } else if (errno == EPIPE) {
            spread_leave(spread, i);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) {
            die_errno("pipe");
        }
    }
}

/* A frame that is not whole is not passed: the readers' input ends between two. */
static void readers_end(struct spread *spread)
{
    for (size_t i = 0; i < spread->count; i++)
        spread_leave(spread, i);
}

bool spread_is_done(const struct spread *spread)
{
    return spread->from < 0 && block_is_taken(spread);
}

size_t spread_wait(const struct spread *spread, struct pollfd *entry)
{
    size_t count = 0;
    const bool taken = block_is_taken(spread);
    if (spread->from >= 0 && (taken || spread->over))
        entry[count++] = (struct pollfd){.fd = spread->from, .events = POLLIN};
    for (size_t i = 0; i < spread->count && !taken; i++)
        if (spread->reader[i].to >= 0 && spread->reader[i].taken < spread->whole)
            entry[count++] = (struct pollfd){.fd = spread->reader[i].to, .events = POLLOUT};
    return count;
}

static bool is_readable(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    return fd >= 0 && poll(&entry, 1, 0) > 0;
}

void spread_turn(struct spread *spread)
{
    if (is_readable(spread->from) && (block_is_taken(spread) || spread->over)) {
        if (!spread->over) block_next(spread);
        const size_t before = spread->block.len;
        process_read(&spread->from, &spread->block);
        if (spread->over || spread->broken)
            spread->block.len = before;
        else
            block_follow(spread);
    }
    for (size_t i = 0; i < spread->count; i++)
        reader_serve(spread, i);
    if (spread_is_done(spread)) readers_end(spread);
}

void spread_release(struct spread *spread)
{
    readers_end(spread);
    if (spread->from >= 0) close(spread->from);
    free(spread->reader);
    buffer_release(&spread->block);
    *spread = (struct spread){.from = -1};
}
