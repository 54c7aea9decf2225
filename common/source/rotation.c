#include "source/rotation.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/die.h"
#include "base/head.h"
#include "base/paths.h"

/* Is the file still there, under the name it had? */
static bool is_in_place(const struct position *position)
{
    const int fd = open(position->name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    const bool there = position_holds(position, position->name, fd);
    close(fd);
    return there;
}

/* Ends a reading before its end. */
static void filters_drop(struct inputs *one)
{
    struct input *const input = &one->input[0];
    struct filter filter[INPUT_FILTERS];
    const int count = input->fd >= 0 ? input->filters : 0; /* else they have been waited for */
    struct buffer complaint = {0};
    memcpy(filter, input->filter, sizeof filter);
    inputs_release(one); /* nobody reads them any more: they end */
    for (int i = 0; i < count; i++)
        (void)filter_end(&filter[i], &complaint);
    buffer_release(&complaint);
}

/* Reads what comes out of a file that goes through filters: how much that is, and, when asked, does
 * it begin as the position says? Without charset only a file that is compressed is read. */
static bool text_read(const struct position *position, const char *name, const char *charset,
                      bool by_head, uint64_t *size)
{
    static char path[PATH_MAX];
    char *names[] = {path};
    struct inputs one = {.encoding = charset};
    struct buffer head = {0};
    *size = 0;
    if (strlen(name) >= sizeof path || access(name, R_OK) != 0) return false;
    strcpy(path, name);
    inputs_open(&one, names, 1, false);
    bool alike = input_filtered(&one.input[0]);
    struct input *input;
    while (alike && inputs_next(&one, &input) == INPUT_DATA) {
        const size_t len = input->end - input->start;
        const size_t wanted = by_head ? position->head_len - head.len : 0;
        buffer_add(&head, input->data + input->start, len < wanted ? len : wanted);
        input_consume(input, len);
        *size += len;
        if (wanted != 0 && head.len == position->head_len)
            alike = id_equal(id_of(buffer_slice(&head)), position->head);
    }
    alike = alike && (!by_head || head.len == position->head_len);
    filters_drop(&one);
    buffer_release(&head);
    return alike;
}

/* Does the file begin as that one, and has it as many bytes as were read of it? */
static bool is_contents(const struct position *position, const char *name, int fd,
                        const char *charset, uint64_t *size)
{
    struct stat stat;
    struct id head;
    if (position->head_len == 0 || fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) ||
        !head_read(name, fd, position->head_len, &head) || !id_equal(head, position->head))
        return false;
    *size = (uint64_t)stat.st_size;
    /* The place in what came out of filters is none in the file. */
    if (position->compressed && !text_read(position, name, charset, false, size)) return false;
    return *size >= position->byte;
}

/* The same of what comes out of a file that is compressed. */
static bool is_contents_filtered(const struct position *position, const char *name,
                                 const char *charset, uint64_t *size)
{
    /* Of a file in another encoding the head is of its own bytes. */
    return position->head_len != 0 && text_read(position, name, NULL, true, size) &&
           (!position->compressed || text_read(position, name, charset, false, size)) &&
           *size >= position->byte;
}

/* The file under that name, compressed or not: does it hold what was read then, and more? */
static bool holds_contents(const struct position *position, const char *name, const char *charset,
                           struct stat *stat, uint64_t *size, bool *compressed)
{
    const int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return false;
    bool good = fstat(fd, stat) == 0 && S_ISREG(stat->st_mode);
    *compressed = false;
    if (good && !is_contents(position, name, fd, charset, size))
        good = *compressed = is_contents_filtered(position, name, charset, size);
    close(fd);
    return good;
}

/* The position of the file that the input was copied from, which is gone from its place. */
static struct position *copied(struct positions *positions, const struct input *input,
                               const char *charset)
{
    for (size_t i = 0; i < positions->count; i++) {
        struct position *const position = &positions->position[i];
        struct stat stat;
        uint64_t size;
        bool compressed;
        if (!position->found && !is_in_place(position) &&
            holds_contents(position, input->name, charset, &stat, &size, &compressed))
            return position;
    }
    return NULL;
}

/* A place in what is compressed says nothing of the file's own bytes. */
static struct position *position_follow(struct positions *positions, struct position *position,
                                        uint64_t dev, uint64_t ino, const char *name,
                                        bool compressed)
{
    position = positions_move(positions, position, dev, ino, name);
    if (!compressed) return position;
    position->compressed = true;
    position->head_len = 0;
    position->head = ID_NONE;
    return position;
}

/* Where the file of then is now: beside its old place. */
struct place {
    struct buffer name; /* ends with a NUL; empty: nowhere */
    uint64_t dev, ino;
    uint64_t size; /* of what is in it */
    bool compressed;
    const char *charset; /* that it is in; NULL: as it says itself */
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
    struct stat stat;
    if (!holds_contents(position, place->name.data, place->charset, &stat, &place->size,
                        &place->compressed))
        return false;
    place->dev = stat.st_dev;
    place->ino = stat.st_ino;
    return true;
}

static bool place_find(struct place *place, const struct position *position)
{
    size_t dir_len;
    DIR *const dir = path_directory(position->name, &dir_len);
    bool found = false;
    const struct dirent *entry;
    while (!found && dir != NULL && (entry = readdir(dir)) != NULL)
        found = place_try(place, position, position->name + dir_len, dir_len, entry);
    if (dir != NULL) closedir(dir);
    return found;
}

/* The name stands for another file than at the last run. */
static void replaced(struct positions *positions, struct position *position, const char *charset,
                     bool skip_gone)
{
    struct place place = {.charset = charset};
    const bool found = place_find(&place, position);
    if (found && place.size == position->byte) {
        (void)position_follow(positions, position, place.dev, place.ino, place.name.data,
                              place.compressed);
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
        (void)position_follow(positions, position, place.dev, place.ino, place.name.data,
                              place.compressed);
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
        struct position *position = copied(positions, input, inputs->encoding);
        if (position == NULL) continue;
        message("%s: is %s of the last run, and goes on at byte %llu", input->name, position->name,
                (unsigned long long)position->byte);
        position = position_follow(positions, position, input->dev, input->ino, input->name,
                                   input->coding != NULL);
        position_go_on(position, inputs, input);
    }
    /* From the last on: each may go away or, where it has been moved, be met again. */
    for (size_t i = positions->count; i-- > 0;) {
        struct position *const position = &positions->position[i];
        if (position->found || !is_named(position, inputs) || is_in_place(position)) continue;
        replaced(positions, position, inputs->encoding, skip_gone);
        i = positions->count;
    }
}
