#include "writer/mark.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/head.h"
#include "base/paths.h"

static bool is_marked(const struct mark *mark, const struct stat *stat)
{
    return S_ISREG(stat->st_mode) && stat->st_ino == mark->ino && stat->st_dev == mark->dev;
}

void mark_note(struct mark *mark, struct output *output)
{
    struct stat stat;
    *mark = (struct mark){0};
    if (!output_measure(output, &stat)) return;
    mark->dev = stat.st_dev;
    mark->ino = stat.st_ino;
    mark->length = output->position;
    mark->head_len = mark->length < HEAD_BYTES ? (uint32_t)mark->length : HEAD_BYTES;
    /* Somebody empties it just now: the run after this one takes it for another file. */
    if (!head_read(output->name, output->fd, mark->head_len, &mark->head)) mark->head_len = 0;
}

/* Does the file, which is long enough, begin as that of then? */
static bool begins_alike(const struct mark *mark, const char *name, int fd)
{
    struct id head;
    return head_read(name, fd, mark->head_len, &head) && id_equal(head, mark->head);
}

/* The file of the mark goes on: cut, or refused. */
static void same_file(const struct mark *mark, struct output *output, uint64_t size)
{
    if (size == 0 && mark->length != 0) {
        message("%s: was emptied since the last run: rows go on at its start", output->name);
        return;
    }
    if (size < mark->length)
        die_person("%s: is shorter than the state says (%llu of %llu bytes): rows are missing; "
                   "moved away, a new file begins",
                   output->name, (unsigned long long)size, (unsigned long long)mark->length);
    if (!begins_alike(mark, output->name, output->fd))
        die_person("%s: begins otherwise than at the last save: moved away, a new file begins",
                   output->name);
    output_cut(output, mark->length);
}

/* The file of the mark, where it is called now: what a run that was killed printed behind its last
 * save is cut off, for it is printed again. False: it is not this one. */
static bool moved_file(const struct mark *mark, int dir, const char *name)
{
    const int fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return false;
    struct stat stat;
    const bool found =
        fstat(fd, &stat) == 0 && is_marked(mark, &stat) && begins_alike(mark, name, fd);
    if (found && (uint64_t)stat.st_size > mark->length && ftruncate(fd, (off_t)mark->length) == 0 &&
        fsync(fd) == 0)
        message("%s: %lld bytes behind the last save are cut off, and printed again", name,
                (long long)stat.st_size - (long long)mark->length);
    close(fd);
    return found;
}

/* Looks for the file of the mark in the directory of name. */
static bool moved_find(const struct mark *mark, const char *name)
{
    size_t dir_len;
    DIR *const dir = path_directory(name, &dir_len);
    if (dir == NULL) return false;
    bool found = false;
    const struct dirent *entry;
    while (!found && (entry = readdir(dir)) != NULL)
        if (entry->d_ino == mark->ino) found = moved_file(mark, dirfd(dir), entry->d_name);
    closedir(dir);
    return found;
}

bool mark_resume(const struct mark *mark, struct output *output, const char *name)
{
    output_file(output, name);
    struct stat stat;
    if (!output_measure(output, &stat)) return false;
    const uint64_t size = (uint64_t)stat.st_size;
    if (is_marked(mark, &stat)) {
        same_file(mark, output, size);
        return false;
    }
    if (size != 0) message("%s: is not the file of the last run: rows go on at its end", name);
    if (mark->ino != 0 && !moved_find(mark, name) && mark->length != 0)
        message("%s: the file of the last run is not beside it: what a killed run may have printed "
                "behind its last save is still in there",
                name);
    output_go_on(output);
    return true;
}

void mark_save(const struct mark *mark, struct buffer *out)
{
    pack_u64(out, mark->dev);
    pack_u64(out, mark->ino);
    pack_u64(out, mark->length);
    pack_u32(out, mark->head_len);
    pack_id(out, mark->head);
}

void mark_load(struct mark *mark, struct unpack *in)
{
    mark->dev = unpack_u64(in);
    mark->ino = unpack_u64(in);
    mark->length = unpack_u64(in);
    mark->head_len = unpack_u32(in);
    mark->head = unpack_id(in);
    if (mark->head_len > HEAD_BYTES) in->broken = true;
}
