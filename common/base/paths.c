#include "base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/buffer.h"
#include "base/die.h"
#include "base/memory.h"

#define LINKS_MAX 40 /* as the kernel */

/* What a name stands for: the file, or the deepest directory there is, and what is missing in it.
 */
struct place {
    dev_t dev;
    ino_t ino;
    mode_t mode;        /* of the file; 0: not there */
    struct buffer rest; /* names that are not there yet, from the last to the first */
};

struct path {
    const char *option;
    const char *name;
    enum path_use use;
    bool read;   /* of a stream */
    bool fresh;  /* what is there is taken away before it is made */
    char *owned; /* name, where it was made here */
    int fd;      /* of a stream, else -1 */
    struct place place;
    struct place inside; /* the directory it is in */
};

static struct path *paths;
static size_t count;

int path_stream(const char *name)
{
    static const struct {
        const char *name;
        int fd;
    } streams[] = {
        {"/dev/stdout", STDOUT_FILENO},     {"/dev/stderr", STDERR_FILENO},
        {"/dev/fd/1", STDOUT_FILENO},       {"/dev/fd/2", STDERR_FILENO},
        {"/proc/self/fd/1", STDOUT_FILENO}, {"/proc/self/fd/2", STDERR_FILENO},
    };
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
        if (strcmp(name, streams[i].name) == 0) return streams[i].fd;
    return -1;
}

static struct path *path_add(const char *option, const char *name, enum path_use use)
{
    paths = memory_resize(paths, count + 1, sizeof paths[0]);
    paths[count] = (struct path){.option = option, .name = name, .use = use, .fd = -1};
    return &paths[count++];
}

/* A name that is made of the one given. */
static struct path *path_add_beside(const char *option, const char *name, const char *ending,
                                    enum path_use use)
{
    struct buffer text = {0};
    buffer_printf(&text, "%s%s%c", name, ending, '\0');
    struct path *path = path_add(option, text.data, use);
    path->owned = text.data;
    return path;
}

void paths_note(const char *option, const char *name, enum path_use use)
{
    const int fd = path_stream(name);
    struct path *path = path_add(option, name, use);
    if (fd >= 0 && use != PATH_READ && use != PATH_STATE && use != PATH_SEGMENTS) {
        path->use = PATH_STREAM;
        path->fd = fd;
        return;
    }
    if (use == PATH_STATE) (void)path_add_beside(option, name, ".lock", use);
    if (use == PATH_STATE || use == PATH_REPORT)
        path_add_beside(option, name, ".new", PATH_REPORT)->fresh = true;
}

void paths_note_stream(const char *what, int fd, bool read)
{
    struct path *path = path_add(NULL, what, PATH_STREAM);
    path->fd = fd;
    path->read = read;
}

/* --- where names lead --- */

static void place_release(struct place *place)
{
    buffer_release(&place->rest);
}

static void place_note(struct place *place, const struct stat *stat)
{
    place->dev = stat->st_dev;
    place->ino = stat->st_ino;
    place->mode = stat->st_mode;
}

/* The directory a name is in, as a string of its own; *base is where its last name begins. Slashes
 * at the end of the name are gone. */
static char *name_split(char *name, const char **base)
{
    size_t len = strlen(name);
    while (len > 1 && name[len - 1] == '/')
        name[--len] = '\0';
    const char *slash = strrchr(name, '/');
    *base = slash == NULL ? name : slash + 1;
    if (slash == NULL) return memory_text(".", 1);
    return memory_text(name, slash == name ? 1 : (size_t)(slash - name));
}

static void place_find(struct place *place, const char *name, int links);

/* Adds where a link in dir leads to, with a NUL. */
static bool link_read(struct buffer *path, const char *name, const char *dir)
{
    char target[PATH_MAX + 1];
    const ssize_t len = readlink(name, target, PATH_MAX);
    if (len <= 0) return false;
    target[len] = '\0';
    if (target[0] != '/') buffer_printf(path, "%s/", dir);
    buffer_printf(path, "%s%c", target, '\0');
    return true;
}

/* A link that leads nowhere: to where it leads. False: it is none. */
static bool place_find_link(struct place *place, const char *name, const char *dir, int links)
{
    struct buffer path = {0};
    if (links == LINKS_MAX || !link_read(&path, name, dir)) return false;
    place_find(place, path.data, links + 1);
    buffer_release(&path);
    return true;
}

static void place_find(struct place *place, const char *name, int links)
{
    struct stat stat_now;
    if (stat(name, &stat_now) == 0) {
        place_note(place, &stat_now);
        return;
    }
    char *copy = memory_text(name, strlen(name));
    const char *base;
    char *dir = name_split(copy, &base);
    if (!place_find_link(place, copy, dir, links) && strcmp(dir, copy) != 0) {
        buffer_printf(&place->rest, "%s/", base);
        place_find(place, dir, links);
        place->mode = 0;
    }
    free(dir);
    free(copy);
}

