#include "run/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/paths.h"
#include "run/segment.h"
#include "run/state.h"

static void spool_directory_sync(const struct spool *spool)
{
    if (fsync(spool->dir_fd) != 0 && errno != EINVAL && errno != EROFS)
        die_errno("%s: fsync", spool->dir);
}

static void spool_segment_seal(const struct spool *spool, uint64_t number)
{
    if (!segment_seal(spool->dir_fd, number))
        die_errno("%s: segment %llu", spool->dir, (unsigned long long)number);
}

/* One file that was there: see the head of spool.h. True: something was changed. */
static bool segment_recover(const struct spool *spool, const char *file)
{
    bool sealed;
    const uint64_t number = segment_number(file, &sealed);
    if (number == 0) return false;
    if (sealed) {
        if (number > spool->named)
            die_person(
                "%s/%s: the state knows nothing of this segment: is it the spool of another state?",
                spool->dir, file);
        return false;
    }
    if (number <= spool->named)
        spool_segment_seal(spool, number);
    else if (unlinkat(spool->dir_fd, file, 0) != 0)
        die_errno("%s/%s", spool->dir, file);
    return true;
}

uint64_t spool_waiting(const struct spool *spool)
{
    struct segments segments;
    if (!segments_count(spool->dir_fd, &segments)) die_errno("%s", spool->dir);
    return segments.sealed;
}

static void spool_recover(const struct spool *spool)
{
    DIR *const dir = segments_list(spool->dir_fd);
    bool changed = false;
    if (dir == NULL) die_errno("%s", spool->dir);
    for (const struct dirent *entry; errno = 0, (entry = readdir(dir)) != NULL;)
        changed |= segment_recover(spool, entry->d_name);
    if (errno != 0) die_errno("%s", spool->dir);
    closedir(dir);
    if (changed) spool_directory_sync(spool);
}

/* The next segment gets the rows. */
static void segment_open(struct spool *spool)
{
    struct output *output = spool->output;
    segment_open_name(spool->name, ++spool->open);
    output->fd = openat(spool->dir_fd, spool->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (output->fd < 0) die_errno("%s/%s", spool->dir, spool->name);
    output->position = 0;
}

void spool_open(struct spool *spool, const char *dir, uint64_t named, struct output *output)
{
    directory_need(dir);
    *spool = (struct spool){
        .dir = dir,
        .dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .output = output,
        .named = named,
        .open = named,
        .full_fd = -1,
    };
    struct stat there;
    if (spool->dir_fd < 0 || fstat(spool->dir_fd, &there) != 0) die_errno("%s", dir);
    owner_check(dir, &there);
    if (!lock_take(spool->dir_fd, LOCK_PATIENCE_US))
        die_person("%s: another process writes to this spool", dir);
    spool_recover(spool);
    *output = (struct output){.name = dir};
    segment_open(spool);
}

void spool_cut(struct spool *spool)
{
    output_flush(spool->output);
    if (spool->output->position == 0) return;
    spool->full_fd = spool->output->fd;
    spool->named = spool->open;
    segment_open(spool);
}

void spool_sync(struct spool *spool)
{
    if (spool->full_fd < 0) return;
    if (fsync(spool->full_fd) != 0) die_errno("%s: fsync", spool->dir);
    spool_directory_sync(spool);
}

void spool_seal(struct spool *spool)
{
    if (spool->full_fd < 0) return;
    spool_segment_seal(spool, spool->named);
    spool_directory_sync(spool);
}

void spool_sealed(struct spool *spool)
{
    if (spool->full_fd < 0) return;
    if (close(spool->full_fd) != 0) die_errno("%s", spool->dir);
    spool->full_fd = -1;
}

void spool_close(struct spool *spool)
{
    if (spool->output->buffer.len != 0 || spool->output->position != 0)
        return; /* not reached: all is saved */
    if (unlinkat(spool->dir_fd, spool->name, 0) != 0) die_errno("%s/%s", spool->dir, spool->name);
    close(spool->dir_fd);
}
