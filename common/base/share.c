#include "base/share.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/memory.h"
#include "base/nearest.h"

#ifndef CS_DATADIR
#define CS_DATADIR "/usr/local/share"
#endif

const char share_directory[] = CS_DATADIR "/clickstream";

/* Puts the i-th directory that may have files of that kind in path: where they are installed, and
 * in the tree that the binary lies in, where all was unpacked elsewhere (share/clickstream), what
 * is made (build/share) and what is written (samples). False: there are no more. */
static bool directory_at(struct buffer *path, int i, const char *kind)
{
    static const char *const places[] = {"share/clickstream", "share", "samples"};
    const int count = sizeof places / sizeof places[0];
    const char *const between = kind[0] == '\0' ? "" : "/";
    char self[4096];

    buffer_clear(path);
    if (i == 0) {
        buffer_printf(path, "%s%s%s", share_directory, between, kind);
        return true;
    }
    if (!program_path(self, sizeof self)) return false;
    for (int up = 0; up <= (i - 1) / count; up++) {
        char *const slash = strrchr(self, '/');
        if (slash == NULL || up == 3) return false;
        *slash = '\0';
    }
    buffer_printf(path, "%s/%s%s%s", self, places[(i - 1) % count], between, kind);
    return true;
}

bool share_find(struct buffer *path, const char *kind, const char *name, const char *suffix)
{
    const char *const ends[] = {"", suffix};

    if (name[0] == '\0' || strchr(name, '/') != NULL) return false;
    for (int i = 0; directory_at(path, i, kind); i++) {
        const size_t len = path->len;
        for (int end = 0; end < 2; end++) {
            path->len = len;
            buffer_printf(path, "/%s%s", name, ends[end]);
            buffer_add_char(path, '\0');
            if (access(path->data, R_OK) == 0) return true;
        }
    }
    buffer_clear(path);
    return false;
}

char *share_meant(const char *kind, const char *name, const char *suffix)
{
    struct buffer path = {0};
    char *meant = NULL;

    for (int i = 0; meant == NULL && directory_at(&path, i, kind); i++) {
        struct nearest nearest;
        buffer_add_char(&path, '\0');
        DIR *const directory = opendir(path.data);
        if (directory == NULL) continue;
        nearest_begin(&nearest, slice_of(name));
        for (const struct dirent *file; (file = readdir(directory)) != NULL;) {
            const int apart = nearest.apart;
            struct slice offer = slice_of(file->d_name);
            const size_t end = strlen(suffix);
            if (offer.len < end || memcmp(offer.text + offer.len - end, suffix, end) != 0) continue;
            offer.len -= end;
            nearest_offer(&nearest, offer);
            if (nearest.apart == apart) continue;
            free(meant);
            meant = memory_text(offer.text, offer.len);
        }
        closedir(directory);
    }
    buffer_release(&path);
    return meant;
}
