/*
 * arena.h - many small pieces of memory given back at once.
 *
 * What arena_take returns stays where it is until arena_clear. A zeroed struct is an empty arena.
 */
#ifndef CS_ARENA_H
#define CS_ARENA_H

#include <stddef.h>

#include "base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* the newest first */
    char *at, *end;             /* the free part of the newest */
};

/* size bytes, uninitialised, not aligned. */
char *arena_take(struct arena *arena, size_t size);

/* Gives back the last unused bytes of the piece taken last; they stay readable until arena_clear.
 */
static inline void arena_shrink(struct arena *arena, char *end)
{
    arena->at = end;
}

/* Forgets every piece; keeps one block for the next use. */
void arena_clear(struct arena *arena);

void arena_release(struct arena *arena);

#endif
