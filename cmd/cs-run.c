/*
 * cs-run - tools from a topic: kcat for each partition, begun where the tools' states end, the
 * tools, and the shippers of their rows. cs-run(1) says which traps this steps around.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "run/signals.h"
#include "supervise/ask.h"
#include "supervise/directory.h"
#include "supervise/process.h"
#include "supervise/programs.h"
#include "supervise/supervisor.h"

/* A stream that is closed would be taken by the next pipe. Messages that nobody wants go nowhere;
 * using the others fails. */
static void streams_occupy(void)
{
    if (fcntl(STDIN_FILENO, F_GETFD) < 0) (void)!open("/dev/null", O_RDONLY);
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0) (void)!open("/dev/null", O_RDONLY);
    if (fcntl(STDERR_FILENO, F_GETFD) < 0) (void)!open("/dev/null", O_WRONLY);
}

/* kcat is what talks to Kafka. */
static void kcat_need(void)
{
    struct buffer path = {0};
    if (!program_find(&path, "kcat"))
        die_usage("kcat is not installed: it is what talks to Kafka (apt-get install kcat)");
    buffer_release(&path);
}

/* The run begins anew in this process: it reads what the topic has got, and starts what has ended.
 */
static _Noreturn void begin_anew(char **argv, mode_t given)
{
    umask(given);
    if (signal(SIGHUP, SIG_IGN) == SIG_DFL) signal(SIGHUP, SIG_DFL); /* handlers do not last */
    char self[4096];
    if (program_path(self, sizeof self)) execv(self, argv);
    die_errno("%s: cannot be run again", argv[0]);
}

/* Something has ended that should not have. */
static int failure_judge(const struct supervisor *run, struct programs *programs,
                         struct topic *topic)
{
    if (run->failed_status != 0) return run->failed_status;
    const int refusal = programs_refusal(programs);
    if (refusal != 0) return refusal;
    message("%.*s", (int)run->failed.len, run->failed.data);
    /* Was it because the log has been cut while it was read? */
    const int status = run->source_failed ? programs_place_again(programs, topic) : 0;
    return status == 0 ? EXIT_FAILED : status;
}

/* Headers may be any bytes, and of their lengths kcat's frames say nothing. What looks at them
 * would find null in each event, and not say so. */
static void headers_refuse(const char *name, const struct words *words)
{
    for (size_t i = 1; i < words->count; i++)
        if (strstr(words->word[i], "kafka_headers") != NULL)
            die_usage("%s: %s: kafka_headers is always null here, because kcat does not say where "
                      "a header ends (kcat -J and --input=kcat-json do)",
                      name, words->word[i]);
}

int main(int argc, char **argv)
{
    struct programs programs;
    struct front front;
    struct kcat kcat;
    struct topic topic;
    (void)argc;
    message_name("cs-run");
    process_rename("cs-run"); /* after begin_anew it would be "exe" */
    streams_occupy();
    setenv("LC_ALL", "C", 1);
    const mode_t umask_given = umask(077);
    const struct run_options *const options = run_options_read(argv);
    programs_init(&programs, options, umask_given);
    front_init(&front, &options->parse);
    kcat_need();
    for (size_t i = 0; i < programs.count; i++)
        headers_refuse(programs.program[i].name, &programs.program[i].words);
    headers_refuse("--parse", &front.words);
    if (programs_read_keys(&programs) && front.words.count > 0)
        die_usage("--kafka-members: give it to --parse, which reads the records");
    const bool keyed = programs_read_keys(&programs) || words_have(&front.words, "--kafka-m");

    const int wake_fd = signals_catch(true, programs_reopen(&programs));
    ask_wake(wake_fd);
    front_check(&front);
    kcat_connect(&kcat, options->brokers, &options->files, &options->properties);
    const int lock = directory_take(options->dir);
    programs_settle(&programs);
    topic_find(&topic, &kcat, options->topic, options->partitions);
    programs_check_part(&programs, &topic);
    const struct sink sink = {.kcat = &kcat,
                              .postgres = options->postgres,
                              .create = options->create,
                              .drain = options->drain};
    for (size_t i = 0; i < programs.count; i++)
        sink_look(&sink, &programs.program[i]);
    programs_place(&programs, &topic);
    const bool may_begin_anew = programs_may_begin_anew(&programs);
    struct supervisor run = {
        .topic = &topic,
        .front = &front,
        .program = programs.program,
        .programs = programs.count,
        .ends = programs.ends,
        .sink = &sink,
        .refresh_us = may_begin_anew && topic.all ? options->refresh_us : 0,
        .keyed = keyed,
        .once = options->once,
        .may_begin_anew = may_begin_anew,
        .lock = lock,
        .wake_fd = wake_fd,
    };
    supervisor_run(&run);
    int status =
        run.failed.len > 0 ? failure_judge(&run, &programs, &topic) : programs_judge(&programs);
    if (status == EXIT_DONE && run.again && stop_signal == 0) begin_anew(argv, umask_given);
    if (run.failed.len == 0) status = programs_left_out(&programs, status);
    supervisor_release(&run);
    topic_release(&topic);
    kcat_release(&kcat);
    programs_release(&programs);
    front_release(&front);
    run_options_release();
    if (status == EXIT_DONE) ask_leave();
    return status;
}
