/*
 * Windows of which groups were left where ranges have packed them, in order: what a k-way merge
 * puts together, one group at a time (Knuth, The Art of Computer Programming, volume 3, 5.4.1).
 */
#include <stdlib.h>

#include "base/die.h"
#include "base/memory.h"
#include "window/window_inside.h"

/* So much of what has been read is given back at a time. */
#define FORGET_BYTES ((size_t)256 << 10)

void windows_borrow(struct windows *all)
{
    all->borrows = !all->panes.used && !aggregates_in_order(all->aggregates);
}

void window_lend(struct window *window, struct slice groups, uint32_t count)
{
    window->lent =
        memory_resize(window->lent, (size_t)window->lent_count + 1, sizeof *window->lent);
    window->lent[window->lent_count++] =
        (struct lent){.at = groups.text, .end = groups.text + groups.len, .count = count};
    window->changed = true;
}

/* --- in order --- */

/* What one range has of the window: the key of its next group, and what stands there. */
struct source {
    struct unpack in;
    struct slice key;
    uint32_t left, number;
    const char *known; /* from here on it has not been given back */
};

struct merge {
    struct windows *all;
    struct source **heap;
    uint32_t count;
};

static _Noreturn void nonsense(void)
{
    die("a range has handed over groups that make no sense"); /* a fault of this program */
}

/* False: it has no more. */
static bool source_next(struct source *source)
{
    if ((size_t)(source->in.at - source->known) >= FORGET_BYTES)
        source->known = memory_pages_forget(source->known, source->in.at);
    if (source->left == 0) return false;
    struct unpack ahead = source->in;
    source->key = unpack_text(&ahead);
    if (ahead.broken) nonsense();
    source->left--;
    return true;
}

/* Of two with the same key, the earlier range comes first. */
static bool source_before(const struct merge *merge, const struct source *a, const struct source *b)
{
    const int order = group_compare(a->key, b->key, group_width(merge->all->by));
    return order != 0 ? order < 0 : a->number < b->number;
}

/* Puts the one at that place to where it belongs, below. */
static void heap_sink(struct merge *merge, uint32_t place)
{
    struct source *const source = merge->heap[place];
    for (;;) {
        uint32_t below = place * 2 + 1;
        if (below >= merge->count) break;
        if (below + 1 < merge->count &&
            source_before(merge, merge->heap[below + 1], merge->heap[below]))
            below++;
        if (!source_before(merge, merge->heap[below], source)) break;
        merge->heap[place] = merge->heap[below];
        place = below;
    }
    merge->heap[place] = source;
}

static void heap_fill(struct merge *merge, struct source *source, const struct window *window)
{
    for (uint32_t i = 0; i < window->lent_count; i++) {
        const struct lent *const lent = &window->lent[i];
        source[i] = (struct source){.in = {.at = lent->at, .end = lent->end},
                                    .left = lent->count,
                                    .number = i,
                                    .known = lent->at};
        if (source_next(&source[i])) merge->heap[merge->count++] = &source[i];
    }
    for (uint32_t i = merge->count / 2; i-- > 0;)
        heap_sink(merge, i);
}

/* Adds the first group of all to the window. */
static struct group *group_take(struct merge *merge, struct window *window)
{
    struct source *const source = merge->heap[0];
    struct group *const group = group_load_whole(merge->all, window, &source->in);
    if (group == NULL) nonsense();
    if (!source_next(source)) {
        if (source->in.at != source->in.end) nonsense();
        merge->heap[0] = merge->heap[--merge->count];
    }
    if (merge->count > 0) heap_sink(merge, 0);
    return group;
}

void windows_merge(struct windows *all, struct window *window, window_group *each, void *context)
{
    struct source *const source = memory_zero((size_t)window->lent_count + 1, sizeof *source);
    struct merge merge = {
        .all = all, .heap = memory_zero((size_t)window->lent_count + 1, sizeof(struct source *))};
    recent_set(all, NULL);
    heap_fill(&merge, source, window);
    while (merge.count > 0) {
        struct window *const one = window_new(all, window->start_us);
        struct group *group = group_take(&merge, one);
        while (merge.count > 0 && slice_equal(merge.heap[0]->key, window_key(one, group)))
            group = group_take(&merge, one);
        each(context, one, group);
        window_retire(all, one);
    }
    free(merge.heap);
    free(source);
}

/* --- and not --- */

static bool window_borrow_end(struct windows *all, struct window *window)
{
    for (uint32_t i = 0; i < window->lent_count; i++) {
        struct unpack in = {.at = window->lent[i].at, .end = window->lent[i].end};
        for (uint32_t left = window->lent[i].count; left > 0; left--)
            if (group_load_whole(all, window, &in) == NULL) return false;
    }
    window->lent_count = 0;
    return true;
}

bool windows_borrow_end(struct windows *all)
{
    all->borrows = false;
    recent_set(all, NULL);
    for (size_t i = 0; i < windows_order(all); i++)
        if (!window_borrow_end(all, windows_at(all, i))) return false;
    return true;
}
