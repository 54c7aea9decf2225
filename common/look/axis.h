/*
 * axis.h - the windows of a grid in order of time, and how many rows each has.
 *
 * Rows come in nearly that order, so a new window is usually the last one, and a row's window one
 * of the last. A window is open while its newest rows say that they are not final.
 */
#ifndef CS_AXIS_H
#define CS_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct axis_window {
    int64_t start_us, end_us;
    size_t rows;
    bool open;
};

struct axis {
    struct axis_window *one; /* by start_us */
    size_t count, cap;
};

#define AXIS_NONE SIZE_MAX

void axis_release(struct axis *axis);

/* The window that begins then, made if there was none; good until the next one is made. */
struct axis_window *axis_put(struct axis *axis, int64_t start_us, int64_t end_us);

/* The number of the last window that begins at that time or before; AXIS_NONE: none does. */
size_t axis_at(const struct axis *axis, int64_t time_us);

/* The number of the window that begins then; AXIS_NONE: there is none. */
size_t axis_find(const struct axis *axis, int64_t start_us);

/* Forgets those that begin before. */
void axis_let_go(struct axis *axis, int64_t since_us);

/* Where the first windows end that have so many rows, or more: the start of the one behind. The
 * newest window is never one of them: INT64_MIN where it is the only one. */
int64_t axis_behind(const struct axis *axis, size_t rows);

#endif
