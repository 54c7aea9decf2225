/*
 * relation.h - the table of a database that rows go to, as SQL: --print-schema.
 *
 * One column a member, in the order of the row. What a member holds is known where it is declared,
 * so its type is said there and not guessed from rows. The members that tell a row from all others
 * are its key: a row with the key of an earlier one takes its place (an update, the end of an
 * incident), so the table holds the last state of each.
 *
 * PostgreSQL from version 15 on: values of a key may be null, and its unique indexes can take null
 * for equal to null only since then. Texts in a key stand in the index as their MD5, because an
 * entry of an index has at most 2,704 bytes and strangers write longer ones. What is of no kind
 * known beforehand is json in a key and elsewhere, not jsonb, which would make 100 of 1e2: these
 * are two groups.
 *
 * The SQL may be run again: it adds what is missing, and takes nothing away.
 */
#ifndef CS_RELATION_H
#define CS_RELATION_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "event/schema.h"

enum column_kind {
    COLUMN_ANY,      /* any JSON value, as it came */
    COLUMN_TEXT,     /* and null, as all of these */
    COLUMN_TIME,     /* */
    COLUMN_COUNT,    /* a whole number of 64 bits */
    COLUMN_NUMBER,   /* */
    COLUMN_TRUTH,    /* */
    COLUMN_DOCUMENT, /* an array or an object of our making */
};

struct column {
    struct slice name; /* owned */
    enum column_kind kind;
    bool is_key;
    struct slice about; /* what it is; owned, of length 0 where nothing is said */
};

struct relation {
    struct column *column;
    int count;
};

/* The kind of a member of events as it came, by its slot (schema.h): the twelve are texts. -1: of
 * what an expression makes. */
static inline enum column_kind column_of_member(int slot)
{
    return slot >= 0 && slot < SLOT_CANONICAL ? COLUMN_TEXT : COLUMN_ANY;
}

/* Adds a column of kind COLUMN_ANY, and says what it is. */
void relation_add(struct relation *relation, struct slice name);
void relation_describe(struct relation *relation, int column, enum column_kind kind,
                       struct slice about);
void relation_key(struct relation *relation, int column, bool is_key);

/* Reads NAME or SCHEMA.NAME; false: it is none. */
bool relation_name_valid(struct slice name);

/* Adds the SQL for a table of that name, which is valid; about: of what rows it is. NULL, or the
 * phrase that says why there can be no such table, good until the next call. */
const char *relation_print(const struct relation *relation, struct slice name, struct slice about,
                           struct buffer *out);

void relation_release(struct relation *relation);

#endif
