#include "supervise/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "run/signals.h"
#include "supervise/ask.h"

#define PATIENCE_US INT64_C(10000000) /* what is left of one that was killed ends */
#define LOOK_AGAIN_US INT64_C(20000)

/* The directory and those it lies in. */
static void directory_make(const char *dir)
{
    char *const path = memory_text(dir, strlen(dir));
    for (char *slash = path + strspn(path, "/");; *slash++ = '/') {
        slash = strchrnul(slash, '/');
        const bool last = *slash == '\0';
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) die_errno("%s", path);
        if (last) break;
    }
    struct stat there;
    if (stat(path, &there) != 0) die_errno("%s", path);
    if (!S_ISDIR(there.st_mode)) die("%s: is no directory", path);
    free(path);
}

int directory_take(const char *dir)
{
    char *path;
    struct stat there;
    directory_make(dir);
    if (asprintf(&path, "%s/lock", dir) < 0) die("no memory");
    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode)) die("%s: is no file", path);
    const int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) die_errno("%s", path);
    const int64_t until_us = instant_steady() + PATIENCE_US;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) die_errno("%s", path);
        if (stop_signal != 0) ask_leave();
        if (instant_steady() > until_us)
            die("%s: another cs-run, or what is left of one, works here", dir);
        ask_nap(LOOK_AGAIN_US);
    }
    free(path);
    return fd;
}
