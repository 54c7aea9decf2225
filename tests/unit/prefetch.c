/* prefetch.c - which bytes of a file are asked for, and that no harm comes of it. */
#include "base/prefetch.h"

#include <stdio.h>
#include <unistd.h>

#include "base/die.h"
#include "tap.h"

#define FILE_BYTES ((uint64_t)3500000)
#define BLOCK ((uint64_t)100000)

/* The byte that stands there. */
static char byte_at(uint64_t at)
{
    return (char)(at * 7 >> 9);
}

static int file_made(void)
{
    static char bytes[FILE_BYTES];
    for (uint64_t i = 0; i < FILE_BYTES; i++)
        bytes[i] = byte_at(i);
    FILE *const file = tmpfile();
    if (file == NULL) die_errno("tmpfile");
    const int fd = fileno(file); /* closed with the process */
    if (write(fd, bytes, sizeof bytes) != (ssize_t)sizeof bytes) die_errno("write");
    return fd;
}

/* Block for block through the file: how many bytes would be asked for. What is wrong is counted. */
static uint64_t walk(int fd, uint64_t end, int *wrong)
{
    uint64_t asked = 0;
    for (uint64_t from = 0; from < end; from += BLOCK) {
        prefetch_block(fd, from, BLOCK, end);
        const uint64_t len = (uint64_t)(prefetch.end - prefetch.next);
        *wrong += len > BLOCK || from + len > end;
        for (uint64_t i = 0; i < len; i++)
            *wrong += prefetch.next[i] != byte_at(from + i);
        asked += len;
    }
    return asked;
}

static void test_file(int fd)
{
    int wrong = 0;
    const uint64_t asked = walk(fd, FILE_BYTES, &wrong);
    is_int(wrong, 0, "what is asked for are the bytes that will be read");
    ok(asked > FILE_BYTES / 10 * 9, "nearly all of them");
    ok(walk(fd, FILE_BYTES / 2, &wrong) <= FILE_BYTES / 2 && wrong == 0,
       "and none behind the end of a range");

    prefetch_block(fd, FILE_BYTES - 1000, BLOCK, FILE_BYTES);
    is_int(prefetch.end - prefetch.next, 1000, "none behind the end of the file");
    const char *const next = prefetch.next;
    prefetch_lines(2);
    prefetch_lines(13);
    is_int(prefetch.next - next, 15 * PREFETCH_LINE, "lines are asked for one behind the other");
    prefetch_lines(1);
    is_int(prefetch.next - next, 15 * PREFETCH_LINE, "a line that is not whole is not");
}

static void test_cut(int fd)
{
    prefetch_block(fd, 0, BLOCK, FILE_BYTES);
    if (ftruncate(fd, 10) != 0) die_errno("ftruncate");
    for (uint64_t i = 0; i < BLOCK; i += PREFETCH_LINE)
        prefetch_lines(1);
    for (uint64_t from = BLOCK; from < FILE_BYTES; from += BLOCK) {
        prefetch_block(fd, from, BLOCK, FILE_BYTES);
        for (uint64_t i = 0; i < BLOCK; i += PREFETCH_LINE)
            prefetch_lines(1);
    }
    ok(true, "a file that is cut off meanwhile does no harm");
}

int main(void)
{
    int ends[2];
    const int fd = file_made();

    prefetch_lines(4);
    ok(prefetch.next == prefetch.end, "without a file nothing is asked for");
    if (pipe(ends) != 0) die_errno("pipe");
    prefetch_block(ends[0], 0, BLOCK, FILE_BYTES);
    ok(prefetch.next == prefetch.end, "nor of a pipe");

    prefetch_block(fd, 0, BLOCK, FILE_BYTES);
    if (prefetch.next == prefetch.end) {
        printf("# this system has no way to map pages ahead: nothing is asked for\n");
        return plan();
    }
    test_file(fd);
    prefetch_block(fd, 0, BLOCK, FILE_BYTES);
    prefetch_forget(ends[0]);
    ok(prefetch.next != prefetch.end, "another file may end");
    prefetch_forget(fd);
    ok(prefetch.next == prefetch.end, "behind its own end nothing is asked for");
    test_cut(fd);
    prefetch_forget(fd);
    return plan();
}
