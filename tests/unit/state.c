/* A state file is taken as a whole or refused; positions and segments go through it unchanged. */
#include "run/state.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "admit/partition.h"
#include "base/die.h"
#include "base/option.h"
#include "run/spool.h"
#include "source/position.h"
#include "tap.h"

static const char options_then[] =
    "--size=3600000000\n--where=.a == \"x\n--y\"\n=.b\n\n--lateness=30000000\n";

static void file_put(const char *path, const char *data, size_t len)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || write(fd, data, len) != (ssize_t)len || close(fd) != 0) die_errno("%s", path);
}

static struct buffer file_get(const char *path)
{
    struct buffer file = {0};
    const int fd = open(path, O_RDONLY);
    if (fd < 0) die_errno("%s", path);
    const ssize_t got = read(fd, buffer_reserve(&file, 1 << 20), 1 << 20);
    if (got < 0) die_errno("%s", path);
    file.len = (size_t)got;
    close(fd);
    return file;
}

/* How a process that does this ends; what it says is kept in said. */
static int ends(void (*work)(void))
{
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        const int fd = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (fd < 0 || dup2(fd, STDERR_FILENO) < 0) _exit(99);
        work();
        _exit(0);
    }
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) die_errno("fork");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static bool says(const char *text)
{
    struct buffer said = file_get("said");
    buffer_add_char(&said, '\0');
    const bool found = strstr(said.data, text) != NULL;
    if (!found) printf("# it says: %s", said.data);
    buffer_release(&said);
    return found;
}

static const char *tool_now = "cs-window";
static const char *options_now = options_then;

static int64_t dedup;
static const char *words[] = {"cs-window", NULL, NULL};

static void state_take(void)
{
    const struct option_row own[] = {
        {.name = "dedup", .type = OPTION_NUMBER, .target = &dedup, .argument = "N"},
        {.name = "limit", .type = OPTION_NUMBER, .target = &dedup, .argument = "N"},
        OPTION_END,
    };
    const struct option_row common[] = {OPTION_END};
    option_parse(words[1] == NULL ? 1 : 2, (char **)(uintptr_t)words, own, common);
    struct buffer file = {0};
    struct unpack in;
    if (!state_read("state", tool_now, &file, &in)) _exit(42);
    state_options("state", &in, slice_of(options_now));
    struct clock clock;
    clock_init(&clock, 0, 0);
    struct positions positions = {0};
    bool good = clock_load(&clock, &in);
    good = good && positions_load(&positions, &in);
    state_end("state", &in, good);
    clock_release(&clock);
    positions_release(&positions);
    buffer_release(&file);
}

static void state_make(struct buffer *bytes)
{
    struct state_file file;
    struct clock clock;
    clock_init(&clock, 30000000, 0);
    for (int number = 11; number >= 0; number -= 3) {
        struct partition *partition = clock_partition(&clock, number);
        partition->offset = 1000 + number;
        partition->offset_used = 1;
        partition_advance(&clock, partition, 1000000 * number);
    }
    struct positions positions = {0};
    state_begin(&file, "state", "cs-window", slice_of(options_then));
    clock_save(&clock, &file.buffer);
    positions_save(&positions, &file.buffer);
    state_commit(&file);
    *bytes = file_get("state");
    clock_release(&clock);
}

static void test_damage(void)
{
    struct buffer file = {0}, again = {0};
    state_make(&file);
    is_int(ends(state_take), 0, "a state that was written is taken");
    state_make(&again);
    ok(slice_equal(buffer_slice(&file), buffer_slice(&again)), "the same state is the same bytes");
    buffer_release(&again);

    int wrong = 0;
    for (size_t len = 0; len < file.len; len++) {
        file_put("state", file.data, len);
        wrong += ends(state_take) != EXIT_PERSON;
    }
    is_int(wrong, 0, "a state cut at any byte is refused, also at the first");
    wrong = 0;
    for (size_t i = 0; i < file.len; i++) {
        const char byte = file.data[i];
        file.data[i] = (char)(byte ^ (1 << i % 8));
        file_put("state", file.data, file.len);
        wrong += ends(state_take) != EXIT_PERSON;
        file.data[i] = byte;
    }
    is_int(wrong, 0, "a state with any byte changed is refused");
    buffer_add_char(&file, '\n');
    file_put("state", file.data, file.len);
    is_int(ends(state_take), EXIT_PERSON, "a state with a byte too many is refused");
    file.len--;
    file_put("state", file.data, file.len);
    is_int(ends(state_take), 0, "and the state as it was is still taken");
    unlink("state");
    is_int(ends(state_take), 42, "no state is no state");
    buffer_release(&file);
}

