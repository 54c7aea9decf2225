#include "session/block.h"

#include <string.h>

#include "base/die.h"

static void len_check(size_t len)
{
    if (len > UINT32_MAX) die("no memory for more than 4 GiB of one session");
}

char *block_grow(struct slab *slab, struct block *block, size_t more)
{
    const size_t old_len = block->len;
    const size_t len = old_len + more;

    len_check(len);
    if (slab_room(len) != slab_room(old_len))
        block->data = slab_resize(slab, block->data, old_len, len);
    block->len = (uint32_t)len;
    return block->data + old_len;
}

void block_set(struct slab *slab, struct block *block, struct slice head, struct slice tail)
{
    const size_t len = head.len + tail.len;

    len_check(len);
    if (slab_room(len) != slab_room(block->len)) {
        slab_give(slab, block->data, block->len);
        block->data = slab_take(slab, len);
    }
    block->len = (uint32_t)len;
    memcpy(block->data, head.text, head.len);
    if (tail.len > 0) memcpy(block->data + head.len, tail.text, tail.len);
}

void block_replace_head(struct slab *slab, struct block *block, size_t old_len, struct slice head)
{
    const size_t tail_len = block->len - old_len;
    const size_t before = block->len;

    if (head.len > old_len) (void)block_extend(slab, block, head.len - old_len);
    if (head.len != old_len) memmove(block->data + head.len, block->data + old_len, tail_len);
    memcpy(block->data, head.text, head.len);
    if (head.len >= old_len) return;
    block->len = (uint32_t)(head.len + tail_len);
    if (slab_room(before) != slab_room(block->len))
        block->data = slab_resize(slab, block->data, before, block->len);
}
