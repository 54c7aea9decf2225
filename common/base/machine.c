#include "base/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buffer.h"

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t limit_of(int resource)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur > INT64_MAX) return INT64_MAX;
    return (int64_t)limit.rlim_cur;
}

static int64_t physical(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES);
    const long page = sysconf(_SC_PAGESIZE);
    return pages <= 0 || page <= 0 ? INT64_MAX : (int64_t)pages * page;
}

/* The number in a file; INT64_MAX: there is none, as where it says "max". */
static int64_t file_number(const char *path)
{
    char text[32];
    FILE *file = fopen(path, "re");
    if (file == NULL) return INT64_MAX;
    const bool got = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    if (!got || text[0] < '0' || text[0] > '9') return INT64_MAX;
    const long long number = strtoll(text, NULL, 10);
    return number > 0 ? number : INT64_MAX;
}

/* The least limit of a group and those it lies in. */
static int64_t groups_limit(const char *root, char *group, const char *name)
{
    int64_t least = INT64_MAX;
    struct buffer path = {0};
    for (size_t len = strlen(group);; len = (size_t)(strrchr(group, '/') - group)) {
        group[len] = '\0';
        buffer_clear(&path);
        buffer_printf(&path, "%s%s/%s%c", root, group, name, '\0');
        least = lesser(least, file_number(path.data));
        if (strrchr(group, '/') == NULL) break;
    }
    buffer_release(&path);
    return least;
}

/* "0::/GROUP" in version 2, "7:memory:/GROUP" in version 1. */
static int64_t line_limit(char *line)
{
    line[strcspn(line, "\n")] = '\0';
    char *names = strchr(line, ':');
    char *group = names == NULL ? NULL : strchr(names + 1, ':');
    if (group == NULL) return INT64_MAX;
    *group++ = '\0';
    if (strcmp(group, "/") == 0) *group = '\0';
    if (names[1] == '\0') return groups_limit("/sys/fs/cgroup", group, "memory.max");
    if (strcmp(names + 1, "memory") != 0) return INT64_MAX;
    return groups_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
}

static int64_t control_groups(void)
{
    int64_t least = INT64_MAX;
    char *line = NULL;
    size_t cap = 0;
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file == NULL) return INT64_MAX;
    while (getline(&line, &cap, file) >= 0)
        least = lesser(least, line_limit(line));
    free(line);
    fclose(file);
    return least;
}

int64_t machine_memory(void)
{
    return lesser(lesser(physical(), control_groups()),
                  lesser(limit_of(RLIMIT_AS), limit_of(RLIMIT_DATA)));
}
