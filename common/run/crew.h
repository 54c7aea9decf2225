/*
 * crew.h - processes that do numbered pieces of a run's work, and hand over what comes of each.
 *
 * A task says what a piece is; the run asks for pieces, takes what they have made in the order of
 * their numbers, and does with it what it likes. The crew forks, gives out the numbers, knows who
 * has died and of what, and takes everything down at the end.
 *
 *     struct crew *crew = crew_new(&task, 4);
 *     for (uint64_t i = 0; i < task.pieces; i++) {
 *         crew_ask(crew, i + 4);
 *         const struct crew_result *result = crew_take(crew, i);
 *         if (result == NULL) break;
 *         look_at(result->part[0]);
 *     }
 *     crew_free(crew);
 *
 * Who does a piece: either each is done by a process of its own, as clean as the run was when the
 * crew was made (afresh) - it is forked by another one, the forker, for the run by then holds what
 * it has read; or a few processes do all of them in turn, which costs no fork a piece.
 *
 * What a piece hands over is bytes in a few parts, with a header that says how many: files in
 * memory, which the process writes and the run looks at where they are. Piece i has slot i % slots;
 * a slot is used again when piece i + slots is asked for.
 *
 * A process of the crew dies with its parent, and leaves signals to the run. One that ends before
 * its time ends the run: "another job was killed (signal 9)".
 */
#ifndef CS_CREW_H
#define CS_CREW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "writer/output.h"

#define CREW_PARTS 3
#define CREW_NUMBERS 2

struct crew;

struct crew_task {
    uint64_t pieces;
    bool afresh; /* each by a process as the run was when the crew was made */
    void *self;
    /* A process of the crew has begun; optional. */
    void (*begin)(void *self, struct crew *crew);
    /* Does a piece: what it hands over goes where crew_output says, and is written when it returns.
     * False: a signal has stopped it before its end, and the process does no more. */
    bool (*piece)(void *self, struct crew *crew, uint64_t number);
    /* In the run, when a signal has come while it waits: there may be something to do. */
    void (*tick)(void *self);
};

/* What comes before the parts. */
struct crew_header {
    uint64_t number;
    uint64_t bytes[CREW_PARTS];
    bool stopped; /* by a signal, before the end of the piece */
};

/* Borrowed from the crew; behind each part VALUE_PADDING bytes are readable. */
struct crew_result {
    struct crew_header header;
    struct slice part[CREW_PARTS];
};

/* --- the run --- */

/* How many processes there may be at once, where so many are wanted: files are open for each, and
 * the system says how many may be. */
int crew_count(int64_t wanted);

/* So many processes at once; no piece is begun. The task is borrowed. */
struct crew *crew_new(const struct crew_task *task, int count);

/* Kills whoever is still at work, and gives all back. */
void crew_free(struct crew *crew);

/* The pieces before that number are to be begun. Nobody looks any more at what piece until - 1 -
 * crew_slots has handed over. */
void crew_ask(struct crew *crew, uint64_t until);
uint64_t crew_asked(const struct crew *crew);
uint64_t crew_slots(const struct crew *crew);

/* Waits for a piece that has been asked for. NULL: a signal stops the run first. Where processes do
 * one piece after the other it is passed on, and what they have done by then is taken. */
const struct crew_result *crew_take(struct crew *crew, uint64_t number);

/* The turn that a process has kept goes to that piece. Not afresh. */
void crew_turn_give(struct crew *crew, uint64_t number);

/* CREW_NUMBERS numbers that all processes see, for the task; 0 at first. */
_Atomic int64_t *crew_shared(struct crew *crew);

/* --- a process of the crew --- */

/* What is written to the output goes to that part, from its beginning; it keeps its buffer. */
void crew_output(const struct crew *crew, int part, struct output *output);

/* Is it the turn of the piece that this process does? Turns go from piece to piece, in order: to
 * write to what is the run's own, for instance. Not afresh. */
bool crew_is_turn(void);

/* Waits until it is; passes it on to the next piece. Who does not pass it on leaves that to the run
 * (crew_turn_give). */
void crew_turn_wait(struct crew *crew);
void crew_turn_pass(struct crew *crew);

#endif
