#include "base/option.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/duration.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/option_inside.h"
#include "base/utf8.h"

/* What getopt_long returns for long options without a letter: above every char. */
#define LONG_BASE 1000
#define ROWS_MAX 128

/* An option as given, in the order it was met. */
struct given {
    const struct option_row *row;
    const char *value; /* NULL: none */
    bool is_default;   /* what is given behind it overrules it */
};

static const struct option_row *all_rows[ROWS_MAX]; /* own first, then the common ones */
static int row_count;
static struct given *given;
static int given_count;
static const char *file_path;               /* noted by option_file */
static char **file_texts;                   /* values read from it, which variables may point at */
static const struct option_row **file_rows; /* and the rows they were given for */
static size_t file_count;

static const struct option_row *row_named(const char *name, size_t len)
{
    for (int i = 0; i < row_count; i++)
        if (strlen(all_rows[i]->name) == len && memcmp(all_rows[i]->name, name, len) == 0)
            return all_rows[i];
    return NULL;
}

/* Does the row take a value: 0 no, 1 yes, 2 may be left out. */
static int row_takes_value(const struct option_row *row)
{
    if (row->type == OPTION_FLAG) return 0;
    if (row->type == OPTION_CALL && row->argument == NULL) return 0;
    return option_argument_optional(row->argument) ? 2 : 1;
}

static const char *phrase(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *phrase(const char *format, ...)
{
    static char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return text;
}

static const char *number_set(const struct option_row *row, const char *value)
{
    char *end;
    errno = 0;
    const long long number = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0)
        return phrase("'%s' is not a whole number", value);
    if (number < row->least)
        return phrase("%s is too small (the least is %lld)", value, (long long)row->least);
    *(int64_t *)row->target = number;
    return NULL;
}

static const char *duration_set(const struct option_row *row, const char *value)
{
    int64_t *target = row->target;
    if (row->call != NULL) {
        const char *wrong = row->call(value);
        if (wrong != NULL) return wrong;
    }
    if (row->words != NULL && strcmp(value, row->words) == 0) {
        *target = INT64_MAX;
        return NULL;
    }
    const char *why = NULL;
    if (strcmp(value, "0") == 0)
        *target = 0; /* nothing is nothing in every unit */
    else
        why = duration_parse(value, target);
    if (why != NULL) return why;
    if (*target < row->least) {
        struct buffer least = {0};
        duration_print(&least, row->least);
        const char *text =
            phrase("'%s' is too small (the least is %.*s)", value, (int)least.len, least.data);
        buffer_release(&least);
        return text;
    }
    return NULL;
}

static const char *choice_set(const struct option_row *row, const char *value)
{
    int index = 0;
    const size_t len = strlen(value);
    for (const char *word = row->words;; index++) {
        const char *bar = strchrnul(word, '|');
        if ((size_t)(bar - word) == len && memcmp(word, value, len) == 0) {
            *(int *)row->target = index;
            return NULL;
        }
        if (*bar == '\0') break;
        word = bar + 1;
    }
    const struct slice meant = nearest_word(slice_of(value), row->words);
    if (meant.text == NULL) return phrase("'%s' is none of %s", value, row->words);
    return phrase("'%s' is none of %s; did you mean %.*s?", value, row->words, (int)meant.len,
                  meant.text);
}

static void value_add(struct option_list *list, const char *value)
{
    list->text = memory_resize(list->text, list->count + 1, sizeof list->text[0]);
    list->text[list->count++] = value;
}

/* Only names of files may be any bytes: of everything else a piece may come out in a row. */
static bool names_file(const struct option_row *row)
{
    return row->argument != NULL &&
           (strstr(row->argument, "FILE") != NULL || strstr(row->argument, "DIR") != NULL);
}

