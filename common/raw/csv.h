/*
 * csv.h - records and fields of RFC 4180, with any separator: slices of the text, nothing copied.
 *
 * A quote has a meaning only as the first character of a field; anywhere else it is itself. Inside
 * quotes a doubled quote stands for one, and separators and line ends are text. Only a separator
 * or the record's end may follow a closing quote.
 *
 * A stray quote at the start of a field must not swallow the file. So where a quoted field does
 * not end, ends beyond the bound, or ends in front of other text, only the first line is the
 * record (which csv_fields then refuses), and reading goes on with the next line: one stray quote
 * costs one line.
 */
#ifndef CS_CSV_H
#define CS_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

#define CSV_RECORD_MAX ((size_t)16 << 20) /* bytes, the line end included */

/* A dialect. */
struct csv {
    char separator; /* ',' or a tab */
    bool literal;   /* quotes have no meaning at all */
};

struct csv_field {
    struct slice text; /* without the outer quotes; doubled quotes are still doubled */
    bool quoted;
    bool doubled; /* quoted, and there are doubled quotes */
};

/* The fields of one record. The array is the owner's: csv_row_release. */
struct csv_row {
    struct csv_field *field;
    size_t count; /* as many as the record has; only the first limit of them are in field */
    size_t cap;
};

/* Behind the line end of the first record in data..end, or NULL when the record may go on behind
 * end. final: nothing will follow, so whatever is there is a record. */
const char *csv_split(const struct csv *csv, const char *data, const char *end, bool final);

/* Takes a record (without its line end) apart. At most limit fields are stored, all are counted.
 * Returns NULL, or what is wrong as a phrase. */
const char *csv_fields(const struct csv *csv, struct slice record, size_t limit,
                       struct csv_row *row);

/* The record without "\n" or "\r\n" at its end. */
struct slice csv_trim(struct slice record);

/* Adds the field as JSON: null when it is empty and unquoted, else a string. text is UTF-8. */
void csv_field_print(struct buffer *out, const struct csv_field *field);

void csv_row_release(struct csv_row *row);

#endif
