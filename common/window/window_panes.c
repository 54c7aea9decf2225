/*
 * Windows that overlap, made of panes.
 *
 * together is what the panes of one window hold, and goes from window to window: panes come and go.
 * A group is there as long as a pane has it, an id is counted as long as a pane has it for that
 * aggregate, and both are counted in panes for that. Cells are combined, and removed where the
 * function can; where it cannot, those of the other panes are combined anew for that group.
 *
 * A pane in together does not change any more: together has the panes of windows that are closed,
 * and an event goes into a pane only while all windows of the pane are open.
 *
 * Beside a pane's events a window may have its own (struct windows: open): for the one row that is
 * printed of it, they come as if they were one more pane.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "window/window_inside.h"

/* What goes leaves its text behind in together, and its place in the tables: all is made anew when
 * most of it is that. */
#define TEXT_LEAST ((size_t)64 << 10)
#define SLOTS_LEAST ((size_t)4096)

/* An entry of the ids of together. */
struct shared {
    struct id id;
    uint32_t total;   /* of the following */
    uint32_t panes[]; /* for each bit of the set: how many panes have counted the id for it */
};

static size_t shared_size(const struct distinct_set *set)
{
    const size_t bytes = sizeof(struct shared) + (size_t)set->count * sizeof(uint32_t);
    return (bytes + 7) / 8 * 8;
}

/* How many panes have the group of together: stands behind its cells. */
static uint64_t *group_panes(const struct windows *all, struct group *group)
{
    return cell_count(group_cells(group), all->aggregates->cell_bytes);
}

void panes_init(struct windows *all)
{
    const size_t sets = (size_t)all->aggregates->set_count;
    struct panes *panes = &all->panes;
    *panes = (struct panes){
        .used = true, .from_us = INT64_MIN, .until_us = INT64_MIN, .next_us = INT64_MIN};
    calendar_init(&panes->open, HELD_GROUPS);
    struct window *together = memory_zero(1, sizeof *together + sets * sizeof together->ids[0]);
    held_add(HELD_GROUPS, sizeof *together + sets * sizeof together->ids[0]);
    table_init(&together->groups,
               sizeof(struct group) + all->aggregates->cell_bytes + sizeof(uint64_t), HELD_GROUPS);
    for (size_t i = 0; i < sets; i++)
        table_init(&together->ids[i], shared_size(&all->aggregates->set[i]), HELD_IDS);
    together->text.kind = HELD_GROUPS;
    panes->together = together;
}

static struct window *pane_at(const struct panes *panes, size_t place)
{
    return (struct window *)panes->open.thing[place];
}

void panes_release(struct windows *all)
{
    struct panes *panes = &all->panes;
    if (!panes->used) return;
    for (size_t i = 0; i < panes->open.count; i++)
        window_free(all, pane_at(panes, i));
    calendar_release(&panes->open);
    window_free(all, panes->together);
    *panes = (struct panes){0};
}

int64_t panes_last_us(struct windows *all)
{
    struct calendar *open = &all->panes.open;
    if (!all->panes.used || open->count == 0) return INT64_MIN;
    calendar_order(open);
    return open->thing[open->count - 1]->start_us;
}

/* What comes and goes. */

/* For the ids of a window: its groups' places in together, by their numbers. */
static struct group **places_find(const struct windows *all, const struct window *window)
{
    struct group **place = memory_zero(window->groups.count + 1, sizeof *place);
    const struct group *group = NULL;
    while ((group = table_next(&window->groups, group)) != NULL)
        place[group->number] = table_find(&all->panes.together->groups, group->id);
    return place;
}

static void group_add(struct windows *all, struct window *together, const struct window *window,
                      const struct group *group, uint64_t additive)
{
    bool is_new;
    struct group *sum = table_put(&together->groups, group->id, &is_new);
    if (is_new) {
        sum->key_at = together->text.len;
        sum->key_len = group->key_len;
        buffer_add_slice(&together->text, window_key(window, group));
        all->keys++;
    }
    ++*group_panes(all, sum);
    aggregates_combine(all->aggregates, additive, group_cells(sum), &together->text,
                       group_cells((struct group *)(uintptr_t)group), &window->text);
}

