#include "run/state.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xxhash.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/option.h"
#include "base/paths.h"
#include "writer/output.h"

#define MAGIC "clickstream state "
#define VERSION "8\n"
#define CHECKSUM_BYTES sizeof(XXH128_canonical_t)

/* Ids of people are in it. */
#define STATE_MODE 0600

/* How long the remains of a run that is gone may take to go. */
#define GONE_US INT64_C(10000000)

static char *path_with(const char *path, const char *ending)
{
    struct buffer text = {0};
    buffer_printf(&text, "%s%s%c", path, ending, '\0');
    return text.data;
}

/* --- what others may have put there --- */

void owner_check(const char *path, const struct stat *there)
{
    char *dir = path_parent(path);
    struct stat stat_dir;
    if (stat(dir, &stat_dir) != 0) die_errno("%s", dir);
    free(dir);
    if ((stat_dir.st_mode & S_ISVTX) == 0 || there->st_uid == geteuid() ||
        there->st_uid == stat_dir.st_uid)
        return;
    die_person("%s: belongs to somebody else, in a directory that others may write to", path);
}

/* Takes from others what earlier versions have given them. */
static void mode_narrow(int fd, const struct stat *there)
{
    if ((there->st_mode & 0777) != STATE_MODE && there->st_uid == geteuid() &&
        fchmod(fd, STATE_MODE) != 0)
        die_errno("fchmod");
}

/* --- the lock --- */

/* Who has the lock, as it wrote there itself; 0: not known. */
static pid_t holder(int fd)
{
    char text[24] = "";
    const ssize_t got = pread(fd, text, sizeof text - 1, 0);
    const long pid = got <= 0 ? 0 : strtol(text, NULL, 10);
    return pid > 0 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

bool lock_take(int fd, int64_t patience_us)
{
    const int64_t from_us = instant_steady();
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) die_errno("flock");
        if (instant_steady() - from_us > patience_us) return false;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return true;
}

static void lock_wait(int fd, const char *path)
{
    if (lock_take(fd, LOCK_PATIENCE_US)) return;
    const pid_t pid = holder(fd);
    if (pid != 0 && kill(pid, 0) != 0 && errno == ESRCH && lock_take(fd, GONE_US)) return;
    if (pid == 0) die_person("%s: is in use by another process", path);
    die_person("%s: is in use by another process (%ld)", path, (long)pid);
}

void state_lock(const char *path)
{
    char *name = path_with(path, ".lock");
    struct stat there;
    const int fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, STATE_MODE);
    if (fd < 0 && errno == ELOOP)
        die_usage("--state: '%s' is a symbolic link, and is to be the lock", name);
    if (fd < 0 || fstat(fd, &there) != 0) die_errno("%s", name);
    if (!S_ISREG(there.st_mode) || there.st_nlink > 1)
        die_usage("--state: '%s' is no file of its own, and is to be the lock", name);
    owner_check(name, &there);
    mode_narrow(fd, &there);
    lock_wait(fd, path);
    /* Only for the message above: that it cannot be written is no reason to stop. */
    char pid[24];
    const int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) == 0) (void)!pwrite(fd, pid, (size_t)len, 0);
    free(name);
    /* fd stays open: that is the lock. */
}

/* --- reading --- */

static _Noreturn void damaged(const char *path)
{
    die_person("%s: is damaged (or no state file): put back a copy, or begin anew without it",
               path);
}

