#include "expr/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"

/* How often a request is tried whose worker was killed, perhaps by somebody, and whose worker took
 * too much time, perhaps because the machine stood still. */
#define TRIES_KILLED 3
#define TRIES_TIME 2

/* Some 50 microseconds. */
#define SPINS 50000

/* So often a worker is forked anew, 10 ms apart. */
#define FORK_TRIES 1000

/* What the run and its workers share; a worker that has gone wrong may have written anything there,
 * so the run believes no length it finds. A call is some requests; it and its answer have the same
 * number. */
struct channel {
    _Atomic uint32_t asked, answered; /* of word_wait */
    _Atomic uint32_t ended;           /* how many workers have ended; wakes answered, too */
    _Atomic size_t served;            /* requests of the call that are answered */
    bool leaving;                     /* the worker ends behind this answer */
    int status;                       /* of the worker that ended last, as waitpid has it */
    size_t begin, end;                /* of the call, in the bytes of requests */
};

/* Before each request and each answer, in multiples of 16 bytes. */
struct head {
    size_t len;
    int64_t limit_us; /* of a request */
};

#define CHANNEL_BYTES ((size_t)4096)
#define SHARED_BYTES (CHANNEL_BYTES + SANDBOX_REQUEST_MAX + SANDBOX_ANSWER_MAX)

static struct {
    struct channel *channel; /* NULL: never started */
    pid_t owner, keeper;
    size_t put;   /* bytes of requests */
    size_t *size; /* of each request with its head: the run's own */
    size_t count, cap;
    void (*serve)(struct sandbox_job *job);
} sandbox;

/* To wake another processor takes longer than most answers: so a while is waited awake for the word
 * to change, where there are two. */
static void spin_wait(_Atomic uint32_t *word, uint32_t seen)
{
    static long processors;
    if (processors == 0) processors = sysconf(_SC_NPROCESSORS_ONLN);
    for (int i = 0; processors > 1 && i < SPINS && atomic_load(word) == seen; i++)
        atomic_signal_fence(memory_order_seq_cst);
}

static char *request_bytes(void)
{
    return (char *)sandbox.channel + CHANNEL_BYTES;
}

static char *answer_bytes(void)
{
    return request_bytes() + SANDBOX_REQUEST_MAX;
}

/* --- the worker --- */

static void timer_set(int64_t limit_us)
{
    const struct itimerval timer = {
        .it_value = {.tv_sec = limit_us / 1000000, .tv_usec = limit_us % 1000000}};
    (void)setitimer(ITIMER_PROF, &timer, NULL);
}

static size_t rounded(size_t len)
{
    return (len + sizeof(struct head) - 1) & ~(sizeof(struct head) - 1);
}

/* One request after the other, until the worker has to end. */
static void call_serve(struct channel *channel)
{
    size_t written = 0;
    for (size_t at = channel->begin; at < channel->end && !channel->leaving;) {
        const struct head *const head = (const void *)(request_bytes() + at);
        struct head *const answer = (void *)(answer_bytes() + written);
        struct sandbox_job job = {
            .request = {.text = (const char *)(head + 1), .len = head->len},
            .answer = (char *)(answer + 1),
            .room = SANDBOX_ANSWER_MAX - written - sizeof *answer,
        };
        timer_set(head->limit_us);
        sandbox.serve(&job);
        timer_set(0);
        answer->len = job.len;
        written += sizeof *answer + rounded(job.len);
        at += sizeof *head + rounded(head->len);
        /* Without room for more, the rest is asked for again. */
        channel->leaving = job.last || SANDBOX_ANSWER_MAX - written < SANDBOX_ANSWER_MAX / 4;
        atomic_fetch_add(&channel->served, 1);
    }
}

/* The kernel, when it has no memory, is to take the worker and not the run. */
static void offer_oneself(void)
{
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    if (fd < 0) return;
    (void)!write(fd, "1000", 4);
    close(fd);
}

