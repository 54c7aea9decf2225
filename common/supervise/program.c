#include "supervise/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"
#include "supervise/ask.h"
#include "supervise/process.h"

static const char *const tools[] = {"cs-window",  "cs-funnel",   "cs-sessionize", "cs-abandon",
                                    "cs-anomaly", "cs-identify", "cs-parse"};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static void words_check(const struct program *program)
{
    static const char *const ours[] = {"--state=", "-s",     "--spo", "--inp",
                                       "--inter",  "--show", "--bi"};
    const struct words *const words = &program->words;
    bool wrong = words_have_word(words, "--state");
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        wrong = wrong || words_have(words, ours[i]);
    if (wrong) die_usage("%s: cs-run itself says where the input and the state are", program->name);
    if (program->out != NULL && (words_have(words, "--outp") || words_have(words, "-o")))
        die_usage("%s: --output does not go with rows that are shipped, to %s", program->name,
                  program->out);
    if (!words_have_word(words, "--merge") && words_have(words, "--part"))
        die_usage("%s: cs-run itself says which partitions there are (-p)", program->name);
}

/* "NAME=cs-funnel": takes the name off; what is left is the program. */
static const char *label_take(struct program *program, const char *word)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const char *const equals = strchr(word, '=');
    if (equals == NULL || memchr(word, '/', (size_t)(equals - word)) != NULL) return word;
    program->label = memory_text(word, (size_t)(equals - word));
    if (program->label[0] == '\0' || strspn(program->label, allowed) != strlen(program->label))
        die_usage("'%s': a tool's name is made of letters, digits, - and _", program->label);
    return equals + 1;
}

void program_init(struct program *program, const struct words *words, struct slice out,
                  mode_t umask)
{
    *program = (struct program){.umask = umask, .status = -1};
    words_add(&program->words, label_take(program, words->word[0]));
    words_add_all(&program->words, words->word + 1);
    const char *const path = program->words.word[0], *const slash = strrchr(path, '/');
    program->name = slash == NULL ? path : slash + 1;
    if (out.len > 0) program->out = memory_text(out.text, out.len);
    if (!is_one_of(program->name, tools, sizeof tools / sizeof tools[0]))
        die_usage("%s: is no tool that keeps a state", program->name);
    if (program->label == NULL)
        program->label = memory_text(program->name + 3, strlen(program->name) - 3);
    if (!program_find(&program->path, path)) die_usage("%s: not found", path);
    words_check(program);
}

void program_settle(struct program *program, const char *dir, bool alone)
{
    if (asprintf(&program->dir, alone ? "%s" : "%s/%s", dir, program->label) < 0) die("no memory");
    if (mkdir(program->dir, 0700) != 0 && errno != EEXIST) die_errno("%s", program->dir);
}

static bool by_partition(const struct program *program)
{
    return words_have(&program->words, "--by-");
}

void program_check_part(const struct program *program, const struct topic *topic)
{
    static const char *const whole[] = {"cs-window", "cs-funnel", "cs-anomaly"};
    /* Which windows an instance is done with is said by the order of its rows. */
    if (topic->count > 1 && words_have_word(&program->words, "--merge"))
        die_usage("%s: --merge: the rows of an instance have to come in their order, so their "
                  "topic has one partition; %s has %lld",
                  program->name, topic->name, (long long)topic->count);
    if ((int64_t)topic->read == topic->count) return;
    if (!is_one_of(program->name, whole, sizeof whole / sizeof whole[0])) return;
    if (by_partition(program)) return;
    die_usage("%s: of %zu partitions out of %lld come partial counts: all partitions%s needed",
              program->name, topic->read, (long long)topic->count,
              strcmp(program->name, "cs-anomaly") == 0 ? " are" : " or --by-partition are");
}

int program_ask(const struct program *program, const char *word, struct buffer *answer)
{
    struct words words = {0};
    words_add_all(&words, program->words.word);
    words_printf(&words, "--state=%s/state", program->dir);
    words_add(&words, word);
    const struct process process = {.words = words.word, .path = program->path.data, .umask = 077};
    const int status = ask(&process, answer, NULL);
    words_release(&words);
    return status;
}

/* Takes the next line off, with a NUL in the place of its end; NULL: there is none. */
static char *line_next(char **rest)
{
    char *const line = *rest;
    char *const end = strchr(line, '\n');
    if (end == NULL) return NULL;
    *end = '\0';
    *rest = end + 1;
    return line;
}

