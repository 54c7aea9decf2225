#include "look/axis.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void axis_release(struct axis *axis)
{
    free(axis->one);
    *axis = (struct axis){0};
}

size_t axis_at(const struct axis *axis, int64_t time_us)
{
    const size_t count = axis->count;
    if (count == 0 || axis->one[0].start_us > time_us) return AXIS_NONE;
    if (axis->one[count - 1].start_us <= time_us) return count - 1;
    size_t low = 0, high = count - 1; /* low begins before or then, high behind */
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (axis->one[middle].start_us <= time_us)
            low = middle;
        else
            high = middle;
    }
    return low;
}

size_t axis_find(const struct axis *axis, int64_t start_us)
{
    const size_t at = axis_at(axis, start_us);
    if (at == AXIS_NONE || axis->one[at].start_us != start_us) return AXIS_NONE;
    return at;
}

struct axis_window *axis_put(struct axis *axis, int64_t start_us, int64_t end_us)
{
    const size_t before = axis_at(axis, start_us);
    if (before != AXIS_NONE && axis->one[before].start_us == start_us) return &axis->one[before];
    if (axis->count == axis->cap) {
        axis->cap = axis->cap == 0 ? 64 : axis->cap * 2;
        axis->one = memory_resize(axis->one, axis->cap, sizeof axis->one[0]);
    }
    const size_t at = before == AXIS_NONE ? 0 : before + 1;
    memmove(axis->one + at + 1, axis->one + at, (axis->count - at) * sizeof axis->one[0]);
    axis->count++;
    axis->one[at] = (struct axis_window){.start_us = start_us, .end_us = end_us};
    return &axis->one[at];
}

void axis_let_go(struct axis *axis, int64_t since_us)
{
    size_t first = 0;
    while (first < axis->count && axis->one[first].start_us < since_us)
        first++;
    axis->count -= first;
    memmove(axis->one, axis->one + first, axis->count * sizeof axis->one[0]);
}

int64_t axis_behind(const struct axis *axis, size_t rows)
{
    size_t sum = 0, at = 0;
    if (axis->count < 2) return INT64_MIN;
    for (; at + 1 < axis->count; at++) {
        sum += axis->one[at].rows;
        if (sum >= rows) return axis->one[at + 1].start_us;
    }
    return axis->one[at].start_us;
}
