/*
 * screen.h - the terminal: a canvas goes out, keys come in. The one file that knows ncurses.
 *
 * While the terminal is ours, what is written to standard error by anybody, if that is the terminal
 * too, is kept aside; it is printed when the terminal has been given back, which happens at every
 * exit. So a message never stands in the picture, and none is lost.
 *
 * Colours are used where the terminal has them and NO_COLOR is not set (https://no-color.org).
 */
#ifndef CS_SCREEN_H
#define CS_SCREEN_H

#include <stdbool.h>

#include "look/canvas.h"

/* Takes the terminal. data_from_stdin: keys come from /dev/tty then. Without a terminal, or for one
 * of a type that nobody knows, exit 2. Returns a descriptor that is readable from a key or another
 * size on, or when also_fd is. */
int screen_open(bool data_from_stdin, int also_fd);

/* How large it is now. */
void screen_size(int *rows, int *columns);

/* The next key, as view_key takes it; false: none is waiting. A new size is taken on the way, and
 * *resized says so. */
bool screen_key(int *key, bool *resized);

void screen_show(const struct canvas *canvas);

/* Gives the terminal back; does nothing where it is not taken. */
void screen_close(void);

/* Is text UTF-8 there, by LC_ALL, LC_CTYPE and LANG? */
bool screen_is_utf8(void);

#endif
