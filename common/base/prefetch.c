#include "base/prefetch.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/compat.h"

#define WINDOW_BYTES ((uint64_t)1 << 20)
/* Linux maps so many bytes around a page that it is asked for, which is faster than to ask for each
 * (fault_around_bytes). */
#define AROUND_BYTES ((size_t)64 << 10)

struct prefetch prefetch;

/* The part of the file that is mapped. */
static struct {
    int fd;    /* -1: none has been told of */
    char *map; /* NULL: nothing is */
    uint64_t from, to;
    /* Where pages had to be brought from a disk, nothing is mapped up to there; and how far that
     * was from the place. Twice as far where it is so again. */
    uint64_t resume, pause;
} window = {.fd = -1};

/* So many blocks had to be read from a disk for this process. Major faults would not tell: one that
 * is only tried again is one, too. */
static long blocks_read(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_inblock : 0;
}

static void window_close(void)
{
    prefetch = (struct prefetch){0};
    if (window.map != NULL) (void)munmap(window.map, (size_t)(window.to - window.from));
    window.map = NULL;
}

/* Enters the mapped pages into the page table. False: that cannot be done, or had to wait for a
 * disk, which is seen at the first page and at the end. */
static bool window_populate(size_t len)
{
    const long before = blocks_read();
    for (size_t at = 0; at < len; at += AROUND_BYTES)
        if (!page_populate(window.map + at) || (at == 0 && blocks_read() != before)) return false;
    return blocks_read() == before;
}

/* Maps what comes from there on. False: it is not to be had, or not in memory. */
static bool window_open(uint64_t from, uint64_t end)
{
    window_close();
    window.from = from - from % AROUND_BYTES;
    window.to = end - window.from < WINDOW_BYTES ? end : window.from + WINDOW_BYTES;
    const size_t len = (size_t)(window.to - window.from);
    void *const map = mmap(NULL, len, PROT_READ, MAP_SHARED, window.fd, (off_t)window.from);
    if (map == MAP_FAILED) return false;
    window.map = map;
    return window_populate(len);
}

void prefetch_block(int fd, uint64_t from, uint64_t len, uint64_t end)
{
    prefetch = (struct prefetch){0};
    if (window.fd != fd) {
        window_close();
        window.fd = fd;
        window.resume = window.pause = 0;
    }
    if (from >= end || from < window.resume) return;
    const bool inside = window.map != NULL && from >= window.from && from < window.to;
    if (!inside) {
        if (!window_open(from, end)) {
            window_close();
            window.pause = window.pause * 2 + WINDOW_BYTES;
            window.resume = from + window.pause;
            return;
        }
        window.pause = 0;
    }
    prefetch.next = window.map + (from - window.from);
    prefetch.end = prefetch.next + (len < window.to - from ? len : window.to - from);
}

void prefetch_forget(int fd)
{
    if (window.fd != fd) return;
    window_close();
    window.fd = -1;
}
