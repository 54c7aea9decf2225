#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/memory.h"

#define FEW 48
#define MANY ((size_t)1 << 16) /* more than that are not worth as much memory again */

static void few_sort(struct sort_item *item, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct sort_item one = item[i];
        size_t to = i;
        for (; to > 0 && item[to - 1].key > one.key; to--)
            item[to] = item[to - 1];
        item[to] = one;
    }
}

/* Puts items where they belong by one byte of their keys. */
static void byte_sort(const struct sort_item *from, struct sort_item *to, size_t count, int shift)
{
    size_t at[256] = {0};
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        at[from[i].key >> shift & 0xff]++;
    for (int byte = 0; byte < 256; byte++) {
        const size_t these = at[byte];
        at[byte] = sum;
        sum += these;
    }
    for (size_t i = 0; i < count; i++)
        to[at[from[i].key >> shift & 0xff]++] = from[i];
}

/* In which bits of their keys they differ. */
static uint64_t bits_differ(const struct sort_item *item, size_t count)
{
    uint64_t differ = 0;

    for (size_t i = 1; i < count; i++)
        differ |= item[i].key ^ item[0].key;
    return differ;
}

static void many_sort(struct sort_item *item, size_t count)
{
    struct sort_item *spare = memory_zero(count, sizeof(*item));
    struct sort_item *from = item, *to = spare;
    const uint64_t differ = bits_differ(item, count);

    for (int shift = 0; shift < 64; shift += 8) {
        if ((differ >> shift & 0xff) == 0) continue;
        byte_sort(from, to, count, shift);
        struct sort_item *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != item) memcpy(item, from, count * sizeof(*item));
    free(spare);
}

/* Puts items to others of the same byte, each where such a one is in the way (McIlroy, Bostic &
 * McIlroy, "Engineering Radix Sort", 1993). end: where each byte's items end. */
static void byte_gather(struct sort_item *item, size_t count, int shift, size_t end[256])
{
    size_t at[256] = {0};
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        at[item[i].key >> shift & 0xff]++;
    for (int byte = 0; byte < 256; byte++) {
        const size_t these = at[byte];
        at[byte] = sum;
        end[byte] = sum += these;
    }
    for (int byte = 0; byte < 256; byte++)
        while (at[byte] < end[byte]) {
            struct sort_item one = item[at[byte]];
            for (unsigned its; (its = one.key >> shift & 0xff) != (unsigned)byte;) {
                const struct sort_item other = item[at[its]];
                item[at[its]++] = one;
                one = other;
            }
            item[at[byte]++] = one;
        }
}

static void any_sort(struct sort_item *item, size_t count)
{
    if (count <= FEW) {
        few_sort(item, count);
        return;
    }
    const uint64_t differ = count <= MANY ? 0 : bits_differ(item, count);
    if (differ == 0) {
        many_sort(item, count);
        return;
    }
    const int shift = (63 - __builtin_clzll(differ)) / 8 * 8;
    size_t end[256];
    byte_gather(item, count, shift, end);
    for (size_t byte = 0, begin = 0; byte < 256; begin = end[byte], byte++)
        any_sort(item + begin, end[byte] - begin);
}

void sort_items(struct sort_item *item, size_t count,
                int (*compare)(const void *a, const void *b, void *context), void *context)
{
    any_sort(item, count);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && item[end].key == item[i].key;)
            end++;
        if (end - i > 1) qsort_r(item + i, end - i, sizeof(*item), compare, context);
    }
}
