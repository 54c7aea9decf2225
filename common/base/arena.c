#include "base/arena.h"

#include <stdlib.h>

#include "base/held.h"
#include "base/memory.h"

#define BLOCK_BYTES ((size_t)64 << 10)

struct arena_block {
    struct arena_block *next;
    size_t size;
    char bytes[];
};

static void arena_add_block(struct arena *arena, size_t size)
{
    if (size < BLOCK_BYTES) size = BLOCK_BYTES;
    struct arena_block *block = memory_new(sizeof *block + size);
    block->next = arena->blocks;
    block->size = size;
    held_add(HELD_TEXTS, size);
    arena->blocks = block;
    arena->at = block->bytes;
    arena->end = block->bytes + size;
}

char *arena_take(struct arena *arena, size_t size)
{
    if ((size_t)(arena->end - arena->at) < size) arena_add_block(arena, size);
    char *piece = arena->at;
    arena->at += size;
    return piece;
}

/* Frees every block from the given one on. */
static void blocks_free(struct arena_block *block)
{
    while (block != NULL) {
        struct arena_block *next = block->next;
        held_drop(HELD_TEXTS, block->size);
        free(block);
        block = next;
    }
}

void arena_clear(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    if (block == NULL) return;
    if (block->size > BLOCK_BYTES) {
        arena_release(arena);
        return;
    }
    blocks_free(block->next);
    block->next = NULL;
    arena->at = block->bytes;
    arena->end = block->bytes + block->size;
}

void arena_release(struct arena *arena)
{
    blocks_free(arena->blocks);
    *arena = (struct arena){0};
}