/* Sets one row's variable; NULL, or the phrase that says what is wrong. */
static const char *row_set(const struct option_row *row, const char *value)
{
    if (value != NULL && !names_file(row) && !utf8_valid(slice_of(value)))
        return phrase("'%s' is not UTF-8", value);
    switch (row->type) {
    case OPTION_FLAG: *(bool *)row->target = true; return NULL;
    case OPTION_TEXT: *(const char **)row->target = value; return NULL;
    case OPTION_NUMBER: return value == NULL ? NULL : number_set(row, value);
    case OPTION_DURATION: return duration_set(row, value);
    case OPTION_CHOICE: return choice_set(row, value);
    case OPTION_LIST: value_add(row->target, value); return NULL;
    case OPTION_CALL: return row->call(value);
    }
    return NULL;
}

static bool command_follows;
static int default_words;

void option_command_follows(int defaults)
{
    command_follows = true;
    default_words = defaults;
}

static void given_add(const struct option_row *row, const char *value)
{
    given = memory_resize(given, (size_t)given_count + 1, sizeof given[0]);
    given[given_count++] =
        (struct given){.row = row, .value = value, .is_default = optind <= default_words + 1};
}

static void version_print(void)
{
    struct buffer text = {0};
    buffer_printf(&text, "%s (clickstream) " CS_VERSION "\n", message_tool());
    if (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
        die_errno("standard output");
    exit(EXIT_DONE);
}

static void help_print(void)
{
    struct buffer text = {0};
    option_help(&text);
    if (fwrite(text.data, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
        die_errno("standard output");
    exit(EXIT_DONE);
}

/* Sets the row's variable, or says what is wrong and ends the run. */
static void apply(const struct option_row *row, const char *value)
{
    const char *why = row_set(row, value);
    if (why != NULL) die_usage("--%s: %s", row->name, why);
}

const char *option_file(const char *path)
{
    if (file_path != NULL) return "only one can be used";
    file_path = path;
    return NULL;
}

const char *option_file_name(void)
{
    return file_path;
}

/* Was the option named on the command line? */
static bool given_here(const char *name)
{
    for (int i = 0; i < given_count; i++)
        if (strcmp(given[i].row->name, name) == 0) return true;
    return false;
}

/* The option a line of a file begins with, and what follows its name; NULL: there is none. */
static const struct option_row *row_at(char *line, char **behind)
{
    if (line[1] == '-') {
        char *name = line + 2;
        *behind = name + strcspn(name, "= \t");
        return row_named(name, (size_t)(*behind - name));
    }
    *behind = line + 1 + (line[1] != '\0');
    for (int i = 0; i < row_count; i++)
        if (all_rows[i]->letter != '\0' && all_rows[i]->letter == line[1]) return all_rows[i];
    return NULL;
}

/* The option that a word of the command line begins the name of, if it is one only, or else the one
 * of the nearest name; as a phrase, which is empty where none is near. */
static const char *option_meant(const char *word)
{
    word += strspn(word, "-");
    const struct slice wanted = {.text = word, .len = strcspn(word, "=")};
    const char *whole = NULL;
    int begun = 0;
    struct nearest nearest;
    nearest_begin(&nearest, wanted);
    for (int i = 0; i < row_count; i++) {
        const char *name = all_rows[i]->name;
        nearest_offer(&nearest, slice_of(name));
        if (wanted.len == 0 || strncmp(name, wanted.text, wanted.len) != 0) continue;
        begun++;
        whole = name;
    }
    if (begun != 1) whole = nearest.name.text;
    return whole == NULL ? "" : phrase("; did you mean --%s?", whole);
}

/* The last value counts in a file, too. */
static void file_twice_tell(const struct option_row *row, const char *value, int number)
{
    if (row->type == OPTION_LIST || row->type == OPTION_FLAG || value == NULL) return;
    for (size_t i = file_count; i-- > 0;) {
        if (file_rows[i] != row || file_texts[i] == NULL) continue;
        if (strcmp(file_texts[i], value) != 0)
            message("%s:%d: --%s was given twice: %s counts, and %s does not", file_path, number,
                    row->name, value, file_texts[i]);
        return;
    }
}

/* One line of an option file, leading blanks and comments aside: --NAME, --NAME=VALUE, --NAME VALUE
 * or -N VALUE. Applied when the command line has not given a single value. */
static void file_line(char *line, int number)
{
    line += strspn(line, " \t");
    size_t len = strlen(line);
    while (len > 0 && strchr(" \t\r\n", line[len - 1]) != NULL)
        line[--len] = '\0';
    if (line[0] == '\0' || line[0] == '#') return;
    if (line[0] != '-') die_usage("%s:%d: not an option: '%s'", file_path, number, line);
    char *behind;
    const struct option_row *row = row_at(line, &behind);
    if (row == NULL || row->brings || strcmp(row->name, "help") == 0)
        die_usage("%s:%d: no such option here: '%s'%s", file_path, number, line,
                  row == NULL && line[1] == '-' ? option_meant(line) : "");
    const int takes = row_takes_value(row);
    const char *value = NULL;
    if (takes == 2 && *behind != '\0' && *behind != '=')
        die_usage("%s:%d: --%s takes its value behind '='", file_path, number, row->name);
    if (*behind == '=' && line[1] == '-')
        value = behind + 1;
    else if (*behind != '\0')
        value = behind + (takes == 1 ? strspn(behind, " \t") : 0);
    if (takes == 1 && value == NULL)
        die_usage("%s:%d: --%s needs a value", file_path, number, row->name);
    if (takes == 0 && value != NULL)
        die_usage("%s:%d: --%s takes no value", file_path, number, row->name);
    if (row->type != OPTION_LIST && given_here(row->name)) return;
    file_twice_tell(row, value, number);
    char *kept = value == NULL ? NULL : memory_text(value, strlen(value));
    file_texts = memory_resize(file_texts, file_count + 1, sizeof file_texts[0]);
    file_rows = memory_resize(file_rows, file_count + 1, sizeof file_rows[0]);
    file_texts[file_count] = kept;
    file_rows[file_count++] = row;
    const char *why = row_set(row, kept);
    if (why != NULL) die_usage("%s:%d: --%s: %s", file_path, number, row->name, why);
}

static void file_read(const char *option)
{
    FILE *file = fopen(file_path, "re");
    if (file == NULL) die_usage("--%s: %s: %s", option, file_path, strerror(errno));
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    for (int number = 1; (len = getline(&line, &cap, file)) >= 0; number++) {
        if (strlen(line) != (size_t)len)
            die_usage("%s:%d: has a NUL character in it, so it is no text", file_path, number);
        file_line(line, number);
    }
    if (ferror(file)) die_errno("%s", file_path);
    free(line);
    fclose(file);
}

/* The last value given counts, which somebody who forgot the first one does not see. */
static void given_twice_tell(void)
{
    for (int i = 0; i < given_count; i++) {
        const struct option_row *row = given[i].row;
        const bool single = row->type != OPTION_LIST && row->type != OPTION_FLAG && !row->brings;
        if (!single || given[i].value == NULL || given[i].is_default) continue;
        for (int j = i + 1; j < given_count; j++) {
            if (given[j].row != row || given[j].value == NULL) continue;
            if (strcmp(given[i].value, given[j].value) != 0)
                message("--%s was given twice: %s counts, and %s does not", row->name,
                        given[j].value, given[i].value);
            break;
        }
    }
}

static void rows_collect(const struct option_row *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        if (row_named(rows->name, strlen(rows->name)) != NULL)
            continue;                                       /* the command's own meaning stands */
        if (row_count == ROWS_MAX) die("too many options"); /* a fault of this program */
        all_rows[row_count++] = rows;
    }
}

static const struct option_row help_rows[] = {
    {.name = "help",
     .group = "Looking inside",
     .type = OPTION_FLAG,
     .letter = 'h',
     .help = "print this help",
     .free = true},
    {.name = "version",
     .group = "Looking inside",
     .type = OPTION_FLAG,
     .letter = 'V',
     .help = "print the version",
     .free = true},
    OPTION_END,
};

/* Is a long option written with the whole of its name? getopt_long takes the beginning of a name
 * for it, too; but what is unique today is another option's beginning tomorrow, and who writes --by
 * in a tool without it means no --by-partition. */
static bool is_whole(const char *word, const struct option_row *row)
{
    const size_t len = strlen(row->name);
    return strncmp(word + 2, row->name, len) == 0 &&
           (word[2 + len] == '=' || word[2 + len] == '\0');
}

int option_parse(int argc, char **argv, const struct option_row *own,
                 const struct option_row *common)
{
    rows_collect(own);
    rows_collect(common);
    rows_collect(help_rows);

    struct option longs[ROWS_MAX + 1] = {0};
    char shorts[ROWS_MAX * 3 + 3] = "";
    strcat(shorts, command_follows ? "+:" : ":");
    for (int i = 0; i < row_count; i++) {
        const int takes = row_takes_value(all_rows[i]);
        longs[i] = (struct option){
            .name = all_rows[i]->name,
            .has_arg = takes == 0   ? no_argument
                       : takes == 1 ? required_argument
                                    : optional_argument,
            .val = LONG_BASE + i,
        };
        if (all_rows[i]->letter == 0) continue;
        const char letter[] = {all_rows[i]->letter, takes == 1 ? ':' : '\0', '\0'};
        strcat(shorts, letter);
    }
    opterr = 0;
    for (;;) {
        const int found = getopt_long(argc, argv, shorts, longs, NULL);
        if (found == -1) break;
        /* A value that stands apart is the last word that was taken. */
        const bool apart = found >= LONG_BASE && optarg == argv[optind - 1];
        const char *word = argv[optind - 1 - apart];
        const int number = (found >= LONG_BASE ? found : optopt) - LONG_BASE;
        const bool is_long = (found >= LONG_BASE || found == '?' || found == ':') && number >= 0;
        if (found == '?' && optopt != 0 && !is_long) die_usage("no such option: -%c", optopt);
        if (is_long ? !is_whole(word, all_rows[number]) : found == '?' && optopt == 0)
            die_usage("no such option: %s%s", word, option_meant(word));
        if (found == '?') die_usage("--%s takes no value", all_rows[number]->name);
        if (found == ':') {
            if (is_long) die_usage("--%s needs a value", all_rows[number]->name);
            die_usage("-%c needs a value", optopt);
        }
        const struct option_row *row = is_long ? all_rows[number] : NULL;
        for (int i = 0; row == NULL && i < row_count; i++)
            if (all_rows[i]->letter == found) row = all_rows[i];
        if (row->letter == 'h') help_print();
        if (row->letter == 'V') version_print();
        given_add(row, optarg);
    }
    given_twice_tell();
    /* The file's lists come before those of the command line, its single values below them. */
    const char *brought = NULL;
    for (int i = 0; i < given_count; i++) {
        if (!given[i].row->brings) continue;
        brought = given[i].row->name;
        apply(given[i].row, given[i].value);
    }
    if (file_path != NULL) file_read(brought);
    for (int i = 0; i < given_count; i++)
        if (!given[i].row->brings) apply(given[i].row, given[i].value);
    return optind;
}

bool option_given(const char *name)
{
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(file_rows[i]->name, name) == 0) return true;
    return given_here(name);
}

bool option_known(const char *name)
{
    return row_named(name, strlen(name)) != NULL;
}

const char *option_value(const char *name)
{
    for (int i = given_count; i-- > 0;)
        if (strcmp(given[i].row->name, name) == 0) return given[i].value;
    return NULL;
}

/* May members' names stand in its value, those of the events that come in? */
static bool row_mentions(const struct option_row *row)
{
    static const char *const others[] = {
        "map",        /* a program over what is no event yet */
        "header",     /* columns are there, if empty */
        "log-format", /* a format */
        "null",       /* a value */
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(row->name, others[i]) == 0) return false;
    return row->argument != NULL && !names_file(row) &&
           (row->type == OPTION_TEXT || row->type == OPTION_LIST);
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (c & 0x80) != 0;
}

/* Notes the places in the value where the name stands as a whole word. */
static void value_mentions(struct option_mention *mention, const struct option_row *row,
                           const char *value, struct slice name, bool here)
{
    if (value == NULL || name.len == 0 || !row_mentions(row)) return;
    const char *const end = value + strlen(value);
    for (const char *at = value; at < end; at++) {
        at = memmem(at, (size_t)(end - at), name.text, name.len);
        if (at == NULL) return;
        if (is_name_character(at[name.len]) || (at > value && is_name_character(at[-1]))) continue;
        if (mention->option == NULL) mention->option = row->name;
        mention->bare = mention->bare || at == value || at[-1] != '.';
        mention->here = mention->here || here;
    }
}

struct option_mention option_mentions(struct slice name)
{
    return option_mentions_but(name, "");
}

struct option_mention option_mentions_but(struct slice name, const char *option)
{
    struct option_mention mention = {0};
    for (int i = 0; i < given_count; i++)
        if (strcmp(given[i].row->name, option) != 0)
            value_mentions(&mention, given[i].row, given[i].value, name, true);
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(file_rows[i]->name, option) != 0)
            value_mentions(&mention, file_rows[i], file_texts[i], name, false);
    return mention;
}

