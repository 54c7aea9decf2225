/*
 * split.h - rows that go to one of several files of a directory, by a key.
 *
 * As a topic has partitions: all rows of a key are in one file, in the order in which they came.
 * The files are called by their numbers, 00.ndjson on, each with as many digits as the last one
 * has. They are written in a directory beside, DIR.new, which gets its name when all of them are
 * complete and on the disk. So DIR is there with every row, or it is not there: a run that was cut
 * off cannot be taken for one that has ended. What such a run has left is written anew.
 *
 *     split_open(&split, "parts", 12, PARTITIONER_MURMUR2);
 *     buffer_add_slice(split_row(&split, key), row);
 *     split_row_end(&split);
 *     split_publish(&split);
 *
 * A failure is exit 1.
 */
#ifndef CS_SPLIT_H
#define CS_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/partitioner.h"
#include "base/slice.h"

#define SPLIT_MAX 1024 /* files */

struct split {
    char *dir, *beside; /* DIR and DIR.new; owned */
    int dir_fd;         /* of the one beside; locked */
    enum partitioner partitioner;
    uint32_t count;
    struct output *part; /* each of them */
    struct output *row;  /* the one that a row is being added to */
    size_t block_bytes;  /* that much gathers for one before it is written */
};

/* DIR must not be there, or be empty: else exit 2. */
void split_check(const char *dir);

/* Makes the directory beside, with its files. */
void split_open(struct split *split, const char *dir, uint32_t count, enum partitioner partitioner);

/* Where the next row goes, by its key. */
struct buffer *split_row(struct split *split, struct slice key);

/* The row is complete, but for its line end. */
void split_row_end(struct split *split);

/* Writes out and syncs all files, and gives the directory its name. */
void split_publish(struct split *split);

/* Instead of that: takes the directory beside away. */
void split_drop(struct split *split);

void split_release(struct split *split);

#endif
