#include "collect/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/instant.h"
#include "base/paths.h"
#include "run/state.h"

/* What is in the directory is not counted more often. */
#define COUNT_AFTER_US INT64_C(1000000)

/* After a seal that has failed. */
#define SEAL_AGAIN_US INT64_C(1000000)

/* --- what a crash has left --- */

/* How long the file is up to its last line end. */
static off_t whole_rows(int fd, off_t size)
{
    char block[4096];
    while (size > 0) {
        const size_t some = size < (off_t)sizeof block ? (size_t)size : sizeof block;
        const ssize_t got = pread(fd, block, some, size - (off_t)some);
        if (got != (ssize_t)some) return -1;
        const char *const newline = memrchr(block, '\n', some);
        if (newline != NULL) return size - (off_t)some + (newline - block) + 1;
        size -= (off_t)some;
    }
    return 0;
}

/* An open segment: cut, and sealed unless nothing is left of it. */
static void segment_recover(const struct store *store, uint64_t number)
{
    char name[SEGMENT_NAME_BYTES];
    struct stat stat_now;
    segment_open_name(name, number);
    const int fd = openat(store->dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &stat_now) != 0) die_errno("%s/%s", store->dir, name);
    const off_t len = whole_rows(fd, stat_now.st_size);
    if (len < 0 || (len != stat_now.st_size && ftruncate(fd, len) != 0) || fsync(fd) != 0)
        die_errno("%s/%s", store->dir, name);
    close(fd);
    if (len != 0 && !segment_seal(store->dir_fd, number)) die_errno("%s/%s", store->dir, name);
    if (len == 0 && unlinkat(store->dir_fd, name, 0) != 0) die_errno("%s/%s", store->dir, name);
    if (len != 0)
        message("%s/%s: sealed with %lld bytes: it was open when a run ended", store->dir, name,
                (long long)len);
}

static void store_recover(struct store *store)
{
    DIR *const dir = segments_list(store->dir_fd);
    bool sealed;
    if (dir == NULL) die_errno("%s", store->dir);
    for (const struct dirent *entry; errno = 0, (entry = readdir(dir)) != NULL;) {
        const uint64_t number = segment_number(entry->d_name, &sealed);
        if (number > store->number) store->number = number;
        if (number != 0 && !sealed) segment_recover(store, number);
    }
    if (errno != 0) die_errno("%s", store->dir);
    closedir(dir);
    if (fsync(store->dir_fd) != 0) die_errno("%s: fsync", store->dir);
}

/* --- segments --- */

static bool failed(struct store *store, const char *what)
{
    store->what = what;
    return false;
}

/* The next segment. False: it cannot be made. */
static bool segment_begin(struct store *store)
{
    char name[SEGMENT_NAME_BYTES];
    segment_open_name(name, store->number + 1);
    const int fd =
        openat(store->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return failed(store, "open");
    if (fsync(store->dir_fd) != 0) {
        const int why = errno;
        close(fd);
        (void)unlinkat(store->dir_fd, name, 0);
        errno = why;
        return failed(store, "fsync of the directory");
    }
    store->fd = fd;
    store->number++;
    store->durable = 0;
    store->dirty = false;
    return true;
}

/* Takes away what a group that failed has left. */
static bool segment_clean(struct store *store)
{
    if (!store->dirty) return true;
    if (ftruncate(store->fd, (off_t)store->durable) != 0) return failed(store, "truncate");
    store->dirty = false;
    return true;
}

/* The rows that are durable are one segment. False: not yet. */
static bool segment_end(struct store *store)
{
    if (!segment_clean(store)) return false;
    if (!segment_seal(store->dir_fd, store->number)) return failed(store, "rename");
    (void)close(store->fd); /* all of it is on the disk */
    store->fd = -1;
    return true;
}

static void segment_end_or_wait(struct store *store)
{
    if (segment_end(store)) return;
    message("%s: segment %llu: %s: %s; it stays open", store->dir,
            (unsigned long long)store->number, store->what, strerror(errno));
    store->began_us = instant_steady() - store->seal_us + SEAL_AGAIN_US;
}

/* Nothing more goes into it. */
static void segment_leave(struct store *store)
{
    char name[SEGMENT_NAME_BYTES];
    if (store->durable != 0) {
        segment_end_or_wait(store);
        return;
    }
    segment_open_name(name, store->number);
    (void)unlinkat(store->dir_fd, name, 0);
    (void)close(store->fd);
    store->fd = -1;
}

static bool bytes_write(const struct store *store, struct slice rows)
{
    uint64_t at = store->durable;
    while (rows.len != 0) {
        const ssize_t written = pwrite(store->fd, rows.text, rows.len, (off_t)at);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        rows.text += written;
        rows.len -= (size_t)written;
        at += (uint64_t)written;
    }
    return true;
}

void store_open(struct store *store, const char *dir)
{
    struct stat there;
    struct segments segments;
    directory_need(dir);
    store->dir = dir;
    store->fd = -1;
    store->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->dir_fd < 0 || fstat(store->dir_fd, &there) != 0) die_errno("%s", dir);
    owner_check(dir, &there);
    if (!lock_take(store->dir_fd, LOCK_PATIENCE_US))
        die_person("%s: another process writes to this spool", dir);
    store_recover(store);
    if (!segments_count(store->dir_fd, &segments)) die_errno("%s", dir);
    store->believed = segments.bytes;
    store->counted_us = instant_steady();
    if (!segment_begin(store)) die_errno("%s: %s", dir, store->what);
}

bool store_has_room(struct store *store)
{
    struct segments segments;
    if (store->most_bytes == 0 || store->believed < store->most_bytes) return true;
    const int64_t steady_us = instant_steady();
    if (steady_us - store->counted_us < COUNT_AFTER_US) return false;
    store->counted_us = steady_us;
    if (!segments_count(store->dir_fd, &segments)) return false;
    store->believed = segments.bytes;
    return store->believed < store->most_bytes;
}

bool store_put(struct store *store, struct slice rows)
{
    if (rows.len == 0) return true;
    if (store->fd < 0 && !segment_begin(store)) return false;
    if (!segment_clean(store)) return false;
    const bool written = bytes_write(store, rows);
    if (!written || fdatasync(store->fd) != 0) {
        const int why = errno;
        store->dirty = true;
        store->what = written ? "fdatasync" : "write";
        /* What the kernel could not write it may take for written: never sync this file again. */
        if (segment_clean(store) && written) segment_leave(store);
        errno = why;
        store->what = written ? "fdatasync" : "write";
        return false;
    }
    if (store->durable == 0) store->began_us = instant_steady();
    store->durable += rows.len;
    store->believed += rows.len;
    if (store->durable >= store->seal_bytes) segment_end_or_wait(store);
    return true;
}

int64_t store_tick(struct store *store)
{
    if (store->fd < 0 || store->durable == 0) return INT64_MAX;
    const int64_t left_us = store->began_us + store->seal_us - instant_steady();
    if (left_us > 0) return left_us;
    segment_end_or_wait(store);
    return store->fd < 0 ? INT64_MAX : SEAL_AGAIN_US;
}

void store_close(struct store *store)
{
    if (store->fd >= 0 && store->durable != 0) segment_end_or_wait(store);
    /* Rows that were refused: the next start would take them for some that nobody was told of. */
    if (store->fd >= 0 && !segment_clean(store) && store->durable == 0) segment_leave(store);
    /* An empty one keeps the number. */
    if (store->fd < 0 && !segment_begin(store))
        message("%s: %s: %s", store->dir, store->what, strerror(errno));
    if (store->fd >= 0) close(store->fd);
    close(store->dir_fd);
}
