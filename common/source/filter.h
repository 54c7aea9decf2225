/*
 * filter.h - a process that an input's bytes go through: a decompressor, or a fork of this one.
 *
 * A filter reads a descriptor and writes a pipe; they can be put one behind the other. The forks
 * are for what no program does as we need it: one undoes gzip (inflater.h); one hands on bytes that
 * were read already, as one has to look at some before it is known what they are, and translates
 * text into UTF-8 (charset.h). (iconv(1) reads all of its input before it prints anything.)
 *
 * Filters are in process groups of their own: ^C is for us, and one that is killed by it would look
 * like a damaged file. They end when nobody reads them any more.
 */
#ifndef CS_FILTER_H
#define CS_FILTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/slice.h"

/* It ends as gzip(1) does: with 1 where a file is damaged or cut off, which it has complained of,
 * and with 2 where something else follows the compressed data. */
#define FILTER_FOLLOWED 2

struct filter {
    pid_t pid;
    const char *program; /* borrowed; CODING_ZLIB (coding.h); NULL: a fork that translates */
    int complaints;      /* a descriptor: what the program has said on standard error */
};

/* Runs PROGRAM ARGUMENTS, ended by NULL, with the descriptor as its standard input, which is
 * closed (unless it is ours). Returns the end to read from; what cannot be run ends the run, which
 * says name. */
int filter_program(struct filter *filter, const char *name, const char *const *arguments, int fd);

/* Forks a process that hands on head, and then what the descriptor brings, translated from the
 * charset (NULL: as it is). The descriptor is closed (unless it is ours). Returns the end to read
 * from. */
int filter_fork(struct filter *filter, const char *name, const char *charset, struct slice head,
                int fd);

/* Forks a process that undoes gzip: what it hands on is the same whatever is installed, and all
 * that stands before a damaged place. Otherwise like filter_program. */
int filter_inflate(struct filter *filter, const char *name, int fd);

/* Waits for its end. Returns the status, as waitpid has it; complaints gets the first line of what
 * it has said. */
int filter_end(struct filter *filter, struct buffer *complaints);

#endif
