#include "supervise/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "run/signals.h"
#include "supervise/process.h"

#define STOP_PATIENCE_US INT64_C(10000000) /* TERM is enough, unless kcat waits for its reader */
#define REASON_US INT64_C(500000)
#define AGAIN_US INT64_C(60000000)
#define ENDS_US INT64_C(15000000)
#define NEVER INT64_MAX

/* --- what is asked meanwhile --- */

static void growth_begin(struct supervisor *s)
{
    struct words words = {0};
    words_add(&words, "-L");
    words_add(&words, "-t");
    words_add(&words, s->topic->name);
    question_init(&s->growth, s->topic->kcat, &words, s->refresh_us, s->refresh_us);
    words_release(&words);
}

/* If the topic has more partitions than are read, this run ends as by a TERM, and the next one,
 * which takes its place, reads them, too. */
static void growth_look(struct supervisor *s)
{
    int64_t count;
    if (kcat_count(buffer_slice(&s->growth.answer), &count) && count > s->topic->count)
        s->again = true;
}

/* Where the logs end, for the figures of the tools: as far as it is known now, and again and again.
 */
static void ends_begin(struct supervisor *s)
{
    struct words words = {0};
    if (s->ends != NULL) topic_write_ends(s->topic, s->ends);
    words_add(&words, "-Q");
    for (size_t i = 0; i < s->topic->read; i++) {
        words_add(&words, "-t");
        words_printf(&words, "%s:%lld:-1", s->topic->name, (long long)s->topic->log[i].number);
    }
    question_init(&s->end, s->topic->kcat, &words, ENDS_US,
                  s->ends == NULL || s->once ? 0 : ENDS_US);
    words_release(&words);
}

static void ends_look(struct supervisor *s)
{
    struct slice answer = buffer_slice(&s->end.answer);
    for (int64_t number, offset; kcat_offset(&answer, &number, &offset);) {
        const int64_t i = topic_index(s->topic, number);
        if (i >= 0) s->topic->log[i].high = offset;
    }
    if (s->end.answer.len > 0 && answer.len == 0) topic_write_ends(s->topic, s->ends);
}

/* --- what has ended --- */

static bool is_at_work(const struct program *program)
{
    return program->left_out == 0 && program->pid != 0;
}

/* Is one of the tools at work? */
static bool programs_at_work(const struct supervisor *s)
{
    for (size_t i = 0; i < s->programs; i++)
        if (is_at_work(&s->program[i])) return true;
    return false;
}

static void supervisor_fail(struct supervisor *s, const char *name, int status)
{
    buffer_clear(&s->failed);
    buffer_printf(&s->failed, "%s has ended (exit status %d)", name, status);
    s->failed_status = status == EXIT_USAGE || status == EXIT_PERSON ? status : 0;
    s->source_failed = false;
}

/* A tool has ended before its input has. */
static void program_lost(struct supervisor *s, struct program *program)
{
    if (s->programs == 1) {
        supervisor_fail(s, program->name, program->status);
        return;
    }
    message("%s has ended (exit status %d): the others go on without it", program->label,
            program->status);
    program->left_out = program->status == 0 ? EXIT_FAILED : program->status;
    const size_t which = (size_t)(program - s->program);
    for (size_t i = 0; i < s->topic->read; i++)
        spread_leave(&s->feed[i].spread, which);
    const bool for_good = program->status == EXIT_USAGE || program->status == EXIT_PERSON;
    if (s->may_begin_anew && !for_good && s->again_us == NEVER)
        s->again_us = instant_steady() + AGAIN_US;
    if (!programs_at_work(s)) supervisor_fail(s, program->label, program->status);
}

