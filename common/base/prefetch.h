/*
 * prefetch.h - the next block of a file on its way into the cache, while this one is worked on.
 *
 * read(2) copies a block out of the page cache, and the copy waits for memory: more than a quarter
 * of the time of a funnel. So the pages of the block that will be read next are mapped, and its
 * cache lines asked for one by one between other work; the copy then finds most of them in the
 * second cache. Asking for all at once would only wait at another place: a processor has a dozen
 * lines under way, no more.
 *
 * Nothing is ever read through the mapping, and a prefetch instruction never faults: where the file
 * is cut off or changed meanwhile nothing happens but that a line is not there. Where pages are not
 * in memory the file is left alone for a while, each time longer: the kernel reads ahead of read(2)
 * by itself. One file at a time; without a mapping all this does nothing.
 */
#ifndef CS_PREFETCH_H
#define CS_PREFETCH_H

#include <stdint.h>

#define PREFETCH_LINE 64 /* bytes */

/* What is left to be asked for; next is end where nothing is. */
struct prefetch {
    const char *next, *end;
};

extern struct prefetch prefetch;

/* What will be read of that file next: so many bytes from there on, but none from end on. */
void prefetch_block(int fd, uint64_t from, uint64_t len, uint64_t end);

/* Nothing more will be read of that file; also of one that prefetch_block was never told of. */
void prefetch_forget(int fd);

/* Asks for so many lines: a few at each step of an event's way, so that what events take in all is
 * about as much as their lines are. */
static inline __attribute__((always_inline)) void prefetch_lines(int count)
{
    const char *const next = prefetch.next;
    if (prefetch.end - next < count * PREFETCH_LINE) return;
    prefetch.next = next + count * PREFETCH_LINE;
#pragma GCC unroll 12
    for (int i = 0; i < count; i++)
        __builtin_prefetch(next + i * PREFETCH_LINE, 0, 2);
}

#endif
