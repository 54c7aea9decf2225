/* --merge: groups that every input has passed are printed before their window is over. */
#include "base/memory.h"
#include "window/window_inside.h"

void windows_by_lanes(struct windows *all)
{
    lanes_init(&all->lanes, all->run, all->by->count);
}

struct window *windows_passed(struct windows *all, struct group ***groups, size_t *count)
{
    struct window *const window = all->recent;
    struct slice border;
    if (window == NULL || window->start_us != all->closed_us) return NULL;
    if (!lanes_due(&all->lanes, window->start_us, &border)) return NULL;
    *groups = windows_sorted_before(all, window, border, count);
    return window;
}

/* The group as it is, in a window without it. */
static void group_copy(struct windows *all, const struct window *window, struct group *group,
                       struct window *into, struct buffer *saved)
{
    buffer_clear(saved);
    aggregates_save(all->aggregates, group_cells(group), &window->text, true, saved);
    struct unpack in = {.at = saved->data, .end = saved->data + saved->len};
    buffer_clear(&all->key);
    buffer_add_slice(&all->key, window_key(window, group));
    struct group *const copy = group_put(all, into, group->id, NULL);
    aggregates_load(all->aggregates, group_cells(copy), &into->text, true, &in);
}

void windows_forget(struct windows *all, struct window *window, size_t count)
{
    const size_t all_count = window->groups.count;
    struct window *const rest = window_new(all, window->start_us);
    struct buffer saved = {0};
    for (size_t i = count; i < all_count; i++)
        group_copy(all, window, all->sorted[i], rest, &saved);
    buffer_release(&saved);
    const struct table groups = window->groups;
    const struct buffer text = window->text;
    window->groups = rest->groups;
    window->text = rest->text;
    rest->groups = groups;
    rest->text = text;
    window_retire(all, rest);
    recent_set(all, NULL);
    lanes_printed(&all->lanes, count, all_count - count);
}
