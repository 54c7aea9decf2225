/*
 * output.h - a file or pipe that rows, rejects or late records go to.
 *
 * Bytes gather in memory and go out in whole rows at output_flush; every write and the final close
 * are checked (a failure is exit 1; a closed pipe kills with SIGPIPE, as everywhere). position is
 * what a state records: the length up to the last flush.
 */
#ifndef CS_OUTPUT_H
#define CS_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"

struct output {
    const char *name; /* for messages; borrowed */
    int fd;
    struct buffer buffer; /* whole rows, and the one being made at its end */
    uint64_t position;    /* bytes written so far, in the file when it is one */
    bool file;            /* opened by name: cut at start, synced before a state is saved */
};

/* Standard output. */
void output_standard(struct output *output);

/* A file: made when it is not there; cut to length bytes (0 at a fresh start, what the state says
 * on resume). /dev/stdout and /dev/stderr are what the process has been given. */
void output_file(struct output *output, const char *name, uint64_t length);

/* Writes bytes that are whole rows, now; what has gathered has to be flushed before. */
void output_write(struct output *output, struct slice bytes);

/* Writes what has gathered. */
void output_flush(struct output *output);

/* Flushes once a good deal has gathered. Between rows. */
static inline void output_row_done(struct output *output)
{
    if (__builtin_expect(output->buffer.len >= (size_t)128 << 10, 0)) output_flush(output);
}

/* Flushes and fsyncs a file. */
void output_sync(struct output *output);

/* Flushes, closes, frees. */
void output_close(struct output *output);

#endif
