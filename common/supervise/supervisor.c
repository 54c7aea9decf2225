#include "supervise/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "run/signals.h"
#include "supervise/process.h"

#define STOP_PATIENCE_US INT64_C(10000000) /* TERM is enough, unless kcat waits for its reader */
#define REASON_US INT64_C(500000)
#define NEVER INT64_MAX

/* --- the processes --- */

/* The tool holds no writing end, or there would be no end of input. */
static void tool_start(struct supervisor *s, const int *reading)
{
    const struct program *const program = s->program;
    struct words words = {0};
    struct buffer numbers = {0};
    topic_numbers(s->topic, &numbers, ',');
    buffer_add_char(&numbers, '\0');
    words_add_all(&words, program->words.word);
    words_add(&words, "--input=kcat-sized");
    words_printf(&words, "--bind=%s", numbers.data);
    words_printf(&words, "--state=%s/state", program->dir);
    if (!words_have(&program->words, "--merge"))
        words_printf(&words, "--partitions=%s", numbers.data);
    if (program->out != NULL) words_printf(&words, "--spool=%s/spool", program->dir);
    if (program->out != NULL && program->key.len > 0)
        words_printf(&words, "--key=%.*s", (int)program->key.len, program->key.data);
    int *const inherited = memory_zero(s->topic->read + 1, sizeof inherited[0]);
    for (size_t i = 0; i < s->topic->read; i++) {
        words_printf(&words, "/dev/fd/%d", reading[i]);
        inherited[i] = reading[i];
    }
    inherited[s->topic->read] = s->lock;
    const struct process process = {.words = words.word,
                                    .path = program->path.data,
                                    .inherited = inherited,
                                    .inherited_count = s->topic->read + 1,
                                    .umask = program->umask};
    s->tool = process_start(&process);
    for (size_t i = 0; i < s->topic->read; i++)
        close(reading[i]);
    free(inherited);
    buffer_release(&numbers);
    words_release(&words);
}

/* A shipper that is still busy does not keep the next run from starting: it has no lock. */
static void ship_start(struct supervisor *s)
{
    const struct kcat *const kcat = s->topic->kcat;
    struct words words = {0};
    struct buffer path = {0};
    char *spool;
    if (asprintf(&spool, "%s/spool", s->program->dir) < 0) die("no memory");
    if (mkdir(spool, 0700) != 0 && errno != EEXIST) die_errno("%s", spool);
    if (!program_find_own(&path, "cs-ship")) die("cs-ship: not found");
    words_add(&words, "cs-ship");
    words_add(&words, "-b");
    words_add(&words, kcat->brokers);
    words_add(&words, "-t");
    words_add(&words, s->program->out);
    words_add_all(&words, kcat->connection.word);
    words_add_all(&words, kcat->properties.word);
    words_printf(&words, "--drain=%s", s->drain);
    if (s->once) words_add(&words, "--once");
    words_add(&words, spool);
    const struct process process = {
        .words = words.word, .path = path.data, .umask = 077, .bound = true};
    s->ship = process_start(&process);
    free(spool);
    buffer_release(&path);
    words_release(&words);
}

static void growth_ask(struct supervisor *s)
{
    const struct kcat *const kcat = s->topic->kcat;
    static char *const first[] = {"kcat", "-q", "-m", "5", NULL};
    struct words words = {0};
    int out[2];
    words_add_all(&words, first);
    kcat_add(kcat, &words);
    words_add(&words, "-L");
    words_add(&words, "-t");
    words_add(&words, s->topic->name);
    process_pipe(out);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC); /* those who read say why */
    if (nowhere < 0) die_errno("/dev/null");
    const struct process process = {
        .words = words.word, .out = out[1], .err = nowhere, .umask = 077, .bound = true};
    s->growth.pid = process_start(&process);
    s->growth.fd = out[0];
    s->growth.due_us = NEVER;
    buffer_clear(&s->growth.answer);
    close(out[1]);
    close(nowhere);
    words_release(&words);
}

