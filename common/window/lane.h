/*
 * lane.h - how far rows of --merge have come, so that a window need not be held whole.
 *
 * Rows of a run stand in the order of their windows, and in a window those of a partition in that
 * of their groups. So what is before the last row of every lane, which is a partition's rows in one
 * input, is complete: no more can be added to it, and it may be printed, as in a merge of sorted
 * files (Knuth, The Art of Computer Programming, volume 3, 5.4). Inputs are read so that none runs
 * ahead of the others for more than a block: files wait for a stream that is behind them. Of
 * several streams each is read as far as it has something, since who writes two may be one.
 *
 * Rows in another order are none to be refused: nobody was ever asked to sort. Where that shows
 * among the first LANE_ROWS rows of a lane in a window (where they are long, LANE_BYTES), or later
 * by a row that can still be added, the window is held until it is over. Only a row that belongs
 * before what has been printed is one too many.
 */
#ifndef CS_LANE_H
#define CS_LANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admit/command.h"
#include "admit/partition.h"
#include "base/buffer.h"
#include "base/slice.h"
#include "base/table.h"
#include "event/event.h"
#include "source/input.h"

/* So many rows of a window are looked at before their order is believed, or so many bytes of them,
 * but some rows in any case. */
#define LANE_ROWS 1024
#define LANE_ROWS_LEAST 64
#define LANE_BYTES ((size_t)256 << 10)

/* Where the last row stands of a partition in an input. */
struct lane {
    const struct input *input;
    const struct partition *partition;
    struct lane *next;  /* of the same input */
    int64_t start_us;   /* of its window */
    struct buffer key;  /* of its group */
    size_t rows, bytes; /* of that window so far */
    bool unordered;     /* they come in another order */
};

struct lanes {
    struct run *run;
    bool used;           /* false: windows are held whole */
    struct lane **first; /* of each input; NULL before the first row */
    struct table places; /* from inputs and partitions to lanes */
    struct lane *recent; /* of the last row */
    int width;           /* values of a key that say the group */
    int64_t printed_us;  /* of that window the groups before this one have been printed */
    struct buffer printed;
    int64_t weighed_us; /* of that window rows of about so many bytes are held, and it is worth to
                           look again when they are as many as are due */
    size_t bytes, due;
};

/* Of this run's rows, whose keys begin with so many values that say the group. It depends on the
 * options whether windows are held whole: then nothing is done here, and all rows pass. */
void lanes_init(struct lanes *lanes, struct run *run, int width);
void lanes_release(struct lanes *lanes);

/* A row has come. False: it belongs before what has been printed. */
bool lanes_pass(struct lanes *lanes, const struct event *row, struct slice key);

/* Every partition has come to that window: is it time to print some of it? Then its groups before
 * *border are complete, and are from now on taken for printed. */
bool lanes_due(struct lanes *lanes, int64_t start_us, struct slice *border);

/* So many groups of that window are printed, and so many are left. */
void lanes_printed(struct lanes *lanes, size_t groups, size_t left);

#endif
