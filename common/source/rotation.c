#include "source/rotation.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/die.h"
#include "base/head.h"

/* Is the file still there, under the name it had? */
static bool is_in_place(const struct position *position)
{
    const int fd = open(position->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    const bool there = position_holds(position, position->name, fd);
    close(fd);
    return there;
}

/* Does the file begin as that one, and has it as many bytes as were read of it? */
static bool is_contents(const struct position *position, const char *name, int fd, uint64_t *size)
{
    struct stat stat;
    struct id head;
    if (position->head_len == 0 || fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) ||
        (uint64_t)stat.st_size < position->byte)
        return false;
    *size = (uint64_t)stat.st_size;
    return head_read(name, fd, position->head_len, &head) && id_equal(head, position->head);
}

/* The position of the file that the input was copied from, which is gone from its place. */
static struct position *copied(struct positions *positions, const struct input *input)
{
    const int fd = open(input->name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) die_errno("%s", input->name);
    struct position *found = NULL;
    uint64_t size;
    for (size_t i = 0; found == NULL && i < positions->count; i++) {
        struct position *const position = &positions->position[i];
        if (!position->found && !input_compressed(input) &&
            is_contents(position, input->name, fd, &size) && !is_in_place(position))
            found = position;
    }
    close(fd);
    return found;
}

/* Where the file of then is now: beside its old place. */
struct place {
    struct buffer name; /* ends with a NUL; empty: nowhere */
    uint64_t dev, ino, size;
};

/* Looks at one entry of the directory. Under any name when it is the file itself; a copy has the
 * old name and more. */
static bool place_try(struct place *place, const struct position *position, const char *base,
                      size_t dir_len, const struct dirent *entry)
{
    const bool itself = entry->d_ino == position->ino;
    const bool copy =
        strncmp(entry->d_name, base, strlen(base)) == 0 && entry->d_name[strlen(base)] != '\0';
    if (!itself && !copy) return false;
    buffer_clear(&place->name);
    buffer_add(&place->name, position->name, dir_len);
    buffer_add(&place->name, entry->d_name, strlen(entry->d_name) + 1);
    const int fd = open(place->name.data, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    struct stat stat;
    const bool good = fd >= 0 && is_contents(position, place->name.data, fd, &place->size) &&
                      fstat(fd, &stat) == 0;
    if (good) {
        place->dev = stat.st_dev;
        place->ino = stat.st_ino;
    }
    if (fd >= 0) close(fd);
    return good;
}

static bool place_find(struct place *place, const struct position *position)
{
    const char *const slash = strrchr(position->name, '/');
    const size_t dir_len = slash == NULL ? 0 : (size_t)(slash - position->name) + 1;
    buffer_add(&place->name, position->name, dir_len);
    buffer_add_literal(&place->name, ".");
    buffer_add_char(&place->name, '\0');
    DIR *const dir = opendir(place->name.data);
    bool found = false;
    const struct dirent *entry;
    while (!found && dir != NULL && (entry = readdir(dir)) != NULL)
        found = place_try(place, position, position->name + dir_len, dir_len, entry);
    if (dir != NULL) closedir(dir);
    return found;
}

/* The name stands for another file than at the last run. */
static void replaced(struct positions *positions, struct position *position, bool skip_gone)
{
    struct place place = {0};
    const bool found = place_find(&place, position);
    if (found && place.size == position->byte) {
        positions_move(positions, position, place.dev, place.ino, place.name.data);
        buffer_release(&place.name);
        return;
    }
    struct buffer text = {0};
    buffer_printf(&text, "%s: is not the file of the last run", position->name);
    if (found)
        buffer_printf(&text, ", which is %s now: %llu bytes of it are unread", place.name.data,
                      (unsigned long long)(place.size - position->byte));
    else
        buffer_printf(&text, ", which is not beside it: what stood behind its byte %llu is gone",
                      (unsigned long long)position->byte);
    buffer_add_char(&text, '\0');
    if (!skip_gone)
        die_person("%s; %s--skip-gone goes on without", text.data,
                   found ? "named before it, they are read; " : "");
    message("%s", text.data);
    if (found)
        positions_move(positions, position, place.dev, place.ino, place.name.data);
    else
        positions_drop(positions, position);
    buffer_release(&place.name);
    buffer_release(&text);
}

/* Does the name of the position stand for one of the inputs now? */
static bool is_named(const struct position *position, const struct inputs *inputs)
{
    struct stat stat_now;
    if (stat(position->name, &stat_now) != 0) return false;
    for (int i = 0; i < inputs->count; i++) {
        const struct input *const input = &inputs->input[i];
        if (input_lasts(input) && input->ino == stat_now.st_ino && input->dev == stat_now.st_dev)
            return true;
    }
    return false;
}

void rotations_apply(struct positions *positions, struct inputs *inputs, bool skip_gone)
{
    for (int i = 0; i < inputs->count; i++) {
        struct input *const input = &inputs->input[i];
        if (!input_lasts(input) || input->consumed != 0) continue;
        struct position *position = copied(positions, input);
        if (position == NULL) continue;
        message("%s: is %s of the last run, and goes on at byte %llu", input->name, position->name,
                (unsigned long long)position->byte);
        position = positions_move(positions, position, input->dev, input->ino, input->name);
        position_go_on(position, inputs, input);
    }
    /* From the last on: each may go away or, where it has been moved, be met again. */
    for (size_t i = positions->count; i-- > 0;) {
        struct position *const position = &positions->position[i];
        if (position->found || !is_named(position, inputs) || is_in_place(position)) continue;
        replaced(positions, position, skip_gone);
        i = positions->count;
    }
}
