#include "supervise/run_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"
#include "supervise/command_line.h"

#define SECONDS_DIGITS_MAX 6

static struct run_options given = {.partitions = "all", .drain = "10", .refresh = "10"};
static const char *topics, *tables;      /* -o and --table */
static struct option_list options_files; /* read before the others are: command_line.h */
static struct command_line line;

static const struct option_row rows[] = {
    {.name = "brokers",
     .letter = 'b',
     .type = OPTION_TEXT,
     .target = &given.brokers,
     .argument = "HOST[:PORT],...",
     .help = "where Kafka is"},
    {.name = "topic",
     .letter = 't',
     .type = OPTION_TEXT,
     .target = &given.topic,
     .argument = "TOPIC",
     .help = "where events come from"},
    {.name = "partitions",
     .letter = 'p',
     .type = OPTION_TEXT,
     .target = &given.partitions,
     .argument = "LIST|all",
     .help = "which partitions: 0,1,2 or 0-11 (default all)"},
    {.name = "state-dir",
     .letter = 'S',
     .type = OPTION_TEXT,
     .target = &given.dir,
     .argument = "DIR",
     .help = "the directory for the state, the spool and where it began"},
    {.name = "output-topic",
     .letter = 'o',
     .type = OPTION_TEXT,
     .target = &topics,
     .argument = "TOPIC,...",
     .help = "where rows go, each with its key (default: standard output)"},
    {.name = "postgres",
     .type = OPTION_TEXT,
     .target = &given.postgres,
     .argument = "CONNINFO",
     .help = "rows go to PostgreSQL, which is there, as psql -d takes it"},
    {.name = "table",
     .type = OPTION_TEXT,
     .target = &tables,
     .argument = "TABLE,...",
     .help = "with --postgres: the table for the rows of each tool"},
    {.name = "create",
     .type = OPTION_FLAG,
     .target = &given.create,
     .help = "with --postgres: make the tables, or the columns they lack"},
    {.name = "parse",
     .type = OPTION_LIST,
     .target = &given.parse,
     .argument = "OPTIONS",
     .help = "put cs-parse with these options in front; repeatable"},
    {.name = "from",
     .type = OPTION_TEXT,
     .target = &given.from,
     .argument = "beginning|end|TIME",
     .help = "where a new DIR begins; TIME is like 2026-01-01T00:00:00Z"},
    {.name = "once",
     .type = OPTION_FLAG,
     .target = &given.once,
     .help = "read to the present end, ship, exit: for cron"},
    {.name = "skip-gone",
     .type = OPTION_FLAG,
     .target = &given.skip_gone,
     .help = "where a position is gone, go on at the beginning of the log"},
    {.name = "quiet",
     .letter = 'q',
     .type = OPTION_FLAG,
     .target = &given.quiet,
     .help = "do not say where it begins"},
    {.name = "drain",
     .type = OPTION_TEXT,
     .target = &given.drain,
     .argument = "SECONDS",
     .help = "how long the end waits for the shipper (default 10)"},
    {.name = "refresh",
     .type = OPTION_TEXT,
     .target = &given.refresh,
     .argument = "SECONDS",
     .help = "how often to look for new partitions (default 10; 0: never)"},
    {.name = "kcat-config",
     .letter = 'F',
     .type = OPTION_LIST,
     .target = &given.files,
     .argument = "FILE",
     .help = "properties of kcat, one a line; repeatable"},
    {.name = "property",
     .letter = 'X',
     .type = OPTION_LIST,
     .target = &given.properties,
     .argument = "NAME=VALUE",
     .help = "one property of kcat; repeatable"},
    {.name = "options",
     .type = OPTION_LIST,
     .target = &options_files,
     .argument = "FILE",
     .help = "the same as words, one a line, # for comments; repeatable"},
    OPTION_END,
};

static int64_t seconds_read(const char *option, const char *text)
{
    const size_t len = strlen(text);
    if (len == 0 || len > SECONDS_DIGITS_MAX || strspn(text, "0123456789") != len)
        die_usage("--%s: '%s' is no number of seconds", option, text);
    return strtoll(text, NULL, 10);
}

