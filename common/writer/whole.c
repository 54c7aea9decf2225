#include "writer/whole.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/paths.h"
#include "writer/output.h"

static bool is_in_place(const char *path)
{
    struct stat stat_now;
    return lstat(path, &stat_now) == 0 && !S_ISREG(stat_now.st_mode);
}

static void new_name(struct buffer *name, const char *path)
{
    buffer_printf(name, "%s.new%c", path, '\0');
}

void whole_check(const char *path)
{
    struct stat stat_now;
    if (stat(path, &stat_now) == 0 && S_ISDIR(stat_now.st_mode)) {
        errno = EISDIR;
        die_errno("%s", path);
    }
    if (is_in_place(path)) return;
    struct buffer name = {0};
    new_name(&name, path);
    if (close(output_create(name.data, 0666)) != 0) die_errno("%s", name.data);
    if (unlink(name.data) != 0) die_errno("%s", name.data);
    buffer_release(&name);
}

/* What is there is written to as it is, from its start where it has one. */
static int place_open(const char *path)
{
    struct stat stat_now;
    const int standard = path_stream(path);
    if (standard >= 0) return fcntl(standard, F_DUPFD_CLOEXEC, 0);
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0 || fstat(fd, &stat_now) != 0 || !S_ISREG(stat_now.st_mode)) return fd;
    if (ftruncate(fd, 0) == 0) return fd;
    close(fd);
    return -1;
}

static bool text_write(int fd, struct slice text)
{
    while (text.len != 0) {
        const ssize_t written = write(fd, text.text, text.len);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text.text += written;
        text.len -= (size_t)written;
    }
    return true;
}

static bool fresh_write(int fd, const char *name, const char *path, struct slice text)
{
    const bool good = text_write(fd, text);
    const int saved = errno;
    if (close(fd) == 0 && good) {
        if (rename(name, path) == 0) return true;
    } else if (!good) {
        errno = saved;
    }
    const int why = errno;
    (void)unlink(name); /* half of a file is of no use, and a full disk can do with the room */
    errno = why;
    return false;
}

bool whole_try(const char *path, struct slice text)
{
    struct buffer name = {0};
    bool good;
    if (is_in_place(path)) {
        const int fd = place_open(path);
        good = fd >= 0 && text_write(fd, text);
        const int saved = errno;
        if (fd >= 0 && close(fd) != 0 && good) return false;
        errno = saved;
        return good;
    }
    new_name(&name, path);
    (void)unlink(name.data);
    const int fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    good = fd >= 0 && fresh_write(fd, name.data, path, text);
    const int saved = errno;
    buffer_release(&name);
    errno = saved;
    return good;
}

void whole_write(const char *path, struct slice text)
{
    if (!whole_try(path, text)) die_errno("%s", path);
}
