#include "pool.h"

#include <stdlib.h>
#include <string.h>

#include "die.h"
#include "memory.h"

#define KEEP_SEGMENTS 4

void pool_init(struct pool *pool, size_t record_size)
{
    *pool = (struct pool){.record_size = (record_size + 7) & ~(size_t)7, .used = 1};
    pool->shift = 63 - (unsigned)__builtin_clzll(MEMORY_PAGES_BYTES / pool->record_size);
}

void pool_release(struct pool *pool)
{
    for (uint32_t i = 0; i < pool->segments; i++)
        memory_pages_free(pool->segment[i], MEMORY_PAGES_BYTES);
    free(pool->segment);
    pool_init(pool, pool->record_size);
}

static void pool_extend(struct pool *pool)
{
    if (pool->used > UINT32_MAX - (UINT32_C(1) << pool->shift))
        die("no memory for more open sessions");
    /* The list of segments has room for a power of two. */
    if ((pool->segments & (pool->segments - 1)) == 0)
        pool->segment =
            memory_resize(pool->segment, (size_t)pool->segments * 2 + 1, sizeof(char *));
    pool->segment[pool->segments] = memory_pages(MEMORY_PAGES_BYTES, pool->segments > 0);
    pool->segments++;
}

uint32_t pool_take(struct pool *pool)
{
    uint32_t number = pool->free;

    if (number != POOL_NONE) {
        memcpy(&pool->free, pool_at(pool, number), sizeof(pool->free));
    } else {
        if (pool->used >> pool->shift == pool->segments) pool_extend(pool);
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
