/* What cs-run is made of, as far as it needs no broker: what kcat says, lists, keys, command lines.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "supervise/begin.h"
#include "supervise/command_line.h"
#include "supervise/kcat.h"
#include "supervise/process.h"
#include "supervise/program.h"
#include "supervise/topic.h"
#include "tap.h"

static void kcat_says(void)
{
    int64_t a = -9, b = -9;
    ok(kcat_count(SLICE("Metadata for clicks (from broker 1: h:1/1):\n 1 brokers:\n"
                        "  broker 1 at with 3:9092\n 1 topics:\n"
                        "  topic \"clicks\" with 12 partitions:\n"),
                  &a) &&
           a == 12,
       "-L says how many partitions there are");
    ok(!kcat_count(SLICE("topic \"x\" with 5 partition\n"), &a) && !kcat_count(SLICE(""), &a),
       "what does not say it is no number of partitions");
    struct slice answer = SLICE("clicks [3] offset 18\nclicks [0] offset -1\nrubbish\n");
    ok(kcat_offset(&answer, &a, &b) && a == 3 && b == 18, "-Q says the offset of a partition");
    ok(kcat_offset(&answer, &a, &b) && a == 0 && b == -1, "which may be none");
    ok(!kcat_offset(&answer, &a, &b), "other lines are no offsets");
    ok(kcat_at_end(SLICE("% Reached end of topic clicks [2] at offset 1187: exiting"), &a) ==
               KCAT_ENDS &&
           a == 1187,
       "the end of a log is said with its offset");
    ok(kcat_at_end(SLICE("% Reached end of topic clicks [2] at offset 1188"), &a) == KCAT_WAITS &&
           a == 1188,
       "also by a kcat that waits there for more");
    static const char *const others[] = {
        "% Reached end of topic clicks [2] at offset x: exiting",
        "% Reached end of topic clicks [2] at offset 1187: going on",
        "% Reached end of topic clicks [2] at offset 99999999999999999999",
        "] at offset 5: exiting",
        "",
    };
    bool none = true;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        none = none && kcat_at_end(slice_of(others[i]), &a) == KCAT_GOES_ON;
    ok(none, "what only looks like it is no end");
    ok(!kcat_worth_telling(SLICE("% Reading configuration from file x")) &&
           !kcat_worth_telling(SLICE("%4|1|CONFWARN|rdkafka#consumer-1| x")) &&
           !kcat_worth_telling(SLICE("")) && kcat_worth_telling(SLICE("% ERROR: x")),
       "what is as it should be is not told");
    is_text(kcat_reason(SLICE("%3|1|FAIL|rdkafka#producer-1| [thrd:h:1/bootstrap]: h:1/bootstrap: "
                              "Failed to resolve 'h:1': Name (after 9ms in state CONNECT)")),
            "h:1/bootstrap: Failed to resolve 'h:1': Name",
            "of a failure that is logged the reason is left");
    is_text(kcat_reason(SLICE("% ERROR: No such (after all) thing (after 1 ms)")),
            "No such (after all) thing", "and of an error what is said");
}

static void lists(void)
{
    static const char *const good[] = {"all", "0", "0,1,2", "0-11", "3-1,7", "000007"},
                             *const bad[] = {"",  ",",     "1,",      ",1", "1-",   "-1",
                                             "a", "0-1-2", "1234567", "1 ", "all,1"};
    int wrong = 0;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        wrong += !topic_list_good(good[i]);
    is_int(wrong, 0, "lists of partitions are numbers and ranges");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        wrong += topic_list_good(bad[i]);
    is_int(wrong, 0, "and nothing else");
    struct topic topic = {.name = "t", .count = 8};
    struct buffer numbers = {0};
    topic_choose(&topic, "6,1-3,2,1");
    topic_numbers(&topic, &numbers, ',');
    is_text(buffer_slice(&numbers), "1,2,3,6", "partitions are chosen once each, in order");
    ok(topic_index(&topic, 3) == 2 && topic_index(&topic, 4) == -1 && !topic.all,
       "and found by their numbers");
    topic_release(&topic);
    topic = (struct topic){.name = "t", .count = 3};
    topic_choose(&topic, "all");
    ok(topic.all && topic.read == 3, "all are all");
    topic_release(&topic);
    buffer_release(&numbers);
}

static void key_is(const char *tool, bool by_partition, struct slice explained, const char *wanted)
{
    struct buffer key = {0};
    program_key(&key, tool, by_partition, explained);
    is_text(buffer_slice(&key), wanted, tool);
    buffer_release(&key);
}

static void keys(void)
{
    key_is("cs-funnel", false,
           SLICE("by       traffic_source: the member traffic_source\n"
                 "by       device_type: the member device_type\nstep     x: y\n"),
           "window_start,traffic_source,device_type");
    key_is("cs-window", true, SLICE("by       partition\nby       a: lower(b)\n"),
           "window_start,partition,a");
    key_is("cs-anomaly", false, SLICE("nothing\n"), "window_start");
    key_is("cs-sessionize", false,
           SLICE("a session: one session_id, one user_id, no pause longer than 30m\n"),
           "session_id,session_start,user_id");
    key_is("cs-sessionize", false,
           SLICE("a session: one session_id, one user_id, no pause longer than 30m\n"
                 "a page: one session_id, one user_id, one at\n"),
           "session_id,user_id,at");
    key_is("cs-funnel", false,
           SLICE("by       traffic_source: the member traffic_source\n"
                 "attempt  ordered, within 1h, dropped after 1h\n"
                 "a drop: one session_id, one window_start\nstep     x: y\n"),
           "session_id,window_start");
    key_is("cs-abandon", false,
           SLICE("a cart: one session_id, idle for longer than 15m, forgotten after 1d\n"),
           "session_id,last_event_time");
    key_is("cs-identify", false, SLICE("people   known by user_id, else by session_id\n"),
           "event_id");
}

static void beginnings(void)
{
    struct beginning from;
    ok(beginning_read(&from, NULL) && from.kind == FROM_NOTHING, "--from may be missing");
    ok(beginning_read(&from, "end") && from.kind == FROM_END, "it may be the end");
    ok(beginning_read(&from, "2026-01-01T00:00:00.0001Z") && from.kind == FROM_TIME &&
           from.time_ms == INT64_C(1767225600001),
       "a time is the first millisecond that is not before");
    ok(!beginning_read(&from, "yesterday") && !beginning_read(&from, "2026-01-01T00:00:00") &&
           !beginning_read(&from, "1767225600"),
       "a time has a zone, and is no number");
}

/* A place of one partition, begun and counted so far. */
static int64_t goes_on(int64_t begun, int64_t position, int64_t low, int64_t high)
{
    struct log log = {.low = low, .high = high};
    struct topic topic = {.name = "t", .log = &log, .read = 1, .count = 1};
    struct place place = {.begun = begun, .position = position};
    struct program program = {.dir = "dir", .place = &place};
    begin_go_on(&program, &topic, false);
    return place.next;
}

