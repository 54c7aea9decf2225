/* crew.c - pieces done by other processes, taken in order; and what becomes of a run whose process
 * dies. */
#include "run/crew.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/value.h"
#include "run/signals.h"
#include "tap.h"

#define PIECES 40

/* What a piece is here: a text of its number, in two parts; rows go to a pipe when it is its turn.
 */
struct work {
    bool in_turn;
    int rows; /* the pipe */
    uint64_t dies, stops;
    uint64_t done; /* by this process */
};

static size_t length_of(uint64_t number)
{
    return (size_t)(number * 977 % 9000);
}

static bool piece_do(void *self, struct crew *crew, uint64_t number)
{
    struct work *const work = self;
    struct output text = {0}, note = {0};
    if (number == work->dies) raise(SIGKILL);
    crew_output(crew, 0, &text);
    crew_output(crew, 2, &note);
    for (size_t i = 0; i < length_of(number); i++)
        buffer_add_char(&text.buffer, (char)('a' + number % 26));
    output_flush(&text);
    buffer_printf(&note.buffer, "%d", (int)work->done++);
    output_flush(&note);
    buffer_release(&text.buffer);
    buffer_release(&note.buffer);
    (void)atomic_fetch_add(crew_shared(crew), 1);
    if (!work->in_turn) return true;
    crew_turn_wait(crew);
    const char c = (char)('a' + number % 26);
    if (!crew_is_turn() || write(work->rows, &c, 1) != 1) die("not in turn");
    if (number == work->stops) return false;
    crew_turn_pass(crew);
    return true;
}

static bool is_right(const struct crew_result *result, uint64_t number, const char *note)
{
    size_t wrong = 0;
    for (size_t i = 0; i < result->part[0].len; i++)
        wrong += result->part[0].text[i] != (char)('a' + number % 26);
    for (size_t i = 0; i < VALUE_PADDING; i++)
        (void)((const volatile char *)result->part[0].text)[result->part[0].len + i];
    return wrong == 0 && result->header.number == number && !result->header.stopped &&
           result->part[0].len == length_of(number) && result->part[1].len == 0 &&
           slice_equal(result->part[2], slice_of(note));
}

static void test_pieces(bool afresh, int count)
{
    int rows[2];
    struct work work = {.in_turn = !afresh, .dies = UINT64_MAX, .stops = UINT64_MAX};
    if (pipe(rows) != 0) die_errno("pipe");
    work.rows = rows[1];
    const struct crew_task task = {
        .pieces = PIECES, .afresh = afresh, .self = &work, .piece = piece_do};
    struct crew *const crew = crew_new(&task, count);
    int right = 0;
    work.done = 1000; /* the run's own business */
    for (uint64_t i = 0; i < PIECES; i++) {
        char note[16];
        snprintf(note, sizeof note, "%d", afresh ? 0 : (int)(i / (uint64_t)count));
        crew_ask(crew, i + crew_slots(crew));
        const struct crew_result *const result = crew_take(crew, i);
        if (result != NULL) right += is_right(result, i, note);
    }
    is_int(right, PIECES,
           afresh ? "each piece by a process of its own, as the run was before"
                  : "pieces by a few processes, each of which goes on");
    is_int(atomic_load(crew_shared(crew)), PIECES, "all see one number");
    is_int((int64_t)crew_asked(crew), PIECES, "no more are asked for than there are");
    crew_free(crew);
    if (afresh) return;
    char text[PIECES];
    int wrong = read(rows[0], text, PIECES) != PIECES;
    for (int i = 0; i < PIECES; i++)
        wrong += text[i] != 'a' + i % 26;
    is_int(wrong, 0, "turns are in the order of the pieces");
}

/* A run that takes all pieces, in a process of its own: its status, and what it says. */
static int run_of(struct work *work, bool afresh, char *said, size_t size)
{
    int errors[2], rows[2], status;
    if (pipe(errors) != 0 || pipe(rows) != 0) die_errno("pipe");
    fflush(stdout);
    const pid_t run = fork();
    if (run == 0) {
        (void)dup2(errors[1], STDERR_FILENO);
        work->rows = rows[1];
        const struct crew_task task = {
            .pieces = PIECES, .afresh = afresh, .self = work, .piece = piece_do};
        struct crew *const crew = crew_new(&task, 3);
        for (uint64_t i = 0; i < PIECES; i++) {
            crew_ask(crew, i + crew_slots(crew));
            if (crew_take(crew, i) == NULL) _exit(70);
        }
        _exit(0);
    }
    close(errors[1]);
    if (waitpid(run, &status, 0) != run) die_errno("waitpid");
    const ssize_t len = read(errors[0], said, size - 1);
    said[len < 0 ? 0 : len] = '\0';
    close(errors[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

static void test_ends(void)
{
    static const char killed[] = "another job was killed (signal 9)";
    char said[256];
    for (int afresh = 0; afresh < 2; afresh++) {
        struct work work = {.in_turn = afresh == 0, .dies = 7, .stops = UINT64_MAX};
        is_int(run_of(&work, afresh != 0, said, sizeof said), 1,
               "a process that is killed ends the run");
        ok(strstr(said, killed) != NULL, "and is named");
    }
    struct work work = {.in_turn = true, .dies = UINT64_MAX, .stops = 5};
    is_int(run_of(&work, false, said, sizeof said), 1,
           "one that is stopped, where the run is not, ends it, too");
    ok(strstr(said, "another job was stopped") != NULL, "and is named, too");
}

/* A signal that has come already: it is passed on, and what was done by then is taken. */
static void test_stop(void)
{
    struct work work = {.dies = UINT64_MAX, .stops = UINT64_MAX};
    struct crew_task task = {.pieces = 3, .afresh = true, .self = &work, .piece = piece_do};
    struct crew *crew = crew_new(&task, 2);
    stop_signal = SIGTERM;
    crew_ask(crew, 2);
    ok(crew_take(crew, 0) == NULL, "a signal ends the wait for a process of its own");
    crew_free(crew);
    task.afresh = false;
    stop_signal = 0;
    crew = crew_new(&task, 2);
    crew_ask(crew, 3);
    stop_signal = SIGTERM;
    const struct crew_result *const result = crew_take(crew, 0);
    ok(result != NULL && result->header.number == 0, "others are heard to the end");
    crew_free(crew);
    stop_signal = 0;
}

static void test_count(void)
{
    is_int(crew_count(1), 1, "one is one");
    ok(crew_count(INT64_MAX) <= 256, "there are not more than help");
}

int main(void)
{
    (void)signals_catch(false);
    for (int count = 1; count <= 5; count += 2) {
        test_pieces(false, count);
        test_pieces(true, count);
    }
    test_ends();
    test_stop();
    test_count();
    return plan();
}
