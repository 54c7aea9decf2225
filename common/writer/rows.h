/*
 * rows.h - the rows a tool prints: values of members declared beforehand.
 *
 * A command declares its members once, in order; then for each row: rows_begin, one of the typed
 * functions for every member in that order (a member may be left out), rows_end. How a row looks is
 * the encoding's business (encoding.h). --key, --pad and the "partition" and "final" members are
 * added here.
 *
 * The rows of one window are sorted by --order-by and cut by --top. For that the command first
 * hands over the value to sort by of each row with a number to know the row by (rows_rank, or
 * rows_rank_begin and rows_rank_end), and then prints the rows whose numbers it is told, in that
 * order (rows_ranks, rows_rank_at). Without these options (rows_ranked) they come out in the order
 * given. Either way rows_group_end closes the window.
 *
 *     const int start = rows_member(rows, SLICE("window_start")), n = rows_member(rows,
 * SLICE("n")); rows_begin(rows); rows_time(rows, start, start_us); rows_int(rows, n, 12);
 *     rows_end(rows);
 *
 * NDJSON without keys is written straight into the output: that is the hot path. All other rows are
 * values that wait (cells.h), at most until the next rows_flush.
 */
#ifndef CS_ROWS_H
#define CS_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/duration.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/number.h"
#include "base/slice.h"
#include "base/value.h"
#include "event/event.h"
#include "writer/cells.h"
#include "writer/encoding.h"
#include "writer/encoding_ndjson.h"
#include "writer/having.h"
#include "writer/output.h"
#include "writer/ranks.h"
#include "writer/relation.h"

/* Its own business, but for the functions below that are inline. */
struct rows {
    struct output *output;
    struct encoder encoder;
    struct member *member;
    int members;
    struct relation relation; /* a column for each member, in that order */
    struct slice *key;        /* names, owned */
    int *key_member;
    int keys;
    char *order_by; /* owned, or NULL */
    bool descending;
    int order_member;
    size_t top; /* 0: all */
    bool ties;  /* and those that equal the last one */
    int64_t pad;
    struct ranks ranks;
    struct having *having;  /* NULL: all rows are printed */
    struct encoder as_json; /* for it */
    bool direct; /* the row being made goes into the output as JSON, not into the cells */
    size_t row_start;
    struct cells cells;
    struct buffer scratch;
    uint64_t count;
    bool dirty; /* rows since the last flush */
};

/* What the options say. */
struct rows_options {
    enum encoding_kind format;
    const char *key;      /* LIST, or NULL */
    const char *order_by; /* or NULL */
    int64_t top;          /* 0: all */
    bool ties;            /* with top and order_by: rows that equal the last one, too */
    int64_t pad;          /* lines after each flush; 0: none */
};

/* For the main loop: rows that go to output (borrowed). NULL and *why set to a phrase when an
 * option makes no sense. */
struct rows *rows_new(struct output *output, const struct rows_options *options, const char **why);
void rows_free(struct rows *rows);

/* Once the members are declared: resolves the names in --key and --order-by. NULL, or the phrase
 * that says what is wrong. */
const char *rows_check(struct rows *rows);

/* The members are declared: only rows that the expression selects will be printed. May be called
 * for several, each of which has to. NULL, or the phrase that says what is wrong, good until the
 * next call. */
const char *rows_having(struct rows *rows, const char *text);

/* The output is open: where it is new, adds what its beginning has to say. on_terminal: somebody
 * looks at it. */
void rows_open(struct rows *rows, bool on_terminal);

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

/* The same; a second member of that name is added to why as a phrase, where that is empty. */
int rows_declare(struct rows *rows, struct slice name, struct buffer *why);

/* What a member is, for a table that rows go to (relation.h); about: a phrase, or nothing. The next
 * one: is it part of what tells a row from all others? Of member -1 both say nothing. */
void rows_describe(struct rows *rows, int member, enum column_kind kind, struct slice about);
void rows_key(struct rows *rows, int member, bool is_key);

/* For tools whose rows are events, which have no declared members: one of them has a column. */
void rows_column(struct rows *rows, struct slice name, enum column_kind kind, struct slice about);

/* The declared member of that name, or -1. */
int rows_find(const struct rows *rows, struct slice name);

void rows_begin(struct rows *rows);
void rows_end(struct rows *rows);

/* Where the value of a member goes: as JSON when rows->direct, else as a cell's text. */
static inline struct buffer *rows_place(struct rows *rows, int member, enum kind kind)
{
    if (__builtin_expect(!rows->direct, 0)) return cells_begin(&rows->cells, member, kind);
    struct buffer *out = &rows->output->buffer;
    ndjson_add_name(out, rows->row_start, &rows->member[member]);
    return out;
}

/* For who writes several short values of a row in one go, and its brace: where they go as
 * JSON, names (ndjson_write_name) and all; NULL: they have to go through the functions below. */
static inline struct buffer *rows_straight(struct rows *rows)
{
    return __builtin_expect(rows->direct, 1) ? &rows->output->buffer : NULL;
}

/* --- one function for each type of value --- */

static inline void rows_null(struct rows *rows, int member)
{
    struct buffer *into = rows_place(rows, member, KIND_NULL);
    if (rows->direct) buffer_add_literal(into, "null");
}

static inline void rows_bool(struct rows *rows, int member, bool is_true)
{
    static const char text[2][8] = {"false", "true"};
    struct buffer *into = rows_place(rows, member, is_true ? KIND_TRUE : KIND_FALSE);
    if (!rows->direct) return;
    memcpy(buffer_reserve(into, sizeof text[0]), text[is_true], sizeof text[0]);
    into->len += is_true ? 4 : 5;
}

