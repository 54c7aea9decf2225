#include "run/ends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/memory.h"

/* Digits up to that text, which follows; behind it, or NULL. */
static const char *number_before(const char *p, const char *text, int64_t *number)
{
    const char *const from = p;
    *number = 0;
    for (; *p >= '0' && *p <= '9' && p - from < 18; p++)
        *number = *number * 10 + (*p - '0');
    const size_t len = strlen(text);
    return p > from && strncmp(p, text, len) == 0 ? p + len : NULL;
}

/* "TOPIC [PARTITION] offset END": a topic's name has no bracket. */
static bool line_read(const char *line, struct end *end)
{
    const char *p = strrchr(line, '[');
    if (p == NULL) return false;
    p = number_before(p + 1, "] offset ", &end->partition);
    return p != NULL && number_before(p, "\n", &end->offset) != NULL;
}

static int by_partition(const void *a, const void *b)
{
    const struct end *const one = a, *const other = b;
    return (one->partition > other->partition) - (one->partition < other->partition);
}

void ends_read(struct ends *ends, const char *path)
{
    static bool told;
    *ends = (struct ends){0};
    if (path == NULL) return;
    FILE *const file = fopen(path, "re");
    struct stat stat_now;
    if (file == NULL && errno == ENOENT) return;
    if (file == NULL || fstat(fileno(file), &stat_now) != 0) die_errno("--stats-ends: %s", path);
    ends->asked_us = (int64_t)stat_now.st_mtim.tv_sec * 1000000 + stat_now.st_mtim.tv_nsec / 1000;
    char *line = NULL;
    size_t cap = 0;
    while (getline(&line, &cap, file) >= 0) {
        struct end end;
        if (line_read(line, &end)) {
            ends->end = memory_resize(ends->end, ends->count + 1, sizeof ends->end[0]);
            ends->end[ends->count++] = end;
        } else if (!told) {
            told = true;
            message("--stats-ends: %s: no line of kcat -Q ('TOPIC [PARTITION] offset END'); such "
                    "lines are left out",
                    path);
        }
    }
    free(line);
    if (ferror(file)) die_errno("--stats-ends: %s", path);
    fclose(file);
    if (ends->count != 0) qsort(ends->end, ends->count, sizeof ends->end[0], by_partition);
}

int64_t ends_of(const struct ends *ends, int64_t partition)
{
    const struct end key = {.partition = partition};
    const struct end *const found =
        ends->count == 0 ? NULL
                         : bsearch(&key, ends->end, ends->count, sizeof ends->end[0], by_partition);
    return found == NULL ? -1 : found->offset;
}

void ends_release(struct ends *ends)
{
    free(ends->end);
    *ends = (struct ends){0};
}