/* A name that begins with a minus would be taken for an option. */
static const char *path_plain(const char *path)
{
    char *plain;
    if (path[0] != '-') return path;
    if (asprintf(&plain, "./%s", path) < 0) die("no memory");
    return plain;
}

static void options_check(void)
{
    if (given.brokers == NULL) die_usage("-b BROKERS is missing");
    if (given.topic == NULL) die_usage("-t TOPIC is missing");
    if (given.dir == NULL) die_usage("-S DIR is missing");
    given.dir = path_plain(given.dir);
    (void)seconds_read("drain", given.drain);
    given.refresh_us = seconds_read("refresh", given.refresh) * 1000000;
    if (!topic_list_good(given.partitions))
        die_usage("--partitions: '%s' is no list of partitions (0,1,2 or 0-11)", given.partitions);
    if (!beginning_read(&given.beginning, given.from))
        die_usage("--from: '%s' is neither beginning, end nor a time like 2026-01-01T00:00:00Z",
                  given.from);
}

/* The tools of a command line: between two is a word --. */
static void tools_take(char *const *command)
{
    bool fresh = true;
    for (; command != NULL && *command != NULL; command++) {
        if (strcmp(*command, "--") == 0) {
            fresh = true;
            continue;
        }
        if (fresh) {
            given.tool = memory_resize(given.tool, given.tools + 1, sizeof given.tool[0]);
            given.tool[given.tools++] = (struct words){0};
        }
        words_add(&given.tool[given.tools - 1], *command);
        fresh = false;
    }
    if (given.tools == 0) die_usage("a tool is needed behind --");
}

/* Rows go to topics or to tables, one for each tool. */
static void outs_check(void)
{
    const bool postgres = given.postgres != NULL;
    if (postgres && topics != NULL)
        die_usage("-o %s: with --postgres, rows go to tables: --table", topics);
    if (postgres && tables == NULL) die_usage("--postgres needs --table=TABLE,...");
    if (!postgres && (tables != NULL || given.create))
        die_usage("%s needs --postgres=CONNINFO", tables != NULL ? "--table" : "--create");
    given.out = postgres ? tables : topics;
    if (given.out == NULL) return;
    const char *const option = postgres ? "--table=" : "-o ", *const thing =
                                                                  postgres ? "table" : "topic";
    size_t count = 1;
    for (const char *at = given.out; *at != '\0'; at++)
        count += *at == ',';
    if (count != given.tools)
        die_usage("%s%s: %zu %s%s for %zu tool%s: one for each, - for none", option, given.out,
                  count, thing, count == 1 ? "" : "s", given.tools, given.tools == 1 ? "" : "s");
}

const struct run_options *run_options_read(char **argv)
{
    option_help_texts("Usage: cs-run -b BROKERS -t TOPIC -S DIR [OPTION]... -- TOOL [ARGUMENT]... "
                      "[-- TOOL ...]\n"
                      "run a tool from a topic, from where its state ends, and ship its rows\n",
                      NULL);
    command_line_read(&line, argv, rows);
    option_command_follows(line.defaults);
    const int operand = option_parse((int)line.words.count, line.words.word, rows, NULL);
    char *const *command = line.words.word + operand;
    if (*command == NULL) command = line.command.word;
    options_check();
    tools_take(command);
    outs_check();
    return &given;
}

struct slice run_options_out(const struct run_options *options, size_t tool)
{
    const char *at = options->out;
    for (size_t i = 0; i < tool && at != NULL; i++)
        at = strchrnul(at, ',') + 1; /* there are as many as tools */
    struct slice topic = {.text = at, .len = at == NULL ? 0 : strcspn(at, ",")};
    if (slice_equal(topic, SLICE("-"))) topic.len = 0;
    return topic;
}

void run_options_release(void)
{
    for (size_t i = 0; i < given.tools; i++)
        words_release(&given.tool[i]);
    free(given.tool);
    command_line_release(&line);
    option_release();
}