/* The answer is whole. If the topic has more partitions than are read, this run ends as by a TERM,
 * and the next one, which takes its place, reads them, too. */
static void growth_look(struct supervisor *s)
{
    int64_t count;
    if (kcat_count(buffer_slice(&s->growth.answer), &count) && count > s->topic->count)
        s->grown = true;
    s->growth.due_us = instant_steady() + s->refresh_us;
}

/* --- the loop --- */

static void child_ended(struct supervisor *s, pid_t pid, int status, int64_t now_us)
{
    if (pid == s->tool) {
        s->tool = 0;
        s->tool_status = status;
    } else if (pid == s->ship) {
        s->ship = 0;
        s->ship_status = status;
    } else if (pid == s->growth.pid) {
        s->growth.pid = 0;
    }
    for (size_t i = 0; i < s->topic->read; i++) {
        if (s->feed[i].pid != pid) continue;
        s->feed[i].status = status;
        s->feed[i].ended_us = now_us;
    }
}

static void children_look(struct supervisor *s)
{
    int waited;
    for (pid_t pid; (pid = waitpid(-1, &waited, WNOHANG)) > 0;)
        child_ended(s, pid, process_status(waited), instant_steady());
}

/* The next time at which something is due. */
static int64_t due_next(const struct supervisor *s, int64_t until_us)
{
    int64_t due_us = until_us < s->growth.due_us ? until_us : s->growth.due_us;
    for (size_t i = 0; i < s->topic->read; i++) {
        const struct feed *const feed = &s->feed[i];
        if (feed->pid == 0 || feed->status < 0 || feed->said < 0) continue;
        const int64_t over_us = feed->ended_us + FEED_LINGER_US + 1;
        if (over_us < due_us) due_us = over_us;
    }
    return due_us;
}

/* Waits until something happens, or until that time, and takes notice of it. */
static void supervisor_turn(struct supervisor *s, int64_t until_us)
{
    const size_t feeds = s->topic->read;
    struct pollfd *const entry = memory_zero(feeds + 2, sizeof entry[0]);
    for (size_t i = 0; i < feeds; i++)
        entry[i] = (struct pollfd){.fd = s->feed[i].said, .events = POLLIN};
    entry[feeds] = (struct pollfd){.fd = s->wake_fd, .events = POLLIN};
    entry[feeds + 1] = (struct pollfd){.fd = s->growth.fd, .events = POLLIN};
    const int64_t due_us = due_next(s, until_us), now_us = instant_steady();
    int wait_ms = -1;
    if (due_us != NEVER) wait_ms = due_us > now_us ? (int)((due_us - now_us) / 1000 + 1) : 0;
    if (poll(entry, feeds + 2, wait_ms) < 0) {
        if (errno != EINTR) die_errno("poll");
        free(entry);
        return;
    }
    uint64_t count;
    if (entry[feeds].revents != 0) (void)!read(s->wake_fd, &count, sizeof count);
    for (size_t i = 0; i < feeds; i++)
        if (entry[i].revents != 0) feed_listen(&s->feed[i]);
    if (entry[feeds + 1].revents != 0 && !process_read(&s->growth.fd, &s->growth.answer))
        growth_look(s);
    free(entry);
    children_look(s);
    if (stats_wanted != 0) {
        stats_wanted = 0;
        if (s->tool > 0) kill(s->tool, SIGUSR1);
    }
    if (s->growth.due_us <= instant_steady()) growth_ask(s);
}

static bool feeds_at_work(const struct supervisor *s)
{
    for (size_t i = 0; i < s->topic->read; i++)
        if (s->feed[i].pid != 0) return true;
    return false;
}

static void tool_failed(struct supervisor *s)
{
    buffer_clear(&s->failed);
    buffer_printf(&s->failed, "%s has ended (exit status %d)", s->program->name, s->tool_status);
    s->source_failed = false;
}