/* done is the request that the worker before has answered, or died of: it is not tried again. */
static _Noreturn void worker_run(uint32_t done)
{
    struct channel *const channel = sandbox.channel;
    offer_oneself();
    while (!channel->leaving) {
        spin_wait(&channel->asked, done);
        while (atomic_load(&channel->asked) == done)
            word_wait(&channel->asked, done, NULL);
        done = atomic_load(&channel->asked);
        call_serve(channel);
        atomic_store(&channel->answered, done);
        word_wake(&channel->answered);
    }
    _exit(EXIT_DONE);
}

/* --- the keeper --- */

/* What it has of the run is its programs, and no more: no file of the run's stays open because of
 * it. */
static void leave_alone(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPROF, SIG_DFL);
    signal(SIGSEGV, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    const int nothing = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (nothing >= 0) (void)dup2(nothing, fd);
    descriptors_close(STDERR_FILENO + 1);
    core_none(); /* a crash is expected: no core files */
}

/* A full machine, or too many processes: that passes. */
static pid_t worker_fork(void)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    pid_t worker = fork();
    for (int tries = 0; worker < 0 && tries < FORK_TRIES; tries++) {
        (void)nanosleep(&pause, NULL);
        worker = fork();
    }
    return worker;
}

static _Noreturn void keeper_run(pid_t run)
{
    struct channel *const channel = sandbox.channel;
    die_with(run);
    leave_alone();
    const pid_t keeper = getpid();
    for (uint32_t done = 0;;) {
        const pid_t worker = worker_fork();
        if (worker == 0) {
            channel->leaving = false;
            die_with(keeper);
            worker_run(done);
        }
        if (worker < 0) _exit(EXIT_FAILED);
        while (waitpid(worker, &channel->status, 0) < 0 && errno == EINTR)
            continue;
        done = atomic_load(&channel->asked); /* the run asks no more before it has seen this end */
        atomic_fetch_add(&channel->ended, 1);
        word_wake(&channel->answered);
    }
}

/* --- the run --- */

void sandbox_stop(void)
{
    if (!sandbox_started()) return;
    kill(sandbox.keeper, SIGKILL); /* and its worker dies with it */
    while (waitpid(sandbox.keeper, NULL, 0) < 0 && errno == EINTR)
        continue;
    (void)munmap(sandbox.channel, SHARED_BYTES);
    sandbox.channel = NULL;
    sandbox.owner = 0;
}

bool sandbox_started(void)
{
    return sandbox.channel != NULL && sandbox.owner == getpid();
}

void sandbox_start(void (*serve)(struct sandbox_job *job))
{
    sandbox_stop();
    sandbox.channel = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (sandbox.channel == MAP_FAILED) die_errno("memory for expressions");
    sandbox.owner = getpid();
    sandbox.serve = serve;
    sandbox.put = sandbox.count = 0;
    sandbox.keeper = fork();
    if (sandbox.keeper < 0) die_errno("fork");
    if (sandbox.keeper == 0) keeper_run(sandbox.owner);
}

bool sandbox_put(struct slice request, int64_t limit_us)
{
    const size_t size = sizeof(struct head) + rounded(request.len);
    if (SANDBOX_REQUEST_MAX - sandbox.put < size) return false;
    struct head *const head = (void *)(request_bytes() + sandbox.put);
    *head = (struct head){.len = request.len, .limit_us = limit_us};
    memcpy(head + 1, request.text, request.len);
    sandbox.put += size;
    if (sandbox.count == sandbox.cap) {
        sandbox.cap = sandbox.cap == 0 ? 64 : sandbox.cap * 2;
        sandbox.size = memory_resize(sandbox.size, sandbox.cap, sizeof sandbox.size[0]);
    }
    sandbox.size[sandbox.count++] = size;
    return true;
}

/* Why the worker that ended last has done so. */
static enum sandbox_end end_of(int status)
{
    if (WIFEXITED(status)) return SANDBOX_CRASHED;
    switch (WTERMSIG(status)) {
    case SIGPROF: return SANDBOX_TIME;
    case SIGKILL:
    case SIGTERM: return SANDBOX_KILLED;
    default: return SANDBOX_CRASHED;
    }
}

