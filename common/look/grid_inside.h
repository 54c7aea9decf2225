/*
 * grid_inside.h - what the files of grid share.
 */
#ifndef CS_GRID_INSIDE_H
#define CS_GRID_INSIDE_H

#include "look/grid.h"

/* A measure without a value. */
#define NOTHING ((decimal)1 << 126)

#endif
