/*
 * ends.h - where the partitions of a topic end, as the broker says (--stats-ends): a file of lines
 * "TOPIC [PARTITION] offset END", which kcat -Q prints.
 *
 * A run sees what it is given, and cannot know how much more there is. Whoever started kcat asks
 * the broker every now and then, and replaces the file; it is read whenever figures are written. No
 * file is no news, as before the first answer: then nothing is said of ends.
 */
#ifndef CS_ENDS_H
#define CS_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct ends {
    struct end {
        int64_t partition, offset; /* of the next record that will be written */
    } * end;
    size_t count;
    int64_t asked_us; /* when the file was written; 0: there is none */
};

/* Reads such a line, without its end; an offset below 0 is none. False: it is no such line. */
bool ends_line(struct slice line, struct end *end);

/* Reads the file; path may be NULL. What is no such line is told once in a run, and left out. */
void ends_read(struct ends *ends, const char *path);

/* Where that partition ends, or -1. */
int64_t ends_of(const struct ends *ends, int64_t partition);

void ends_release(struct ends *ends);

#endif
