#include "base/share.h"

#include <string.h>
#include <unistd.h>

#ifndef CS_DATADIR
#define CS_DATADIR "/usr/local/share"
#endif

const char share_directory[] = CS_DATADIR "/clickstream";

/* DIR/KIND/NAME, or that with the suffix. */
static bool directory_has(struct buffer *path, const char *directory, const char *kind,
                          const char *name, const char *suffix)
{
    const char *const ends[] = {"", suffix};

    for (size_t i = 0; i < 2; i++) {
        buffer_clear(path);
        buffer_printf(path, "%s/%s%s%s%s", directory, kind, kind[0] == '\0' ? "" : "/", name,
                      ends[i]);
        buffer_add_char(path, '\0');
        if (access(path->data, R_OK) == 0) return true;
    }
    return false;
}

/* In the tree that the binary lies in: what is made in build/share, what is written in samples. */
static bool tree_has(struct buffer *path, const char *kind, const char *name, const char *suffix)
{
    static const char *const places[] = {"/share", "/samples"};
    char self[4096];
    char directory[sizeof self + 16];
    const ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

    if (len <= 0) return false;
    self[len] = '\0';
    for (int up = 0; up < 3; up++) {
        char *slash = strrchr(self, '/');
        if (slash == NULL) break;
        *slash = '\0';
        for (size_t i = 0; i < 2; i++) {
            stpcpy(stpcpy(directory, self), places[i]);
            if (directory_has(path, directory, kind, name, suffix)) return true;
        }
    }
    return false;
}

bool share_find(struct buffer *path, const char *kind, const char *name, const char *suffix)
{
    if (name[0] != '\0' && strchr(name, '/') == NULL &&
        (directory_has(path, share_directory, kind, name, suffix) ||
         tree_has(path, kind, name, suffix)))
        return true;
    buffer_clear(path);
    return false;
}
