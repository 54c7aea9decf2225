/*
 * sort.h - numbers sorted by a key of 64 bits.
 *
 * A few are sorted by insertion, which is next to nothing where they are in order already; many
 * by radix (a pass for every byte in which keys differ), which looks at nothing but the keys. So
 * many that as much memory again would count are first parted where they are, by the highest byte.
 * Only where keys are equal the owner is asked.
 */
#ifndef CS_SORT_H
#define CS_SORT_H

#include <stddef.h>
#include <stdint.h>

struct sort_item {
    uint64_t key;
    uint32_t number; /* the owner's business, like mark */
    uint32_t mark;
};

/* The key of a number with a sign. */
static inline uint64_t sort_key(int64_t number)
{
    return (uint64_t)number ^ UINT64_C(1) << 63;
}

/* Sorts by key; items of equal key are put in the order of compare. */
void sort_items(struct sort_item *item, size_t count,
                int (*compare)(const void *a, const void *b, void *context), void *context);

#endif
