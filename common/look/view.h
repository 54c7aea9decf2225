/*
 * view.h - what somebody looks at: which panel, which window, in what order; and what keys change.
 *
 * Nothing here knows a terminal, nor what is in a panel: a number that is too large is made to fit
 * where the picture is drawn.
 */
#ifndef CS_VIEW_H
#define CS_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "look/headline.h"

/* Keys are characters, and those that have none. */
enum view_key {
    VIEW_ESCAPE = 27,
    VIEW_BACKSPACE = 127,
    VIEW_LEFT = 256,
    VIEW_RIGHT,
    VIEW_UP,
    VIEW_DOWN,
    VIEW_PAGE_UP,
    VIEW_PAGE_DOWN,
    VIEW_HOME,
    VIEW_END,
    VIEW_TAB_BACK,
};

#define FILTER_BYTES 96

struct view {
    size_t panel;   /* 0: the first screen; else a panel's number, counted from 1 */
    size_t panels;  /* so many there are besides it */
    int64_t step;   /* LEFT and RIGHT that the picture has not taken yet: windows back or forth */
    bool to_oldest; /* likewise HOME */
    int64_t at_us;  /* the window that begins then; INT64_MAX: the newest */
    enum against against;
    size_t group; /* lines are kept apart by: 0 all members of the group, else one of them */
    size_t sort;  /* column, counted from 1; 0: as the panel likes it */
    bool reversed;
    size_t top;                /* the first line that is shown */
    size_t page;               /* so many lines are, as drawn last */
    char filter[FILTER_BYTES]; /* UTF-8 */
    size_t filter_len;
    bool typing; /* keys go to the filter */
    bool paused;
    bool help;
    bool quit;
};

void view_init(struct view *view);

/* Takes a key: an enum view_key, or a byte of UTF-8. */
void view_key(struct view *view, int key);

static inline struct slice view_filter(const struct view *view)
{
    return (struct slice){.text = view->filter, .len = view->filter_len};
}

#endif
