#include "writer/whole.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "writer/output.h"

static bool is_in_place(const char *path)
{
    struct stat stat_now;
    return lstat(path, &stat_now) == 0 && !S_ISREG(stat_now.st_mode);
}

static void new_name(struct buffer *name, const char *path)
{
    buffer_printf(name, "%s.new%c", path, '\0');
}

void whole_check(const char *path)
{
    struct stat stat_now;
    if (stat(path, &stat_now) == 0 && S_ISDIR(stat_now.st_mode)) {
        errno = EISDIR;
        die_errno("%s", path);
    }
    if (is_in_place(path)) return;
    struct buffer name = {0};
    new_name(&name, path);
    if (close(output_create(name.data, 0666)) != 0) die_errno("%s", name.data);
    if (unlink(name.data) != 0) die_errno("%s", name.data);
    buffer_release(&name);
}

void whole_write(const char *path, struct slice text)
{
    const bool in_place = is_in_place(path);
    struct buffer name = {0};
    struct output output;
    new_name(&name, path);
    if (in_place) {
        output_file(&output, path);
        output_cut(&output, 0);
    } else {
        output = (struct output){.name = name.data, .fd = output_create(name.data, 0666)};
    }
    buffer_add_slice(&output.buffer, text);
    output_close(&output);
    if (!in_place && rename(name.data, path) != 0) die_errno("%s", path);
    buffer_release(&name);
}