/* Nobody forks workers any more: then there is nobody to ask. */
static void keeper_check(void)
{
    int status;
    if (waitpid(sandbox.keeper, &status, WNOHANG) == sandbox.keeper)
        die("the process for expressions has ended: no memory, or no process for it");
}

/* Waits for the answer to the call of that number; false: the worker has ended instead. ended is
 * how many had before. */
static bool answer_wait(struct channel *channel, uint32_t number, uint32_t ended)
{
    const struct timespec timeout = {.tv_nsec = 100000000};
    spin_wait(&channel->answered, number - 1);
    for (;;) {
        const uint32_t answered = atomic_load(&channel->answered);
        if (answered == number) return true;
        if (atomic_load(&channel->ended) != ended)
            return atomic_load(&channel->answered) == number; /* it may have answered, then ended */
        word_wait(&channel->answered, answered, &timeout);
        keeper_check();
    }
}

/* A worker that said so is gone before the next call: the keeper notes which one it has answered.
 */
static void leaving_wait(struct channel *channel, uint32_t ended)
{
    const struct timespec timeout = {.tv_nsec = 1000000};
    while (channel->leaving && atomic_load(&channel->ended) == ended) {
        word_wait(&channel->answered, atomic_load(&channel->answered), &timeout);
        keeper_check();
    }
}

/* Asks from there on; how many requests were answered is in channel->served. */
static enum sandbox_end call(struct channel *channel, size_t begin)
{
    const uint32_t ended = atomic_load(&channel->ended);
    const uint32_t number = atomic_load(&channel->asked) + 1;
    channel->begin = begin;
    channel->end = sandbox.put;
    atomic_store(&channel->served, 0);
    atomic_store(&channel->asked, number);
    word_wake(&channel->asked);
    if (!answer_wait(channel, number, ended)) return end_of(channel->status);
    leaving_wait(channel, ended);
    return SANDBOX_ANSWERED;
}

/* The answer that lies there in the shared memory, and where the next one does; false: no worker in
 * its right mind has put it there. */
static bool answer_at(size_t *at, struct slice *text)
{
    const struct head *const head = (const void *)(answer_bytes() + *at);
    const size_t room = SANDBOX_ANSWER_MAX - *at;
    if (room < sizeof *head) return false;
    *text = (struct slice){.text = (const char *)(head + 1), .len = head->len};
    if (text->len > room - sizeof *head) return false;
    *at += sizeof *head + rounded(text->len);
    return *at <= SANDBOX_ANSWER_MAX;
}

/* A request that has been tried so often. */
static bool is_tried_again(enum sandbox_end end, int tries)
{
    return (end == SANDBOX_KILLED && tries < TRIES_KILLED) ||
           (end == SANDBOX_TIME && tries < TRIES_TIME);
}

void sandbox_ask(void (*got)(void *context, size_t i, enum sandbox_end end, struct slice answer),
                 void *context)
{
    struct channel *const channel = sandbox.channel;
    size_t i = 0;
    int tries = 0;
    for (size_t at = 0; i < sandbox.count;) {
        enum sandbox_end end = call(channel, at);
        const size_t served = atomic_load(&channel->served);
        size_t answer = 0, taken = 0;
        struct slice text;
        while (taken < served && i < sandbox.count && answer_at(&answer, &text)) {
            at += sandbox.size[i];
            got(context, i++, SANDBOX_ANSWERED, text);
            taken++;
            tries = 0;
        }
        if (end == SANDBOX_ANSWERED && (taken == 0 || taken < served)) end = SANDBOX_CRASHED;
        if (i == sandbox.count || end == SANDBOX_ANSWERED || is_tried_again(end, ++tries)) continue;
        at += sandbox.size[i];
        got(context, i++, end, (struct slice){0});
        tries = 0;
    }
    sandbox.put = sandbox.count = 0;
}
