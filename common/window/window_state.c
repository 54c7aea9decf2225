/* The state of windows, and what a range of --jobs hands over. */
#include <stdlib.h>

#include "base/memory.h"
#include "window/window_inside.h"

/* In front of a window's groups: each has its ids with it, and how long they are stands before. */
#define BY_GROUP (UINT32_C(1) << 31)

/* The groups as they come. */
static struct group **groups_unsorted(struct windows *all, const struct window *window,
                                      size_t *count)
{
    sorted_reserve(all, window->groups.count);
    *count = 0;
    struct group *group = NULL;
    while ((group = table_next(&window->groups, group)) != NULL)
        all->sorted[(*count)++] = group;
    return all->sorted;
}

static int seen_compare(const void *a, const void *b)
{
    return id_compare(((const struct seen *)a)->id, ((const struct seen *)b)->id);
}

/* The ids of one set, in order; rank says where a group of that number stands. */
static void ids_save(const struct table *ids, const uint32_t *rank, struct buffer *out)
{
    struct seen *list = memory_zero(ids->count + 1, sizeof *list);
    const struct seen *seen = NULL;
    size_t count = 0;
    while ((seen = table_next(ids, seen)) != NULL)
        list[count++] = *seen;
    qsort(list, count, sizeof *list, seen_compare);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        pack_id(out, list[i].id);
        pack_u32(out, rank[list[i].group]);
        pack_u32(out, list[i].mask);
    }
    free(list);
}

static void groups_save(struct windows *all, const struct window *window, uint32_t *rank,
                        bool with_distinct, struct buffer *out)
{
    size_t count;
    struct group **sorted =
        all->in_range ? groups_unsorted(all, window, &count) : windows_sorted(all, window, &count);
    pack_i64(out, window->start_us);
    pack_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        if (rank != NULL) rank[sorted[i]->number] = (uint32_t)i;
        pack_text(out, window_key(window, sorted[i]));
        aggregates_save(all->aggregates, group_cells(sorted[i]), &window->text, with_distinct, out);
    }
}

/* A set's ids, those of a group side by side: of group number n from behind[n - 1] on. */
struct ids_sorted {
    const struct seen **list;
    size_t *behind;
};

static struct ids_sorted ids_sort(const struct window *window, int set)
{
    const struct table *const ids = &window->ids[set];
    const struct seen *seen = NULL;
    struct ids_sorted sorted = {.list = memory_zero(ids->count + 1, sizeof sorted.list[0]),
                                .behind =
                                    memory_zero(window->groups.count + 1, sizeof sorted.behind[0])};
    while ((seen = table_next(ids, seen)) != NULL)
        sorted.behind[seen->group + 1]++;
    for (size_t i = 0; i < window->groups.count; i++)
        sorted.behind[i + 1] += sorted.behind[i];
    while ((seen = table_next(ids, seen)) != NULL)
        sorted.list[sorted.behind[seen->group]++] = seen;
    return sorted;
}

static void group_ids_save(const struct ids_sorted *ids, uint32_t number, struct buffer *out)
{
    const size_t from = number == 0 ? 0 : ids->behind[number - 1];
    pack_u64(out, ids->behind[number] - from);
    for (size_t i = from; i < ids->behind[number]; i++) {
        pack_id(out, ids->list[i]->id);
        pack_u32(out, ids->list[i]->mask);
    }
}

/* For another process: one group after the other, in order where it is a file that is handed over.
 */
static void window_hand_over(struct windows *all, const struct window *window, struct buffer *out)
{
    const int sets = all->aggregates->set_count;
    size_t count;
    struct group **const sorted = all->run->settings.apart ? windows_sorted(all, window, &count)
                                                           : groups_unsorted(all, window, &count);
    struct ids_sorted *const ids = memory_zero((size_t)sets + 1, sizeof *ids);
    for (int i = 0; i < sets; i++)
        ids[i] = ids_sort(window, i);
    pack_i64(out, window->start_us);
    pack_u32(out, (uint32_t)count | BY_GROUP);
    const size_t len_at = out->len;
    pack_u64(out, 0);
    for (size_t i = 0; i < count; i++) {
        pack_text(out, window_key(window, sorted[i]));
        aggregates_save(all->aggregates, group_cells(sorted[i]), &window->text, false, out);
        for (int j = 0; j < sets; j++)
            group_ids_save(&ids[j], sorted[i]->number, out);
    }
    const size_t end = out->len;
    out->len = len_at;
    pack_u64(out, end - len_at - sizeof(uint64_t));
    out->len = end;
    for (int i = 0; i < sets; i++) {
        free(ids[i].list);
        free(ids[i].behind);
    }
    free(ids);
}

void window_save(struct windows *all, const struct window *window, struct buffer *out)
{
    if (all->in_range) {
        window_hand_over(all, window, out);
        return;
    }
    uint32_t *rank = memory_zero(window->groups.count + 1, sizeof *rank);
    groups_save(all, window, rank, all->run->settings.merge, out);
    for (int i = 0; i < all->aggregates->set_count; i++)
        ids_save(&window->ids[i], rank, out);
    free(rank);
}

