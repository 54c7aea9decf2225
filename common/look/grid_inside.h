/*
 * grid_inside.h - what those share that look into a grid.
 */
#ifndef CS_GRID_INSIDE_H
#define CS_GRID_INSIDE_H

#include "look/grid.h"

/* A measure without a value. */
#define NOTHING ((decimal)1 << 126)

/* Adds one measure to another; a sum that is too large is none. */
static inline void measure_join(decimal *to, decimal more)
{
    if (more == NOTHING) return;
    if (*to == NOTHING)
        *to = more;
    else if (__builtin_add_overflow(*to, more, to))
        *to = NOTHING;
}

#endif
