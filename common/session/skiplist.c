#include "session/skiplist.h"

#define LEVELS_MAX 4
#define LEVEL_BITS 3 /* so many bits of a number decide about a level */

/* A record as a skip list sees it. */
union node {
    struct stretch stretch;
    uint32_t next[LEVELS_MAX]; /* for each level, the next stretch that has it, too */
};

_Static_assert(sizeof((union node){0}.next) <= sizeof(struct id), "levels stand instead of it");

static union node *node_at(const struct stretches *stretches, uint32_t number)
{
    return pool_at(&stretches->pool, number, STRETCH_RECORD_BYTES);
}

/* Of the top, which is no stretch. */
static uint64_t secret_of(const struct stretches *stretches, uint32_t skiplist)
{
    return (uint64_t)node_at(stretches, skiplist)->stretch.start_us;
}

/* How many levels a stretch has. */
static int levels_of(const struct stretches *stretches, uint32_t skiplist, uint32_t number)
{
    if (node_at(stretches, number)->stretch.is_owned) return 0;
    const uint64_t mixed = (number ^ secret_of(stretches, skiplist)) * UINT64_C(0x9e3779b97f4a7c15);
    return __builtin_ctzll(mixed >> 24 | UINT64_C(1) << (LEVEL_BITS * LEVELS_MAX)) / LEVEL_BITS;
}

uint32_t skiplist_new(struct stretches *stretches, uint64_t secret)
{
    const uint32_t skiplist = stretch_take(stretches);
    union node *top = node_at(stretches, skiplist);

    top->stretch.start_us = (int64_t)secret;
    top->stretch.is_owned = true;
    top->stretch.due_us = INT64_MAX; /* no timer is about it */
    for (int i = 0; i < LEVELS_MAX; i++)
        top->next[i] = POOL_NONE;
    return skiplist;
}

void skiplist_free(struct stretches *stretches, uint32_t skiplist)
{
    stretch_disown(stretches, skiplist);
}

/* The last on this level, from a step on, that starts at time_us or before; that step if none. */
static uint32_t level_before(const struct stretches *stretches, uint32_t from, int level,
                             int64_t time_us)
{
    for (;;) {
        const uint32_t next = node_at(stretches, from)->next[level];
        if (next == POOL_NONE || node_at(stretches, next)->stretch.start_us > time_us) return from;
        from = next;
    }
}

uint32_t skiplist_before(const struct stretches *stretches, uint32_t skiplist, int64_t time_us)
{
    uint32_t at = skiplist;

    for (int level = LEVELS_MAX - 1; level >= 0; level--)
        at = level_before(stretches, at, level, time_us);
    return at == skiplist ? POOL_NONE : at;
}

void skiplist_add(struct stretches *stretches, uint32_t skiplist, uint32_t number)
{
    const int levels = levels_of(stretches, skiplist, number);
    union node *node = node_at(stretches, number);
    uint32_t at = skiplist;

    if (levels == 0) return;
    for (int level = LEVELS_MAX - 1; level >= 0; level--) {
        at = level_before(stretches, at, level, node->stretch.start_us);
        if (level >= levels) continue;
        node->next[level] = node_at(stretches, at)->next[level];
        node_at(stretches, at)->next[level] = number;
    }
}

void skiplist_remove(struct stretches *stretches, uint32_t skiplist, uint32_t number)
{
    const int levels = levels_of(stretches, skiplist, number);
    const union node *node = node_at(stretches, number);
    uint32_t at = skiplist;

    if (levels == 0) return;
    for (int level = LEVELS_MAX - 1; level >= 0; level--) {
        /* Those that start at the same time are a few, and come last. */
        at = level_before(stretches, at, level, node->stretch.start_us - 1);
        if (level >= levels) continue;
        uint32_t before = at;
        while (node_at(stretches, before)->next[level] != number)
            before = node_at(stretches, before)->next[level];
        node_at(stretches, before)->next[level] = node->next[level];
    }
}