static void child_ended(struct supervisor *s, pid_t pid, int status)
{
    if (pid == s->growth.pid) s->growth.pid = 0;
    if (pid == s->end.pid) s->end.pid = 0;
    for (size_t i = 0; i < s->programs; i++) {
        struct program *const program = &s->program[i];
        if (program->pid == pid) {
            program->pid = 0;
            program->status = status;
        } else if (program->ship == pid) {
            program->ship = 0;
            program->ship_status = status;
        }
    }
    for (size_t i = 0; i < s->topic->read; i++) {
        struct feed *const feed = &s->feed[i];
        if (feed->pid == pid) {
            feed->status = status;
            feed->ended_us = instant_steady();
        } else if (feed->front == pid) {
            feed->front = 0;
            /* Who reads what it writes has gone, and that is what has failed. */
            if (status == 0 || status == 128 + SIGPIPE || s->failed.len > 0) continue;
            supervisor_fail(s, "cs-parse", status);
        }
    }
}

static void children_look(struct supervisor *s)
{
    int waited;
    for (pid_t pid; (pid = waitpid(-1, &waited, WNOHANG)) > 0;)
        child_ended(s, pid, process_status(waited));
}

/* --- the loop --- */

/* The next time at which something is due. */
static int64_t due_next(const struct supervisor *s, int64_t until_us)
{
    int64_t due_us = until_us < s->growth.due_us ? until_us : s->growth.due_us;
    if (s->end.due_us < due_us) due_us = s->end.due_us;
    if (s->again_us < due_us) due_us = s->again_us;
    for (size_t i = 0; i < s->topic->read; i++) {
        const struct feed *const feed = &s->feed[i];
        if (feed->pid == 0 || feed->status < 0 || feed->said < 0) continue;
        const int64_t over_us = feed->ended_us + FEED_LINGER_US + 1;
        if (over_us < due_us) due_us = over_us;
    }
    return due_us;
}

/* Until then, as poll(2) counts. */
static int wait_ms(int64_t due_us)
{
    if (due_us == NEVER) return -1;
    const int64_t ms = (due_us - instant_steady()) / 1000 + 1;
    return ms < 0 ? 0 : ms > 60000 ? 60000 : (int)ms;
}

static void signals_pass(struct supervisor *s)
{
    uint64_t count;
    (void)!read(s->wake_fd, &count, sizeof count);
    const bool stats = stats_wanted != 0, reopen = reopen_wanted != 0;
    if (stats) stats_wanted = 0;
    if (reopen) reopen_wanted = 0;
    for (size_t i = 0; i < s->programs; i++) {
        const struct program *const program = &s->program[i];
        if (!is_at_work(program)) continue;
        if (stats) kill(program->pid, SIGUSR1);
        if (reopen && program_reopens(program)) kill(program->pid, SIGHUP);
    }
}

/* Waits until something happens, or until that time, and takes notice of it. */
static void supervisor_turn(struct supervisor *s, int64_t until_us)
{
    const size_t feeds = s->topic->read;
    struct pollfd *const entry = memory_zero(3 + feeds * (2 + s->programs), sizeof entry[0]);
    entry[0] = (struct pollfd){.fd = s->wake_fd, .events = POLLIN};
    entry[1] = (struct pollfd){.fd = s->growth.fd, .events = POLLIN};
    entry[2] = (struct pollfd){.fd = s->end.fd, .events = POLLIN};
    size_t count = 3;
    for (size_t i = 0; i < feeds; i++)
        entry[count++] = (struct pollfd){.fd = s->feed[i].said, .events = POLLIN};
    for (size_t i = 0; i < feeds; i++)
        if (s->feed[i].spread.count > 0) count += spread_wait(&s->feed[i].spread, entry + count);
    if (poll(entry, count, wait_ms(due_next(s, until_us))) < 0) {
        if (errno != EINTR) die_errno("poll");
        for (size_t i = 0; i < count; i++)
            entry[i].revents = 0;
    }
    if (entry[0].revents != 0) signals_pass(s);
    if (entry[1].revents != 0 && question_listen(&s->growth)) growth_look(s);
    if (entry[2].revents != 0 && question_listen(&s->end)) ends_look(s);
    for (size_t i = 0; i < feeds; i++) {
        if (entry[3 + i].revents != 0) feed_listen(&s->feed[i]);
        if (s->feed[i].spread.count > 0) spread_turn(&s->feed[i].spread);
    }
    free(entry);
    children_look(s);
    question_turn(&s->growth);
    question_turn(&s->end);
    if (s->again_us <= instant_steady()) s->again = true;
}

