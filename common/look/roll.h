/*
 * roll.h - rows shown one by one, the newest ones: sessions, carts, incidents.
 *
 * A row that has the same key as one that is there replaces it, so of a cart or an incident the
 * last state stands. More than twice as many rows as will be shown are never held; how many came is
 * counted.
 */
#ifndef CS_ROLL_H
#define CS_ROLL_H

#include <stdint.h>

#include "base/buffer.h"
#include "base/table.h"
#include "look/layout.h"

struct roll_row {
    int64_t time_us;
    uint64_t number; /* of rows with the same time and text, the later one */
    struct id key;
    struct slice text; /* the values, as a JSON array; owned */
    bool open;         /* it said that it is not final */
};

struct roll {
    const struct layout *layout; /* borrowed */
    struct roll_row *row;
    size_t count;
    size_t most;       /* rows to show */
    struct table keys; /* to a row's number */
    size_t bytes;      /* of the rows' texts */
    uint64_t taken, replaced, let_go;
    struct buffer scratch;
};

/* most > 0 */
void roll_init(struct roll *roll, const struct layout *layout, size_t most);
void roll_release(struct roll *roll);

/* Takes a row of the roll's layout. NULL, or the phrase that says why it is none. */
const char *roll_take(struct roll *roll, const struct row *row);

/* Puts the rows in order, the newest first, and lets those go that are more than will be shown. */
void roll_tidy(struct roll *roll);

/* Lets the older half go. False: there are too few. */
bool roll_let_go(struct roll *roll);

/* About how much memory it takes. */
size_t roll_bytes(const struct roll *roll);

/* Adds the newest rows, so many at most, as members of a JSON object, without braces. */
void roll_print(struct roll *roll, size_t most, struct buffer *out);

#endif
