#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/list.h"
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

/* Where the tool's figures go to a file for Prometheus, those of the shipper go to one beside it,
 * with the same labels: funnel.prom, funnel-ship.prom. */
static void figures_add(const struct program *program, struct words *words)
{
    static const char stats[] = "--stats=", label[] = "--stats-label=", ending[] = ".prom";
    const struct words *const own = &program->words;
    const char *file = "";
    struct list labels = {0};
    for (size_t i = 1; i < own->count; i++) {
        const char *const word = own->word[i];
        if (strncmp(word, stats, strlen(stats)) == 0) file = word + strlen(stats);
        if (strncmp(word, label, strlen(label)) == 0) /* the tool judges them */
            (void)list_add(&labels, LIST_PAIRS, slice_of(word + strlen(label)));
    }
    const size_t len = strlen(file);
    if (len > strlen(ending) && strcmp(file + len - strlen(ending), ending) == 0) {
        words_printf(words, "--stats=%.*s-ship%s", (int)(len - strlen(ending)), file, ending);
        for (size_t i = 0; i < labels.count; i++)
            words_printf(words, "--stats-label=%s=%s", labels.item[i].name.text,
                         labels.item[i].value.text);
    }
    list_release(&labels);
}

/* A shipper that is still busy does not keep the next run from starting: it has no lock. */
void program_ship(struct program *program, const struct topic *topic, const char *drain, bool once)
{
    const struct kcat *const kcat = topic->kcat;
    struct words words = {0};
    struct buffer path = {0};
    char *spool;
    if (asprintf(&spool, "%s/spool", program->dir) < 0) die("no memory");
    if (mkdir(spool, 0700) != 0 && errno != EEXIST) die_errno("%s", spool);
    if (!program_find_own(&path, "cs-ship")) die("cs-ship: not found");
    words_add(&words, "cs-ship");
    words_add(&words, "-b");
    words_add(&words, kcat->brokers);
    words_add(&words, "-t");
    words_add(&words, program->out);
    words_add_all(&words, kcat->connection.word);
    words_add_all(&words, kcat->properties.word);
    words_printf(&words, "--drain=%s", drain);
    if (once) words_add(&words, "--once");
    figures_add(program, &words);
    words_add(&words, spool);
    const struct process process = {
        .words = words.word, .path = path.data, .umask = 077, .bound = true};
    program->ship = process_start(&process);
    free(spool);
    buffer_release(&path);
    words_release(&words);
}
