/*
 * canvas.h - a picture made of characters, before a terminal or a file gets it.
 *
 * A cell is one character with its marks, and the tone it is meant in; what a tone looks like is
 * the terminal's business. All text is made harmless by base/terminal before it is put here, is cut
 * where its room ends, and never moves what stands beside it: a wide character takes two cells, of
 * a sequence of emoji only the first is drawn, as terminals do not agree about the others. Where
 * the locale is not UTF-8, signs of our own have another of ASCII, and what else is not ASCII is
 * shown as question marks.
 */
#ifndef CS_CANVAS_H
#define CS_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/number.h"
#include "base/slice.h"

enum tone {
    TONE_PLAIN,
    TONE_DIM,
    TONE_STRONG,
    TONE_TITLE,
    TONE_GOOD,
    TONE_BAD,
    TONE_WARN,
    TONE_BAR,
    TONE_LINE,    /* sparklines */
    TONE_REVERSE, /* the line on top, and what is chosen */
    TONES
};

#define CELL_BYTES 21

struct cell {
    char text[CELL_BYTES]; /* UTF-8 */
    uint8_t len;           /* 0: the other half of the wide one before, or nothing */
    uint8_t columns;       /* 0: the other half */
    uint8_t tone;
};

struct canvas {
    int rows, columns;
    bool ascii;
    struct cell *cell;     /* row by row */
    struct buffer scratch; /* text as it is shown */
};

/* A place for text or a picture: a line, where it begins, and how many columns it has. */
struct place {
    int y, x, width;
};

/* Makes it so large, and empties it. */
void canvas_size(struct canvas *canvas, int rows, int columns);
void canvas_release(struct canvas *canvas);

/* Puts text at the left of its place; cut, it ends in a sign that says so. Returns how many columns
 * it takes. text is UTF-8, of anybody. */
int canvas_put(struct canvas *canvas, struct place place, enum tone tone, struct slice text);

/* The same at the right. */
int canvas_put_right(struct canvas *canvas, struct place place, enum tone tone, struct slice text);

/* What printf would print. */
int canvas_printf(struct canvas *canvas, struct place place, enum tone tone, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));

/* A bar as long as part is of whole, in eighths of a column; something is seen of any part. */
void canvas_bar(struct canvas *canvas, struct place place, enum tone tone, decimal part,
                decimal whole);

/* The last of these values, one a column, at the right; the largest fills its cell. */
void canvas_spark(struct canvas *canvas, struct place place, enum tone tone, const decimal *value,
                  size_t count);

/* All cells of the place in that tone. */
void canvas_tint(struct canvas *canvas, struct place place, enum tone tone);

/* Nothing is there any more. */
void canvas_clear(struct canvas *canvas, struct place place);

/* Adds the picture as lines of text, without blanks at their ends. */
void canvas_print(const struct canvas *canvas, struct buffer *out);

#endif