/* The whole file; false: there is none. */
static bool file_read(const char *path, struct buffer *file)
{
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return false;
    struct stat stat;
    if (fd < 0 || fstat(fd, &stat) != 0) die_errno("%s", path);
    if (!S_ISREG(stat.st_mode)) die_usage("--state: '%s' is no file", path);
    owner_check(path, &stat);
    buffer_reserve(file, (size_t)stat.st_size + 1);
    for (;;) {
        const ssize_t got =
            read(fd, buffer_reserve(file, (size_t)1 << 16), file->cap - file->len - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die_errno("%s", path);
        if (got == 0) break;
        file->len += (size_t)got;
    }
    close(fd);
    return true;
}

static void checksum(const struct buffer *file, size_t len, XXH128_canonical_t *sum)
{
    XXH128_canonicalFromHash(sum, XXH3_128bits(file->data, len));
}

bool state_read(const char *path, const char *tool, struct buffer *file, struct unpack *in)
{
    if (!file_read(path, file)) return false;
    const size_t head = sizeof MAGIC - 1 + sizeof VERSION - 1;
    if (file->len < head + CHECKSUM_BYTES || memcmp(file->data, MAGIC, sizeof MAGIC - 1) != 0)
        damaged(path);
    if (memcmp(file->data + sizeof MAGIC - 1, VERSION, sizeof VERSION - 1) != 0)
        die_person("%s: is damaged, or a state of another version of these tools", path);
    XXH128_canonical_t sum;
    const size_t len = file->len - CHECKSUM_BYTES;
    checksum(file, len, &sum);
    if (memcmp(&sum, file->data + len, CHECKSUM_BYTES) != 0) damaged(path);
    const char *name = file->data + head;
    const char *newline = memchr(name, '\n', len - head);
    if (newline == NULL) damaged(path);
    if ((size_t)(newline - name) != strlen(tool) || memcmp(name, tool, strlen(tool)) != 0)
        die_person("%s: is a state of %.*s", path, (int)(newline - name), name);
    *in = (struct unpack){.at = newline + 1, .end = file->data + len};
    return true;
}

/* Takes one option off a fingerprint: from its "--" to the next line that begins with these. */
static struct slice option_next(struct slice *list)
{
    const char *const end = list->text + list->len;
    const char *at = list->text;
    do {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at == NULL ? end : at + 1;
    } while (at < end && (end - at < 2 || memcmp(at, "--", 2) != 0));
    const struct slice option = {.text = list->text, .len = (size_t)(at - list->text)};
    *list = (struct slice){.text = at, .len = (size_t)(end - at)};
    return option;
}

/* "--size" of "--size=3600000000\n". */
static struct slice option_name(struct slice option)
{
    size_t len = 0;
    while (len < option.len && option.text[len] != '=' && option.text[len] != '\n')
        len++;
    return (struct slice){.text = option.text, .len = len};
}

/* The option of that name in a fingerprint. */
static struct slice option_find(struct slice list, struct slice name)
{
    while (list.len != 0) {
        const struct slice option = option_next(&list);
        if (slice_equal(option_name(option), name)) return option;
    }
    return (struct slice){0};
}

static void name_add(struct buffer *names, struct slice name)
{
    if (names->len != 0) buffer_add_literal(names, ", ");
    buffer_add_slice(names, name);
}

/* Was "--size" named in this run? */
static bool name_given(struct slice name)
{
    char *const text = memory_text(name.text + 2, name.len - 2);
    const bool given = option_given(text);
    free(text);
    return given;
}

/* Adds the names of options that the state has otherwise than this run, or that it does not have:
 * an option that came after the release that wrote it is at its default there. */
static void differences(struct slice then, struct slice now, struct buffer *names)
{
    for (struct slice list = then; list.len != 0;) {
        const struct slice option = option_next(&list), name = option_name(option);
        if (!slice_equal(option, option_find(now, name))) name_add(names, name);
    }
    for (struct slice list = now; list.len != 0;) {
        const struct slice name = option_name(option_next(&list));
        if (option_find(then, name).len == 0 && name_given(name)) name_add(names, name);
    }
}

void state_options(const char *path, struct unpack *in, struct slice now)
{
    const struct slice then = unpack_text(in);
    if (in->broken) damaged(path);
    if (slice_equal(then, now)) return;
    struct buffer names = {0};
    differences(then, now, &names);
    if (names.len == 0) return;
    die_person("%s: was made with other options: %.*s", path, (int)names.len, names.data);
}

void state_end(const char *path, const struct unpack *in, bool good)
{
    if (!good || in->broken || in->at != in->end) damaged(path);
}

/* --- writing --- */

#define PIECE_BYTES ((size_t)1 << 20)

/* Not die_errno yet: what has been written of the new file is of no use, and a full disk can do
 * with the room. */
static _Noreturn void write_failed(const char *name)
{
    const int saved = errno;
    unlink(name);
    errno = saved;
    die_errno("%s", name);
}

/* The buffer's drain. */
static void file_write(struct buffer *buffer)
{
    struct state_file *file = (struct state_file *)buffer;
    XXH3_128bits_update(file->hash, buffer->data, buffer->len);
    for (size_t at = 0; at < buffer->len;) {
        const ssize_t written = write(file->fd, buffer->data + at, buffer->len - at);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) write_failed(file->name);
        at += (size_t)written;
    }
    buffer_clear(buffer);
}

void state_begin(struct state_file *file, const char *path, const char *tool, struct slice options)
{
    *file = (struct state_file){
        .path = path, .name = path_with(path, ".new"), .hash = XXH3_createState()};
    if (file->hash == NULL) die("no memory for a checksum");
    XXH3_128bits_reset(file->hash);
    file->fd = output_create(file->name, STATE_MODE);
    buffer_reserve(&file->buffer, PIECE_BYTES);
    file->buffer.drain = file_write;
    buffer_add_literal(&file->buffer, MAGIC VERSION);
    buffer_printf(&file->buffer, "%s\n", tool);
    pack_text(&file->buffer, options);
}

void state_commit(struct state_file *file)
{
    XXH128_canonical_t sum;
    file_write(&file->buffer);
    XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(file->hash));
    buffer_add(&file->buffer, (const char *)&sum, CHECKSUM_BYTES);
    file_write(&file->buffer);
    if (fsync(file->fd) != 0) write_failed(file->name);
    if (close(file->fd) != 0) write_failed(file->name);
    if (rename(file->name, file->path) != 0) write_failed(file->name);
    directory_sync(file->path);
    XXH3_freeState(file->hash);
    buffer_release(&file->buffer);
    free(file->name);
}
