/*
 * coding.h - what the bytes of an input are coded in, by the first of them.
 *
 * A name may lie, and standard input has none: so it is the first bytes that count. What is
 * compressed goes through a program that undoes it (filter.h); what is an archive or a table of its
 * own kind is refused, with what to do.
 */
#ifndef CS_CODING_H
#define CS_CODING_H

#include <stdbool.h>

#include "base/slice.h"

/* So many bytes are enough to know. */
#define CODING_HEAD_BYTES 264

/* Among the names of programs: a process of ours, which undoes gzip (filter.h). */
#define CODING_ZLIB "zlib"

struct coding {
    const char *name; /* what the kind of file is called */
    /* The programs that undo it, or CODING_ZLIB, the fastest first, ended by NULL. They read
     * standard input, and the last of them has the last word on whether a file is damaged. */
    const char *const *programs;
    const char *package; /* Debian's, of the last program */
    const char *ending;  /* of files' names */
    const char *advice;  /* not undone by us: what to do instead, behind "which"; or NULL */
};

enum coding_found {
    CODING_NONE, /* none that we know: read as it is */
    CODING_MORE, /* more bytes are needed to say */
    CODING_KNOWN,
};

/* What begins with head; whole: nothing follows it. */
enum coding_found coding_find(struct slice head, bool whole, const struct coding **coding);

/* The coding that files with such a name are in, or NULL. */
const struct coding *coding_named(const char *name);

/* Does the program bring bytes as fast as a tool takes them, or faster? */
bool coding_is_fast(const char *program);

/* Which of the programs to run: the first one that is installed, or only the last one looked at;
 * -1: none is. */
int coding_program(const struct coding *coding, bool last);

/* UTF-16 and UTF-32 by their mark (Unicode, 23.8): "UTF-16LE", "UTF-32BE" and so on, or NULL.
 * CODING_MORE as above. */
enum coding_found coding_find_text(struct slice head, bool whole, const char **charset);

#endif
