#include "base/partitioner.h"

#include <zlib.h>

#define SEED UINT32_C(0x9747b28c)
#define FACTOR UINT32_C(0x5bd1e995)

static uint32_t byte_at(const char *at, int place)
{
    return (uint32_t)(unsigned char)at[place] << (8 * place);
}

uint32_t murmur2(struct slice bytes)
{
    const char *at = bytes.text;
    const char *const end = at + bytes.len;
    uint32_t hash = SEED ^ (uint32_t)bytes.len;

    for (; end - at >= 4; at += 4) {
        uint32_t word = byte_at(at, 0) | byte_at(at, 1) | byte_at(at, 2) | byte_at(at, 3);
        word *= FACTOR;
        word ^= word >> 24;
        hash = hash * FACTOR ^ word * FACTOR;
    }
    if (at < end) {
        for (int place = 0; place < end - at; place++)
            hash ^= byte_at(at, place);
        hash *= FACTOR;
    }
    hash = (hash ^ hash >> 13) * FACTOR;
    return hash ^ hash >> 15;
}

uint32_t partitioner_of(enum partitioner partitioner, struct slice key, uint32_t count)
{
    if (partitioner == PARTITIONER_MURMUR2) return (murmur2(key) & INT32_MAX) % count;
    return (uint32_t)crc32_z(0, (const unsigned char *)key.text, key.len) % count;
}