static bool feeds_at_work(const struct supervisor *s)
{
    for (size_t i = 0; i < s->topic->read; i++)
        if (s->feed[i].pid != 0) return true;
    return false;
}

/* Looks for tools that have ended. */
static void programs_look(struct supervisor *s)
{
    for (size_t i = 0; i < s->programs && s->failed.len == 0; i++) {
        struct program *const program = &s->program[i];
        if (program->left_out == 0 && program->pid == 0) program_lost(s, program);
    }
}

/* A source that ends because nobody reads it any more is not what has failed. */
static void source_failed(struct supervisor *s)
{
    const int64_t until_us = instant_steady() + REASON_US;
    struct buffer why = s->failed;
    s->failed = (struct buffer){0};
    while (s->failed.len == 0 && stop_signal == 0 && instant_steady() < until_us) {
        supervisor_turn(s, until_us);
        programs_look(s);
    }
    if (s->failed.len == 0) {
        buffer_release(&s->failed);
        s->failed = why;
        s->source_failed = true;
    } else {
        buffer_release(&why);
    }
}

static void feeds_go_on(struct supervisor *s)
{
    const int64_t now_us = instant_steady();
    for (size_t i = 0; i < s->topic->read && s->failed.len == 0; i++) {
        struct feed *const feed = &s->feed[i];
        if (feed->spread.broken) {
            buffer_printf(&s->failed, "%s [%lld]: what has come is no frame", s->topic->name,
                          (long long)feed->number);
            return;
        }
        if (feed_is_beyond(feed) && feed->pid != 0 && feed->status < 0) kill(feed->pid, SIGTERM);
        if (!feed_is_over(feed, now_us)) continue;
        switch (feed_end(feed, s->once, &s->failed)) {
        case FEED_NEXT: feed_start(feed, s->lock); break;
        case FEED_DONE: break;
        case FEED_FAILED: source_failed(s); break;
        }
    }
}

static void shippers_look(struct supervisor *s)
{
    for (size_t i = 0; i < s->programs && s->failed.len == 0 && !s->once; i++) {
        const struct program *const program = &s->program[i];
        if (program->left_out != 0 || program->out == NULL || program->ship != 0) continue;
        supervisor_fail(s, "cs-ship", program->ship_status);
        s->failed_status = 0;
    }
}

/* Until a signal, the end of the sources (--once), or something that should not end does. */
static void supervisor_watch(struct supervisor *s)
{
    while (stop_signal == 0 && s->failed.len == 0 && !s->again && feeds_at_work(s)) {
        supervisor_turn(s, NEVER);
        if (stop_signal != 0) break;
        programs_look(s);
        shippers_look(s);
        feeds_go_on(s);
    }
    s->again_us = NEVER;
}

/* --- the end, from the left --- */

static void feeds_signal(const struct supervisor *s, int signal)
{
    for (size_t i = 0; i < s->topic->read; i++)
        if (s->feed[i].pid > 0 && s->feed[i].status < 0) kill(s->feed[i].pid, signal);
}

static void feeds_stop(struct supervisor *s)
{
    const int64_t kill_us = instant_steady() + STOP_PATIENCE_US;
    int64_t until_us = kill_us;
    feeds_signal(s, SIGTERM);
    for (;;) {
        const int64_t now_us = instant_steady();
        if (now_us >= kill_us && until_us != NEVER) {
            feeds_signal(s, SIGKILL);
            until_us = NEVER;
        }
        for (size_t i = 0; i < s->topic->read; i++)
            if (feed_is_over(&s->feed[i], now_us))
                feed_leave(&s->feed[i], s->lock, now_us < kill_us);
        if (!feeds_at_work(s)) return;
        supervisor_turn(s, until_us);
    }
}

/* Is something of what the sources have brought still under way, or a tool at work? */
static bool is_under_way(const struct supervisor *s)
{
    for (size_t i = 0; i < s->topic->read; i++) {
        const struct feed *const feed = &s->feed[i];
        if (feed->front != 0) return true;
        if (feed->spread.count > 0 && !spread_is_done(&feed->spread)) return true;
    }
    return programs_at_work(s);
}

