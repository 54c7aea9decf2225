#include "supervise/command_line.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

static const struct option_row *row_of(const struct option_row *rows, const char *name, size_t len,
                                       char letter)
{
    for (; rows->name != NULL; rows++) {
        if (letter != 0 && rows->letter == letter) return rows;
        if (letter == 0 && strlen(rows->name) == len && memcmp(rows->name, name, len) == 0)
            return rows;
    }
    return NULL;
}

/* The option that a word gives, and what of the word is its value; NULL: one that we do not know,
 * or none. *value is NULL where the next word is the value, or there is none. */
static const struct option_row *row_given(const struct option_row *rows, const char *word,
                                          const char **value)
{
    *value = NULL;
    if (word[1] == '-') {
        const size_t len = strcspn(word + 2, "=");
        if (word[2 + len] == '=') *value = word + 2 + len + 1;
        return row_of(rows, word + 2, len, 0);
    }
    const struct option_row *row = NULL;
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        row = row_of(rows, NULL, 0, *letter);
        if (row == NULL || row->type == OPTION_FLAG) continue;
        if (letter[1] != '\0') *value = letter + 1;
        return row;
    }
    return row;
}

/* Calls each for the files that these options name, in order. Returns how many words are options.
 */
static size_t files_each(const struct option_row *rows, char *const *words,
                         void (*each)(struct command_line *line, const char *path),
                         struct command_line *line)
{
    size_t i = 0;
    for (; words[i] != NULL; i++) {
        const char *value;
        if (words[i][0] != '-' || words[i][1] == '\0' || strcmp(words[i], "--") == 0) break;
        const struct option_row *const row = row_given(rows, words[i], &value);
        if (row == NULL || row->type == OPTION_FLAG) continue;
        if (value == NULL && words[i + 1] != NULL) value = words[++i];
        if (value != NULL && each != NULL && strcmp(row->name, "options") == 0) each(line, value);
    }
    return i;
}

static bool is_comment(const char *text)
{
    text += strspn(text, " \t");
    return *text == '\0' || *text == '#';
}

static void file_read(struct command_line *line, const char *path)
{
    FILE *const file = fopen(path, "re");
    if (file == NULL) die_usage("--options: %s: %s", path, strerror(errno));
    char *text = NULL;
    size_t cap = 0;
    bool behind = false;
    for (ssize_t len; (len = getline(&text, &cap, file)) > 0;) {
        if (strlen(text) != (size_t)len)
            die_usage("--options: %s: has a NUL character in it, so it is no text", path);
        if (text[len - 1] == '\n') text[len - 1] = '\0';
        if (is_comment(text)) continue;
        if (!behind && strcmp(text, "--") == 0) {
            behind = true;
            words_release(&line->command);
        } else {
            words_add(behind ? &line->command : &line->words, text);
        }
    }
    if (ferror(file)) die_usage("--options: %s: %s", path, strerror(errno));
    free(text);
    fclose(file);
}

void command_line_read(struct command_line *line, char **argv, const struct option_row *rows)
{
    *line = (struct command_line){0};
    words_add(&line->words, argv[0]);
    files_each(rows, argv + 1, file_read, line);
    line->defaults = (int)line->words.count - 1;
    const size_t options = files_each(rows, line->words.word + 1, NULL, line);
    if (options < (size_t)line->defaults)
        die_usage("--options: '%s' is no option (the tool stands behind a line --)",
                  line->words.word[1 + options]);
    words_add_all(&line->words, argv + 1);
}

void command_line_release(struct command_line *line)
{
    words_release(&line->words);
    words_release(&line->command);
}