static void id_add(struct windows *all, int set, const struct seen *seen, struct group *group)
{
    bool is_new;
    const uint32_t *const cell = all->aggregates->set[set].cell;
    struct shared *shared = table_put(&all->panes.together->ids[set], seen->id, &is_new);
    all->keys += is_new;
    for (uint32_t mask = seen->mask; mask != 0; mask &= mask - 1) {
        const int bit = __builtin_ctz(mask);
        if (shared->panes[bit]++ == 0) ++*cell_count(group_cells(group), cell[bit]);
        shared->total++;
    }
}

static void together_add(struct windows *all, const struct window *window)
{
    struct window *together = all->panes.together;
    const uint64_t additive = aggregates_additive(all->aggregates);
    const struct group *group = NULL;
    while ((group = table_next(&window->groups, group)) != NULL)
        group_add(all, together, window, group, additive);
    if (all->aggregates->set_count == 0) return;
    struct group **place = places_find(all, window);
    for (int i = 0; i < all->aggregates->set_count; i++) {
        const struct seen *seen = NULL;
        while ((seen = table_next(&window->ids[i], seen)) != NULL)
            if (seen->mask != 0) id_add(all, i, seen, place[seen->group]);
    }
    free(place);
}

static void id_remove(struct windows *all, int set, const struct seen *seen, struct group *group)
{
    struct table *ids = &all->panes.together->ids[set];
    const uint32_t *const cell = all->aggregates->set[set].cell;
    struct shared *shared = table_find(ids, seen->id);
    for (uint32_t mask = seen->mask; mask != 0; mask &= mask - 1) {
        const int bit = __builtin_ctz(mask);
        if (--shared->panes[bit] == 0) --*cell_count(group_cells(group), cell[bit]);
        shared->total--;
    }
    if (shared->total != 0) return;
    table_remove(ids, shared);
    all->keys--;
}

/* Combines the cells of mask anew: of the panes in together that start at from_us or later. */
static void group_combine(struct windows *all, struct group *sum, uint64_t mask, int64_t from_us)
{
    const struct panes *panes = &all->panes;
    const size_t behind = calendar_place(&panes->open, panes->until_us);
    for (size_t i = calendar_place(&panes->open, from_us); i < behind; i++) {
        const struct window *pane = pane_at(panes, i);
        struct group *group = table_find(&pane->groups, sum->id);
        if (group == NULL) continue;
        aggregates_combine(all->aggregates, mask, group_cells(sum), &panes->together->text,
                           group_cells(group), &pane->text);
    }
}

/* Takes a window away again; what stays are the panes from from_us on. */
static void together_remove(struct windows *all, const struct window *window, int64_t from_us)
{
    struct window *together = all->panes.together;
    const uint64_t additive = aggregates_additive(all->aggregates);
    if (all->aggregates->set_count != 0) {
        struct group **place = places_find(all, window);
        for (int i = 0; i < all->aggregates->set_count; i++) {
            const struct seen *seen = NULL;
            while ((seen = table_next(&window->ids[i], seen)) != NULL)
                if (seen->mask != 0) id_remove(all, i, seen, place[seen->group]);
        }
        free(place);
    }
    const struct group *group = NULL;
    while ((group = table_next(&window->groups, group)) != NULL) {
        struct group *sum = table_find(&together->groups, group->id);
        if (--*group_panes(all, sum) == 0) {
            table_remove(&together->groups, sum);
            all->keys--;
            continue;
        }
        const uint64_t unknown =
            aggregates_remove(all->aggregates, additive, group_cells(sum), &together->text,
                              group_cells((struct group *)(uintptr_t)group), &window->text);
        if (unknown != 0) group_combine(all, sum, unknown, from_us);
    }
}

static bool is_sparse(const struct table *table)
{
    return table->slots > SLOTS_LEAST && table->count < table->slots / 16;
}

