#include "raw/map.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/die.h"
#include "base/paths.h"

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* What a map makes the time of nobody knows; but it reads some column by name, `.name` or "name",
 * or all of them. */
static void columns_want(struct format *format, const char *program)
{
    static const char *const all[] = {".[",    "..",         "entries", "keys",
                                      "paths", "map_values", "tojson"};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (strstr(program, all[i]) != NULL) return;
    for (const char *at = program; *at != '\0'; at++) {
        const char *behind = at + 1;
        if (*at != '.' && *at != '"') continue;
        if (*at == '"')
            behind += strcspn(behind, "\"");
        else
            while (is_name(*behind))
                behind++;
        const struct slice name = {.text = at + 1, .len = (size_t)(behind - at - 1)};
        if (name.len > 0) format_want(format, name);
        at = *at == '"' && *behind != '\0' ? behind : behind - 1;
    }
}

static void file_read(struct buffer *text, const char *name)
{
    paths_note("--map-file", name, PATH_READ);
    FILE *file = fopen(name, "r");
    if (file == NULL) die_usage("--map-file: cannot open '%s': %s", name, strerror(errno));
    size_t len;
    while ((len = fread(buffer_reserve(text, 4096), 1, 4096, file)) > 0)
        text->len += len;
    if (ferror(file)) die_usage("--map-file: cannot read '%s': %s", name, strerror(errno));
    fclose(file);
}

void map_set(struct format *format, const char *text, const char *file)
{
    struct buffer program = {0};
    struct buffer why = {0};

    if (text != NULL && file != NULL)
        die_usage("--map and --map-file are two ways to give one program: use one of them");
    const char *option = text != NULL ? "map" : "map-file";
    if (text != NULL)
        buffer_add(&program, text, strlen(text));
    else
        file_read(&program, file);
    if (program.len > 0 && memchr(program.data, '\0', program.len) != NULL)
        die_usage("--%s: the program holds a NUL byte", option);
    buffer_add_char(&program, '\0');
    struct map_program *map = map_compile(program.data, &why);
    if (map == NULL) die_usage("--%s: %.*s", option, (int)why.len, why.data);
    format_set_map(format, map);
    columns_want(format, program.data);
    buffer_release(&program);
    buffer_release(&why);
}