/* A source that ends because nobody reads it any more is not what has failed. */
static void source_failed(struct supervisor *s)
{
    const int64_t until_us = instant_steady() + REASON_US;
    s->source_failed = true;
    while (s->tool != 0 && stop_signal == 0 && instant_steady() < until_us)
        supervisor_turn(s, until_us);
    if (s->tool == 0) tool_failed(s);
}

static void feeds_go_on(struct supervisor *s)
{
    const int64_t now_us = instant_steady();
    for (size_t i = 0; i < s->topic->read && s->failed.len == 0; i++) {
        struct feed *const feed = &s->feed[i];
        if (!feed_is_over(feed, now_us)) continue;
        switch (feed_end(feed, s->once, &s->failed)) {
        case FEED_NEXT: feed_start(feed, s->lock); break;
        case FEED_DONE: break;
        case FEED_FAILED: source_failed(s); break;
        }
    }
}

/* Until a signal, the end of the sources (--once), or something that should not end does. */
static void supervisor_watch(struct supervisor *s)
{
    const bool shipping = s->ship != 0;
    while (stop_signal == 0 && s->failed.len == 0 && !s->grown && feeds_at_work(s)) {
        supervisor_turn(s, NEVER);
        if (stop_signal != 0) break;
        if (s->tool == 0)
            tool_failed(s);
        else if (shipping && s->ship == 0)
            buffer_printf(&s->failed, "cs-ship has ended (exit status %d)", s->ship_status);
        else
            feeds_go_on(s);
    }
    s->growth.due_us = NEVER;
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
            if (feed_is_over(&s->feed[i], now_us)) s->feed[i].pid = 0;
        if (!feeds_at_work(s)) return;
        supervisor_turn(s, until_us);
    }
}

static void tool_end(struct supervisor *s)
{
    for (size_t i = 0; i < s->topic->read; i++)
        feed_close(&s->feed[i]);
    while (s->tool != 0)
        supervisor_turn(s, NEVER);
}

static void ship_end(struct supervisor *s)
{
    if (s->program->out == NULL) return;
    if (s->once)
        ship_start(s);
    else if (s->ship != 0)
        kill(s->ship, SIGTERM);
    while (s->ship != 0)
        supervisor_turn(s, NEVER);
    /* Stopped before it could listen: what is in the spool is for the next start. */
    if (s->ship_status == 128 + SIGTERM) s->ship_status = 0;
}

static void growth_end(struct supervisor *s)
{
    if (s->growth.pid > 0) kill(s->growth.pid, SIGKILL);
    while (s->growth.pid > 0)
        supervisor_turn(s, NEVER);
    if (s->growth.fd >= 0) close(s->growth.fd);
    s->growth.fd = -1;
}

void supervisor_run(struct supervisor *s)
{
    const size_t feeds = s->topic->read;
    int *const reading = memory_zero(feeds, sizeof reading[0]);
    s->tool_status = -1;
    s->ship_status = 0;
    s->growth.fd = -1;
    s->growth.due_us = s->refresh_us == 0 ? NEVER : instant_steady() + s->refresh_us;
    s->feed = memory_zero(feeds, sizeof s->feed[0]);
    for (size_t i = 0; i < feeds; i++)
        reading[i] =
            feed_open(&s->feed[i], s->topic, s->topic->log[i].number, s->program->place[i].next);
    tool_start(s, reading);
    free(reading);
    if (s->program->out != NULL && !s->once) ship_start(s);
    for (size_t i = 0; i < feeds; i++)
        feed_start(&s->feed[i], s->lock);
    supervisor_watch(s);
    feeds_stop(s);
    growth_end(s);
    tool_end(s);
    ship_end(s);
}

void supervisor_release(struct supervisor *s)
{
    for (size_t i = 0; i < s->topic->read && s->feed != NULL; i++)
        feed_release(&s->feed[i]);
    free(s->feed);
    buffer_release(&s->failed);
    buffer_release(&s->growth.answer);
}
