#include "raw/map.h"

#include <string.h>

#include "base/die.h"
#include "raw/mapfile.h"

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* What a map makes the time of nobody knows; but it reads some column by name, `.name` or "name",
 * or all of them, or it leaves the time alone. */
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

void map_set(struct format *format, const char *text, const struct option_list *files)
{
    struct buffer program = {0};
    struct buffer why = {0};

    if (text == NULL && files->count == 0) return;
    if (text != NULL && files->count > 0)
        die_usage("--map and --map-file are two ways to give one program: use one of them");
    const char *option = text != NULL ? "map" : "map-file";
    if (text != NULL)
        buffer_add(&program, text, strlen(text));
    else
        mapfile_read(&program, files);
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
