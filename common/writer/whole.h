/*
 * whole.h - files that are replaced as a whole: who reads one sees the old text or the new one.
 *
 * The text is written beside the file, as FILE.new, and renamed. A device, a FIFO and a link, as
 * /dev/stdout is one, are written to as they are. Nothing is synced: what is replaced every few
 * seconds may be lost with the machine.
 */
#ifndef CS_WHOLE_H
#define CS_WHOLE_H

#include <stdbool.h>

#include "base/slice.h"

/* Dies if such a file cannot be made: now is better than at the end. */
void whole_check(const char *path);

/* Replaces it; false: it is as it was, or half written where it is written in place, and errno says
 * why. */
bool whole_try(const char *path, struct slice text);

/* Replaces it; a failure is exit 1. */
void whole_write(const char *path, struct slice text);

#endif
