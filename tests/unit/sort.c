/* sort.c - against qsort. */
#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "tap.h"

static uint64_t random_bits(void)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* What the owner says of equal keys. */
static int number_compare(const void *a, const void *b, void *context)
{
    const struct sort_item *left = a, *right = b;

    (void)context;
    if (left->number != right->number) return left->number < right->number ? -1 : 1;
    return (left->mark > right->mark) - (left->mark < right->mark);
}

static int item_compare(const void *a, const void *b)
{
    const struct sort_item *left = a, *right = b;

    if (left->key != right->key) return left->key < right->key ? -1 : 1;
    return number_compare(a, b, NULL);
}

/* Keys of so many bits, shifted. */
static bool sorts(size_t count, int bits, int shift)
{
    struct sort_item *item = memory_zero(count, sizeof(*item));
    struct sort_item *wanted = memory_zero(count, sizeof(*item));

    for (size_t i = 0; i < count; i++)
        item[i] = (struct sort_item){.key = random_bits() >> (64 - bits) << shift,
                                     .number = (uint32_t)random_bits(),
                                     .mark = (uint32_t)i};
    memcpy(wanted, item, count * sizeof(*item));
    qsort(wanted, count, sizeof(*item), item_compare);
    sort_items(item, count, number_compare, NULL);
    const bool same = count == 0 || memcmp(item, wanted, count * sizeof(*item)) == 0;
    free(item);
    free(wanted);
    return same;
}

int main(void)
{
    int wrong = 0;

    for (size_t count = 0; count < 200; count++)
        for (int bits = 1; bits <= 64; bits += 7)
            wrong += !sorts(count, bits, 0) + !sorts(count, bits, 64 - bits);
    is_int(wrong, 0, "a few, with many equal keys and with none");
    ok(sorts(100000, 64, 0), "many");
    ok(sorts(100000, 20, 30), "many that differ in a few bytes");
    ok(sorts(100000, 1, 9), "many of two keys");
    ok(sorts(500000, 12, 3) && sorts(500000, 2, 40) && sorts(500000, 64, 0),
       "so many that they are parted first, once or more");
    ok(sort_key(INT64_MIN) < sort_key(-1) && sort_key(-1) < sort_key(0) &&
           sort_key(0) < sort_key(INT64_MAX),
       "numbers with a sign keep their order as keys");
    return plan();
}