void windows_save_done(struct windows *all, const struct window *window, struct buffer *out)
{
    groups_save(all, window, NULL, true, out);
}

void windows_save(struct windows *all, struct buffer *out)
{
    pack_i64(out, all->closed_us);
    if (all->panes.used) {
        panes_save(all, out);
        return;
    }
    const size_t count = windows_order(all);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++)
        window_save(all, windows_at(all, i), out);
}

static bool group_load(struct windows *all, struct window *window, struct id *id,
                       bool with_distinct, struct unpack *in)
{
    struct value values[GROUP_VALUES_MAX + 1];
    const struct slice key = unpack_text(in);
    if (in->broken || !group_values(key, values, group_width(all->by))) return false;
    buffer_clear(&all->key);
    buffer_add_slice(&all->key, key);
    *id = id_of(key);
    struct group *group = group_put(all, window, *id, NULL);
    group->changed = true;
    window->changed = true;
    if (all->run->settings.merge) memset(group_cells(group), 0, all->aggregates->cell_bytes);
    aggregates_load(all->aggregates, group_cells(group), &window->text, with_distinct, in);
    return !in->broken;
}

static bool group_ids_load(struct windows *all, struct window *window, int set, struct group *group,
                           struct unpack *in)
{
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count && !in->broken; i++) {
        const struct id id = unpack_id(in);
        const uint32_t mask = unpack_u32(in);
        if (in->broken || id_is_none(id)) return false;
        if ((uint64_t)mask >> all->aggregates->set[set].count != 0) return false;
        id_count(all, window, set, id, group, mask);
    }
    return !in->broken;
}

struct group *group_load_whole(struct windows *all, struct window *window, struct unpack *in)
{
    struct id id;
    if (!group_load(all, window, &id, false, in)) return NULL;
    struct group *const group = table_find(&window->groups, id);
    for (int i = 0; i < all->aggregates->set_count; i++)
        if (!group_ids_load(all, window, i, group, in)) return NULL;
    return group;
}

/* What window_hand_over has packed. */
static bool groups_take(struct windows *all, struct window *window, uint32_t count,
                        struct unpack *in)
{
    const uint64_t len = unpack_u64(in);
    if (in->broken || len > (size_t)(in->end - in->at)) return false;
    struct unpack groups = {.at = in->at, .end = in->at + len};
    in->at += len;
    if (all->borrows) {
        window_lend(window, (struct slice){.text = groups.at, .len = len}, count);
        return true;
    }
    for (uint32_t i = 0; i < count; i++)
        if (group_load_whole(all, window, &groups) == NULL) return false;
    return groups.at == groups.end;
}

static bool ids_load(struct windows *all, struct window *window, int set, const struct id *groups,
                     uint32_t group_count, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count && !in->broken; i++) {
        const struct id id = unpack_id(in);
        const uint32_t rank = unpack_u32(in);
        const uint32_t mask = unpack_u32(in);
        if (in->broken || id_is_none(id) || rank >= group_count) return false;
        if ((uint64_t)mask >> all->aggregates->set[set].count != 0) return false;
        id_count(all, window, set, id, table_find(&window->groups, groups[rank]), mask);
    }
    return !in->broken;
}

/* done: as of windows_save_done. */
static bool window_load(struct windows *all, bool done, struct unpack *in)
{
    const int64_t start_us = unpack_i64(in);
    const uint32_t marked = unpack_u32(in), count = marked & ~BY_GROUP;
    /* A group takes four bytes at least: a count beyond that is not worth memory. */
    if (in->broken || count > (size_t)(in->end - in->at) / sizeof(uint32_t)) return false;
    if (start_us < INSTANT_MIN - DURATION_MAX || start_us > INSTANT_MAX) return false;
    if (windows_floor(all, start_us) != start_us) return false;
    recent_set(all, NULL); /* it may be a pane */
    struct window *window = window_get(all, &all->open, start_us);
    if (marked != count) return groups_take(all, window, count, in);
    struct id *groups = memory_zero((size_t)count + 1, sizeof *groups);
    bool good = true;
    for (uint32_t i = 0; i < count && good; i++)
        good = group_load(all, window, &groups[i], done || all->run->settings.merge, in);
    for (int i = 0; i < all->aggregates->set_count && good && !done; i++)
        good = ids_load(all, window, i, groups, count, in);
    free(groups);
    recent_set(all, NULL);
    return good;
}

bool windows_load_done(struct windows *all, struct unpack *in)
{
    return window_load(all, true, in);
}

bool windows_load(struct windows *all, struct unpack *in)
{
    const int64_t closed_us = unpack_i64(in);
    const uint64_t count = unpack_u64(in);
    if (closed_us > all->closed_us) all->closed_us = closed_us;
    for (uint64_t i = 0; i < count; i++)
        if (!window_load(all, false, in)) return false;
    return !in->broken;
}
