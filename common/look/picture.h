/*
 * picture.h - what a terminal shows of a board: the first screen, and a panel for each layout.
 *
 * Drawn anew each time, from the rows that are held and from what somebody looks at, into a canvas;
 * a terminal sends what has changed. Every number is one of a row or, and then it says so, a sum of
 * rows. What is to be compared is said, too: nothing is taken for usual without saying what is.
 */
#ifndef CS_PICTURE_H
#define CS_PICTURE_H

#include "look/board.h"
#include "look/canvas.h"
#include "look/view.h"

struct picture {
    struct board *board; /* borrowed, as all that follows */
    struct view *view;
    struct canvas *canvas;
    int64_t now_us;                    /* the wall clock */
    int64_t arrived_us;                /* when the last line has come; TIME_NONE: none has */
    bool waiting;                      /* there may come more */
    struct slice message;              /* the last one, or empty */
    struct panel *panel[BOARD_PANELS]; /* as they are shown */
    size_t panels;
    struct panel *shown; /* as drawn last, and its number: others may come before it */
    size_t shown_number;
};

/* Draws all of the canvas. The view's steps are taken. */
void picture_draw(struct picture *picture);

/* Draws the line anew that says how old the rows are. */
void picture_draw_age(const struct picture *picture);

#endif
