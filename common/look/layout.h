/*
 * layout.h - the members of a row, and what each of them is.
 *
 * A row is taken apart into names and values as they stand in the line, which it borrows from. Rows
 * with the same members in the same order have one layout, made of the first of them; "final",
 * which --emit=updates adds, is in none: it says whether there is more to come.
 */
#ifndef CS_LAYOUT_H
#define CS_LAYOUT_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/list.h"
#include "base/value.h"
#include "look/kind.h"

enum finality { FINALITY_NONE, FINALITY_OPEN, FINALITY_CLOSED };

struct row {
    struct slice name[ROW_MEMBERS_MAX];
    struct value value[ROW_MEMBERS_MAX]; /* strings still have their escapes */
    size_t count;
    struct id id; /* of the names, one after the other */
    enum finality finality;
};

/* Takes the object apart, which is valid JSON. False: it has more members than a row may have. */
bool row_read(struct row *row, struct slice object);

enum role {
    ROLE_TIME,    /* where the window begins, or when it was */
    ROLE_END,     /* where the window ends */
    ROLE_GROUP,   /* what the row is of */
    ROLE_MEASURE, /* a number that may be added up */
    ROLE_APART,   /* one that may not */
    ROLE_DETAIL,  /* what else there is */
    ROLE_LEFT_OUT /* counted anew from others */
};

struct layout {
    struct id id;
    const struct row_kind *kind;
    size_t count;
    struct slice name[ROW_MEMBERS_MAX]; /* owned */
    enum role role[ROW_MEMBERS_MAX];
    size_t time; /* the member by which rows are in order */
};

/* Makes the layout of such a row. groups, apart: names that the command line says are a group, or
 * cannot be added up. False: it is of no kind. */
bool layout_make(struct layout *layout, const struct row *row, const struct list *groups,
                 const struct list *apart);

void layout_release(struct layout *layout);

/* How many members have that role. */
size_t layout_count(const struct layout *layout, enum role role);

/* Adds the names of those that have it, as a JSON array. */
void layout_names(const struct layout *layout, enum role role, struct buffer *out);

#endif
