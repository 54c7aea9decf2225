#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/memory.h"

#define FEW 48

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

static void many_sort(struct sort_item *item, size_t count)
{
    struct sort_item *spare = memory_zero(count, sizeof(*item));
    struct sort_item *from = item, *to = spare;
    uint64_t differ = 0;

    for (size_t i = 1; i < count; i++)
        differ |= item[i].key ^ item[0].key;
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

void sort_items(struct sort_item *item, size_t count,
                int (*compare)(const void *a, const void *b, void *context), void *context)
{
    if (count <= FEW)
        few_sort(item, count);
    else
        many_sort(item, count);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && item[end].key == item[i].key;)
            end++;
        if (end - i > 1) qsort_r(item + i, end - i, sizeof(*item), compare, context);
    }
}
