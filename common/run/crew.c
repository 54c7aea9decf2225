#include "run/crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"
#include "base/value.h"
#include "run/signals.h"

/* Where processes do one piece after the other, they begin the next one before the run has taken
 * the last. */
#define SLOTS_EACH 2

/* A file in memory; it keeps its pages from piece to piece, of which a piece's bytes are the first.
 */
struct memfile {
    int fd;
    struct slice view; /* the run's, of all bytes */
};

struct slot {
    struct memfile part[CREW_PARTS];
    struct crew_result result;
};

/* A place for a process. */
struct seat {
    pid_t pid;      /* in the forker: of who does a piece; 0: nobody */
    int request[2]; /* to the process, or to the forker, who has the first one's: numbers of pieces
                     */
    int done[2];    /* to the run: for each piece the status, as waitpid has it */
    int turn[2];    /* a byte when the turn comes */
};

struct shared {
    _Atomic int64_t number[CREW_NUMBERS];
    _Atomic uint64_t turn;       /* the piece whose turn it is */
    struct crew_header header[]; /* by slot: complete once the piece's status has been sent */
};

struct crew {
    const struct crew_task *task;
    struct seat *seat;
    int count;
    struct slot *slot;
    uint64_t slots;
    struct shared *shared;
    size_t shared_bytes;
    pid_t run, forker; /* forker: 0 where there is none */
    uint64_t asked;
    bool stopped; /* a signal has been passed on */
};

/* This process is one of the crew: the piece it does. */
static const struct crew *mine;
static uint64_t mine_number;

static struct seat *seat_of(const struct crew *crew, uint64_t number)
{
    return &crew->seat[number % (uint64_t)crew->count];
}

static struct slot *slot_of(const struct crew *crew, uint64_t number)
{
    return &crew->slot[number % crew->slots];
}

static void pipe_open(int *ends)
{
    if (pipe2(ends, O_CLOEXEC) != 0) die_errno("pipe");
}

/* False at the end. */
static bool pipe_read(int fd, void *into, size_t len)
{
    ssize_t got;
    while ((got = read(fd, into, len)) < 0)
        if (errno != EINTR) die_errno("reading from another job");
    return got == (ssize_t)len;
}

static void pipe_write(int fd, const void *from, size_t len)
{
    if (write(fd, from, len) != (ssize_t)len) die_errno("writing to another job");
}

/* --- a process of the crew --- */

void crew_output(const struct crew *crew, int part, struct output *output)
{
    output->name = "memory for another job";
    output->fd = slot_of(crew, mine_number)->part[part].fd;
    output->position = 0;
    if (lseek(output->fd, 0, SEEK_SET) < 0) die_errno("%s", output->name);
}

bool crew_is_turn(void)
{
    return atomic_load_explicit(&mine->shared->turn, memory_order_acquire) == mine_number;
}

void crew_turn_wait(struct crew *crew)
{
    char turn;
    if (!pipe_read(seat_of(crew, mine_number)->turn[0], &turn, 1)) die("no turn comes");
}

void crew_turn_give(struct crew *crew, uint64_t number)
{
    atomic_store_explicit(&crew->shared->turn, number, memory_order_release);
    pipe_write(seat_of(crew, number)->turn[1], "", 1);
}

void crew_turn_pass(struct crew *crew)
{
    crew_turn_give(crew, mine_number + 1);
}