void option_refuse_list(const char *name, const char *value, const char *why)
{
    die_usage("--%s: '%s': %s (%s)", name, value, why, row_named(name, strlen(name))->argument);
}

void option_items(struct list *out, const char *name, const struct option_list *values,
                  enum list_kind kind)
{
    for (size_t i = 0; i < values->count; i++) {
        const char *why = list_add(out, kind, slice_of(values->text[i]));
        if (why != NULL) option_refuse_list(name, values->text[i], why);
    }
}

void option_release(void)
{
    for (int i = 0; i < row_count; i++) {
        if (all_rows[i]->type != OPTION_LIST) continue;
        struct option_list *list = all_rows[i]->target;
        free(list->text);
        *list = (struct option_list){0};
    }
    for (size_t i = 0; i < file_count; i++)
        free(file_texts[i]);
    free(file_texts);
    free(file_rows);
    file_texts = NULL;
    file_rows = NULL;
    file_count = 0;
    file_path = NULL;
    free(given);
    given = NULL;
    given_count = 0;
    row_count = 0;
}

/* The value last given for a row, which may be NULL; false: none was. */
static bool row_value(const struct option_row *row, const char **value)
{
    for (int i = given_count; i-- > 0;) {
        if (given[i].row != row) continue;
        *value = given[i].value;
        return true;
    }
    for (size_t i = file_count; i-- > 0;) {
        if (file_rows[i] != row) continue;
        *value = file_texts[i];
        return true;
    }
    return false;
}

