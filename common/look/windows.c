#include "look/windows.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void windows_forget(struct windows *windows)
{
    free(windows->one);
    *windows = (struct windows){0};
}

size_t windows_at(const struct windows *windows, int64_t time_us)
{
    const size_t count = windows->count;
    if (count == 0 || windows->one[0].start_us > time_us) return WINDOWS_NONE;
    if (windows->one[count - 1].start_us <= time_us) return count - 1;
    size_t low = 0, high = count - 1; /* low begins before or then, high behind */
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (windows->one[middle].start_us <= time_us)
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t windows_find(const struct windows *windows, int64_t start_us)
{
    const size_t at = windows_at(windows, start_us);
    if (at == WINDOWS_NONE || windows->one[at].start_us != start_us) return WINDOWS_NONE;
    return at;
}

struct windows_one *windows_put(struct windows *windows, int64_t start_us, int64_t end_us)
{
    const size_t before = windows_at(windows, start_us);
    if (before != WINDOWS_NONE && windows->one[before].start_us == start_us)
        return &windows->one[before];
    if (windows->count == windows->cap) {
        windows->cap = windows->cap == 0 ? 64 : windows->cap * 2;
        windows->one = memory_resize(windows->one, windows->cap, sizeof windows->one[0]);
    }
    const size_t at = before == WINDOWS_NONE ? 0 : before + 1;
    memmove(windows->one + at + 1, windows->one + at,
            (windows->count - at) * sizeof windows->one[0]);
    windows->count++;
    windows->one[at] = (struct windows_one){.start_us = start_us, .end_us = end_us};
    return &windows->one[at];
}

void windows_let_go(struct windows *windows, int64_t since_us)
{
    size_t first = 0;
    while (first < windows->count && windows->one[first].start_us < since_us)
        first++;
    windows->count -= first;
    memmove(windows->one, windows->one + first, windows->count * sizeof windows->one[0]);
}

int64_t windows_behind(const struct windows *windows, size_t rows)
{
    size_t sum = 0, at = 0;
    if (windows->count < 2) return INT64_MIN;
    for (; at + 1 < windows->count; at++) {
        sum += windows->one[at].rows;
        if (sum >= rows) return windows->one[at + 1].start_us;
    }
    return windows->one[at].start_us;
}