static void path_find(struct path *path)
{
    struct stat stat_now;
    if (path->fd >= 0) {
        if (fstat(path->fd, &stat_now) == 0) place_note(&path->place, &stat_now);
        return;
    }
    place_find(&path->place, path->name, 0);
    char *copy = memory_text(path->name, strlen(path->name));
    const char *base;
    char *dir = name_split(copy, &base);
    place_find(&path->inside, dir, 0);
    free(dir);
    free(copy);
}

static bool place_equal(const struct place *a, const struct place *b)
{
    return a->ino != 0 && a->dev == b->dev && a->ino == b->ino &&
           slice_equal(buffer_slice(&a->rest), buffer_slice(&b->rest));
}

/* --- what is refused --- */

static const char *kind_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR: return "a directory";
    case S_IFIFO: return "a FIFO";
    case S_IFSOCK: return "a socket";
    case S_IFCHR:
    case S_IFBLK: return "a device";
    default: return "a file";
    }
}

/* Is what there is fit for its use? */
static void path_check(const struct path *path)
{
    const mode_t mode = path->place.mode;
    const char *wanted = NULL;
    if ((path->use == PATH_STATE || path->use == PATH_SEGMENTS) && path_stream(path->name) >= 0)
        die_usage("%s: '%s' is no name of its own", path->option, path->name);
    switch (path->use) {
    case PATH_STATE: wanted = S_ISREG(mode) ? NULL : "a file"; break;
    case PATH_SEGMENTS: wanted = S_ISDIR(mode) ? NULL : "a directory"; break;
    case PATH_WRITTEN:
    case PATH_RECORDS:
        wanted = S_ISDIR(mode) || S_ISSOCK(mode) || S_ISBLK(mode) ? "a file" : NULL;
        break;
    case PATH_REPORT: wanted = S_ISSOCK(mode) || S_ISBLK(mode) ? "a file" : NULL; break;
    case PATH_READ:
    case PATH_STREAM: break;
    }
    if (mode != 0 && wanted != NULL)
        die_usage("%s: '%s' is %s, and has to be %s", path->option, path->name, kind_name(mode),
                  wanted);
}

static bool is_read(const struct path *path)
{
    return path->use == PATH_READ || (path->use == PATH_STREAM && path->read);
}

/* Sockets: what a network daemon gives as standard input and output is often one. */
static bool may_be_one(const struct path *a, const struct path *b)
{
    if (is_read(a) && is_read(b)) return true;
    if (a->use == PATH_RECORDS && b->use == PATH_RECORDS) return true;
    if (S_ISCHR(a->place.mode) || S_ISSOCK(a->place.mode)) return true;
    return a->use == PATH_STREAM && b->use == PATH_STREAM && !a->read && !b->read;
}

/* FILE and FILE.new of one option. */
static bool is_of_one(const struct path *a, const struct path *b)
{
    return a->option == b->option && (a->fresh || b->fresh);
}

static const char *what(const struct path *path)
{
    if (path->use == PATH_STREAM && path->option == NULL) return path->name;
    return path->option == NULL ? "an input" : path->option;
}

static _Noreturn void refuse(const struct path *earlier, const struct path *later)
{
    const char *the = earlier->option == NULL ? "" : "the ";
    if (later->option != NULL)
        die_usage("%s: '%s' is %s%s, too", later->option, later->name, the, what(earlier));
    if (later->use == PATH_STREAM) die_usage("%s is %s%s, too", later->name, the, what(earlier));
    die_usage("'%s' is %s%s, too", later->name, the, what(earlier));
}

static void pair_check(const struct path *a, const struct path *b)
{
    if (place_equal(&a->place, &b->place) && !may_be_one(a, b) && !is_of_one(a, b)) refuse(a, b);
    const struct path *dir = a->use == PATH_SEGMENTS ? a : b;
    const struct path *file = dir == a ? b : a;
    if (dir->use != PATH_SEGMENTS || file->fd >= 0 || !place_equal(&dir->place, &file->inside))
        return;
    die_usage("%s%s'%s' is in the directory of the %s, which is for its own files",
              file->option == NULL ? "" : file->option, file->option == NULL ? "" : ": ",
              file->name, dir->option);
}

/* --- inputs that are there twice: nothing is wrong with that, but mostly nobody means it --- */

#define TWICE_TOLD 5

/* A regular file that is an input. */
struct input_file {
    const struct path *path;
    size_t stem; /* so many bytes of its name, without the ending of what is compressed */
};

static int compare_files(const void *a, const void *b)
{
    const struct path *const one = ((const struct input_file *)a)->path;
    const struct path *const other = ((const struct input_file *)b)->path;
    if (one->place.dev != other->place.dev) return one->place.dev < other->place.dev ? -1 : 1;
    if (one->place.ino != other->place.ino) return one->place.ino < other->place.ino ? -1 : 1;
    return one < other ? -1 : one > other;
}

static struct slice stem_of(const struct input_file *file)
{
    return (struct slice){.text = file->path->name, .len = file->stem};
}

static int compare_stems(const void *a, const void *b)
{
    const struct input_file *const one = a, *const other = b;
    const int order = slice_compare(stem_of(one), stem_of(other));
    return order != 0 ? order : strcmp(one->path->name, other->path->name);
}

