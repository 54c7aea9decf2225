/*
 * tail.h - lines from files, pipes and standard input to a board.
 *
 * Files may grow: tail_more reads what is there by now, up to the last line end. One that is
 * shorter than what was read of it, or is another file by now, is read from its beginning, which is
 * said: rows that were there before are the same rows. One that is not there yet is waited for.
 * A compressed file is read again, from its beginning, when it has changed.
 */
#ifndef CS_TAIL_H
#define CS_TAIL_H

#include <stdbool.h>

#include "look/board.h"
#include "source/input.h"

/* A file as far as it has been read. */
struct tail_file {
    char *name; /* borrowed, from the command line */
    uint64_t consumed, lines, dev, ino;
    uint64_t size;        /* when it was looked at last */
    bool filtered;        /* consumed counts other bytes than those of the file */
    bool missing;         /* and it was said */
    bool open;            /* inputs is: it has not been read to its end */
    struct inputs inputs; /* of this file alone */
};

struct tail {
    struct board *board;
    bool follows;          /* files grow */
    struct inputs streams; /* pipes and standard input */
    struct tail_file *file;
    size_t files;
    bool streams_end;
    int64_t until_us; /* tail_more stops then, by instant_steady; 0: never */
    bool behind;      /* it has stopped: there is more */
    int wake_fd;
    int *held; /* FIFOs, held open for who writes next */
    size_t holds;
};

/* Begins to read the operands; none: standard input. */
void tail_open(struct tail *tail, struct board *board, char **operands, int count, bool follows,
               int wake_fd);

/* Takes what there is now, without waiting. True: there was something. */
bool tail_more(struct tail *tail);

/* Takes all there is, to the end of every input, or until a signal comes. */
void tail_all(struct tail *tail);

/* Waits until a pipe has something, a signal comes or the time is over. */
void tail_wait(struct tail *tail, int64_t timeout_us);

void tail_release(struct tail *tail);

#endif
