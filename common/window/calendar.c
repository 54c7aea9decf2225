#include "window/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* An entry of calendar.starts. */
struct start {
    struct id id;
    struct dated *thing;
};

void calendar_init(struct calendar *calendar, enum held_kind kind)
{
    *calendar = (struct calendar){.earliest_us = INT64_MAX};
    table_init(&calendar->starts, sizeof(struct start), kind);
}

void calendar_release(struct calendar *calendar)
{
    held_drop(calendar->starts.kind, calendar->cap * sizeof calendar->thing[0]);
    free(calendar->thing);
    table_release(&calendar->starts);
    calendar_init(calendar, calendar->starts.kind);
}

static struct id start_id(int64_t start_us)
{
    return (struct id){.low = (uint64_t)start_us, .high = 1};
}

void *calendar_find(const struct calendar *calendar, int64_t start_us)
{
    if (calendar->count == 0) return NULL;
    /* Nearly always it is the last one, or a new one behind it. */
    struct dated *last = calendar->thing[calendar->count - 1];
    if (last->start_us == start_us) return last;
    const struct start *start = table_find(&calendar->starts, start_id(start_us));
    return start == NULL ? NULL : start->thing;
}

void calendar_add(struct calendar *calendar, struct dated *thing)
{
    bool is_new;
    if (calendar->count == calendar->cap) {
        const size_t before = calendar->cap;
        calendar->cap = before == 0 ? 8 : before * 2;
        calendar->thing = memory_resize(calendar->thing, calendar->cap, sizeof calendar->thing[0]);
        held_add(calendar->starts.kind, (calendar->cap - before) * sizeof calendar->thing[0]);
    }
    if (calendar->ordered == calendar->count &&
        (calendar->count == 0 || calendar->thing[calendar->count - 1]->start_us < thing->start_us))
        calendar->ordered++;
    calendar->thing[calendar->count++] = thing;
    struct start *start = table_put(&calendar->starts, start_id(thing->start_us), &is_new);
    start->thing = thing;
    if (thing->start_us < calendar->earliest_us) calendar->earliest_us = thing->start_us;
}

static int things_compare(const void *a, const void *b)
{
    const int64_t left = (*(const struct dated *const *)a)->start_us;
    const int64_t right = (*(const struct dated *const *)b)->start_us;
    return (left > right) - (left < right);
}

void calendar_order(struct calendar *calendar)
{
    const size_t late = calendar->count - calendar->ordered;
    if (late == 0) return;
    struct dated **thing = calendar->thing;
    struct dated **wait = memory_zero(late, sizeof *wait);
    memcpy(wait, thing + calendar->ordered, late * sizeof *wait);
    qsort(wait, late, sizeof *wait, things_compare);
    /* From the last one on: what is moved goes to where nothing is any more. */
    size_t ordered = calendar->ordered, waits = late;
    for (size_t to = calendar->count; waits > 0; to--) {
        if (ordered > 0 && thing[ordered - 1]->start_us > wait[waits - 1]->start_us)
            thing[to - 1] = thing[--ordered];
        else
            thing[to - 1] = wait[--waits];
    }
    free(wait);
    calendar->ordered = calendar->count;
}

size_t calendar_place(const struct calendar *calendar, int64_t start_us)
{
    size_t low = 0, high = calendar->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (calendar->thing[middle]->start_us < start_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void calendar_drop(struct calendar *calendar, size_t first, size_t behind)
{
    struct dated **thing = calendar->thing;
    for (size_t i = first; i < behind; i++)
        table_remove(&calendar->starts,
                     table_find(&calendar->starts, start_id(thing[i]->start_us)));
    memmove(thing + first, thing + behind, (calendar->count - behind) * sizeof *thing);
    calendar->count -= behind - first;
    calendar->ordered = calendar->count;
    calendar->earliest_us = calendar->count == 0 ? INT64_MAX : thing[0]->start_us;
}
