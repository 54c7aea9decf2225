#include "supervise/sink.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/list.h"
#include "supervise/process.h"
#include "supervise/topic.h"

/* The SQL that makes the program's table; the caller frees it. */
static char *schema_path(const struct program *program)
{
    char *path;
    if (asprintf(&path, "%s/table.sql", program->dir) < 0) die("no memory");
    return path;
}

/* Written at each start: the tool may have got an option that brings another column. */
static void schema_write(const struct program *program)
{
    struct buffer sql = {0};
    char *word, *const path = schema_path(program);
    if (asprintf(&word, "--print-schema=sql:%s", program->out) < 0) die("no memory");
    if (program_ask(program, word, &sql) != 0) exit(EXIT_USAGE);
    FILE *const file = fopen(path, "we");
    if (file == NULL) die_errno("%s", path);
    (void)fwrite(sql.data, 1, sql.len, file); /* the end tells */
    if (ferror(file) != 0 || fclose(file) != 0) die_errno("%s", path);
    buffer_release(&sql);
    free(word);
    free(path);
}

void sink_look(const struct sink *sink, const struct program *program)
{
    if (program->out == NULL) return;
    if (sink->postgres == NULL) {
        if (!topic_exists(sink->kcat, program->out))
            message("-o %s: no such topic: rows wait in %s/spool until there is one", program->out,
                    program->dir);
    } else if (sink->create) {
        schema_write(program);
    }
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

static void place_add(const struct sink *sink, const struct program *program, struct words *words)
{
    if (sink->postgres != NULL) {
        words_printf(words, "--postgres=%s", sink->postgres);
        words_printf(words, "--table=%s", program->out);
        if (!sink->create) return;
        char *const path = schema_path(program);
        words_printf(words, "--create=%s", path);
        free(path);
        return;
    }
    words_add(words, "-b");
    words_add(words, sink->kcat->brokers);
    words_add(words, "-t");
    words_add(words, program->out);
    words_add_all(words, sink->kcat->connection.word);
    words_add_all(words, sink->kcat->properties.word);
}

/* A shipper that is still busy does not keep the next run from starting: it has no lock. */
void sink_ship(const struct sink *sink, struct program *program, bool once)
{
    struct words words = {0};
    struct buffer path = {0};
    char *spool;
    if (asprintf(&spool, "%s/spool", program->dir) < 0) die("no memory");
    if (mkdir(spool, 0700) != 0 && errno != EEXIST) die_errno("%s", spool);
    if (!program_find_own(&path, "cs-ship")) die("cs-ship: not found");
    words_add(&words, "cs-ship");
    place_add(sink, program, &words);
    words_printf(&words, "--drain=%s", sink->drain);
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
