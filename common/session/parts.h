/*
 * parts.h - what the block of a stretch is made of.
 *
 *     name, counters, extras, attributes, { time - time of the one before, product }
 *
 * where a text is its length and its bytes, and lengths and times are varints (varint.h). Counters
 * are those for which the record has no room, four bytes each. The first product's time counts from
 * the start. Extras are as extras.h has it, attributes as attribute.h, products as products.h.
 * Counters and extras together are the cells: they take the same room in each block.
 */
#ifndef CS_PARTS_H
#define CS_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compat.h"
#include "base/slice.h"
#include "session/attribute.h"
#include "session/extras.h"
#include "session/kept.h"

/* Borrowed from the block. */
struct parts {
    struct slice name;
    struct slice cells;
    struct attributes attributes;
    struct slice products; /* as encoded */
    int64_t base_us;       /* from which the first one's time counts */
};

void parts_read(struct parts *parts, const struct kept *kept, struct slice block, int64_t start_us);

/* Writes all but the products; returns behind it. And for how many bytes there has to be room. */
char *parts_write(char *to, const struct parts *parts, const struct kept *kept, int64_t start_us);
size_t parts_room(const struct parts *parts, const struct kept *kept);

/* Is this a block, behind the name, with as many products? */
bool parts_whole(const struct kept *kept, struct slice block, uint32_t products);

#define COUNTER_BYTES sizeof(uint32_t)

/* Works out how many bytes counters and cells take. */
void kept_measure(struct kept *kept);

/* Those of no events. */
struct slice cells_none(const struct kept *kept);

static inline uint32_t counter_get(const char *at)
{
    uint32_t little;

    memcpy(&little, at, sizeof little);
    return le32toh(little);
}

static inline void counter_set(char *at, uint32_t count)
{
    const uint32_t little = htole32(count);

    memcpy(at, &little, sizeof little);
}

#endif
