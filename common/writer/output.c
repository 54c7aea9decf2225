#include "writer/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/paths.h"

void output_standard(struct output *output)
{
    *output = (struct output){.name = "standard output", .fd = STDOUT_FILENO};
}

/* Readable too, when it may be, for what it begins with is looked at; but a FIFO opened both ways
 * would never be without a reader. */
static int append_open(const char *name)
{
    struct stat stat_now;
    const int how = O_CREAT | O_APPEND | O_CLOEXEC;
    if (stat(name, &stat_now) == 0 && !S_ISREG(stat_now.st_mode))
        return open(name, O_WRONLY | how, 0666);
    const int fd = open(name, O_RDWR | how, 0666);
    return fd < 0 && errno == EACCES ? open(name, O_WRONLY | how, 0666) : fd;
}

void output_file(struct output *output, const char *name)
{
    *output = (struct output){.name = name, .file = true};
    const int fd = path_stream(name);
    output->fd = fd < 0 ? append_open(name) : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (output->fd < 0) die_errno("%s", name);
    if (fd >= 0) return;
    struct stat stat;
    if (fstat(output->fd, &stat) != 0) die_errno("%s", name);
    output->regular = S_ISREG(stat.st_mode);
}

void output_cut(struct output *output, uint64_t length)
{
    if (!output->regular) return;
    if (ftruncate(output->fd, (off_t)length) != 0) die_errno("%s", output->name);
    output->position = length;
}

bool output_measure(struct output *output, struct stat *stat)
{
    if (!output->regular) return false;
    if (fstat(output->fd, stat) != 0) die_errno("%s", output->name);
    if (output->position > (uint64_t)stat->st_size) output->position = (uint64_t)stat->st_size;
    return true;
}

void output_go_on(struct output *output)
{
    struct stat stat;
    if (output_measure(output, &stat)) output->position = (uint64_t)stat.st_size;
}

void output_reopen(struct output *output)
{
    if (!output->regular) return;
    output_sync(output);
    if (close(output->fd) != 0) die_errno("%s", output->name);
    output->fd = append_open(output->name);
    if (output->fd < 0) die_errno("%s", output->name);
    output_go_on(output);
}

int output_create(const char *name, mode_t mode)
{
    if (unlink(name) != 0 && errno != ENOENT) die_errno("%s", name);
    const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) die_errno("%s", name);
    return fd;
}

/* At most so much in one write: for one of many megabytes Linux takes large pages into its cache,
 * which costs twice as much. */
#define WRITE_MAX ((size_t)256 << 10)

void output_write(struct output *output, struct slice bytes)
{
    if (bytes.len == 0) return; /* there may be no text */
    const size_t out = output->skip < bytes.len ? (size_t)output->skip : bytes.len;
    output->skip -= out;
    bytes.text += out;
    bytes.len -= out;
    if (output->wrote != NULL) output->wrote(bytes);
    while (bytes.len != 0) {
        const size_t len = bytes.len < WRITE_MAX ? bytes.len : WRITE_MAX;
        const ssize_t written = write(output->fd, bytes.text, len);
        if (written < 0) {
            if (errno == EINTR) continue;
            die_errno("%s", output->name);
        }
        bytes.text += written;
        bytes.len -= (size_t)written;
        output->position += (uint64_t)written;
    }
}

/* Copying less than this is cheaper than a write of its own. */
#define COPY_MAX ((size_t)64 << 10)

static bool may_write(const struct output *output)
{
    return output->may_write == NULL || output->may_write();
}

void output_add(struct output *output, struct slice bytes)
{
    if (bytes.len >= COPY_MAX && may_write(output)) {
        output_flush(output);
        output_write(output, bytes);
    } else {
        buffer_add_slice(&output->buffer, bytes);
        output_row_done(output);
    }
}

void output_settle(struct output *output)
{
    if (output->lent == NULL) return;
    const struct slice lent = {.text = output->lent,
                               .len = (size_t)(output->lent_end - output->lent)};
    output->lent = output->lent_end = NULL;
    output_add(output, lent);
}

void output_flush(struct output *output)
{
    output_settle(output);
    if (!may_write(output)) return;
    output_write(output, buffer_slice(&output->buffer));
    buffer_clear(&output->buffer);
}

void output_sync(struct output *output)
{
    output_flush(output);
    if (output->file && fsync(output->fd) != 0 && errno != EINVAL && errno != EROFS)
        die_errno("%s: fsync", output->name);
}

void output_close(struct output *output)
{
    output_flush(output);
    if (output->fd >= 0 && close(output->fd) != 0) die_errno("%s", output->name);
    output->fd = -1;
    buffer_release(&output->buffer);
}
