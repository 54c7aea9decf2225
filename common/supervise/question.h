/*
 * question.h - what kcat is asked again and again while a run goes on, without waiting for it.
 *
 * An answer that does not come is no news: what somebody has to know about the brokers, those who
 * read say.
 */
#ifndef CS_QUESTION_H
#define CS_QUESTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "supervise/kcat.h"
#include "supervise/words.h"

struct question {
    struct words words; /* kcat and what it is asked */
    int64_t every_us;
    int64_t due_us; /* steady clock: when it is asked next; INT64_MAX: never */
    pid_t pid;      /* 0: nobody is asked */
    int fd;         /* the answer; -1: it is whole, or there is none */
    struct buffer answer;
};

/* A question that is asked first in so long; every_us 0: never. words follow how to get there. */
void question_init(struct question *question, const struct kcat *kcat, const struct words *words,
                   int64_t first_us, int64_t every_us);

/* Asks, if it is time. */
void question_turn(struct question *question);

/* There is something of the answer. True: now it is whole, and the next one is asked for later. */
bool question_listen(struct question *question);

/* Nobody is asked any more: kills whoever is. The pid is there until it has been waited for. */
void question_stop(struct question *question);

void question_release(struct question *question);

#endif