/* Signals are for the run to decide about; it tells who has to know. */
static void process_begin(struct crew *crew, pid_t parent)
{
    mine = crew;
    die_with(parent);
    signal(SIGINT, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    if (crew->task->afresh) signal(SIGTERM, SIG_IGN);
}

/* Does a piece; false: a signal has stopped it. The files' offsets are the run's, too. */
static bool piece_do(struct crew *crew, uint64_t number)
{
    const struct slot *const slot = slot_of(crew, number);
    struct crew_header *const header = &crew->shared->header[number % crew->slots];
    mine_number = number;
    for (int i = 0; i < CREW_PARTS; i++)
        if (lseek(slot->part[i].fd, 0, SEEK_SET) < 0) die_errno("memory for another job");
    const bool whole = crew->task->piece(crew->task->self, crew, number);
    *header = (struct crew_header){.number = number, .stopped = !whole};
    for (int i = 0; i < CREW_PARTS; i++)
        header->bytes[i] = (uint64_t)lseek(slot->part[i].fd, 0, SEEK_CUR);
    return whole;
}

/* Does those it is asked for, one after the other. */
static _Noreturn void member_run(struct crew *crew, const struct seat *seat)
{
    uint64_t number;
    process_begin(crew, crew->run);
    if (crew->task->begin != NULL) crew->task->begin(crew->task->self, crew);
    bool whole = true;
    while (whole && pipe_read(seat->request[0], &number, sizeof number)) {
        const int status = 0;
        whole = piece_do(crew, number);
        pipe_write(seat->done[1], &status, sizeof status);
    }
    _exit(EXIT_DONE);
}

/* Does one, and ends; the forker sends its status. */
static _Noreturn void worker_run(struct crew *crew, uint64_t number)
{
    if (crew->task->begin != NULL) crew->task->begin(crew->task->self, crew);
    (void)piece_do(crew, number);
    _exit(EXIT_DONE);
}

/* In the forker: processes that have ended. */
static void on_end(int signal)
{
    (void)signal;
    const int saved = errno;
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (int i = 0; i < mine->count; i++)
            if (mine->seat[i].pid == pid)
                (void)!write(mine->seat[i].done[1], &status, sizeof status);
    errno = saved;
}

static _Noreturn void forker_run(struct crew *crew)
{
    const pid_t forker = getpid();
    sigset_t ends, before;
    process_begin(crew, crew->run);
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    const struct sigaction action = {.sa_handler = on_end, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    sigaction(SIGCHLD, &action, NULL);
    for (uint64_t number; pipe_read(crew->seat[0].request[0], &number, sizeof number);) {
        struct seat *const seat = seat_of(crew, number);
        sigprocmask(SIG_BLOCK, &ends, &before); /* it must not end before it is known */
        seat->pid = fork();
        if (seat->pid < 0) die_errno("fork");
        if (seat->pid == 0) {
            process_begin(crew, forker);
            signal(SIGCHLD, SIG_DFL);
            sigprocmask(SIG_SETMASK, &before, NULL);
            worker_run(crew, number);
        }
        sigprocmask(SIG_SETMASK, &before, NULL);
    }
    _exit(EXIT_DONE);
}

/* --- the run --- */

static void forker_begin(struct crew *crew)
{
    pipe_open(crew->seat[0].request);
    for (int i = 0; i < crew->count; i++)
        pipe_open(crew->seat[i].done);
    crew->forker = fork();
    if (crew->forker < 0) die_errno("fork");
    if (crew->forker == 0) {
        close(crew->seat[0].request[1]);
        forker_run(crew);
    }
    /* Its end is seen; but asking it succeeds even then, for the other end of that pipe stays open.
     */
    for (int i = 0; i < crew->count; i++)
        close(crew->seat[i].done[1]);
}

static void members_begin(struct crew *crew)
{
    for (int i = 0; i < crew->count; i++)
        pipe_open(crew->seat[i].turn);
    for (int i = 0; i < crew->count; i++) {
        struct seat *const seat = &crew->seat[i];
        pipe_open(seat->request);
        pipe_open(seat->done);
        seat->pid = fork();
        if (seat->pid < 0) die_errno("fork");
        if (seat->pid == 0) member_run(crew, seat);
        close(seat->done[1]); /* so that its end is seen */
    }
    pipe_write(crew->seat[0].turn[1], "", 1);
}

/* More processes than that help nobody. */
#define COUNT_MAX 256
/* Files open for each, in the run: parts of its slots, and pipes. Others are open besides. */
#define FILES_EACH (SLOTS_EACH * CREW_PARTS + 6)
#define FILES_BESIDES 64

int crew_count(int64_t wanted)
{
    struct rlimit limit;
    int64_t most = COUNT_MAX;
    if (wanted > 1 && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < COUNT_MAX * FILES_EACH)
            most = ((int64_t)limit.rlim_max - FILES_BESIDES) / FILES_EACH;
    }
    return (int)(most < wanted ? most : wanted);
}

struct crew *crew_new(const struct crew_task *task, int count)
{
    struct crew *crew = memory_zero(1, sizeof *crew);
    *crew = (struct crew){
        .task = task,
        .seat = memory_zero((size_t)count, sizeof crew->seat[0]),
        .count = count,
        .slots = (uint64_t)count * (task->afresh ? 1 : SLOTS_EACH),
        .run = getpid(),
    };
    crew->slot = memory_zero((size_t)crew->slots, sizeof crew->slot[0]);
    for (uint64_t i = 0; i < crew->slots; i++) {
        for (int part = 0; part < CREW_PARTS; part++) {
            const int fd = file_unnamed("piece");
            if (fd < 0) die_errno("a file without a name");
            crew->slot[i].part[part].fd = fd;
        }
    }
    crew->shared_bytes =
        sizeof *crew->shared + (size_t)crew->slots * sizeof crew->shared->header[0];
    crew->shared =
        mmap(NULL, crew->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (crew->shared == MAP_FAILED) die_errno("mmap");
    (task->afresh ? forker_begin : members_begin)(crew);
    return crew;
}

/* Waits until such a process has ended; its status, as waitpid has it (0 where the ends of children
 * are ignored). */
static int process_wait(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static void view_drop(struct slice view)
{
    if (view.text != NULL) munmap((void *)(uintptr_t)view.text, view.len);
}

void crew_free(struct crew *crew)
{
    if (crew->forker != 0) {
        kill(crew->forker, SIGKILL); /* and whom it has forked dies with it */
        (void)process_wait(crew->forker);
        close(crew->seat[0].request[0]);
        close(crew->seat[0].request[1]);
    }
    for (int i = 0; i < crew->count; i++) {
        const struct seat *const seat = &crew->seat[i];
        close(seat->done[0]);
        if (crew->forker != 0) continue;
        kill(seat->pid, SIGKILL); /* what it still does is for nothing */
        (void)process_wait(seat->pid);
        for (int end = 0; end < 2; end++) {
            close(seat->request[end]);
            close(seat->turn[end]);
        }
    }
    for (uint64_t i = 0; i < crew->slots; i++) {
        for (int part = 0; part < CREW_PARTS; part++) {
            view_drop(crew->slot[i].part[part].view);
            close(crew->slot[i].part[part].fd);
        }
    }
    munmap(crew->shared, crew->shared_bytes);
    free(crew->slot);
    free(crew->seat);
    free(crew);
}

void crew_ask(struct crew *crew, uint64_t until)
{
    for (; crew->asked < crew->task->pieces && crew->asked < until; crew->asked++) {
        const struct seat *const seat =
            crew->forker != 0 ? &crew->seat[0] : seat_of(crew, crew->asked);
        pipe_write(seat->request[1], &crew->asked, sizeof crew->asked);
    }
}

uint64_t crew_asked(const struct crew *crew)
{
    return crew->asked;
}

uint64_t crew_slots(const struct crew *crew)
{
    return crew->slots;
}

_Atomic int64_t *crew_shared(struct crew *crew)
{
    return crew->shared->number;
}

/* A process has ended before its time, and so does the run. Unless it was killed it has said why.
 */
static _Noreturn void failed(int status)
{
    if (!WIFSIGNALED(status)) exit(EXIT_FAILED);
    if (WTERMSIG(status) == SIGPIPE) raise(SIGPIPE); /* nobody reads on */
    die("another job was killed (signal %d)", WTERMSIG(status));
}

/* The run has had a TERM or INT. Whoever has had a TERM already is none the worse for another one.
 * False: nobody has to know. */
static bool stop_pass_on(struct crew *crew)
{
    if (crew->task->afresh) return false;
    for (int i = 0; i < crew->count && !crew->stopped; i++)
        kill(crew->seat[i].pid, SIGTERM);
    crew->stopped = true;
    return true;
}

/* Waits for a process's next piece; false: a signal stops the run first. */
static bool seat_wait(struct crew *crew, const struct seat *seat)
{
    int status;
    for (;;) {
        if (stop_signal != 0 && !stop_pass_on(crew)) return false;
        if (signals_wait(seat->done[0])) break;
        if (crew->task->tick != NULL) crew->task->tick(crew->task->self);
    }
    if (!pipe_read(seat->done[0], &status, sizeof status))
        failed(process_wait(crew->forker != 0 ? crew->forker : seat->pid));
    if (status != 0) failed(status);
    return true;
}

/* So many bytes of the file, in the run's view. */
static struct slice memfile_look(struct memfile *file, uint64_t bytes)
{
    const size_t wanted = (size_t)bytes + VALUE_PADDING;
    if (file->view.len < wanted) {
        struct stat stat;
        view_drop(file->view);
        if (fstat(file->fd, &stat) != 0) die_errno("memory for another job");
        const size_t there = (size_t)stat.st_size;
        const size_t size = there < wanted ? wanted : there;
        if (there < size && ftruncate(file->fd, (off_t)size) != 0)
            die_errno("memory for another job");
        void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, file->fd, 0);
        if (map == MAP_FAILED) die_errno("mmap");
        file->view = (struct slice){.text = map, .len = size};
    }
    return (struct slice){.text = file->view.text, .len = (size_t)bytes};
}

const struct crew_result *crew_take(struct crew *crew, uint64_t number)
{
    if (!seat_wait(crew, seat_of(crew, number))) return NULL;
    struct slot *const slot = slot_of(crew, number);
    struct crew_result *const result = &slot->result;
    result->header = crew->shared->header[number % crew->slots];
    if (result->header.number != number) die("another job has done the wrong piece");
    if (result->header.stopped && stop_signal == 0) die("another job was stopped");
    for (int i = 0; i < CREW_PARTS; i++)
        result->part[i] = memfile_look(&slot->part[i], result->header.bytes[i]);
    return result;
}
