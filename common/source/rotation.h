/*
 * rotation.h - files that were renamed, copied, emptied or replaced since a state has read them.
 *
 * position.h finds a file again by device and inode. Programs like logrotate rename it and begin a
 * new one, or copy it and empty it. So a file that has no position is looked at: when it begins as
 * one that was read and is gone from its place, it is that one, and goes on there. And when a name
 * stands for another file than at the last run, the file of then has to be somewhere: under another
 * name beside it, read to its end, and all is well; with lines that nobody has read, or nowhere,
 * and the run ends with exit 3 and says which bytes it cannot have, until it is told to go on
 * without them (--skip-gone).
 */
#ifndef CS_ROTATION_H
#define CS_ROTATION_H

#include <stdbool.h>

#include "source/position.h"

/* For the inputs, after positions_apply, before anything is read. */
void rotations_apply(struct positions *positions, struct inputs *inputs, bool skip_gone);

#endif
