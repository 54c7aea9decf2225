/* memory.c - pages of a file that were looked at are given back, all of them. */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"

#define PAGE_BYTES 4096
#define FILE_BYTES ((size_t)32 << 20)
/* What is brought in around a page, which may be some megabytes where the system has the file in
 * large pieces, and whatever else of files may be in memory. */
#define LEFT_KIB 8192

/* KiB of files that are in this process's memory; -1: this system does not say. */
static long files_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *const status = fopen("/proc/self/status", "r");
    if (status == NULL) return -1;
    while (kib < 0 && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "RssFile:", 8) == 0) kib = strtol(line + 8, NULL, 10);
    fclose(status);
    return kib;
}

/* Reads all of it and gives it back in such steps; what is left, beside a step. */
static long left_kib(const char *map, size_t step)
{
    const char *known = map;
    size_t sum = 0;
    const long before = files_kib();
    for (size_t at = 0; at < FILE_BYTES; at++) {
        sum += (unsigned char)map[at];
        if ((size_t)(map + at - known) >= step) known = memory_pages_forget(known, map + at);
    }
    const long left = files_kib() - before - (long)(step / 1024);
    (void)madvise((void *)(uintptr_t)map, FILE_BYTES, MADV_DONTNEED);
    return sum == FILE_BYTES / PAGE_BYTES ? left : (long)FILE_BYTES;
}

int main(void)
{
    FILE *const file = tmpfile();
    static const char page[PAGE_BYTES] = {1};
    if (file == NULL) return 1;
    for (size_t at = 0; at < FILE_BYTES; at += sizeof page)
        if (fwrite(page, sizeof page, 1, file) != 1) return 1;
    if (fflush(file) != 0) return 1;
    const char *const map = mmap(NULL, FILE_BYTES, PROT_READ, MAP_PRIVATE, fileno(file), 0);
    if (map == MAP_FAILED) return 1;
    ok(memory_pages_forget(map + 100, map + 200) == map + 100, "of less than a page nothing is");
    ok(left_kib(map, 100000) < LEFT_KIB && left_kib(map, (size_t)1 << 18) < LEFT_KIB &&
           left_kib(map, 70000) < LEFT_KIB,
       "a file that is given back in steps leaves nothing behind, and is read again");
    munmap((void *)(uintptr_t)map, FILE_BYTES);
    fclose(file);
    return plan();
}
