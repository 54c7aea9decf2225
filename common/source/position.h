/*
 * position.h - how far each input file has been read, over restarts.
 *
 * A file is known again by its device and inode, and by a hash of its first 4 KiB (of fewer, as
 * long as it was shorter): what begins otherwise, or is shorter than it was, is another file, and
 * rotation.h looks for the one of then. A file that has no position begins at 0. Positions of files
 * that are not named this time are kept: they may come again. Standard input has no position; that
 * of framed input is in its partitions (partition.h).
 */
#ifndef CS_POSITION_H
#define CS_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/pack.h"
#include "source/input.h"

struct position {
    char *name; /* as the file was named last */
    uint64_t dev, ino;
    uint64_t byte, line; /* of what is behind the file's decompressor */
    uint32_t head_len;
    struct id head; /* of the first head_len bytes */
    enum framing framing;
    bool discarding;       /* inside a line that is too long */
    bool compressed;       /* byte and line are of what comes out of a decompressor */
    struct buffer reading; /* what is known of how its records are read; empty: they are events */
    bool found;            /* an input goes on there; not kept */
};

/* Of all files, in order of device and inode. */
struct positions {
    struct position *position;
    size_t count;
};

void positions_release(struct positions *positions);

/* Moves the inputs, before anything is read, to where they were. */
void positions_apply(struct positions *positions, struct inputs *inputs);

/* Notes where the inputs are. */
void positions_note(struct positions *positions, struct inputs *inputs);

/* Is the open file the one of then, and long enough? name is for messages. */
bool position_holds(const struct position *position, const char *name, int fd);

/* The input, which is that file, goes on there. */
void position_go_on(struct position *position, struct inputs *inputs, struct input *input);

/* The file is another one now, with the same bytes. Returns its position; others are where they
 * were no more. */
struct position *positions_move(struct positions *positions, struct position *position,
                                uint64_t dev, uint64_t ino, const char *name);

void positions_drop(struct positions *positions, struct position *position);

void positions_save(const struct positions *positions, struct buffer *out);
bool positions_load(struct positions *positions, struct unpack *in);

/* Adds the lines of --show-position, for files: {"file","byte","line"}. */
void positions_print(const struct positions *positions, struct buffer *out);

#endif
