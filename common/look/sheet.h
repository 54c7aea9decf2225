/*
 * sheet.h - a table in a picture: columns as wide as what is seen of them, numbers at the right.
 *
 * Which rows there are and what stands in a cell is asked of the owner. Columns that have no room
 * are left out, the last ones first; the first column of text gets what is left over.
 */
#ifndef CS_SHEET_H
#define CS_SHEET_H

#include "look/canvas.h"

#define SHEET_COLUMNS 80

struct sheet_column {
    struct slice title;
    bool is_number;
};

struct sheet {
    struct sheet_column column[SHEET_COLUMNS];
    size_t columns;
    size_t rows;   /* there are */
    size_t sorted; /* the column by which, counted from 1; 0: by none of them */
    const void *owner;
    /* Adds what stands there, and may change the tone. */
    void (*cell)(const void *owner, size_t row, size_t column, struct buffer *out, enum tone *tone);
};

/* Draws the title line and the rows from top on into the place, which has so many lines. Returns
 * how many lines it has taken. */
int sheet_draw(const struct sheet *sheet, struct canvas *canvas, struct place place, int lines,
               size_t top);

#endif
