/*
 * windows.h - the windows of a grid in order of time, and how many rows each has.
 *
 * Rows come in nearly that order, so a new window is usually the last one, and a row's window one
 * of the last. A window is open while its newest rows say that they are not final.
 */
#ifndef CS_WINDOWS_H
#define CS_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct windows_one {
    int64_t start_us, end_us;
    size_t rows;
    bool open;
};

struct windows {
    struct windows_one *one; /* by start_us */
    size_t count, cap;
};

#define WINDOWS_NONE SIZE_MAX

void windows_forget(struct windows *windows);

/* The window that begins then, made if there was none; good until the next one is made. */
struct windows_one *windows_put(struct windows *windows, int64_t start_us, int64_t end_us);

/* The number of the last window that begins at that time or before; WINDOWS_NONE: none does. */
size_t windows_at(const struct windows *windows, int64_t time_us);

/* The number of the window that begins then; WINDOWS_NONE: there is none. */
size_t windows_find(const struct windows *windows, int64_t start_us);

/* Forgets those that begin before. */
void windows_let_go(struct windows *windows, int64_t since_us);

/* Where the first windows end that have so many rows, or more: the start of the one behind. The
 * newest window is never one of them: INT64_MIN where it is the only one. */
int64_t windows_behind(const struct windows *windows, size_t rows);

#endif
