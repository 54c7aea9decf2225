#include "collect/collector.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/die.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/paths.h"
#include "base/streams.h"
#include "collect/collect_options.h"
#include "collect/door.h"
#include "collect/drain.h"
#include "collect/figures.h"
#include "collect/judge.h"
#include "collect/listener.h"
#include "collect/server.h"
#include "collect/store.h"
#include "collect/workers.h"
#include "run/common_options.h"
#include "run/notify.h"
#include "run/signals.h"
#include "writer/whole.h"

/* Descriptors that are no connections. */
#define OTHER_DESCRIPTORS 64

/* A segment is sealed when it is so large. */
#define SEAL_BYTES (UINT64_C(8) << 20)

/* So much of rejects may wait for a file that cannot be written. */
#define REJECTS_BYTES ((size_t)8 << 20)

/* Segments are counted no more often. */
#define SEGMENTS_AFTER_US INT64_C(1000000)

/* How long the end waits for what is under way. */
#define DRAIN_US INT64_C(5000000)

/* The same complaint is not made more often. */
#define COMPLAIN_US INT64_C(10000000)

static struct {
    struct listeners *listeners; /* of each worker */
    struct server *server;
    struct door door;
    struct store store;
    struct drain drain;
    struct notify notify;
    struct tally *tally;
    bool is_first;       /* of the workers: it has the figures written */
    struct buffer spool; /* its directory */
    int64_t segments_us; /* steady clock: when they were counted */
    int wake_fd;
    int rejects_fd;    /* -1: none, or not now */
    bool rejects_fail; /* and that was said */
    uint64_t rejects_lost;
    int64_t complained_us, stats_due_us;
} collector;

/* --- where events go --- */

static bool has_room(void *context)
{
    (void)context;
    return collect_given.spool == NULL || store_has_room(&collector.store);
}

/* Says why events cannot be taken, now and then. */
static void complain(const char *what, int why)
{
    const int64_t steady_us = instant_steady();
    if (collector.complained_us != 0 && steady_us - collector.complained_us < COMPLAIN_US) return;
    collector.complained_us = steady_us;
    message("%s: %s: events are answered 503 until they can be written", what, strerror(why));
}

static bool put(void *context, struct slice rows)
{
    (void)context;
    if (collect_given.spool == NULL) return drain_put(&collector.drain, rows);
    if (store_put(&collector.store, rows)) {
        if (collector.complained_us != 0)
            message("%s: events are taken again", collect_given.spool);
        collector.complained_us = 0;
        return true;
    }
    complain(collect_given.spool, errno);
    return false;
}

/* --- what was refused --- */

