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

void output_file(struct output *output, const char *name, uint64_t length)
{
    *output = (struct output){.name = name, .file = true, .position = length};
    const int fd = path_stream(name);
    output->fd =
        fd < 0 ? open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666) : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (output->fd < 0) die_errno("%s", name);
    if (fd >= 0) return;
    struct stat stat;
    if (fstat(output->fd, &stat) != 0) die_errno("%s", name);
    if (!S_ISREG(stat.st_mode)) return; /* a device or FIFO: nothing to cut */
    if ((uint64_t)stat.st_size < length)
        die_person("%s: is shorter than the state says (%lld of %llu bytes): rows are missing",
                   name, (long long)stat.st_size, (unsigned long long)length);
    if (ftruncate(output->fd, (off_t)length) != 0) die_errno("%s", name);
    if (lseek(output->fd, (off_t)length, SEEK_SET) < 0) die_errno("%s", name);
}

int output_create(const char *name, mode_t mode)
{
    if (unlink(name) != 0 && errno != ENOENT) die_errno("%s", name);
    const int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0) die_errno("%s", name);
    return fd;
}

void output_write(struct output *output, struct slice bytes)
{
    while (bytes.len != 0) {
        const ssize_t written = write(output->fd, bytes.text, bytes.len);
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
