/* option.c - a table of options, read from a command line and a file of defaults. */
#include "base/option.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "tap.h"

/* A tool's options: each row points at a variable whose value is the default. */
static bool loud;
static const char *name;
static int64_t count = 3, pause_us = 1000000;
static int color;
static struct option_list words;
static bool pad_given;

static const char *pad_set(const char *value)
{
    pad_given = true;
    return value == NULL || slice_equal(slice_of(value), SLICE("8")) ? NULL : "must be 8";
}

static const char *when_set(const char *value)
{
    (void)value;
    return NULL;
}

static const struct option_row own[] = {
    {.name = "loud", .letter = 'l', .type = OPTION_FLAG, .target = &loud, .help = "louder"},
    {.name = "name", .type = OPTION_TEXT, .target = &name, .argument = "NAME", .help = "who"},
    {.name = "count",
     .letter = 'c',
     .type = OPTION_NUMBER,
     .target = &count,
     .argument = "N",
     .least = 1,
     .help = "how many"},
    {.name = "view",
     .type = OPTION_CALL,
     .brings = true,
     .call = option_file,
     .argument = "FILE",
     .help = "defaults"},
    OPTION_END,
};

static const struct option_row shared[] = {
    {.name = "pause",
     .group = "Time",
     .type = OPTION_DURATION,
     .target = &pause_us,
     .argument = "DUR",
     .words = "max",
     .help = "how long"},
    {.name = "color",
     .group = "Looks",
     .type = OPTION_CHOICE,
     .target = &color,
     .words = "red|green",
     .help = "which"},
    {.name = "word",
     .group = "Looks",
     .type = OPTION_LIST,
     .target = &words,
     .argument = "W,...",
     .help = "repeatable"},
    {.name = "pad",
     .group = "Time",
     .type = OPTION_CALL,
     .call = pad_set,
     .argument = "[8]",
     .free = true,
     .help = "as wide"},
    {.name = "when",
     .group = "Time",
     .type = OPTION_CALL,
     .call = when_set,
     .argument = "[TIME]",
     .help = "at that time"},
    OPTION_END,
};

#define ARGUMENTS_MAX 12

/* Reads the words of a command line, which are separated by a bar; returns the first operand. */
static int parse(const char *line)
{
    static char text[256];
    static char tool[] = "test";
    static char *argv[ARGUMENTS_MAX + 2];
    int argc = 0;

    argv[argc++] = tool;
    snprintf(text, sizeof text, "%s", line);
    for (char *word = text; word != NULL && *word != '\0' && argc <= ARGUMENTS_MAX;)
        argv[argc++] = strsep(&word, "|");
    argv[argc] = NULL;
    optind = 0; /* getopt begins anew */
    return option_parse(argc, argv, own, shared);
}

static void test_values(void)
{
    const int operand = parse("-lc5|--name|x y|--pause=1m30s|--color=green|in.ndjson");
    ok(loud && count == 5 && slice_equal(slice_of(name), SLICE("x y")),
       "letters join, values stand apart or behind the equals sign");
    ok(pause_us == INT64_C(90000000) && color == 1, "durations and choices are read");
    is_int(operand, 6, "the operands begin behind the options");
    ok(option_given("count") && !option_given("word"), "what was given is known");
    option_release();
    parse("--pause=max|--pad");
    ok(pause_us == INT64_MAX && pad_given, "a word instead of a duration; a value left out");
    option_release();
}

static void test_lists(void)
{
    struct list items = {0};
    parse("--word=a,b\\,c|--word=d");
    ok(words.count == 2 && slice_equal(slice_of(words.text[0]), SLICE("a,b\\,c")),
       "a repeatable option keeps its values as they were given");
    option_items(&items, "word", &words, LIST_NAMES);
    ok(items.count == 3 && slice_equal(items.item[1].name, SLICE("b,c")) &&
           slice_equal(items.item[2].name, SLICE("d")),
       "which are one list of items");
    list_release(&items);
    option_release();
}

