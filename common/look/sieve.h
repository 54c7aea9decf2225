/*
 * sieve.h - which groups of a grid somebody wants to see: those in which a text stands.
 *
 * As typed: a text is looked for in every value of a group, NAME=TEXT only in the member of that
 * name; upper and lower case are the same.
 */
#ifndef CS_SIEVE_H
#define CS_SIEVE_H

#include <stdbool.h>

#include "base/buffer.h"
#include "look/grid.h"

struct sieve {
    bool *passes; /* by the group's number; NULL: all do */
    size_t passing;
};

/* Does the text stand in one of the values, which are a JSON array? */
bool sieve_finds(struct slice values, struct slice text, struct buffer *scratch);

void sieve_make(struct sieve *sieve, const struct grid *grid, struct slice text);
void sieve_release(struct sieve *sieve);

static inline bool sieve_passes(const struct sieve *sieve, uint32_t group)
{
    return sieve->passes == NULL || sieve->passes[group];
}

#endif