static size_t stem_len(const char *name)
{
    static const char *const endings[] = {".gz", ".zst", ".xz", ".bz2", ".lz4"};
    const size_t len = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const size_t ending = strlen(endings[i]);
        if (len > ending && strcmp(name + len - ending, endings[i]) == 0) return len - ending;
    }
    return len;
}

static bool is_same_file(const struct input_file *a, const struct input_file *b)
{
    return a->path->place.dev == b->path->place.dev && a->path->place.ino == b->path->place.ino;
}

static void twice_tell(struct input_file *files, size_t inputs)
{
    size_t told = 0;
    qsort(files, inputs, sizeof files[0], compare_files);
    for (size_t i = 1; i < inputs && told < TWICE_TOLD; i++) {
        if (!is_same_file(&files[i - 1], &files[i])) continue;
        const char *const name = files[i].path->name, *const before = files[i - 1].path->name;
        if (strcmp(before, name) == 0)
            message("'%s' is an input twice: all that is in it is read twice", name);
        else
            message("'%s' and '%s' are one file: all that is in it is read twice", before, name);
        told++;
    }
    qsort(files, inputs, sizeof files[0], compare_stems);
    for (size_t i = 1; i < inputs && told < TWICE_TOLD; i++) {
        if (!slice_equal(stem_of(&files[i - 1]), stem_of(&files[i])) ||
            strcmp(files[i - 1].path->name, files[i].path->name) == 0)
            continue;
        message(
            "'%s' and '%s' are both inputs: if one is made of the other, all that is in them is "
            "read twice",
            files[i - 1].path->name, files[i].path->name);
        told++;
    }
}

static void inputs_check(void)
{
    struct input_file *const files = memory_zero(count + 1, sizeof files[0]);
    size_t inputs = 0;
    for (size_t i = 0; i < count; i++)
        if (paths[i].use == PATH_READ && paths[i].option == NULL && S_ISREG(paths[i].place.mode))
            files[inputs++] =
                (struct input_file){.path = &paths[i], .stem = stem_len(paths[i].name)};
    if (inputs > 1) twice_tell(files, inputs);
    free(files);
}

void paths_check(void)
{
    for (size_t i = 0; i < count; i++) {
        path_find(&paths[i]);
        path_check(&paths[i]);
    }
    /* Inputs may be many, and among them there is nothing to compare. */
    for (size_t i = 0; i < count; i++)
        for (size_t other = 0; !is_read(&paths[i]) && other < count; other++)
            if (other < i || (other > i && is_read(&paths[other])))
                pair_check(&paths[other < i ? other : i], &paths[other < i ? i : other]);
    inputs_check();
}

bool paths_same(const char *one, const char *other)
{
    struct place a = {0}, b = {0};
    place_find(&a, one, 0);
    place_find(&b, other, 0);
    const bool same = place_equal(&a, &b);
    place_release(&a);
    place_release(&b);
    return same;
}

DIR *path_directory(const char *name, size_t *len)
{
    const char *const slash = strrchr(name, '/');
    struct buffer path = {0};
    *len = slash == NULL ? 0 : (size_t)(slash - name) + 1;
    buffer_printf(&path, "%.*s.%c", (int)*len, name, '\0');
    DIR *const directory = opendir(path.data);
    buffer_release(&path);
    return directory;
}

char *path_parent(const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    const char *slash = memrchr(path, '/', len);
    if (slash == NULL) return memory_text(".", 1);
    return memory_text(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Is it our link, that of the directory's owner, or in a directory where not everybody may make
 * any? */
static bool link_is_trusted(const char *name, const char *dir)
{
    struct stat link, inside;
    if (lstat(name, &link) != 0 || !S_ISLNK(link.st_mode) || stat(dir, &inside) != 0) return false;
    return (inside.st_mode & S_ISVTX) == 0 || link.st_uid == geteuid() ||
           link.st_uid == inside.st_uid;
}

char *path_followed(const char *path)
{
    struct stat stat_now;
    char *name = memory_text(path, strlen(path));
    if (stat(path, &stat_now) == 0 && !S_ISREG(stat_now.st_mode)) return name;
    for (int links = 0; links < LINKS_MAX; links++) {
        char *const dir = path_parent(name);
        struct buffer next = {0};
        /* What /proc/self/fd says of a pipe is no name. */
        const bool leads = link_is_trusted(name, dir) && link_read(&next, name, dir) &&
                           paths_same(name, next.data);
        free(dir);
        if (!leads) {
            buffer_release(&next);
            return name;
        }
        free(name);
        name = next.data;
    }
    free(name);
    return memory_text(path, strlen(path)); /* a ring: opening it says so */
}

void directory_sync(const char *path)
{
    char *name = path_parent(path);
    const int fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) die_errno("%s", name);
    if (fsync(fd) != 0 && errno != EINVAL && errno != EROFS) die_errno("%s: fsync", name);
    close(fd);
    free(name);
}

void paths_release(void)
{
    for (size_t i = 0; i < count; i++) {
        free(paths[i].owned);
        place_release(&paths[i].place);
        place_release(&paths[i].inside);
    }
    free(paths);
    paths = NULL;
    count = 0;
}