/* Plain text, UTF-8. */
static inline void rows_text(struct rows *rows, int member, struct slice text)
{
    struct buffer *into = rows_place(rows, member, KIND_STRING);
    if (rows->direct)
        json_add_string(into, text);
    else
        buffer_add_slice(into, text);
}

static inline void rows_int(struct rows *rows, int member, int64_t number)
{
    buffer_add_int(rows_place(rows, member, KIND_NUMBER), number);
}

static inline void rows_decimal(struct rows *rows, int member, decimal number)
{
    decimal_print(rows_place(rows, member, KIND_NUMBER), number);
}

/* part / whole * 100, as percent_print has it; null when whole is 0. */
void rows_percent(struct rows *rows, int member, int64_t part, int64_t whole);

/* A duration as a number of seconds. */
static inline void rows_seconds(struct rows *rows, int member, int64_t duration_us)
{
    duration_print_seconds(rows_place(rows, member, KIND_NUMBER), duration_us);
}

/* A time beyond the range (a window's bound may be) is the last instant within. */
static inline void rows_time(struct rows *rows, int member, int64_t time_us)
{
    struct buffer *into = rows_place(rows, member, KIND_STRING);
    if (rows->direct)
        instant_print_string(into, time_us);
    else
        instant_print(into, instant_within(time_us));
}

/* A value as it came: text, a number with its digits, an array or object that is JSON text. */
static inline void rows_value(struct rows *rows, int member, struct value value)
{
    struct buffer *into = rows_place(rows, member, value.kind);
    if (rows->direct)
        value_print(into, value);
    else
        cells_add_value(into, value);
}

/* An array of texts, one after the other. */
static inline struct buffer *rows_list(struct rows *rows, int member)
{
    struct buffer *list = rows_place(rows, member, KIND_ARRAY);
    buffer_add_char(list, '[');
    return list;
}

static inline void rows_list_text(struct buffer *list, struct slice text)
{
    json_add_string(list, text);
    buffer_add_char(list, ',');
}

static inline void rows_list_end(struct buffer *list)
{
    char *last = list->data + list->len - 1;
    if (*last == ',')
        *last = ']';
    else
        buffer_add_char(list, ']');
}

/* --- rows that are made elsewhere --- */

/* For cs-parse: one JSON object without its newline is added to the buffer returned; --key then
 * takes the values of the event. */
static inline struct buffer *rows_raw_begin(struct rows *rows)
{
    if (__builtin_expect(rows->output->lent != NULL, 0)) output_settle(rows->output);
    if (rows->keys == 0) return &rows->output->buffer;
    buffer_clear(&rows->scratch);
    return &rows->scratch;
}

/* For rows_raw_end only: with --key. */
void rows_raw_keyed(struct rows *rows, const struct event *ev, const struct schema *schema);

static inline void rows_raw_end(struct rows *rows, const struct event *ev,
                                const struct schema *schema)
{
    if (rows->keys != 0) rows_raw_keyed(rows, ev, schema);
    buffer_add_char(&rows->output->buffer, '\n');
    rows->count++;
    rows->dirty = true;
    output_row_done(rows->output);
}

/* Likewise, the event's line as it is. */
void rows_line(struct rows *rows, const struct event *ev, const struct schema *schema);

/* Adds what --key takes of an event or row that was read, with its tab; nothing without --key. */
void rows_event_key(const struct rows *rows, const struct event *ev, const struct schema *schema,
                    struct buffer *out);

/* A row that is text, key and all, without its line end, is added to the buffer returned. */
static inline struct buffer *rows_ready_begin(struct rows *rows)
{
    output_settle(rows->output);
    return &rows->output->buffer;
}

void rows_ready_end(struct rows *rows);

/* A row that was made and has gone elsewhere: it is counted. */
static inline void rows_elsewhere(struct rows *rows)
{
    rows->count++;
}

/* Whole rows as text, which are counted where they were made: they come next. */
void rows_pass(struct rows *rows, struct slice text);

/* The same of text in a file's mapping: what has been written of it is given back. */
void rows_pass_mapped(struct rows *rows, struct slice text);

/* --- the rows of a window --- */

/* Is each row asked about? Then all its members are handed over between rows_rank_begin and
 * rows_rank_end, and not only the one to sort by. */
static inline bool rows_judged(const struct rows *rows)
{
    return rows->having != NULL;
}

/* Have they to be sorted or cut? */
static inline bool rows_ranked(const struct rows *rows)
{
    return rows->order_member >= 0 || rows->top != 0;
}

/* The member they are sorted by; -1: they are only cut. */
static inline int rows_order_member(const struct rows *rows)
{
    return rows->order_member;
}

/* A row and its value to sort by, which is borrowed until rows_group_end. */
void rows_rank(struct rows *rows, size_t number, struct value value);

/* The same for a value that is made: between the two comes the typed function for the member that
 * the rows are sorted by. It may be left out. A row that --having does not select is forgotten. */
void rows_rank_begin(struct rows *rows);
void rows_rank_end(struct rows *rows, size_t number);

/* Sorts; how many rows are to be printed, and the number of each. */
size_t rows_ranks(struct rows *rows);
size_t rows_rank_at(const struct rows *rows, size_t place);

void rows_group_end(struct rows *rows);

#endif
