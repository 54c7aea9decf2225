/*
 * encoding.h - what rows look like: NDJSON, CSV, the text format of PostgreSQL's COPY, or a table.
 *
 * Each is a struct of functions in a file of its own, and all that the rest knows of it; --format
 * chooses one. They get rows as values (cells.h), so no encoding knows how another one writes. Rows
 * of NDJSON mostly do not come this way: they are written as they are made (encoding_ndjson.h).
 */
#ifndef CS_ENCODING_H
#define CS_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "writer/cells.h"

/* A declared member of the rows: one column. */
struct member {
    struct slice name;   /* plain, owned */
    struct slice prefix; /* `,"name":`, owned, with room for a whole number of NDJSON_PIECEs */
};

/* One output in one encoding. Belongs to the rows, which lend it their members. */
struct encoder {
    const struct encoding *encoding;
    const struct member *member;
    int members;
    bool on_terminal; /* somebody looks: what a terminal would obey does not go out raw */
    void *own;        /* the encoding's, or NULL */
};

struct encoding {
    const char *name; /* in --format */

    /* The output is new: adds what stands at its beginning, before any row and without one. Not
     * called where an output of an earlier run goes on. NULL: nothing stands there. */
    void (*open)(struct encoder *encoder, struct buffer *out);

    /* Looks at a row that will be written in the next block. NULL: a row is written without
     * knowing those behind it, so no block is waited for. */
    void (*measure)(struct encoder *encoder, const struct cells *cells, size_t row);

    /* All rows of a block have been looked at: adds what has to stand before them. Where measure is
     * NULL, so is this. */
    void (*block)(struct encoder *encoder, struct buffer *out);

    /* Adds a row, its line end included. */
    void (*row)(struct encoder *encoder, const struct cells *cells, size_t row, struct buffer *out);

    /* Frees encoder->own. NULL: there is none. */
    void (*release)(struct encoder *encoder);
};

enum encoding_kind { ENCODING_NDJSON, ENCODING_CSV, ENCODING_TSV, ENCODING_TABLE, ENCODING_COUNT };

/* Their names in that order, as an option has them. */
#define ENCODING_WORDS "ndjson|csv|tsv|table"

extern const struct encoding *const encodings[ENCODING_COUNT];
extern const struct encoding encoding_ndjson, encoding_csv, encoding_tsv, encoding_table;

#endif
