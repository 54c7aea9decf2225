/*
 * partial.h - what a range hands over, as a file: the partial result of --range, to be merged on
 * this machine or another one.
 *
 *     clickstream partial 3\n  VERSION\n  TOOL\n        readable with head(1)
 *     a number that says in which order bytes stand, the options (option_fingerprint), K and N of
 *     the range, how it was read, the inputs: of each its name, size and a hash of its first bytes
 *     rows, events, result: the parts of a piece (piece.h), the rows as they were made
 *     where the range begins and ends, how long the parts are
 *     XXH3-128 of everything before, 16 bytes, canonical (big-endian)
 *
 * Rows go straight into the file; events wait in another one, which has no name. The file gets its
 * name when it is whole and on the disk: a process that is killed leaves none, and of two that make
 * the same one either wins. "-" is standard output, and whoever reads that sees by the end whether
 * it is whole. What is inside is as the program has it, so the version has to be the same. Ids of
 * people are in it: it is for its owner alone (0600). Refusals are exit 3 (a person is needed).
 */
#ifndef CS_PARTIAL_H
#define CS_PARTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/id.h"
#include "base/slice.h"
#include "run/piece.h"
#include "writer/output.h"

struct partial_input {
    const char *name;
    uint64_t size;
    struct id head; /* XXH3-128 of its first 4 KiB, or of all there is; ID_NONE: it is empty */
};

struct partial {
    const char *path;            /* borrowed */
    uint32_t number, count;      /* K of N, from 1 */
    uint8_t ways;                /* how it was read: the writer's business */
    struct partial_input *input; /* owned, the names as well */
    uint32_t inputs;
    uint64_t begin, end; /* of the range, in the row of inputs */
    struct piece piece;  /* borrowed from the file */
    struct slice file;
};

/* --- who writes it: one a process --- */

/* Begins the file; rows and events go to these outputs from now on. */
void partial_begin(const struct partial *partial, const char *tool, struct output *rows,
                   struct output *events);

/* Takes what is left in the outputs, and begin, end and result of the piece; then it is there. */
void partial_end(const struct partial *partial, struct output *rows, struct output *events);

/* --- who reads it --- */

/* Looks at the file, and whether it is whole, of this version, of the tool and of these options:
 * else exit 3. */
void partial_open(struct partial *partial, const char *path, const char *tool);

/* What is in it has been taken, and its memory is given back; what is looked at again is read
 * again. */
void partial_taken(struct partial *partial);

void partial_release(struct partial *partial);

#endif
