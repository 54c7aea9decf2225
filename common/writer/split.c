#include "writer/split.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"
#include "base/paths.h"
#include "writer/output.h"

/* What gathers for all files together, and the least for one: smaller writes cost more than the
 * bytes they bring. */
#define BLOCKS_BYTES ((size_t)16 << 20)
#define BLOCK_LEAST ((size_t)16 << 10)

/* Descriptors that a run has open beside the files of a split. */
#define OTHER_FILES 64

enum { NAME_BYTES = 32 };

static void part_name(const struct split *split, uint32_t number, char name[NAME_BYTES])
{
    const int digits = split->count <= 100 ? 2 : split->count <= 1000 ? 3 : 4;
    (void)snprintf(name, NAME_BYTES, "%0*u.ndjson", digits, (unsigned)number);
}

static bool is_part(const char *name)
{
    const size_t digits = strspn(name, "0123456789");
    return digits >= 2 && strcmp(name + digits, ".ndjson") == 0;
}

/* A soft limit of 1,024 is usual, and the hard one is much higher. */
static void descriptors_need(uint32_t count)
{
    struct rlimit limit;
    const rlim_t wanted = count + OTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    if (limit.rlim_max < wanted)
        die("--split: %u files are open at once, and this process may have %llu (ulimit -n)",
            (unsigned)count, (unsigned long long)limit.rlim_max);
    limit.rlim_cur = wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die_errno("--split: ulimit -n");
}

/* What is there is somebody's: a split of fewer files would leave old ones among its own. */
void split_check(const char *dir)
{
    DIR *const open = opendir(dir);
    if (open == NULL) {
        if (errno == ENOENT) return;
        die_errno("%s", dir);
    }
    for (const struct dirent *entry; (entry = readdir(open)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            die_usage("--split-dir: %s is not empty: it is made by the run, or has to be empty",
                      dir);
    closedir(open);
}

/* Of an earlier run that was cut off. */
static void leavings_remove(const struct split *split)
{
    const int fd = openat(split->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const open = fd < 0 ? NULL : fdopendir(fd);
    if (open == NULL) die_errno("%s", split->beside);
    for (const struct dirent *entry; (entry = readdir(open)) != NULL;)
        if (is_part(entry->d_name) && unlinkat(split->dir_fd, entry->d_name, 0) != 0)
            die_errno("%s/%s", split->beside, entry->d_name);
    closedir(open);
}

static void directory_open(struct split *split)
{
    if (mkdir(split->beside, 0777) != 0 && errno != EEXIST) die_errno("%s", split->beside);
    split->dir_fd = open(split->beside, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (split->dir_fd < 0) die_errno("%s", split->beside);
    if (flock(split->dir_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) die("%s: another run writes there", split->beside);
        die_errno("%s: lock", split->beside);
    }
    leavings_remove(split);
}

static void part_open(struct split *split, uint32_t number)
{
    char name[NAME_BYTES];
    struct buffer path = {0};
    part_name(split, number, name);
    buffer_printf(&path, "%s/%s%c", split->beside, name, '\0');
    const int fd =
        openat(split->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) die_errno("%s", path.data);
    split->part[number] = (struct output){.name = path.data, .fd = fd, .file = true};
}

void split_open(struct split *split, const char *dir, uint32_t count, enum partitioner partitioner)
{
    size_t len = strlen(dir);
    struct buffer beside = {0};
    while (len > 1 && dir[len - 1] == '/')
        len--;
    *split = (struct split){.dir = memory_text(dir, len),
                            .partitioner = partitioner,
                            .count = count,
                            .part = memory_zero(count, sizeof split->part[0])};
    buffer_printf(&beside, "%s.new%c", split->dir, '\0');
    split->beside = beside.data;
    split->block_bytes = BLOCKS_BYTES / count;
    if (split->block_bytes < BLOCK_LEAST) split->block_bytes = BLOCK_LEAST;
    descriptors_need(count);
    directory_open(split);
    for (uint32_t number = 0; number < count; number++)
        part_open(split, number);
}

struct buffer *split_row(struct split *split, struct slice key)
{
    split->row = &split->part[partitioner_of(split->partitioner, key, split->count)];
    return &split->row->buffer;
}

void split_row_end(struct split *split)
{
    buffer_add_char(&split->row->buffer, '\n');
    if (split->row->buffer.len >= split->block_bytes) output_flush(split->row);
}

/* All are written before the first is waited for: the disk has work meanwhile. */
void split_publish(struct split *split)
{
    for (uint32_t number = 0; number < split->count; number++)
        output_flush(&split->part[number]);
    for (uint32_t number = 0; number < split->count; number++)
        output_sync(&split->part[number]);
    if (fsync(split->dir_fd) != 0 && errno != EINVAL && errno != EROFS)
        die_errno("%s: fsync", split->beside);
    if (rename(split->beside, split->dir) != 0) die_errno("%s: rename", split->dir);
    directory_sync(split->dir);
}

void split_drop(struct split *split)
{
    leavings_remove(split);
    if (rmdir(split->beside) != 0) die_errno("%s", split->beside);
}

void split_release(struct split *split)
{
    for (uint32_t number = 0; number < split->count; number++) {
        buffer_release(&split->part[number].buffer);
        if (split->part[number].fd >= 0) (void)close(split->part[number].fd);
        free((char *)(uintptr_t)split->part[number].name);
    }
    if (split->dir_fd >= 0) (void)close(split->dir_fd);
    free(split->part);
    free(split->dir);
    free(split->beside);
}
