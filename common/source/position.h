/*
 * position.h - how far each input file has been read, over restarts.
 *
 * A file is known again by its device and inode, and then by a hash of its first 4 KiB (of fewer,
 * as long as it was shorter): when that has changed, or the file is shorter than it was, the
 * position is gone, and a person has to look. A file that has another name as well is a new one
 * that was given the inode of one long removed, and begins at 0; so does any file that has no
 * position. Positions of files that are not named this time are kept: they may come again. Standard
 * input has no position; that of framed input is in its partitions (partition.h).
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
    bool discarding; /* inside a line that is too long */
};

/* Of all files, in order of device and inode. */
struct positions {
    struct position *position;
    size_t count;
};

void positions_release(struct positions *positions);

/* Moves the inputs, before anything is read, to where they were. Exit 3 when a position is gone. */
void positions_apply(struct positions *positions, struct inputs *inputs);

/* Notes where the inputs are. */
void positions_note(struct positions *positions, struct inputs *inputs);

void positions_save(const struct positions *positions, struct buffer *out);
bool positions_load(struct positions *positions, struct unpack *in);

/* Adds the lines of --show-position, for files: {"file","byte","line"}. */
void positions_print(const struct positions *positions, struct buffer *out);

#endif
