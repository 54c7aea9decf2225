#include "base/head.h"

#include <errno.h>
#include <unistd.h>

#include "base/die.h"

bool head_read(const char *name, int fd, uint32_t len, struct id *head)
{
    char bytes[HEAD_BYTES];
    uint32_t have = 0;
    while (have < len) {
        const ssize_t got = pread(fd, bytes + have, len - have, have);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) die_errno("%s", name);
        if (got == 0) return false;
        have += (uint32_t)got;
    }
    *head = len == 0 ? ID_NONE : id_of((struct slice){.text = bytes, .len = len});
    return true;
}
