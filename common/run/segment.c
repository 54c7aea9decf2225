#include "run/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/paths.h"

void segment_sealed_name(char name[SEGMENT_NAME_BYTES], uint64_t number)
{
    snprintf(name, SEGMENT_NAME_BYTES, "%012llu.ndjson", (unsigned long long)number);
}

void segment_open_name(char name[SEGMENT_NAME_BYTES], uint64_t number)
{
    snprintf(name, SEGMENT_NAME_BYTES, ".%012llu.open", (unsigned long long)number);
}

uint64_t segment_number(const char *file, bool *sealed)
{
    char name[SEGMENT_NAME_BYTES];
    *sealed = file[0] != '.';
    const unsigned long long number = strtoull(file + !*sealed, NULL, 10);
    if (*sealed)
        segment_sealed_name(name, number);
    else
        segment_open_name(name, number);
    return strcmp(name, file) == 0 ? number : 0;
}

bool segment_seal(int dir_fd, uint64_t number)
{
    char from[SEGMENT_NAME_BYTES], to[SEGMENT_NAME_BYTES];
    segment_open_name(from, number);
    segment_sealed_name(to, number);
    return renameat(dir_fd, from, dir_fd, to) == 0;
}

DIR *segments_list(int dir_fd)
{
    const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return NULL;
    DIR *const dir = fdopendir(fd);
    if (dir == NULL) close(fd);
    return dir;
}

bool segments_count(int dir_fd, struct segments *segments)
{
    DIR *const dir = segments_list(dir_fd);
    struct stat stat_now;
    bool sealed;
    *segments = (struct segments){.sealed = 0};
    if (dir == NULL) return false;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (segment_number(entry->d_name, &sealed) == 0) continue;
        segments->sealed += sealed;
        /* Whoever ships it may have taken it away since. */
        if (fstatat(dir_fd, entry->d_name, &stat_now, AT_SYMLINK_NOFOLLOW) == 0)
            segments->bytes += (uint64_t)stat_now.st_size;
    }
    closedir(dir);
    return true;
}

void directory_need(const char *dir)
{
    if (mkdir(dir, 0700) == 0)
        directory_sync(dir);
    else if (errno != EEXIST)
        die_errno("%s", dir);
}
