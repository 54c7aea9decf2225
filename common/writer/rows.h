/*
 * rows.h - the rows a tool prints: NDJSON objects with members declared beforehand.
 *
 * A command declares its members once, in order; then for each row: rows_begin, for every member in
 * that order rows_value and something that prints one JSON value into the buffer returned (a member
 * may be left out), rows_end. --key, --pad and the "partition" and "final" members are added here.
 * Rows between rows_group and rows_group_end (one window's) are sorted by --order-by and cut by
 * --top; without these options they come out in the order given, which is the order of the group.
 */
#ifndef CS_ROWS_H
#define CS_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "event/event.h"
#include "writer/output.h"

/* A declared member. */
struct rows_member {
    struct slice name;   /* plain, owned */
    struct slice prefix; /* `,"name":`, owned, with room for a whole number of ROWS_PIECEs */
    size_t start;        /* of its value in the row being made, when rows->finding */
};

#define ROWS_PIECE 32 /* prefixes are copied by so many bytes */

struct rows_printed;

/* Its own business, but for rows_value. */
struct rows {
    struct output *output;
    struct rows_member *member;
    int members;
    struct slice *key; /* names, owned */
    int *key_member;
    int keys;
    char *order_by; /* owned, or NULL */
    bool descending;
    int order_member;
    size_t top; /* 0: all */
    int64_t pad;
    bool sorting; /* inside a group that has to be sorted or cut */
    bool finding; /* values are looked for again once the row is made */
    struct buffer group;
    struct buffer orders; /* values to sort by that were printed with escapes */
    struct rows_printed *printed;
    size_t printed_count, printed_cap;
    struct buffer *into; /* where the row being made goes */
    size_t row_start;
    struct buffer scratch;
    uint64_t count;
    bool dirty; /* rows since the last flush */
};

/* For the main loop: rows that go to output (borrowed), with --key=LIST (or NULL), --order-by (or
 * NULL), --top (0: all) and --pad lines after each flush (0: none). NULL and *why set to a phrase
 * when an option makes no sense. */
struct rows *rows_new(struct output *output, const char *key, const char *order_by, int64_t top,
                      int64_t pad, const char **why);
void rows_free(struct rows *rows);

/* Once the members are declared: resolves the names in --key and --order-by. NULL, or the phrase
 * that says what is wrong. */
const char *rows_check(struct rows *rows);

/* Writes out what has gathered, padded. */
void rows_flush(struct rows *rows);

/* Rows printed so far. */
uint64_t rows_count(const struct rows *rows);

/* Where the next row will begin in the output. */
static inline uint64_t rows_position(const struct rows *rows)
{
    return rows->output->position + rows->output->buffer.len;
}

/* Declares the next member; returns its index. Names are plain text. */
int rows_member(struct rows *rows, struct slice name);

/* The declared member of that name, or -1. */
int rows_find(const struct rows *rows, struct slice name);

void rows_begin(struct rows *rows);

/* Prints the member's name; the caller adds its value, one valid JSON value on one line. Good until
 * the next call. */
static inline struct buffer *rows_value(struct rows *rows, int member)
{
    struct rows_member *next = &rows->member[member];
    struct buffer *into = rows->into;
    const size_t len = next->prefix.len;
    const bool is_first = into->len == rows->row_start;
    char *to = buffer_reserve(into, len + ROWS_PIECE);

    for (size_t at = 0; at < len; at += ROWS_PIECE)
        memcpy(to + at, next->prefix.text + at, ROWS_PIECE);
    if (is_first) to[0] = '{';
    into->len += len;
    if (rows->finding) next->start = into->len - rows->row_start;
    return into;
}

void rows_end(struct rows *rows);

/* For cs-parse: a row made elsewhere, one JSON object without its newline, is added to the buffer
 * returned; --key then takes the values of the event. */
struct buffer *rows_raw_begin(struct rows *rows);
void rows_raw_end(struct rows *rows, const struct event *ev, const struct schema *schema);

/* Likewise, the event's line as it is. */
void rows_line(struct rows *rows, const struct event *ev, const struct schema *schema);

/* Whole rows that were made elsewhere, and are counted there: they come next. */
void rows_pass(struct rows *rows, struct slice text);

void rows_group(struct rows *rows);
void rows_group_end(struct rows *rows);

#endif
