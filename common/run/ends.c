#include "run/ends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"

/* Takes a number of at most 18 digits off, and the text behind it. */
static bool number_take(struct slice *line, struct slice behind, int64_t *number)
{
    const bool minus = line->len > 0 && *line->text == '-';
    size_t at = minus;
    *number = 0;
    for (; at < line->len && at < 18 && line->text[at] >= '0' && line->text[at] <= '9'; at++)
        *number = *number * 10 + (line->text[at] - '0');
    if (minus) *number = -*number;
    if (at == (size_t)minus || line->len - at < behind.len ||
        memcmp(line->text + at, behind.text, behind.len) != 0)
        return false;
    line->text += at + behind.len;
    line->len -= at + behind.len;
    return true;
}

bool ends_line(struct slice line, struct end *end)
{
    /* A topic's name has no bracket. */
    const char *const at = line.len == 0 ? NULL : memchr(line.text, '[', line.len);
    if (at == NULL) return false;
    line.len -= (size_t)(at + 1 - line.text);
    line.text = at + 1;
    return number_take(&line, SLICE("] offset "), &end->partition) &&
           number_take(&line, SLICE(""), &end->offset) && line.len == 0 && end->partition >= 0;
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
        const size_t len = strcspn(line, "\n");
        /* One that does not end may go on. */
        if (line[len] == '\n' && ends_line((struct slice){.text = line, .len = len}, &end) &&
            end.offset >= 0) {
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
