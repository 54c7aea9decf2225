/*
 * segment.h - numbered files of rows in a directory, as cs-ship takes them.
 *
 *     DIR/000000000041.ndjson   sealed: it does not change any more, and may be taken away
 *     DIR/.000000000042.open    somebody writes to it
 *
 * Sealing is a rename. Who writes says when, and what becomes of open ones that he finds at start
 * (spool.h, collect/store.h).
 */
#ifndef CS_SEGMENT_H
#define CS_SEGMENT_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

enum { SEGMENT_NAME_BYTES = 32 };

void segment_sealed_name(char name[SEGMENT_NAME_BYTES], uint64_t number);
void segment_open_name(char name[SEGMENT_NAME_BYTES], uint64_t number);

/* The number of a segment from its file's name; 0: it is none. */
uint64_t segment_number(const char *file, bool *sealed);

/* Seals the open segment of that number. False: errno says why not. */
bool segment_seal(int dir_fd, uint64_t number);

/* The files in the directory; NULL: errno says why not. */
DIR *segments_list(int dir_fd);

/* What is there. */
struct segments {
    uint64_t sealed; /* so many */
    uint64_t bytes;  /* in all of them, open ones too */
};

/* Looks. False: errno says why not. */
bool segments_count(int dir_fd, struct segments *segments);

/* The directory is made, durably and for its owner alone, when it is not there. */
void directory_need(const char *dir);

#endif