void option_fingerprint(struct buffer *out)
{
    for (int i = 0; i < row_count; i++) {
        const struct option_row *row = all_rows[i];
        const char *value = NULL;
        if (row->free || row->brings) continue;
        if (row->target == NULL && !(row->type == OPTION_CALL && row_value(row, &value))) continue;
        buffer_printf(out, "--%s", row->name);
        switch (row->type) {
        case OPTION_FLAG: buffer_printf(out, "=%d", *(const bool *)row->target); break;
        case OPTION_TEXT: {
            const char *text = *(const char *const *)row->target;
            buffer_printf(out, "%s%s", text == NULL ? "" : "=", text == NULL ? "" : text);
            break;
        }
        case OPTION_NUMBER:
        case OPTION_DURATION:
            buffer_printf(out, "=%lld", (long long)*(const int64_t *)row->target);
            break;
        case OPTION_CHOICE: buffer_printf(out, "=%d", *(const int *)row->target); break;
        case OPTION_LIST: {
            const struct option_list *list = row->target;
            for (size_t j = 0; j < list->count; j++)
                buffer_printf(out, "=%s\n", list->text[j]);
            break;
        }
        case OPTION_CALL: /* what it has made of its value is known to it alone */
            if (row->target != NULL)
                buffer_printf(out, "=%lld", (long long)*(const int64_t *)row->target);
            else
                buffer_printf(out, "=%s", value == NULL ? "" : value);
            break;
        }
        buffer_add_char(out, '\n');
    }
}

void option_help(struct buffer *out)
{
    option_help_rows(out, all_rows, row_count);
}
