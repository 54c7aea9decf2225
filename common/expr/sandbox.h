/*
 * sandbox.h - work that may crash, hang or spoil its memory, done by a process of its own.
 *
 * There are two: the keeper, forked while the run is still small, and the worker, forked by the
 * keeper. The worker takes one request after the other out of memory that it shares with the run,
 * and puts its answer there. When it dies, of a crash, of its limits, or because it asked to be
 * replaced, the keeper forks another one, as fresh as the first, in well under a millisecond; all
 * that is lost is the answer. Neither reads or writes anything else, neither minds ^C or TERM, and
 * both die with the run.
 *
 * A request may take so much processor time (not wall clock: a busy machine changes nothing); a
 * worker that takes more is killed by its own timer. The request is tried once more: what a virtual
 * machine is kept waiting may be counted as its time.
 *
 * Requests are put together where that can be: two switches of processes are needed for all of
 * them, not for each.
 *
 * A process that was forked from the run, as those of --jobs are, gets a keeper of its own when it
 * asks for the first time.
 */
#ifndef CS_SANDBOX_H
#define CS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

#define SANDBOX_REQUEST_MAX ((size_t)48 << 20)
#define SANDBOX_ANSWER_MAX ((size_t)96 << 20)

/* In the worker. */
struct sandbox_job {
    struct slice request; /* in the shared memory */
    char *answer;         /* where it goes */
    size_t room;          /* for so many bytes; a quarter of SANDBOX_ANSWER_MAX at least */
    size_t len;           /* of the answer; set by serve */
    bool last;            /* set by serve: after this answer a fresh worker is wanted */
};

enum sandbox_end {
    SANDBOX_ANSWERED,
    SANDBOX_TIME,   /* it took too much processor time */
    SANDBOX_KILLED, /* by somebody else, or for want of memory: the request may be innocent */
    SANDBOX_CRASHED,
};

/* From now on requests are answered by serve, in the state in which this process is now: forks the
 * keeper. Called again, after that state has changed, it replaces the keeper. */
void sandbox_start(void (*serve)(struct sandbox_job *job));

/* Is there a keeper of this process? */
bool sandbox_started(void);

/* Puts a request behind those that were put since the last sandbox_ask; it may take so many
 * microseconds of processor time. False: there is no room. */
bool sandbox_put(struct slice request, int64_t limit_us);

/* Has all of them answered, in their order, and hands over what became of each. An answer borrows
 * from the shared memory and is good during the call. */
void sandbox_ask(void (*got)(void *context, size_t i, enum sandbox_end end, struct slice answer),
                 void *context);

/* The keeper and its worker end. */
void sandbox_stop(void);

#endif