static void test_binding(void)
{
    struct buffer file = {0};
    state_make(&file);
    buffer_release(&file);
    tool_now = "cs-funnel";
    is_int(ends(state_take), EXIT_PERSON, "another tool refuses it");
    ok(says("cs-window"), "and says whose it is");
    tool_now = "cs-window";
    options_now = "--size=60000000\n--where=.a == \"x\n--y\"\n=.b\n\n--lateness=30000000\n";
    is_int(ends(state_take), EXIT_PERSON, "other options refuse it");
    ok(says("with other options: --size\n"), "and only the one that differs is named");
    words[1] = "--dedup=5";
    options_now = "--size=3600000000\n--where=.a == \"x\"\n\n--dedup=5\n";
    is_int(ends(state_take), EXIT_PERSON, "so do options that are missing");
    ok(says("--where") && says("--lateness") && says("--dedup"), "and all of them are named");
    char *more = NULL;
    if (asprintf(&more, "%s--dedup=0\n--limit=0\n", options_then) < 0) die("no memory");
    options_now = more;
    is_int(ends(state_take), EXIT_PERSON, "an option that the state does not have is refused");
    ok(says("with other options: --dedup\n"), "where this run names it");
    words[1] = NULL;
    is_int(ends(state_take), 0, "and left at its default it is what the state was made with");
    free(more);
    options_now = options_then;
    unlink("state");
}

/* --- spool --- */

static uint64_t named;
static int commits;

/* Three rounds of rows, of which the last is left open; named and commits say how far the state has
 * come. */
static void spool_work(void)
{
    struct output output = {.fd = -1};
    struct spool spool;
    spool_open(&spool, "spool", named, &output);
    for (int round = 0; round < 3; round++) {
        buffer_printf(&output.buffer, "{\"row\":%d}\n", round);
        output_row_done(&output);
        spool_cut(&spool);
        if (commits == 0) _exit(7); /* before the commit */
        spool_sync(&spool);
        if (--commits == 0) _exit(8); /* after the commit, before the segment is sealed */
        spool_seal(&spool);
        spool_sealed(&spool);
    }
    spool_cut(&spool); /* no rows: no segment */
    spool_seal(&spool);
    spool_close(&spool);
}

static bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

static void test_spool(void)
{
    named = 0;
    commits = 0;
    is_int(ends(spool_work), 7, "a run that dies before its first commit");
    ok(!there("spool/000000000001.ndjson"), "has sealed nothing");
    commits = 1;
    is_int(ends(spool_work), 8, "one that dies right after the commit");
    ok(!there("spool/000000000001.ndjson") && there("spool/.000000000001.open"),
       "leaves a segment to be sealed");
    named = 1;
    commits = 9;
    is_int(ends(spool_work), 0, "the next run");
    ok(there("spool/000000000001.ndjson") && !there("spool/.000000000001.open"), "seals it");
    ok(there("spool/000000000004.ndjson") && !there("spool/000000000005.ndjson"),
       "and goes on behind it");
    struct buffer segment = file_get("spool/000000000002.ndjson");
    is_text(buffer_slice(&segment), "{\"row\":0}\n", "a segment holds the rows between two saves");
    buffer_release(&segment);
    ok(!there("spool/.000000000005.open"), "the end leaves no open segment");
    unlink("spool/000000000001.ndjson");
    unlink("spool/000000000002.ndjson");
    named = 2;
    is_int(ends(spool_work), EXIT_PERSON, "a spool that is ahead of the state is refused");
    ok(there("spool/000000000003.ndjson"), "and its segments are left alone");
    unlink("spool/000000000003.ndjson");
    unlink("spool/000000000004.ndjson");
    file_put("spool/000000000001.ndjson.gz", "", 0);
    file_put("spool/.000000000001.open.bak", "", 0);
    file_put("spool/1.ndjson", "", 0);
    named = 0;
    commits = 9;
    is_int(ends(spool_work), 0, "files of other names are nobody's segments");
    ok(there("spool/.000000000001.open.bak") && there("spool/1.ndjson"), "and stay");
}

int main(void)
{
    char dir[] = "/tmp/cs-unit-state-XXXXXX";
    if (mkdtemp(dir) == NULL || chdir(dir) != 0) die_errno("%s", dir);
    test_damage();
    test_binding();
    test_spool();
    char clean[64];
    snprintf(clean, sizeof clean, "rm -rf %s", dir);
    if (chdir("/") != 0 || system(clean) != 0) die_errno("%s", dir);
    return plan();
}