static void places(void)
{
    is_int(goes_on(7, -1, 0, 20), 7, "without a position it goes on where it began");
    is_int(goes_on(7, 11, 0, 20), 12, "with one behind it");
    is_int(goes_on(7, 19, 20, 20), 20, "nothing is gone when all has been read");
}

static const char *texts[8];
static bool flag;

static void command_lines(void)
{
    static const struct option_row rows[] = {
        {.name = "topic", .letter = 't', .type = OPTION_TEXT, .target = &texts[0]},
        {.name = "options", .type = OPTION_TEXT, .target = &texts[1]},
        {.name = "once", .letter = 'q', .type = OPTION_FLAG, .target = &flag},
        OPTION_END,
    };
    char path[] = "/tmp/cs-unit-XXXXXX";
    const int fd = mkstemp(path);
    static const char file[] = "# a comment\n\n-t\n two words \n--once\n--\ncs-funnel\n--size=1m\n";
    ok(fd >= 0 && write(fd, file, sizeof file - 1) == (ssize_t)sizeof file - 1, "a file of words");
    close(fd);
    char option[64];
    snprintf(option, sizeof option, "--options=%s", path);
    char *argv[] = {(char[]){"cs-run"},
                    (char[]){"-qt"},
                    (char[]){"--options=no"},
                    option,
                    (char[]){"cs-window"},
                    (char[]){"-t"},
                    NULL};
    struct command_line line;
    command_line_read(&line, argv, rows);
    is_int(line.defaults, 3, "the words of a file come first");
    is_text(slice_of(line.words.word[2]), " two words ", "a line is a word, blanks and all");
    is_int((int64_t)line.words.count, 9, "and those of the command line are as they were");
    ok(line.command.count == 2 && strcmp(line.command.word[1], "--size=1m") == 0,
       "behind its -- is a command");
    command_line_release(&line);
    unlink(path);
}

static void processes(void)
{
    struct buffer said = {0};
    int ends[2];
    process_pipe(ends);
    struct words words = {0};
    words_add(&words, "sh");
    words_add(&words, "-c");
    words_printf(&words, "echo out; read x; ls /proc/$$/fd; kill -9 $$");
    const struct process process = {
        .words = words.word, .out = ends[1], .umask = 022, .first = SLICE("first\n")};
    const pid_t pid = process_start(&process);
    const int reading = ends[0];
    close(ends[1]);
    while (process_read(&ends[0], &said))
        ;
    is_int(process_wait(pid), 137, "a signal is its number and 128");
    buffer_add_char(&said, '\0');
    ok(strncmp(said.data, "first\nout\n", 10) == 0, "what comes first is written first");
    char ours[16];
    snprintf(ours, sizeof ours, "\n%d\n", reading);
    ok(strstr(said.data, "\n2\n") != NULL && strstr(said.data, ours) == NULL,
       "no descriptor of ours is inherited");
    words_release(&words);
    words_add(&words, "no-such-program");
    const struct process none = {.words = words.word, .err = open("/dev/null", O_WRONLY)};
    is_int(process_wait(process_start(&none)), 127, "what cannot be run is 127");
    words_release(&words);
    buffer_clear(&said);
    ok(program_find(&said, "sh") && said.data[0] == '/', "a program is found in PATH");
    ok(!program_find(&said, "no-such-program") && !program_find(&said, "/etc/passwd"),
       "and not where there is none");
    buffer_release(&said);
}

int main(void)
{
    kcat_says();
    lists();
    keys();
    beginnings();
    places();
    command_lines();
    processes();
    return plan();
}
