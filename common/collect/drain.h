/*
 * drain.h - rows on their way to standard output, which may be slow, but never makes the collector
 * wait.
 *
 * At most so many bytes wait; a group that would make them more is refused. Who reads them, and
 * what becomes of them there, nobody here knows: a sender is told that his events are taken when
 * they wait, so they arrive at most once. Writes are of so little at a time that a pipe that has
 * room takes them whole, as the descriptor belongs to others, too, and stays one that blocks.
 */
#ifndef CS_DRAIN_H
#define CS_DRAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

struct drain {
    int fd;
    size_t most_bytes;
    struct buffer waiting;
    size_t written; /* of these */
};

/* Takes whole rows; false: too much is waiting. */
bool drain_put(struct drain *drain, struct slice rows);

/* Is anything waiting? */
static inline bool drain_waits(const struct drain *drain)
{
    return drain->written != drain->waiting.len;
}

/* Writes what can be written without waiting. A failure ends the process. */
void drain_write(struct drain *drain);

/* Writes all, waiting for it. */
void drain_close(struct drain *drain);

#endif
