/* The groups of a window in order. */
#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/memory.h"
#include "base/sort.h"
#include "window/window_inside.h"

/* A group with the beginning of its first value: most comparisons are decided by two numbers. */
struct ordered {
    uint64_t prefix[2]; /* the kind and 15 bytes; of numbers the kind only, they are not in the
                           order of bytes */
    struct group *group;
};

struct key_order {
    const struct window *window;
    int width;
    struct ordered *list;
};

#define SORT_AHEAD 16 /* groups */

static struct ordered ordered_make(struct slice key, struct group *group)
{
    struct ordered ordered = {.group = group};
    unsigned char bytes[16] = {0};
    if (key.len == 0) return ordered;
    bytes[0] = (unsigned char)key.text[0];
    const size_t head = 1 + sizeof(uint32_t);
    if (bytes[0] >= KIND_STRING) {
        uint32_t len;
        memcpy(&len, key.text + 1, sizeof len);
        len = le32toh(len);
        memcpy(bytes + 1, key.text + head, len < 15 ? len : 15);
    }
    memcpy(ordered.prefix, bytes, sizeof bytes);
    ordered.prefix[0] = be64toh(ordered.prefix[0]);
    ordered.prefix[1] = be64toh(ordered.prefix[1]);
    return ordered;
}

static int ordered_compare(const void *left, const void *right, void *context)
{
    const struct key_order *order = context;
    const struct ordered *a = left, *b = right;
    for (int i = 0; i < 2; i++)
        if (a->prefix[i] != b->prefix[i]) return a->prefix[i] < b->prefix[i] ? -1 : 1;
    return group_compare(window_key(order->window, a->group), window_key(order->window, b->group),
                         order->width);
}

static int item_compare(const void *left, const void *right, void *context)
{
    const struct key_order *order = context;
    const struct sort_item *a = left, *b = right;
    return ordered_compare(&order->list[a->number], &order->list[b->number], context);
}

/* Room for a window's groups in all->sorted. */
void sorted_reserve(struct windows *all, size_t count)
{
    if (count <= all->sorted_cap) return;
    all->sorted_cap = count + count / 4;
    all->sorted = memory_resize(all->sorted, all->sorted_cap, sizeof all->sorted[0]);
}

/* All groups, in no order. Their keys lie all over the text, so each is asked for some groups
 * ahead.
 */
static size_t ordered_all(const struct window *window, struct ordered *list)
{
    size_t n = 0, made = 0;
    struct group *group = NULL;
    while ((group = table_next(&window->groups, group)) != NULL) {
        __builtin_prefetch(window_key(window, group).text);
        list[n++].group = group;
        if (n > SORT_AHEAD) {
            list[made] = ordered_make(window_key(window, list[made].group), list[made].group);
            made++;
        }
    }
    for (; made < n; made++)
        list[made] = ordered_make(window_key(window, list[made].group), list[made].group);
    return n;
}

/* How many bytes of the prefixes are the same in all. */
static unsigned prefixes_equal(const struct ordered *list, size_t count)
{
    uint64_t differ[2] = {0};
    for (size_t i = 1; i < count; i++)
        for (int half = 0; half < 2; half++)
            differ[half] |= list[i].prefix[half] ^ list[0].prefix[half];
    if (differ[0] != 0) return (unsigned)__builtin_clzll(differ[0]) / 8;
    return differ[1] != 0 ? 8 + (unsigned)__builtin_clzll(differ[1]) / 8 : 16;
}

/* Sorts by the first eight bytes that are not the same in all, and looks at more only where these
 * are equal. */
static void ordered_sort(struct windows *all, struct key_order *order, size_t count)
{
    struct ordered *const list = order->list;
    const unsigned skip = prefixes_equal(list, count);
    if (skip == 16) {
        qsort_r(list, count, sizeof *list, ordered_compare, order);
        for (size_t i = 0; i < count; i++)
            all->sorted[i] = list[i].group;
        return;
    }
    struct sort_item *const item = memory_new(count * sizeof *item);
    for (size_t i = 0; i < count; i++) {
        uint64_t key = list[i].prefix[skip / 8] << skip % 8 * 8;
        if (skip > 0 && skip < 8) key |= list[i].prefix[1] >> (64 - skip * 8);
        item[i] = (struct sort_item){.key = key, .number = (uint32_t)i};
    }
    sort_items(item, count, item_compare, order);
    for (size_t i = 0; i < count; i++)
        all->sorted[i] = list[item[i].number].group;
    free(item);
}

struct group **windows_sorted(struct windows *all, const struct window *window, size_t *count)
{
    struct ordered *const list = memory_new((window->groups.count + 1) * sizeof *list);
    struct key_order order = {.window = window, .width = group_width(all->by), .list = list};
    *count = ordered_all(window, list);
    sorted_reserve(all, *count);
    if (*count > 0) ordered_sort(all, &order, *count);
    free(list);
    return all->sorted;
}

/* Puts those before the border in front; how many there are. */
static size_t ordered_divide(struct windows *all, const struct window *window, struct ordered *list,
                             size_t count, struct slice border)
{
    const struct ordered last = ordered_make(border, NULL);
    size_t before = 0, behind = count;
    for (size_t i = 0; i < count; i++) {
        const struct ordered one = list[i];
        const int half = one.prefix[0] == last.prefix[0];
        if (one.prefix[half] != last.prefix[half]
                ? one.prefix[half] < last.prefix[half]
                : group_compare(window_key(window, one.group), border, all->by->count) < 0)
            list[before++] = one;
        else
            all->sorted[--behind] = one.group;
    }
    return before;
}

struct group **windows_sorted_before(struct windows *all, const struct window *window,
                                     struct slice border, size_t *count)
{
    struct ordered *const list = memory_new((window->groups.count + 1) * sizeof *list);
    struct key_order order = {.window = window, .width = group_width(all->by), .list = list};
    sorted_reserve(all, window->groups.count);
    const size_t groups = ordered_all(window, list);
    *count = ordered_divide(all, window, list, groups, border);
    if (*count > 0) ordered_sort(all, &order, *count);
    free(list);
    return all->sorted;
}

void windows_sorted_ahead(const struct window *window, struct group **groups, size_t at,
                          size_t count)
{
    if (at + 2 * SORT_AHEAD < count) {
        const char *const group = (const char *)groups[at + 2 * SORT_AHEAD];
        __builtin_prefetch(group, 1);
        __builtin_prefetch(group + window->groups.entry_size - 1, 1); /* its cells */
    }
    if (at + SORT_AHEAD < count)
        __builtin_prefetch(window_key(window, groups[at + SORT_AHEAD]).text);
}
