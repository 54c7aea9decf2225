/*
 * misfit.h - where a line stopped fitting its format, and what should have been there.
 *
 * Where several readings of a line are tried, the one that got furthest is the one a person means.
 * The column counts bytes from 1.
 */
#ifndef CS_MISFIT_H
#define CS_MISFIT_H

#include "base/buffer.h"

/* A zeroed struct: everything has fitted so far. */
struct misfit {
    const char *at;     /* in the line */
    const char *wanted; /* a phrase, of static storage */
};

/* Keeps the misfit that is further on. Always false: what the caller returns. */
static inline bool misfit_at(struct misfit *misfit, const char *at, const char *wanted)
{
    if (misfit->at == NULL || at > misfit->at)
        *misfit = (struct misfit){.at = at, .wanted = wanted};
    return false;
}

/* Adds "column 12: no blank behind the client". */
static inline void misfit_print(struct buffer *out, struct slice line, const struct misfit *misfit)
{
    const size_t column = misfit->at == NULL ? 1 : (size_t)(misfit->at - line.text) + 1;
    buffer_printf(out, "column %zu: %s", column, misfit->wanted);
}

#endif
