/*
 * columns.h - what the columns of a CSV or TSV file are called: from header line and row to a JSON
 * object.
 *
 * The names are the header's, in its order. An unnamed column is column_N, counted from 1. Where a
 * name stands twice the last column counts, as with the keys of JSON. A header line that comes
 * again (two files joined by cat) is not a row. A header that cannot be read leaves no columns:
 * every row is refused then, rather than one of them taken for the header. Whether a record is a
 * header at all is for the caller to say (columns_name_any).
 */
#ifndef CS_COLUMNS_H
#define CS_COLUMNS_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "event/outline.h"
#include "event/reason.h"
#include "raw/csv.h"

#define COLUMNS_MAX 65536

struct columns {
    struct csv csv;         /* the dialect of the rows */
    bool known;             /* there is a header, or there should have been one */
    struct buffer header;   /* the header line as it came; empty when the names were given */
    struct buffer names;    /* `,"name":` of each column, one behind the other */
    size_t count;           /* of a row's fields */
    struct column *column;  /* those that are printed */
    size_t shown;           /* how many these are */
    struct column *ordered; /* the same as cs-parse prints them: the canonical ones, those that are
                               missing too, then the others */
    size_t ordered_count;
    struct slice repeated; /* the first name that stands twice, as JSON; text NULL: there is none */
    struct csv_row row;
};

/* No header yet. A zeroed struct is that too. */
void columns_clear(struct columns *columns);

void columns_release(struct columns *columns);

/* Takes the names from a header record (line end trimmed), which the dialect csv takes apart.
 * Returns REASON_NONE, or why not, with a detail. */
enum reason columns_read(struct columns *columns, const struct csv *csv, struct slice record,
                         struct buffer *detail);

/* Is one of the columns called as one of names, a list of `,"name":`? */
bool columns_name_any(const struct columns *columns, struct slice names);

/* The name (as JSON has it, without quotes) of a column that is most like one of names, which is
 * such a list, too; else, where a time is wanted, of the one that sounds most like one; text NULL:
 * none is. Whoever names one of the twelve members did not mean another one of them. */
struct slice columns_meant(const struct columns *columns, struct slice names, bool time);

/* Adds what the first columns are called: a, b, ...; nothing where that is no name, but a line. */
void columns_list(const struct columns *columns, struct buffer *out);

/* Is the record (line end trimmed) the header once more? */
static inline bool columns_repeat(const struct columns *columns, struct slice record)
{
    return columns->header.len > 0 && slice_equal(buffer_slice(&columns->header), record);
}

/* Adds the row (line end trimmed, valid UTF-8) as a JSON object on one line; plain:
 * no field needs escapes. Returns REASON_NONE, or why not, with a detail: out then holds rubbish.
 */
enum reason columns_print(struct columns *columns, struct slice record, bool plain,
                          struct buffer *out, struct outline *outline, struct buffer *detail);

#endif
