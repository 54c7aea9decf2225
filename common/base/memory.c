#include "base/memory.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/die.h"

static size_t product(size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        die("no memory for %zu times %zu bytes", count, size);
    return bytes > 0 ? bytes : 1; /* a null pointer always means failure */
}

void *memory_new(size_t size)
{
    void *memory = malloc(product(1, size));
    if (memory == NULL) die("no memory for %zu bytes", size);
    return memory;
}

void *memory_zero(size_t count, size_t size)
{
    const size_t bytes = product(count, size);
    void *memory = calloc(1, bytes);
    if (memory == NULL) die("no memory for %zu bytes", bytes);
    return memory;
}

void *memory_resize(void *old, size_t count, size_t size)
{
    const size_t bytes = product(count, size);
    void *memory = realloc(old, bytes);
    if (memory == NULL) die("no memory for %zu bytes", bytes);
    return memory;
}

char *memory_text(const char *text, size_t len)
{
    if (len == SIZE_MAX) die("no memory for %zu bytes", len);
    char *copy = memory_new(len + 1);
    if (len > 0) memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void memory_return_early(void)
{
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
    (void)mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

void *memory_pages(size_t size, bool large)
{
    const size_t more = size + MEMORY_PAGES_BYTES;
    char *map = mmap(NULL, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) die("no memory for %zu bytes", size);

    const size_t before = -(uintptr_t)map & (MEMORY_PAGES_BYTES - 1);
    char *pages = map + before;
    if (before > 0) munmap(map, before);
    munmap(pages + size, more - before - size);
#ifdef MADV_HUGEPAGE
    if (large) (void)madvise(pages, size, MADV_HUGEPAGE); /* else it is slower, that is all */
#else
    (void)large;
#endif
    return pages;
}

void memory_pages_free(void *pages, size_t size)
{
    munmap(pages, size);
}

void memory_pages_move(void *pages, void *to, size_t size)
{
#ifdef MREMAP_FIXED
    if (mremap(pages, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, to) != MAP_FAILED) return;
    /* What was there may be gone by now. */
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    if (mmap(to, size, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED)
        die("no memory for %zu bytes", size);
#else
    (void)to;
#endif
    munmap(pages, size);
}

void memory_pages_map(const char *from, size_t len)
{
#ifdef MADV_POPULATE_READ
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begin = (uintptr_t)from / page * page;
    (void)madvise((void *)begin, (uintptr_t)from + len - begin, MADV_POPULATE_READ);
#else
    (void)from;
    (void)len;
#endif
}

/* Linux may bring pages of a file in by such blocks, and so what stands before the one that is
 * looked at as well: what was given back would be here again, and nobody would give it back. */
#define BLOCK_BYTES ((uintptr_t)64 << 10)

const char *memory_pages_forget(const char *from, const char *to)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t block = page > BLOCK_BYTES ? page : BLOCK_BYTES;
    const uintptr_t begin = ((uintptr_t)from + page - 1) / page * page;
    const uintptr_t end = (uintptr_t)to / block * block;
    if (begin >= end) return from;
    (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
    return (const char *)end;
}
