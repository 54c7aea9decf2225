/*
 * block.h - some bytes of changing length behind a record: a piece of a slab, and how long it is.
 *
 * Twelve bytes, so that a record has room for more in the word that holds the length.
 */
#ifndef CS_BLOCK_H
#define CS_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/slab.h"
#include "base/slice.h"

struct __attribute__((packed, aligned(4))) block {
    char *data;
    uint32_t len;
};

static inline struct slice block_slice(const struct block *block)
{
    return (struct slice){.text = block->data, .len = block->len};
}

/* For block_extend: where they may have no room. */
char *block_grow(struct slab *slab, struct block *block, size_t more);

/* Makes it so many bytes longer; returns where they go. */
static inline char *block_extend(struct slab *slab, struct block *block, size_t more)
{
    const size_t old_len = block->len;

    if (more > slab_slack(old_len)) return block_grow(slab, block, more);
    block->len = (uint32_t)(old_len + more);
    return block->data + old_len;
}

/* Makes it these bytes, in two parts, which do not lie in it. */
void block_set(struct slab *slab, struct block *block, struct slice head, struct slice tail);

/* Replaces the first old_len bytes by others, which do not lie in it. */
void block_replace_head(struct slab *slab, struct block *block, size_t old_len, struct slice head);

static inline void block_release(struct slab *slab, struct block *block)
{
    slab_give(slab, block->data, block->len);
    *block = (struct block){0};
}

#endif
