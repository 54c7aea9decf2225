/*
 * cs-run - a tool from a topic: kcat for each partition, begun where the tool's state ends, the
 * tool, and the shipper of its rows. cs-run(1) says which traps this steps around.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/memory.h"
#include "run/signals.h"
#include "supervise/ask.h"
#include "supervise/directory.h"
#include "supervise/run_options.h"
#include "supervise/supervisor.h"

static const struct run_options *options;

/* A stream that is closed would be taken by the next pipe. Messages that nobody wants go nowhere;
 * using the others fails. */
static void streams_occupy(void)
{
    if (fcntl(STDIN_FILENO, F_GETFD) < 0) (void)!open("/dev/null", O_RDONLY);
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0) (void)!open("/dev/null", O_RDONLY);
    if (fcntl(STDERR_FILENO, F_GETFD) < 0) (void)!open("/dev/null", O_WRONLY);
}

/* Where the run begins, in one line: the offsets in the order of the partitions. */
static void places_say(const struct program *program, const struct topic *topic)
{
    struct buffer text = {0};
    int64_t behind = 0;
    for (size_t i = 0; i < topic->read; i++) {
        behind += topic->log[i].high - program->place[i].next;
        if (topic->read <= 12) buffer_printf(&text, " %lld", (long long)program->place[i].next);
    }
    if (topic->read > 12)
        buffer_printf(&text, " %lld (the first partition)", (long long)program->place[0].next);
    message("%s: %zu partition%s, from offset%.*s; %lld offsets before the end", topic->name,
            topic->read, topic->read == 1 ? "" : "s", (int)text.len, text.data, (long long)behind);
    buffer_release(&text);
}

/* All about where to go on. */
static void places_find(struct program *program, struct topic *topic)
{
    program_positions(program, topic);
    topic_ends(topic);
    begin_find(program, topic, &options->beginning);
    begin_go_on(program, topic, options->skip_gone);
}

/* The run begins anew in this process, and reads what the topic has got. */
static _Noreturn void begin_anew(char **argv, const struct program *program)
{
    umask(program->umask);
    execv("/proc/self/exe", argv);
    die_errno("%s: cannot be run again", argv[0]);
}

/* What the exit status says: the tool's own judgement first. */
static int verdict(const struct supervisor *run, struct topic *topic)
{
    const struct program *const program = run->program;
    if (run->tool_status == EXIT_USAGE || run->tool_status == EXIT_PERSON) return run->tool_status;
    if (run->failed.len > 0) {
        message("%.*s", (int)run->failed.len, run->failed.data);
        /* Was it because the log has been cut while it was read? */
        if (run->source_failed) places_find(run->program, topic);
        return EXIT_FAILED;
    }
    if (run->tool_status != 0 && stop_signal != SIGINT)
        die("%s has ended with exit status %d", program->name, run->tool_status);
    return run->ship_status == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* What is needed before the first question. */
static void tools_find(struct program *program)
{
    struct buffer kcat = {0};
    program_check(program, options->command, options->out);
    program->dir = options->dir;
    if (!program_find(&kcat, "kcat"))
        die_usage("kcat is not installed: it is what talks to Kafka (apt-get install kcat)");
    buffer_release(&kcat);
}

int main(int argc, char **argv)
{
    struct program program = {.umask = umask(077)};
    struct kcat kcat;
    struct topic topic;
    (void)argc;
    message_name("cs-run");
    prctl(PR_SET_NAME, "cs-run"); /* after begin_anew it would be "exe" */
    streams_occupy();
    setenv("LC_ALL", "C", 1);
    options = run_options_read(argv);
    tools_find(&program);

    const int wake_fd = signals_catch(true, false);
    ask_wake(wake_fd);
    kcat_connect(&kcat, options->brokers, &options->files, &options->properties);
    const int lock = directory_take(options->dir);
    topic_find(&topic, &kcat, options->topic, options->partitions);
    program_check_part(&program, &topic);
    program.place = memory_zero(topic.read, sizeof program.place[0]);
    places_find(&program, &topic);
    if (program.out != NULL) program_find_key(&program);
    if (!options->quiet) places_say(&program, &topic);
    const bool may_grow = !options->once && topic.all && !program_flushes(&program);
    struct supervisor run = {
        .topic = &topic,
        .program = &program,
        .drain = options->drain,
        .refresh_us = may_grow ? options->refresh_us : 0,
        .once = options->once,
        .lock = lock,
        .wake_fd = wake_fd,
    };
    supervisor_run(&run);
    const int status = verdict(&run, &topic);
    if (status == EXIT_DONE && run.grown && stop_signal == 0) begin_anew(argv, &program);
    supervisor_release(&run);
    topic_release(&topic);
    kcat_release(&kcat);
    program_release(&program);
    run_options_release();
    if (status == EXIT_DONE) ask_leave();
    return status;
}
