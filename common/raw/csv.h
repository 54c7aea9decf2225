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
 *
 * What PostgreSQL's COPY and ClickHouse write as TSV has no quotes but escapes: \N is null, \t \n
 * \r \b \f \v \a \0 and \\ are what they say, \NNN (octal) and \xHH a byte; a quote, a tab or a
 * line end behind a backslash is itself. Any other backslash stays: nobody writes that. An empty
 * field is an empty string there.
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
    char separator;    /* ',' or a tab */
    bool literal;      /* quotes have no meaning at all */
    bool returns;      /* lines end in CR alone */
    bool escapes;      /* \N \t \n \\ and the like, as databases write them; with literal */
    struct slice null; /* what stands for null without quotes, besides nothing at all; owned by who
                          made the dialect */
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
    struct slice taken; /* the record that csv_take has left here; text NULL: none */
    bool ascii;         /* of that: all of it is, and none is a control */
    bool plain;         /* if it is UTF-8, no field needs an escape in JSON */
};

/* Behind the line end of the first record in data..end, or NULL when the record may go on behind
 * end. final: nothing will follow, so whatever is there is a record. */
const char *csv_split(const struct csv *csv, const char *data, const char *end, bool final);

/* csv_split and csv_fields in one, 64 bytes at a time, for records as nearly all are: not long, and
 * every quote where it should be. NULL: the other two have to look. */
const char *csv_take(const struct csv *csv, const char *data, const char *end, struct csv_row *row);

/* Are the record's fields in the row, by csv_take? They are good for one look: another record may
 * come to be at that place. */
static inline bool csv_row_holds(const struct csv_row *row, struct slice record)
{
    return row->taken.text == record.text && row->taken.len == record.len && record.text != NULL;
}

/* Takes a record (without its line end) apart. At most limit fields are stored, all are counted.
 * Returns NULL, or what is wrong as a phrase. */
const char *csv_fields(const struct csv *csv, struct slice record, size_t limit,
                       struct csv_row *row);

/* The record without "\n" or "\r\n" at its end. */
struct slice csv_trim(struct slice record);

/* Is it null: empty and unquoted, or does it say so? */
bool csv_field_is_null(const struct csv *csv, const struct csv_field *field);

/* Adds the field as JSON: null or a string. text is
 * UTF-8; false: what its escapes make of it is not. */
bool csv_field_print(const struct csv *csv, struct buffer *out, const struct csv_field *field);

void csv_row_release(struct csv_row *row);

#endif