static void entries_clear(struct windows *all, struct table *table)
{
    const bool sparse = is_sparse(table);
    all->keys -= table->count;
    if (sparse)
        table_release(table);
    else
        table_clear(table);
}

static void together_clear(struct windows *all)
{
    struct window *together = all->panes.together;
    entries_clear(all, &together->groups);
    for (int i = 0; i < all->aggregates->set_count; i++)
        entries_clear(all, &together->ids[i]);
    buffer_clear(&together->text);
}

/* Is most of it what has gone? */
static bool together_wastes(const struct windows *all)
{
    const struct window *together = all->panes.together;
    bool wastes =
        together->text.len > TEXT_LEAST + 4 * all->panes.text_bytes || is_sparse(&together->groups);
    for (int i = 0; i < all->aggregates->set_count; i++)
        wastes |= is_sparse(&together->ids[i]);
    return wastes;
}

/* Takes out the panes before start_us. */
static void together_leave(struct windows *all, int64_t start_us)
{
    struct panes *panes = &all->panes;
    if (start_us >= panes->until_us) {
        together_clear(all);
        panes->until_us = start_us;
    } else {
        const size_t behind = calendar_place(&panes->open, start_us);
        for (size_t i = calendar_place(&panes->open, panes->from_us); i < behind; i++)
            together_remove(all, pane_at(panes, i), pane_at(panes, i)->start_us + 1);
    }
    panes->from_us = start_us;
}

/* Makes together what the panes of the window hold that starts then, which is later than before. */
static void together_move(struct windows *all, int64_t start_us)
{
    struct panes *panes = &all->panes;
    together_leave(all, start_us);
    if (together_wastes(all)) {
        together_clear(all);
        panes->until_us = start_us;
    }
    const bool anew = panes->until_us == start_us;
    const size_t behind = calendar_place(&panes->open, start_us + all->size_us);
    for (size_t i = calendar_place(&panes->open, panes->until_us); i < behind; i++)
        together_add(all, pane_at(panes, i));
    if (anew) panes->text_bytes = panes->together->text.len;
    panes->until_us = start_us + all->size_us;
    panes->together->start_us = start_us;
}

/* Closing. */

/* The start of the first window from from_us on that has an event; INT64_MAX: there is none. All is
 * in order. */
static int64_t window_next(const struct windows *all, int64_t from_us)
{
    const struct calendar *panes = &all->panes.open;
    const size_t pane = calendar_place(panes, from_us), own = calendar_place(&all->open, from_us);
    int64_t start_us = INT64_MAX;
    if (own < all->open.count) start_us = windows_at(all, own)->start_us;
    if (pane < panes->count) {
        int64_t first_us = panes->thing[pane]->start_us - all->size_us + all->slide_us;
        if (first_us < from_us) first_us = from_us;
        if (first_us < start_us) start_us = first_us;
    }
    return start_us;
}

/* The first start of a window that is not closed and can be, by a range's border. */
static int64_t closable_us(const struct windows *all)
{
    if (all->border_us == INT64_MIN) return all->panes.next_us;
    if (all->border_us == INT64_MAX) return INT64_MAX;
    const int64_t after_us = windows_floor(all, all->border_us) + all->slide_us;
    return after_us > all->panes.next_us ? after_us : all->panes.next_us;
}

/* Drops what no window needs any more: what starts before from_us, but for the windows from the
 * first that could not be closed on, and the panes these are made of. */
static void closed_drop(struct windows *all, int64_t first_us, int64_t from_us)
{
    struct calendar *panes = &all->panes.open;
    const int64_t pane_us = all->border_us == INT64_MIN ? INT64_MIN : all->border_us + all->size_us;
    windows_drop(all, panes, calendar_place(panes, pane_us), calendar_place(panes, from_us));
    windows_drop(all, &all->open, calendar_place(&all->open, first_us),
                 calendar_place(&all->open, from_us));
}

