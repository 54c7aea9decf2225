#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/memory.h"

#define KEEP_SEGMENTS 4

static size_t segment_bytes(const struct pool *pool)
{
    return POOL_SEGMENT * pool->record_size;
}

void pool_init(struct pool *pool, size_t record_size)
{
    *pool = (struct pool){.record_size = record_size, .used = 1};
}

void pool_release(struct pool *pool)
{
    for (uint32_t i = 0; i < pool->segments; i++)
        memory_pages_free(pool->segment[i], segment_bytes(pool));
    free(pool->segment);
    pool_init(pool, pool->record_size);
}

static void pool_extend(struct pool *pool)
{
    if (pool->used > UINT32_MAX - POOL_SEGMENT) die("no memory for more open sessions");
    /* The list of segments has room for a power of two. */
    if ((pool->segments & (pool->segments - 1)) == 0)
        pool->segment =
            memory_resize(pool->segment, (size_t)pool->segments * 2 + 1, sizeof(char *));
    pool->segment[pool->segments] = memory_pages(segment_bytes(pool), pool->segments > 0);
    pool->segments++;
}

uint32_t pool_take(struct pool *pool)
{
    uint32_t number = pool->free;

    if (number != POOL_NONE) {
        memcpy(&pool->free, pool_at(pool, number, pool->record_size), sizeof(pool->free));
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
    memcpy(pool_at(pool, number, pool->record_size), &pool->free, sizeof(pool->free));
    pool->free = number;
}
