#include "raw/lists.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/memory.h"
#include "base/paths.h"
#include "base/share.h"
#include "base/utf8.h"
#include "base/value.h"

static char **paths; /* paths.h borrows them until it has checked */
static size_t path_count;

void lists_read(struct buffer *text, const char *directory, const char *name, const char *option)
{
    struct buffer path = {0};

    if (directory != NULL) {
        buffer_printf(&path, "%s/%s", directory, name);
        buffer_add_char(&path, '\0');
    } else if (!share_find(&path, "", name, "")) {
        die_usage("--derive=%s: there is no %s in %s: 'make lists' makes it where there is npm, "
                  "--lists=DIR takes another",
                  option, name, share_directory);
    }
    paths = memory_resize(paths, path_count + 1, sizeof(*paths));
    paths[path_count++] = path.data;
    paths_note("--lists", path.data, PATH_READ);
    FILE *file = fopen(path.data, "r");
    if (file == NULL)
        die_usage("--derive=%s: cannot open '%s': %s", option, path.data, strerror(errno));
    size_t len;
    while ((len = fread(buffer_reserve(text, 1 << 16), 1, 1 << 16, file)) > 0)
        text->len += len;
    if (ferror(file))
        die_usage("--derive=%s: cannot read '%s': %s", option, path.data, strerror(errno));
    fclose(file);
    if (text->len > 0 && !utf8_valid(buffer_slice(text)))
        die_usage("--derive=%s: '%s' is not UTF-8", option, path.data);
    memset(buffer_reserve(text, VALUE_PADDING), 0, VALUE_PADDING);
}

bool lists_next(struct slice *rest, struct slice *entry, struct slice *value)
{
    while (rest->len > 0) {
        const char *const end = memchr(rest->text, '\n', rest->len);
        struct slice line = {.text = rest->text,
                             .len = end == NULL ? rest->len : (size_t)(end - rest->text)};
        rest->text += line.len + (end != NULL);
        rest->len -= line.len + (end != NULL);
        if (line.len > 0 && line.text[line.len - 1] == '\r') line.len--;
        if (line.len == 0 || *line.text == '#') continue;
        const char *tab = memchr(line.text, '\t', line.len);
        *entry = line;
        *value = (struct slice){.text = line.text + line.len, .len = 0};
        if (tab != NULL) {
            entry->len = (size_t)(tab - line.text);
            *value = (struct slice){.text = tab + 1, .len = line.len - entry->len - 1};
            tab = memchr(value->text, '\t', value->len);
            if (tab != NULL) value->len = (size_t)(tab - value->text);
        }
        if (entry->len > 0) return true;
    }
    return false;
}

void lists_release(void)
{
    for (size_t i = 0; i < path_count; i++)
        free(paths[i]);
    free(paths);
    paths = NULL;
    path_count = 0;
}
