/*
 * spread.h - what comes out of one pipe goes into several, frame by frame, and up to an offset.
 *
 * One kcat reads for all tools of a run: what it brings is written to each. All are served from one
 * block, which is read anew when the last one has taken it; so the slowest sets the pace, and none
 * can make us hold more. One who has gone is left out.
 *
 * Frames that say their size (frame.h) are followed, not looked into: it takes their numbers.
 * Where --once should end, at the end of the log as it was at the start, the first record that is
 * behind it ends what is passed, however fast more is written.
 */
#ifndef CS_SPREAD_H
#define CS_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct spread_reader {
    int to;       /* what is written to; -1: nobody reads there */
    size_t taken; /* bytes of the block */
};

struct spread {
    int from; /* -1: at its end */
    struct spread_reader *reader;
    size_t count;
    int64_t until;       /* records of this offset and behind it are not passed */
    bool over;           /* there was one: what else comes is dropped */
    bool broken;         /* what came is no frame: nothing is passed any more */
    struct buffer block; /* of it so much is whole and to be passed ... */
    size_t whole;
    uint64_t left; /* bytes of the last record in it that are still to come */
};

/* Passes what comes from a descriptor, which it takes, to so many readers. */
void spread_open(struct spread *spread, int from, size_t count, int64_t until);

/* The pipe to a reader. Returns the end that it reads from. What is before that offset is none of
 * his (0: all is). */
int spread_add(struct spread *spread, size_t i, int64_t partition, int64_t offset);

/* Nobody reads there any more. */
void spread_leave(struct spread *spread, size_t i);

/* Is all passed that there is to pass, and have the readers been told of the end? */
bool spread_is_done(const struct spread *spread);

/* What is to be waited for: at most count + 1 entries of poll(2). Returns how many. */
struct pollfd;
size_t spread_wait(const struct spread *spread, struct pollfd *entry);

/* Passes on what can be without waiting. */
void spread_turn(struct spread *spread);

void spread_release(struct spread *spread);

#endif
