/*
 * cells.h - rows as values that wait to be written: to be sorted, or drawn, or for an encoding that
 * is not JSON.
 *
 * Each row has a cell for every member; one that was left out of the row has a cell without text. A
 * value's text is that of value.h, its escapes undone: strings are what they mean, numbers keep
 * their digits, arrays and objects are JSON. The texts lie one behind the other in one buffer.
 */
#ifndef CS_CELLS_H
#define CS_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/value.h"

struct cell {
    size_t start; /* of its text in cells->text */
    uint32_t len;
    uint8_t kind; /* enum kind */
    bool present;
};

struct cells {
    struct cell *cell;
    size_t rows, cap; /* cap in cells */
    int members;      /* set before the first row */
    struct buffer text;
    struct cell *open; /* its text is being added */
};

/* Begins the next row; no member is there yet. */
void cells_row(struct cells *cells);

/* Begins a value of the row begun last. The caller adds its text to the buffer returned; null,
 * false and true have none. It ends where the next one begins, or at cells_end. */
struct buffer *cells_begin(struct cells *cells, int member, enum kind kind);
void cells_end(struct cells *cells);

/* Adds the text of a value, as a cell has it, to what cells_begin has returned. */
void cells_add_value(struct buffer *text, struct value value);

/* Borrowed, good until the next call that adds; text is NULL where the member was left out. */
struct value cells_value(const struct cells *cells, size_t row, int member);

/* Forgets the last row, which is ended. */
void cells_drop(struct cells *cells);

/* Forgets all rows; a good deal of memory is given back. */
void cells_clear(struct cells *cells);

void cells_release(struct cells *cells);

#endif
