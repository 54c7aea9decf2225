/*
 * spool.h - --spool: rows in numbered segments, each sealed in the same commit as the state.
 *
 *     DIR/000000000041.ndjson   sealed: the shipper removes it when it has arrived
 *     DIR/.000000000042.open    full: named by a state that is saved just now
 *     DIR/.000000000043.open    gets the rows
 *
 * The rows since the last save are one segment. The state names the last segment that belongs to
 * it; the rename of the state is the commit, and renaming the segment to its number only makes it
 * visible. So at start: an open segment that the state names is sealed now, one that it does not
 * name never happened and is deleted (its events will be read again). Hence every row is in exactly
 * one sealed segment. Rows hold ids of people: segments are for their owner alone (0600), and so is
 * DIR where it is made here (0700); one that was there keeps its rights, it may be anything. A save
 * without rows makes no segment. The writer holds a flock on DIR itself.
 *
 * Order: spool_open; then for each save spool_cut, spool_sync, (the commit), spool_seal,
 * spool_sealed; spool_close. spool_sync, the commit and spool_seal may run in a forked child
 * (saver.h).
 */
#ifndef CS_SPOOL_H
#define CS_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "run/segment.h"
#include "writer/output.h"

struct spool {
    const char *dir; /* borrowed */
    int dir_fd;
    struct output *output; /* borrowed: where rows go */
    uint64_t named; /* the last segment that belongs to the state being saved, or saved; 0: none */
    uint64_t open;  /* the one that gets the rows */
    int full_fd;    /* of segment named while it is not sealed, else -1 */
    char name[SEGMENT_NAME_BYTES]; /* of its file */
};

/* Opens DIR, made when it is not there, brings it to what the state names (0: no segment yet), and
 * opens output as the next segment. Exit 3 when DIR is not the spool of this state, or another
 * process writes there. */
void spool_open(struct spool *spool, const char *dir, uint64_t named, struct output *output);

/* Flushes, and begins the next segment if the open one has rows. spool->named is then what the
 * state has to name. */
void spool_cut(struct spool *spool);

/* Makes durable what the state will name. */
void spool_sync(struct spool *spool);

/* After the commit: renames it to its number. */
void spool_seal(struct spool *spool);

/* The same happened in a child. */
void spool_sealed(struct spool *spool);

/* How many sealed segments there are: they wait for the shipper. */
uint64_t spool_waiting(const struct spool *spool);

/* Removes the segment that gets the rows: the last save has taken them all. */
void spool_close(struct spool *spool);

#endif
