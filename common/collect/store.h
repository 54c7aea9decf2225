/*
 * store.h - rows made durable before anybody is told that they are: the collector's spool.
 *
 * The files are those of run/segment.h. Rows come in groups: a group is written behind the last one
 * and synced (fdatasync), and only then store_put says so. A segment is sealed when it is old or
 * large enough. Here no state is a commit, each group is its own; so an open segment that a crash
 * has left is not thrown away, but cut behind its last whole row and sealed. It may hold rows of a
 * group that nobody was told of: whoever sent them will send them again.
 *
 * Whatever fails (the disk is full, it is broken) fails the group, not the process: what it may
 * have left in the file is cut off before the next group, and the store goes on when it can.
 * Numbers only go up: the last segment stays open, be it empty, when the process ends.
 */
#ifndef CS_STORE_H
#define CS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "run/segment.h"

struct store {
    const char *dir; /* borrowed */
    int dir_fd;
    int64_t seal_us;     /* a segment is sealed when its first row is so old, */
    uint64_t seal_bytes; /* or it is so large */
    uint64_t most_bytes; /* all segments together; 0: as much as fits */
    /* The open segment. */
    int fd;             /* -1: there is none */
    uint64_t number;    /* its number, or that of the last one */
    uint64_t durable;   /* so many bytes of it are */
    int64_t began_us;   /* steady clock: when its first row came */
    bool dirty;         /* more bytes than that may be in the file */
    uint64_t believed;  /* bytes in all segments, at most: somebody takes them away meanwhile */
    int64_t counted_us; /* steady clock: when they were counted */
    const char *what;   /* what failed last, for messages */
};

/* Opens DIR, made when it is not there, and seals what a crash has left. Exit 3 when another
 * process writes there; failures end the process. */
void store_open(struct store *store, const char *dir);

/* Is there room, by --spool-max? */
bool store_has_room(struct store *store);

/* Adds whole rows, durably. False: they are not there (errno and store->what say why). */
bool store_put(struct store *store, struct slice rows);

/* Seals the open segment if that is due; returns how long it will not be (INT64_MAX: it is empty).
 */
int64_t store_tick(struct store *store);

/* Seals what is there, and keeps the next number. */
void store_close(struct store *store);

#endif
