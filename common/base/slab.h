/*
 * slab.h - pieces of memory of any size, millions of them, each given back by itself.
 *
 * A piece has room for its length rounded up to a size of which there are few, and nothing beside:
 * no header, because the owner knows the length. What is given back waits for the next piece of the
 * same size (Bonwick, "The Slab Allocator", USENIX 1994), so memory is bounded by the most that
 * each size has needed at a time. Steps are 16 bytes, above 128 a quarter of the power of two
 * below, so a piece can grow by a few bytes where it is. Long pieces are malloc's. A zeroed struct
 * is an empty slab.
 */
#ifndef CS_SLAB_H
#define CS_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include "base/held.h"

#define SLAB_LONG ((size_t)16 << 10) /* from here on it is malloc's */
#define SLAB_SIZES 36

struct slab_free;
struct slab_long;

struct slab {
    char **segment;
    size_t segments;
    char *at, *end;                     /* the part of the newest that was never handed out */
    struct slab_free *free[SLAB_SIZES]; /* given back, by size */
    struct slab_long *longs;
    size_t live;         /* pieces */
    enum held_kind kind; /* what its memory is for */
};

/* How many bytes there is room for in a piece that is so many bytes long. */
static inline size_t slab_room(size_t len)
{
    if (len <= 128) return (len + 15) & ~(size_t)15;
    const size_t step = (size_t)1 << (61 - __builtin_clzll(len - 1));
    return (len + step - 1) & ~(step - 1);
}

/* By how many bytes such a piece may surely become longer where it is: every room is a multiple of
 * 16. */
static inline size_t slab_slack(size_t len)
{
    return -len & 15;
}

/* A piece of len bytes, uninitialised, aligned to 16; NULL: len is 0. Never fails. */
char *slab_take(struct slab *slab, size_t len);

/* Takes back a piece of len bytes. When it was the last one, all memory goes. */
void slab_give(struct slab *slab, char *piece, size_t len);

/* Makes a piece of old_len bytes len bytes long; returns where it is now, with its first bytes. */
char *slab_resize(struct slab *slab, char *piece, size_t old_len, size_t len);

/* Gives all memory back. */
void slab_release(struct slab *slab);

#endif