void panes_close(struct windows *all, int64_t watermark_us, window_done *done, void *context)
{
    struct panes *panes = &all->panes;
    const int64_t first_us = closable_us(all);
    int64_t from_us = first_us;
    if (panes->open.count + all->open.count == 0) return;
    calendar_order(&panes->open);
    (void)windows_order(all);
    for (;;) {
        const int64_t start_us = window_next(all, from_us);
        if (start_us == INT64_MAX || start_us + all->size_us > watermark_us) break;
        together_move(all, start_us);
        const struct window *own = calendar_find(&all->open, start_us);
        if (own != NULL) together_add(all, own);
        done(context, panes->together);
        if (own != NULL) together_remove(all, own, start_us);
        from_us = panes->next_us = start_us + all->slide_us;
    }
    if (from_us == first_us) return;
    recent_set(all, NULL);
    together_leave(all, from_us);
    closed_drop(all, first_us, from_us);
}

/* The state: windows as if there were no panes. */

/* Adds what is in one window to another. */
static void window_join(struct windows *all, struct window *to, const struct window *from)
{
    const uint64_t additive = aggregates_additive(all->aggregates);
    struct id *ids = memory_zero(from->groups.count + 1, sizeof *ids);
    struct group *group = NULL;
    while ((group = table_next(&from->groups, group)) != NULL) {
        buffer_clear(&all->key);
        buffer_add_slice(&all->key, window_key(from, group));
        struct group *sum = group_put(all, to, group->id, NULL);
        aggregates_combine(all->aggregates, additive, group_cells(sum), &to->text,
                           group_cells(group), &from->text);
        ids[group->number] = group->id;
    }
    for (int i = 0; i < all->aggregates->set_count; i++) {
        const struct seen *seen = NULL;
        while ((seen = table_next(&from->ids[i], seen)) != NULL)
            id_count(all, to, i, seen->id, table_find(&to->groups, ids[seen->group]), seen->mask);
    }
    free(ids);
}

/* The starts of the windows that have an event and are not closed; the caller frees. */
static int64_t *starts_open(const struct windows *all, size_t *count)
{
    int64_t *list = NULL, from_us = INT64_MIN, start_us;
    size_t cap = 0;
    *count = 0;
    while ((start_us = window_next(all, from_us)) != INT64_MAX) {
        from_us = start_us + all->slide_us;
        if (start_us < all->panes.next_us && start_us > all->border_us) {
            from_us = all->panes.next_us;
            continue;
        }
        if (*count == cap) {
            cap = cap == 0 ? 64 : cap * 2;
            list = memory_resize(list, cap, sizeof *list);
        }
        list[(*count)++] = start_us;
    }
    return list;
}

/* Windows are gone through from the last one on: nearly always the next one has the same panes and
 * one more. */
struct growing {
    struct window *window;
    size_t first, behind; /* the places of its panes */
};

static void growing_move(struct windows *all, struct growing *growing, int64_t start_us)
{
    const struct panes *panes = &all->panes;
    const size_t first = calendar_place(&panes->open, start_us);
    const size_t behind = calendar_place(&panes->open, start_us + all->size_us);
    if (growing->behind != behind) {
        if (growing->window != NULL) window_retire(all, growing->window);
        growing->window = window_new(all, start_us);
        growing->first = growing->behind = behind;
    }
    while (growing->first > first)
        window_join(all, growing->window, pane_at(panes, --growing->first));
    growing->window->start_us = start_us;
}

void panes_save(struct windows *all, struct buffer *out)
{
    struct growing growing = {.first = SIZE_MAX, .behind = SIZE_MAX};
    size_t count;
    calendar_order(&all->panes.open);
    (void)windows_order(all);
    int64_t *starts = starts_open(all, &count);
    pack_u64(out, count);
    while (count > 0) {
        const int64_t start_us = starts[--count];
        const struct window *own = calendar_find(&all->open, start_us);
        growing_move(all, &growing, start_us);
        if (own == NULL) {
            window_save(all, growing.window, out);
            continue;
        }
        struct window *whole = window_new(all, start_us);
        window_join(all, whole, growing.window);
        window_join(all, whole, own);
        window_save(all, whole, out);
        window_retire(all, whole);
    }
    if (growing.window != NULL) window_retire(all, growing.window);
    free(starts);
}