static void test_file(void)
{
    static const char text[] = "# defaults\n\n--count=7\n  --word w0 \n-l\n--pad=8\n";
    const int fd = open("view", O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || write(fd, text, sizeof text - 1) != (ssize_t)sizeof text - 1 || close(fd) != 0)
        die_errno("view");
    loud = false;
    parse("--word=w1|--view=view");
    ok(count == 7 && loud && option_given("count"), "a file gives defaults");
    ok(words.count == 2 && slice_equal(slice_of(words.text[0]), SLICE("w0")),
       "its lists come before those of the command line");
    option_release();
    parse("--count=9|--view=view");
    is_int(count, 9, "and the command line overrules its single values");
    option_release();
}

static void test_fingerprint(void)
{
    struct buffer print = {0};
    count = 3;
    name = NULL;
    loud = false;
    pause_us = 5;
    color = 0;
    parse("--pad|--word=x");
    option_fingerprint(&print);
    is_text(buffer_slice(&print), "--loud=0\n--name\n--count=3\n--pause=5\n--color=0\n--word=x\n\n",
            "a state is bound to every option that is not free, in the order of the table");
    option_release();
    buffer_clear(&print);
    parse("--when=a|--when=b");
    option_fingerprint(&print);
    is_text(buffer_slice(&print),
            "--loud=0\n--name\n--count=3\n--pause=5\n--color=0\n--word\n--when=b\n",
            "also to one whose value only its function knows: to the text, where it is given");
    option_release();
    buffer_release(&print);
}

static void test_help(void)
{
    struct buffer help = {0};
    option_help_texts("Usage: test\n", "\nThe end.\n");
    parse("");
    option_help(&help);
    is_text(buffer_slice(&help),
            "Usage: test\n"
            "\nOptions:\n"
            "  -l, --loud                  louder\n"
            "  --name=NAME                 who\n"
            "  -c, --count=N               how many\n"
            "  --view=FILE                 defaults\n"
            "\nTime:\n"
            "  --pause=DUR|max             how long\n"
            "  --pad[=8]                   as wide\n"
            "  --when[=TIME]               at that time\n"
            "\nLooks:\n"
            "  --color=red|green           which\n"
            "  --word=W,...                repeatable\n"
            "\nLooking inside:\n"
            "  -h, --help                  print this help\n"
            "  -V, --version               print the version\n"
            "\nThe end.\n",
            "--help has a tool's own options first, then group by group");
    buffer_release(&help);
    option_release();
}

/* How a process that reads this ends; what it says is left out. */
static int ends(const char *line)
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        const int fd = open("/dev/null", O_WRONLY);
        if (fd < 0 || dup2(fd, STDERR_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0) _exit(99);
        parse(line);
        struct list items = {0};
        option_items(&items, "word", &words, LIST_NAMES);
        _exit(98);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) die_errno("fork");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void test_refused(void)
{
    static const char *const bad[] = {
        "--bogus",     "-q",         "--count",     "--count=x",    "--count=0",
        "--loud=yes",  "--pause=5",  "--pause=5x",  "--color=blue", "--pad=9",
        "--word=a,,b", "--word=a\\", "--name=\377", "--view=none",  "--view=a|--view=b"};
    int wrong = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (ends(bad[i]) == EXIT_USAGE) continue;
        printf("# not refused: %s\n", bad[i]);
        wrong++;
    }
    is_int(wrong, 0, "what is wrong is exit 2");
    ok(ends("--help") == EXIT_DONE && ends("-l|-V") == EXIT_DONE,
       "--help and --version are exit 0");
    is_int(ends("--count=1|--word=a,b"), 98, "what is right is read");
}

int main(void)
{
    char directory[] = "/tmp/option-XXXXXX";
    message_name("test");
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) die_errno("%s", directory);
    test_values();
    test_lists();
    test_file();
    test_fingerprint();
    test_help();
    test_refused();
    (void)unlink("view");
    (void)rmdir(directory);
    return plan();
}
