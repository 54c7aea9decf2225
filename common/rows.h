/*
 * rows.h - the rows a tool prints: NDJSON objects with members declared beforehand.
 *
 * A command declares its members once, in order; then for each row: rows_begin, for every member in
 * that order rows_value and something that prints one JSON value into the buffer returned (a member
 * may be left out), rows_end. --key, --pad and the "partition" and "final" members are added here.
 *
 * The rows of one window are sorted by --order-by and cut by --top. So that they need not wait in
 * memory, which may be as much as all that the window holds, nothing is printed twice but the value
 * to sort by: the command hands over that of each row (rows_rank, rows_rank_text), with a number to
 * know the row by, and is told the numbers of those to print, in order.
 */
#ifndef CS_ROWS_H
#define CS_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "event.h"
#include "output.h"
#include "slice.h"
#include "value.h"

/* A declared member. */
struct rows_member {
    struct slice name;   /* plain, owned */
    struct slice prefix; /* `,"name":`, owned, with room for a whole number of ROWS_PIECEs */
    size_t start;        /* of its value in the row being made, when rows->finding */
};

#define ROWS_PIECE 32 /* prefixes are copied by so many bytes */

struct rows_rank;

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
    bool finding;         /* values are looked for again once the row is made */
    struct buffer orders; /* values to sort by that were printed */
    struct rows_rank *rank;
    size_t rank_count, rank_cap;
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

/* Have the rows of a window to be sorted or cut? */
static inline bool rows_ranked(const struct rows *rows)
{
    return rows->order_member >= 0 || rows->top != 0;
}

/* The member they are sorted by; -1: they are only cut. */
static inline int rows_order(const struct rows *rows)
{
    return rows->order_member;
}

/* A row of the window, known by a number that grows from row to row, and its value to sort by,
 * which is borrowed until rows_ranks_end. */
void rows_rank(struct rows *rows, size_t number, struct value value);

/* The same for a value that is printed into the buffer returned, before that. */
struct buffer *rows_rank_text(struct rows *rows);
void rows_rank_printed(struct rows *rows, size_t number);

/* Sorts; how many rows are to be printed, and the number of each. */
size_t rows_ranks(struct rows *rows);
size_t rows_rank_at(const struct rows *rows, size_t place);

/* The window's rows are printed. */
void rows_ranks_end(struct rows *rows);

#endif
