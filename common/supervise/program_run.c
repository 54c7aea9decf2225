#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"
#include "supervise/process.h"
#include "supervise/program.h"

static bool has_figures(const struct program *program)
{
    return words_have(&program->words, "--stats=");
}

bool program_reads_ends(const struct program *program)
{
    return has_figures(program) && !words_have(&program->words, "--stats-en");
}

/* What cs-run says to the tool, behind its own words. */
static void words_complete(const struct program *program, const struct topic *topic,
                           const char *ends, struct words *words)
{
    struct buffer numbers = {0};
    topic_numbers(topic, &numbers, ',');
    buffer_add_char(&numbers, '\0');
    words_add_all(words, program->words.word);
    words_add(words, "--input=kcat-sized");
    words_printf(words, "--bind=%s:%s", topic->name, numbers.data);
    words_printf(words, "--state=%s/state", program->dir);
    /* What runs for months is looked at meanwhile. */
    if (has_figures(program) && !words_have(&program->words, "--stats-ev"))
        words_add(words, "--stats-every=15s");
    if (ends != NULL && program_reads_ends(program)) words_printf(words, "--stats-ends=%s", ends);
    if (!words_have(&program->words, "--merge"))
        words_printf(words, "--partitions=%s", numbers.data);
    if (program->out != NULL) words_printf(words, "--spool=%s/spool", program->dir);
    if (program->out != NULL && program->key.len > 0)
        words_printf(words, "--key=%.*s", (int)program->key.len, program->key.data);
    for (size_t i = 0; i < topic->read; i++)
        words_printf(words, "/dev/fd/%d", program->input[i]);
    buffer_release(&numbers);
}

/* The tool holds no writing end, or there would be no end of input. */
void program_start(struct program *program, const struct topic *topic, const char *ends, int lock)
{
    struct words words = {0};
    words_complete(program, topic, ends, &words);
    int *const inherited = memory_zero(topic->read + 1, sizeof inherited[0]);
    for (size_t i = 0; i < topic->read; i++)
        inherited[i] = program->input[i];
    inherited[topic->read] = lock;
    const struct process process = {.words = words.word,
                                    .path = program->path.data,
                                    .inherited = inherited,
                                    .inherited_count = topic->read + 1,
                                    .umask = program->umask,
                                    .reopens = program_reopens(program)};
    program->pid = process_start(&process);
    program->status = -1;
    for (size_t i = 0; i < topic->read; i++)
        close(program->input[i]);
    free(inherited);
    words_release(&words);
}
