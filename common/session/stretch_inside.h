/*
 * stretch_inside.h - what the files of stretch.h share.
 */
#ifndef CS_STRETCH_INSIDE_H
#define CS_STRETCH_INSIDE_H

#include "session/parts.h"
#include "session/stretch.h"

/* A stretch whose block is not made yet. */
struct stretch *stretch_clear(struct stretches *stretches, uint32_t number, int64_t start_us,
                              int64_t last_us);

/* Where the extras stand in the block. */
static inline char *extras_at(const struct stretches *stretches, const struct stretch *stretch)
{
    const struct slice name = stretch_name(stretch);

    return stretch->block.data + (name.text + name.len - stretch->block.data) +
           stretches->kept.counters_bytes;
}

static inline void parts_of(struct parts *parts, const struct stretches *stretches,
                            const struct stretch *stretch)
{
    parts_read(parts, &stretches->kept, block_slice(&stretch->block), stretch->start_us);
}

static inline void present_note(const struct kept *kept, struct stretch *stretch,
                                const struct parts *parts)
{
    stretch->present = (uint8_t)attributes_there(&parts->attributes, kept);
}

/* Those that are sorted. */
static inline uint32_t products_kept(const struct stretch *stretch)
{
    const uint32_t products = stretch->products - stretch->loose;

    return products < STRETCH_PRODUCTS_MAX ? products : STRETCH_PRODUCTS_MAX;
}

#endif