int program_positions(struct program *program, const struct topic *topic)
{
    struct buffer answer = {0};
    const int status = program_ask(program, "--show-position", &answer);
    for (size_t i = 0; i < topic->read; i++)
        program->place[i].position = -1;
    buffer_add_char(&answer, '\0');
    char *rest = answer.data;
    for (const char *line; (line = line_next(&rest)) != NULL;) {
        long long number, offset;
        if (sscanf(line, "{\"partition\":%lld,\"offset\":%lld", &number, &offset) != 2) continue;
        const int64_t i = topic_index(topic, number);
        if (i >= 0) program->place[i].position = offset;
    }
    buffer_release(&answer);
    return status;
}

static void key_add(struct buffer *key, const char *name, size_t len)
{
    if (len == 0) return;
    if (key->len > 0) buffer_add_char(key, ',');
    buffer_add(key, name, len);
}

/* "one session_id, one user_id, no pause ...": what follows each "one ", and behind the first of
 * them another one. */
static void key_add_ones(struct buffer *key, const char *text, const char *behind_first)
{
    bool first = true;
    while (*text != '\0') {
        const char *const end = strchrnul(text, ',');
        text += strspn(text, " ");
        if (strncmp(text, "one ", 4) == 0 && text < end) {
            key_add(key, text + 4, (size_t)(end - text) - 4);
            if (first && behind_first != NULL) key_add(key, behind_first, strlen(behind_first));
            first = false;
        }
        text = *end == ',' ? end + 1 : end;
    }
}

/* "by       NAME: ...": the name. */
static void key_add_group(struct buffer *key, const char *line)
{
    if (strncmp(line, "by ", 3) != 0) return;
    line += 3 + strspn(line + 3, " ");
    const char *const colon = strchr(line, ':');
    if (colon != NULL) key_add(key, line, (size_t)(colon - line));
}

void program_key(struct buffer *key, const char *name, bool with_partition, struct slice explained)
{
    static const char *const members[][2] = {
        {"cs-identify", "event_id"},
        {"cs-parse", "session_id"}, /* so that a session's events stay together, and in order */
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) { /* rows are events */
        if (strcmp(name, members[i][0]) != 0) continue;
        key_add(key, members[i][1], strlen(members[i][1]));
        return;
    }
    struct buffer text = {0};
    buffer_add_slice(&text, explained);
    buffer_add_char(&text, '\0');
    char *rest = text.data;
    const bool is_session = strcmp(name, "cs-sessionize") == 0;
    const bool is_cart = strcmp(name, "cs-abandon") == 0;
    if (!is_session && !is_cart) key_add(key, "window_start", strlen("window_start"));
    if (with_partition && !is_session && !is_cart) key_add(key, "partition", strlen("partition"));
    for (const char *line; (line = line_next(&rest)) != NULL;) {
        if (strncmp(line, "a page: ", 8) == 0 || strncmp(line, "a drop: ", 8) == 0) {
            buffer_clear(key); /* rows of these instead */
            key_add_ones(key, line + 8, NULL);
            break;
        }
        if (is_session && strncmp(line, "a session: ", 11) == 0)
            key_add_ones(key, line + 11, "session_start");
        else if (is_cart && strncmp(line, "a cart: ", 8) == 0)
            key_add_ones(key, line + 8, "last_event_time");
        else if (!is_session && !is_cart)
            key_add_group(key, line);
    }
    buffer_release(&text);
}

void program_find_key(struct program *program)
{
    struct buffer answer = {0};
    buffer_clear(&program->key);
    if (words_have(&program->words, "--key")) return;
    if (program_ask(program, "--explain", &answer) != 0) exit(EXIT_USAGE);
    program_key(&program->key, program->name, by_partition(program), buffer_slice(&answer));
    buffer_release(&answer);
}

bool program_flushes(const struct program *program)
{
    return words_have_word(&program->words, "--flush");
}

bool program_prints(const struct program *program)
{
    const struct words *const words = &program->words;
    return program->out == NULL && !words_have(words, "--outp") && !words_have(words, "-o");
}

bool program_reopens(const struct program *program)
{
    static const char *const files[] = {"--output", "--rejects", "--late"};
    bool any = words_have(&program->words, "-o");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const struct slice name = slice_of(files[i]);
        for (size_t j = 1; j < program->words.count; j++) { /* --lateness is another */
            const char *const word = program->words.word[j];
            if (strncmp(word, name.text, name.len) != 0) continue;
            any = any || word[name.len] == '\0' || word[name.len] == '=';
        }
    }
    return any;
}

void program_release(struct program *program)
{
    words_release(&program->words);
    buffer_release(&program->path);
    buffer_release(&program->key);
    free(program->place);
    free(program->input);
    free(program->label);
    free(program->dir);
    free(program->out);
}
