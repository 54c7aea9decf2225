/*
 * pool.h - fixed-size records named by 32-bit numbers instead of addresses.
 *
 * A record stays where it is from pool_take to pool_give; a number is half an address, which counts
 * when millions of records point at each other. Records are one or two cache lines long and come in
 * segments of some MiB, so nothing is ever moved, and finding one is a load and two shifts. Number
 * 0 is no record.
 */
#ifndef CS_POOL_H
#define CS_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/held.h"

#define POOL_NONE 0
#define POOL_SEGMENT (1 << 16) /* records: of 32 bytes or a multiple, whole pages however large */

struct pool {
    char **segment;
    size_t record_size; /* bytes: 24, or a multiple of 32, half a cache line */
    uint32_t segments;
    uint32_t used; /* numbers below have been handed out once */
    uint32_t free; /* the record given back last, which begins with the number of the one before */
    uint32_t live;
    enum held_kind kind; /* what its memory is for */
};

/* An empty pool; allocates nothing yet. */
void pool_init(struct pool *pool, size_t record_size, enum held_kind kind);

/* Gives all memory back; the records' own belongings are the owner's business. */
void pool_release(struct pool *pool);

/* The number of a record that holds rubbish. Never fails. */
uint32_t pool_take(struct pool *pool);

/* Takes a record back. When it was the last one, all memory goes. */
void pool_give(struct pool *pool, uint32_t number);

/* The record of a number; its size is told once more, for the compiler. */
static inline void *pool_at(const struct pool *pool, uint32_t number, size_t record_size)
{
    return pool->segment[number / POOL_SEGMENT] + (size_t)(number % POOL_SEGMENT) * record_size;
}

#endif