static void rejects_open(void)
{
    collector.rejects_fd = -1;
    if (options->rejects == NULL) return;
    collector.rejects_fd = open(options->rejects, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (collector.rejects_fd < 0) die_errno("%s", options->rejects);
}

/* HUP: the file was moved away. */
static void rejects_reopen(void)
{
    if (collector.rejects_fd < 0) return;
    const int fd = open(options->rejects, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        message("%s: %s: the old one is written to", options->rejects, strerror(errno));
        return;
    }
    close(collector.rejects_fd);
    collector.rejects_fd = fd;
}

static void rejects_drop(struct buffer *text)
{
    for (const char *at = text->data; at < text->data + text->len; at++)
        collector.rejects_lost += *at == '\n';
    text->len = 0;
}

/* A disk that is full is no reason to take no events; what cannot be told is counted. */
static void rejects_write(void)
{
    struct buffer *const text = &judge_loop()->rejects_output.buffer;
    if (text->len == 0 || collector.rejects_fd < 0) return;
    const ssize_t written = write(collector.rejects_fd, text->data, text->len);
    if (written < 0 && errno != EINTR && errno != EAGAIN && !collector.rejects_fail) {
        message("%s: %s: what is refused waits, as far as there is room; events are taken",
                options->rejects, strerror(errno));
        collector.rejects_fail = true;
    }
    if (written > 0) {
        memmove(text->data, text->data + written, text->len - (size_t)written);
        text->len -= (size_t)written;
        collector.rejects_fail = false;
    }
    if (text->len > REJECTS_BYTES) rejects_drop(text);
    if (text->len == 0) buffer_trim(text, (size_t)1 << 20);
    judge_clear(); /* nothing of it is taken back any more */
}

/* The end: what could not be told is named at least. */
static void rejects_finish(void)
{
    rejects_write();
    if (options->rejects == NULL) return;
    rejects_drop(&judge_loop()->rejects_output.buffer);
    if (collector.rejects_lost > 0)
        message("%s: %llu refused records are missing in it: it could not be written",
                options->rejects, (unsigned long long)collector.rejects_lost);
}

/* --- figures --- */

static void tally_note(void)
{
    struct loop *const l = judge_loop();
    struct tally *const tally = collector.tally;
    struct segments segments = {.sealed = 0};
    l->stats.expression_errors = expr_errors;
    l->stats.rows = rows_count(l->run.rows);
    tally->alive_us = instant_steady();
    tally->stats = l->stats;
    tally->server = *server_counters(collector.server);
    tally->door = collector.door.counters;
    judge_counters(&tally->produced, &tally->repaired);
    tally->rejects_lost = collector.rejects_lost;
    tally->connections = (uint64_t)server_connections(collector.server);
    tally->memory = held.total;
    tally->received_us = collector.door.received_us;
    tally->event_time_us = l->admission.clock.largest_us;
    /* How many segments there are is asked of the directory, not so often. */
    if (collect_given.spool == NULL || tally->alive_us - collector.segments_us < SEGMENTS_AFTER_US)
        return;
    collector.segments_us = tally->alive_us;
    if (segments_count(collector.store.dir_fd, &segments)) tally->segments = segments.sealed;
}

static void figures_tell(void *context, struct buffer *out)
{
    (void)context;
    collector.segments_us = 0;
    tally_note();
    figures_text(out);
}

/* How long nothing is due. */
static int64_t stats_tick(void)
{
    if (!options->stats || !collector.is_first) return INT64_MAX;
    const int64_t steady_us = instant_steady();
    const bool due = options->stats_every_us != 0 && steady_us >= collector.stats_due_us;
    if (due || stats_wanted) {
        stats_wanted = 0;
        collector.stats_due_us = steady_us + options->stats_every_us;
        figures_write();
    }
    return options->stats_every_us == 0 ? INT64_MAX : collector.stats_due_us - steady_us;
}

/* --- the run --- */

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void turn(int64_t wait_us)
{
    uint64_t signals;
    if (collect_given.spool != NULL) wait_us = smaller(wait_us, store_tick(&collector.store));
    wait_us = smaller(wait_us, stats_tick());
    wait_us = smaller(wait_us, notify_tick(&collector.notify));
    server_turn(collector.server, wait_us);
    wallclock_read(&judge_loop()->admission.wallclock);
    if (collect_given.spool == NULL) drain_write(&collector.drain);
    rejects_write();
    tally_note();
    (void)!read(collector.wake_fd, &signals, sizeof signals);
    if (reopen_wanted) {
        reopen_wanted = 0;
        rejects_reopen();
    }
}

/* As many descriptors as there are to be connections. */
static void descriptors_raise(void)
{
    struct rlimit limit;
    const rlim_t wanted = (rlim_t)collect_given.connections + OTHER_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur =
        limit.rlim_max == RLIM_INFINITY || limit.rlim_max > wanted ? wanted : limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= wanted) return;
    collect_given.connections = limit.rlim_cur > 2 * OTHER_DESCRIPTORS
                                    ? (int64_t)limit.rlim_cur - OTHER_DESCRIPTORS
                                    : OTHER_DESCRIPTORS;
    message("--connections: %lld are possible, as no more files may be open (ulimit -n)",
            (long long)collect_given.connections);
}

static void listeners_open(void)
{
    struct listeners *const all = &collector.listeners[0];
    const bool shared = collect_given.workers > 1;
    bool given = false;
    (void)listeners_given(all);
    for (size_t i = 0; i < all->count; i++)
        given |= !all->listener[i].admin;
    for (size_t i = 0; i < collect_given.listen.count; i++)
        listeners_add(all, "listen", collect_given.listen.text[i], false, shared);
    if (!given && collect_given.listen.count == 0)
        listeners_add(all, "listen", "127.0.0.1:8080", false, shared);
    for (size_t i = 0; i < collect_given.admin.count; i++)
        listeners_add(all, "admin", collect_given.admin.text[i], true, false);
    for (size_t worker = 1; worker < (size_t)collect_given.workers; worker++)
        listeners_again(&collector.listeners[worker], all);
}

static void listening_say(void)
{
    const struct listeners *const all = &collector.listeners[0];
    for (size_t i = 0; i < all->count; i++) {
        char *const where = listener_where(&all->listener[i]);
        message("listening at %s%s", where, all->listener[i].admin ? " (admin)" : "");
        free(where);
    }
    if (collect_given.spool == NULL)
        message("events go to standard output, each at most once: who sends it is told that it is "
                "taken before anybody has read it (--spool=DIR makes it durable first)");
}

static void paths_gather(void)
{
    if (collect_given.spool != NULL) paths_note("--spool", collect_given.spool, PATH_SEGMENTS);
    if (options->rejects != NULL) paths_note("--rejects", options->rejects, PATH_RECORDS);
    if (options->stats_file != NULL) paths_note("--stats", options->stats_file, PATH_REPORT);
    if (option_file_name() != NULL) paths_note("--options", option_file_name(), PATH_READ);
    if (collect_given.snippet != NULL) paths_note("--snippet", collect_given.snippet, PATH_READ);
    if (collect_given.spool == NULL) paths_note_stream("standard output", STDOUT_FILENO, false);
    paths_note_stream("standard error", STDERR_FILENO, false);
    paths_check();
}

