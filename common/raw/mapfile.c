#include "raw/mapfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"
#include "base/paths.h"
#include "base/share.h"
#include "expr/expr.h"

static char **paths; /* where they were found: paths.h borrows them until it has checked */
static size_t path_count;

static const char *file_find(const char *name)
{
    struct buffer path = {0};

    if (name[0] == '\0') die_usage("--map-file: which file?");
    const bool here = strchr(name, '/') != NULL || access(name, F_OK) == 0;
    if (here || !share_find(&path, "maps", name, ".jq")) {
        buffer_release(&path);
        return name;
    }
    paths = memory_resize(paths, path_count + 1, sizeof(*paths));
    return paths[path_count++] = path.data;
}

static void file_read(struct buffer *text, const char *name)
{
    const char *const path = file_find(name);
    size_t len;

    paths_note("--map-file", path, PATH_READ);
    FILE *file = fopen(path, "r");
    if (file == NULL && errno == ENOENT && strchr(name, '/') == NULL) {
        const char *const meant = share_meant("maps", name, ".jq");
        die_usage("--map-file: there is no '%s', here or in %s/maps%s%s%s", name, share_directory,
                  meant == NULL ? "" : "; did you mean ", meant == NULL ? "" : meant,
                  meant == NULL ? "" : "?");
    }
    if (file == NULL) die_usage("--map-file: cannot open '%s': %s", path, strerror(errno));
    const size_t begin = text->len;
    while ((len = fread(buffer_reserve(text, 4096), 1, 4096, file)) > 0)
        text->len += len;
    if (ferror(file)) die_usage("--map-file: cannot read '%s': %s", path, strerror(errno));
    fclose(file);
    if (text->len > begin && memchr(text->data + begin, '\0', text->len - begin) != NULL)
        die_usage("--map-file: the program holds a NUL byte");
}

/* A mistake in one of several is told of with the file's name and its own line numbers. */
static void program_try(const struct buffer *program, size_t begin, const char *name)
{
    struct buffer text = {0};
    struct buffer why = {0};

    buffer_add(&text, program->data + begin, program->len - begin);
    buffer_add_char(&text, '\0');
    struct map_program *map = map_compile(text.data, &why);
    if (map == NULL) die_usage("--map-file: %s: %.*s", name, (int)why.len, why.data);
    map_free(map);
    buffer_release(&text);
    buffer_release(&why);
}

void mapfile_read(struct buffer *program, const struct option_list *files)
{
    if (files->count == 1) {
        file_read(program, files->text[0]);
        return;
    }
    for (size_t i = 0; i < files->count; i++) {
        if (i > 0) buffer_add_literal(program, " | ");
        buffer_add_literal(program, "(\n"); /* a file may begin with definitions, */
        const size_t begin = program->len;
        file_read(program, files->text[i]);
        program_try(program, begin, files->text[i]);
        buffer_add_literal(program, "\n)"); /* and end with a comment */
    }
}

void mapfile_release(void)
{
    for (size_t i = 0; i < path_count; i++)
        free(paths[i]);
    free(paths);
    paths = NULL;
    path_count = 0;
}