static void programs_end(struct supervisor *s)
{
    for (size_t i = 0; i < s->topic->read; i++)
        feed_close(&s->feed[i]);
    while (is_under_way(s))
        supervisor_turn(s, NEVER);
}

static void shippers_end(struct supervisor *s)
{
    bool any = true;
    for (size_t i = 0; i < s->programs; i++) {
        struct program *const program = &s->program[i];
        if (program->out == NULL) continue;
        if (s->once)
            sink_ship(s->sink, program, true);
        else if (program->ship != 0)
            kill(program->ship, SIGTERM);
    }
    while (any) {
        any = false;
        for (size_t i = 0; i < s->programs; i++)
            any = any || s->program[i].ship != 0;
        if (any) supervisor_turn(s, NEVER);
    }
    /* Stopped before it could listen: what is in the spool is for the next start. */
    for (size_t i = 0; i < s->programs; i++)
        if (s->program[i].ship_status == 128 + SIGTERM) s->program[i].ship_status = 0;
}

static void questions_end(struct supervisor *s)
{
    question_stop(&s->growth);
    question_stop(&s->end);
    while (s->growth.pid > 0 || s->end.pid > 0)
        supervisor_turn(s, NEVER);
}

/* --- the beginning --- */

/* Where a partition is read from: the first tool that needs it does. */
static int64_t next_smallest(const struct supervisor *s, size_t i)
{
    int64_t next = INT64_MAX;
    for (size_t j = 0; j < s->programs; j++)
        if (s->program[j].left_out == 0 && s->program[j].place[i].next < next)
            next = s->program[j].place[i].next;
    return next;
}

/* The way of a partition to the tools. */
static void feed_lay(struct supervisor *s, size_t i)
{
    struct feed *const feed = &s->feed[i];
    const struct log *const log = &s->topic->log[i];
    int from = feed_open(feed, s->topic, log->number, next_smallest(s, i));
    feed->keyed = s->keyed;
    if (s->front->words.count > 0)
        feed->front = front_start(s->front, s->topic->name, log->number, &from, s->lock);
    if (s->programs == 1 && !s->once) {
        s->program->input[i] = from;
        return;
    }
    spread_open(&feed->spread, from, s->programs, s->once ? log->high : INT64_MAX);
    for (size_t j = 0; j < s->programs; j++) {
        struct program *const program = &s->program[j];
        if (program->left_out != 0) continue;
        const int64_t next = program->place[i].next;
        program->input[i] = spread_add(&feed->spread, j, log->number, next > feed->next ? next : 0);
    }
}

void supervisor_run(struct supervisor *s)
{
    const size_t feeds = s->topic->read;
    signal(SIGPIPE, SIG_IGN); /* a tool that has ended is seen as such */
    growth_begin(s);
    ends_begin(s);
    s->again_us = NEVER;
    s->feed = memory_zero(feeds, sizeof s->feed[0]);
    for (size_t j = 0; j < s->programs; j++)
        s->program[j].input = memory_zero(feeds, sizeof s->program[j].input[0]);
    for (size_t i = 0; i < feeds; i++)
        feed_lay(s, i);
    for (size_t j = 0; j < s->programs; j++) {
        if (s->program[j].left_out != 0) continue;
        program_start(&s->program[j], s->topic, s->ends, s->lock);
        if (s->program[j].out != NULL && !s->once) sink_ship(s->sink, &s->program[j], false);
    }
    for (size_t i = 0; i < feeds; i++)
        feed_start(&s->feed[i], s->lock);
    supervisor_watch(s);
    feeds_stop(s);
    questions_end(s);
    programs_end(s);
    shippers_end(s);
}

void supervisor_release(struct supervisor *s)
{
    for (size_t i = 0; i < s->topic->read && s->feed != NULL; i++)
        feed_release(&s->feed[i]);
    free(s->feed);
    buffer_release(&s->failed);
    question_release(&s->growth);
    question_release(&s->end);
}
