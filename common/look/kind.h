/*
 * kind.h - the kinds of rows there are, known by their members: one table.
 *
 * What a page or a terminal shows of a row depends on what the row is of, and that is never
 * guessed: a row is of the first kind of the table all of whose members it has. A new view, or a
 * new tool, is one entry here.
 *
 * Members of a row about a window have a role. Those between the window's bounds and the first
 * number are the group it is of; the numbers are measures; what else follows is shown as it is,
 * the newest of each group. Measures may be added up, unless the table says that such a name is a
 * share, a mean or a quantile. A share whose parts are in the row is not kept: it is counted anew
 * from the sums of these, by the rule of the tools (two decimals, half away from zero).
 */
#ifndef CS_KIND_H
#define CS_KIND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum kind_store {
    STORE_WINDOWS, /* rows of windows, by group: added up over a range */
    STORE_ROWS,    /* rows one by one: sessions, carts, incidents */
    STORE_FIGURES, /* counters of a run: the last ones of each tool */
};

struct row_kind {
    const char *name;  /* what the page knows it by */
    const char *title; /* for people; NULL: made of the members' names */
    const char *needs; /* the members it is known by, blanks between */
    enum kind_store store;
    const char *time;  /* the member by which rows are in order */
    const char *key;   /* STORE_ROWS: with the group, what a row that replaces another has in common
                          with it; "1": the first member, whatever its name */
    const char *lead;  /* the measure that is shown first; NULL: the first one */
    const char *group; /* members that are of the group though they are numbers; NULL: none */
    const char *show;  /* STORE_ROWS: the members in the order in which a table has them, "*": those
                          that are not named; NULL: as they come */
    const char *rates; /* NAME=PART/WHOLE, blanks between; NULL: none */
};

/* The members a row may have; of one that has more, nothing is made. */
#define ROW_MEMBERS_MAX 64

/* The kind of a row with these members; NULL: none. */
const struct row_kind *kind_find(const struct slice *member, size_t count);

/* The place of a kind in the table: panels are shown in this order. */
size_t kind_place(const struct row_kind *kind);

/* Is the word one of those, with blanks between? NULL has none. */
bool kind_word(const char *words, struct slice word);

/* Is it a share of two others, by the table's entry of the kind? */
bool kind_is_rate(const struct row_kind *kind, struct slice member);

/* May a measure of that name be added up? */
bool kind_adds_up(struct slice measure);

#endif
