/*
 * ranks.h - the order in which the rows of a window are printed: --order-by and --top.
 *
 * So that rows need not wait in memory, which may be as much as all that the window holds, a row is
 * known here by a number and by nothing but its value to sort by. Rows of equal value keep the
 * order in which they were handed over.
 */
#ifndef CS_RANKS_H
#define CS_RANKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/value.h"

struct rank {
    struct value value;
    size_t number; /* the caller's */
    size_t place;  /* as handed over */
    size_t start;  /* of the text in ranks->text, where it is a copy */
    bool is_copy;
};

/* A zeroed one is empty. */
struct ranks {
    struct rank *rank;
    size_t count, cap;
    struct buffer text;
};

/* value has no escapes; it is borrowed until ranks_clear. */
void ranks_add(struct ranks *ranks, size_t number, struct value value);

/* The same with a copy of the value. */
void ranks_add_copy(struct ranks *ranks, size_t number, struct value value);

/* Numbers of equal value are equal, whatever their digits. */
void ranks_sort(struct ranks *ranks, bool descending);

/* Are the rows at these places, after sorting, of equal value? */
bool ranks_tied(const struct ranks *ranks, size_t a, size_t b);

/* Forgets all; a good deal of memory is given back. */
void ranks_clear(struct ranks *ranks);

void ranks_release(struct ranks *ranks);

#endif