/* What is the same for all workers. */
static void start(const struct tool *tool, int argc, char **argv)
{
    notify_open(&collector.notify);
    if (common_options_parse(tool, argc, argv) != argc)
        die_usage("events come by HTTP: no operand is taken");
    collect_options_settle();
    judge_start(tool, &(struct judge_rules){.parsing = &collect_given.parsing,
                                            .clock = (enum judge_clock)collect_given.clock,
                                            .with_address = collect_given.address != ADDRESS_NONE,
                                            .with_bot = collect_given.bots == BOTS_TAG});
    paths_gather();
    (void)signals_catch(false, true);
    if (options->stats_file != NULL) whole_check(options->stats_file);
    rejects_open();
    descriptors_raise();
    collector.door = (struct door){
        .options = &collect_given, .has_room = has_room, .put = put, .figures = figures_tell};
    door_open(&collector.door);
    figures_open((size_t)collect_given.workers);
    collector.listeners = memory_zero((size_t)collect_given.workers, sizeof collector.listeners[0]);
    listeners_open();
    if (collect_given.workers > 1) directory_need(collect_given.spool);
}

/* A worker's spool is its own: DIR, or DIR/1, DIR/2 and so on. */
static void spool_open_of(size_t worker)
{
    collector.store =
        (struct store){.seal_us = collect_given.seal_us,
                       .seal_bytes = SEAL_BYTES,
                       .most_bytes = (uint64_t)(collect_given.spool_most / collect_given.workers)};
    if (collect_given.spool_most != 0 && collector.store.most_bytes == 0)
        collector.store.most_bytes = 1;
    buffer_printf(&collector.spool, "%s", collect_given.spool);
    if (collect_given.workers > 1) buffer_printf(&collector.spool, "/%zu", worker + 1);
    buffer_add_char(&collector.spool, '\0');
    store_open(&collector.store, collector.spool.data);
}

static void worker_start(size_t worker)
{
    static const struct server_user user = {.head = door_head,
                                            .request = door_request,
                                            .commit = door_commit,
                                            .failed = door_failed,
                                            .context = &collector.door};
    static struct server_limits limits;
    collector.is_first = worker == 0;
    collector.tally = figures_tally(worker);
    for (size_t other = 0; other < (size_t)collect_given.workers; other++)
        if (other != worker) listeners_leave(&collector.listeners[other]);
    collector.wake_fd = signals_catch(false, true);
    expr_begin();
    if (collect_given.spool != NULL) spool_open_of(worker);
    limits = (struct server_limits){.connections = collect_given.connections,
                                    .request_us = collect_given.request_us,
                                    .idle_us = collect_given.idle_us,
                                    .body_bytes = collect_given.body_bytes};
    collector.server = server_new(&collector.listeners[worker], &limits, &user);
    server_watch(collector.server, collector.wake_fd, false);
    if (collect_given.spool == NULL) {
        collector.drain =
            (struct drain){.fd = STDOUT_FILENO, .most_bytes = (size_t)collect_given.buffer_bytes};
        server_watch(collector.server, STDOUT_FILENO, true);
    }
    collector.stats_due_us = instant_steady() + options->stats_every_us;
    tally_note();
    collector.tally->ready = true;
}

static void worker_finish(size_t worker)
{
    const int64_t until_us = instant_steady() + DRAIN_US;
    collector.door.stopping = true;
    server_drain(collector.server);
    while (server_connections(collector.server) > 0 && instant_steady() < until_us)
        turn(until_us - instant_steady());
    rejects_finish();
    tally_note();
    server_free(collector.server);
    if (worker != 0) listeners_leave(&collector.listeners[worker]);
    if (collect_given.spool != NULL) store_close(&collector.store);
    if (collect_given.spool == NULL) drain_close(&collector.drain);
    misnumber_tell(&judge_loop()->run.misnumbers);
}

static void release(void)
{
    if (options->stats) figures_write();
    door_release(&collector.door);
    for (size_t worker = 0; worker < (size_t)collect_given.workers; worker++)
        listeners_release(&collector.listeners[worker]);
    free(collector.listeners);
    buffer_release(&collector.spool);
    figures_close();
    collect_options_release();
    judge_end();
    paths_release();
    notify_close(&collector.notify);
}

static void worker_run(size_t worker)
{
    worker_start(worker);
    if (collect_given.workers == 1) {
        listening_say();
        notify_ready(&collector.notify);
    }
    while (stop_signal == 0)
        turn(INT64_MAX);
    if (collect_given.workers == 1) notify_stopping(&collector.notify);
    worker_finish(worker);
}

int collector_main(const struct tool *tool, int argc, char **argv)
{
    int status = EXIT_DONE;
    message_name(tool->name);
    streams_occupy();
    memory_return_early();
    option_help_texts("Usage: cs-collect [OPTION]...\n"
                      "take events of browsers and servers by HTTP\n",
                      "\nEvents, times, expressions and exit codes: clickstream(7).\n");
    start(tool, argc, argv);
    if (collect_given.workers == 1) {
        worker_run(0);
    } else {
        listening_say();
        const int worker = workers_run((size_t)collect_given.workers, &collector.notify, &status);
        if (worker >= 0) {
            worker_run((size_t)worker);
            if (stop_signal == SIGINT) raise(SIGINT);
            return EXIT_DONE;
        }
    }
    release();
    if (stop_signal == SIGINT && status == EXIT_DONE) raise(SIGINT);
    return status;
}
