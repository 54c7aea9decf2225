/*
 * sniff.h - --from=auto: what an input is in, by how it begins.
 *
 * One line may lie: a log that was cut in mid-line, a head of NULs that a log rotation has left, a
 * message of something else. So up to 64 KiB and 250 records are looked at, as far as they are
 * there already, and what most of them fit is taken; of equals what the first looks like. A line of
 * JSON has to be a whole object, a line of a log all of one, and rows of CSV follow a header that
 * names the time (columns.h). A log of a server behind proxies, whose lines begin with lists of
 * addresses where others have one, is found, too. What stands between the columns of CSV is found
 * in the same way: a comma, a semicolon or an upright bar; or a line like `sep=;`, which Excel
 * knows, says it.
 */
#ifndef CS_SNIFF_H
#define CS_SNIFF_H

#include <stdbool.h>

#include "base/slice.h"
#include "raw/csv.h"
#include "raw/logformat.h"

enum format_kind {
    FORMAT_AUTO,
    FORMAT_NDJSON,
    FORMAT_CSV,
    FORMAT_TSV,
    FORMAT_COMBINED,
    FORMAT_JSON,
    FORMAT_LOG, /* --log-format */
    FORMAT_W3C,
    FORMAT_XFF, /* found by auto */
};

/* So much is looked at. */
#define SNIFF_BYTES ((size_t)64 << 10)
#define SNIFF_RECORDS 250

/* What is known of it. */
struct sniff {
    const struct csv *csv;
    struct slice wanted;   /* see columns_name_any; empty: any line may be a header */
    size_t named;          /* so many columns are named already; 0: a header line names them */
    struct slice comment;  /* lines that begin so are no records; empty: none */
    struct logformat *xff; /* compiled; NULL: nobody reads it */
    bool mapped;           /* there is a map: an array may be a record */
};

struct sniffed {
    enum format_kind kind; /* FORMAT_AUTO: there are only blank lines */
    char separator;        /* CSV: between its columns */
    size_t records, fit;   /* how many were looked at, and fit the kind */
    bool first;            /* the first does */
    bool like;             /* one at least looks as if it were meant to be one we know */
};

/* The separator that a line like `sep=;` (without its end) says, or '\0': it is no such line. */
char sniff_separator(struct slice line);

struct sniffed sniff_head(const struct sniff *sniff, struct slice head);

/* What the kind is called. */
const char *sniff_name(enum format_kind kind);

#endif
