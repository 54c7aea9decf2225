#include "pool.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "memory.h"

#define KEEP_SEGMENTS 4
#define SEGMENT_BYTES ((size_t)POOL_SEGMENT * POOL_RECORD_BYTES)

_Static_assert(SEGMENT_BYTES % MEMORY_PAGES_BYTES == 0, "whole pages");

void pool_init(struct pool *pool)
{
    *pool = (struct pool){.used = 1};
}

void pool_release(struct pool *pool)
{
    for (uint32_t i = 0; i < pool->segments; i++)
        memory_pages_free(pool->segment[i], SEGMENT_BYTES);
    free(pool->segment);
    pool_init(pool);
}

static void pool_extend(struct pool *pool)
{
    if (pool->used > UINT32_MAX - POOL_SEGMENT) die("no memory for more open sessions");
    /* The list of segments has room for a power of two. */
    if ((pool->segments & (pool->segments - 1)) == 0)
        pool->segment =
            memory_resize(pool->segment, (size_t)pool->segments * 2 + 1, sizeof(char *));
    pool->segment[pool->segments] = memory_pages(SEGMENT_BYTES, pool->segments > 0);
    pool->segments++;
}

uint32_t pool_take(struct pool *pool)
{
    uint32_t number = pool->free;

    if (number != POOL_NONE) {
        memcpy(&pool->free, pool_at(pool, number), sizeof(pool->free));
    } else {
        if (pool->used / POOL_SEGMENT == pool->segments) pool_extend(pool);
        number = pool->used++;
    }
    pool->live++;
    return number;
}

void pool_give(struct pool *pool, uint32_t number)
{
    if (--pool->live == 0) {
        if (pool->segments > KEEP_SEGMENTS) {
            pool_release(pool);
        } else {
            pool->used = 1;
            pool->free = POOL_NONE;
        }
        return;
    }
    memcpy(pool_at(pool, number), &pool->free, sizeof(pool->free));
    pool->free = number;
}
