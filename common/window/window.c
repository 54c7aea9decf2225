/* qsort_r */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "window/window.h"

#include <endian.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/memory.h"

#define SPARE_MAX 4
#define KEEP_BYTES ((size_t)1 << 20)

/* An entry of window.ids. */
struct seen {
    struct id id;   /* the group's mixed with the value's */
    uint32_t group; /* its number */
    uint32_t mask;  /* the set's aggregates it has been counted for */
};

void windows_init(struct windows *all, struct run *run, struct group_by *by,
                  struct aggregates *aggregates, int64_t size_us, int64_t slide_us,
                  int64_t offset_us)
{
    *all = (struct windows){
        .run = run,
        .by = by,
        .aggregates = aggregates,
        .border_us = INT64_MIN,
        .size_us = size_us,
        .slide_us = slide_us,
        .offset_us = offset_us % slide_us,
        .closed_us = INT64_MIN,
    };
    calendar_init(&all->open, HELD_GROUPS);
    all->hinted = !run->settings.merge && group_native(by) && aggregates_native(aggregates);
}

static void window_free(struct windows *all, struct window *window)
{
    table_release(&window->groups);
    for (int i = 0; i < all->aggregates->set_count; i++)
        table_release(&window->ids[i]);
    buffer_release(&window->text);
    held_drop(HELD_GROUPS,
              sizeof *window + (size_t)all->aggregates->set_count * sizeof window->ids[0]);
    free(window);
}

void windows_range(struct windows *all, int64_t border_us)
{
    all->in_range = true;
    all->border_us = border_us;
}

void windows_release(struct windows *all)
{
    for (size_t i = 0; i < all->open.count; i++)
        window_free(all, windows_at(all, i));
    while (all->spare != NULL) {
        struct window *window = all->spare;
        all->spare = window->next;
        window_free(all, window);
    }
    calendar_release(&all->open);
    free(all->sorted);
    buffer_release(&all->key);
    *all = (struct windows){0};
}

int64_t windows_floor(const struct windows *all, int64_t time_us)
{
    const int64_t since = time_us - all->offset_us;
    int64_t count = since / all->slide_us;
    if (since % all->slide_us < 0) count--;
    return count * all->slide_us + all->offset_us;
}

/* Finding and making windows. */

static struct window *window_new(struct windows *all, int64_t start_us)
{
    struct window *window = all->spare;
    if (window != NULL) {
        all->spare = window->next;
        all->spare_count--;
    } else {
        const size_t sets = (size_t)all->aggregates->set_count;
        window = memory_zero(1, sizeof *window + sets * sizeof window->ids[0]);
        held_add(HELD_GROUPS, sizeof *window + sets * sizeof window->ids[0]);
        table_init(&window->groups, sizeof(struct group) + all->aggregates->cell_bytes,
                   HELD_GROUPS);
        for (size_t i = 0; i < sets; i++)
            table_init(&window->ids[i], sizeof(struct seen), HELD_IDS);
    }
    window->text.kind = HELD_GROUPS;
    window->start_us = start_us;
    window->next = NULL;
    return window;
}

/* Gives the window's memory back, or keeps the window for another time when it has little. */
static void window_retire(struct windows *all, struct window *window)
{
    all->keys -= window->groups.count;
    for (int i = 0; i < all->aggregates->set_count; i++)
        all->keys -= window->ids[i].count;
    if (all->spare_count == SPARE_MAX) {
        window_free(all, window);
        return;
    }
    table_clear(&window->groups);
    for (int i = 0; i < all->aggregates->set_count; i++)
        table_clear(&window->ids[i]);
    if (window->text.cap > KEEP_BYTES) buffer_release(&window->text);
    buffer_clear(&window->text);
    window->changed = false;
    window->next = all->spare;
    all->spare = window;
    all->spare_count++;
}

size_t windows_order(struct windows *all)
{
    calendar_order(&all->open);
    return all->open.count;
}

static struct window *window_find(const struct windows *all, int64_t start_us)
{
    return calendar_find(&all->open, start_us);
}

static void recent_set(struct windows *all, struct window *window)
{
    if (all->recent == window) return;
    all->recent = window;
    memset(all->lately, 0, sizeof all->lately);
}

/* The window of that start, opened if need be. */
static struct window *window_get(struct windows *all, int64_t start_us)
{
    if (all->recent != NULL && all->recent->start_us == start_us) return all->recent;
    struct window *window = window_find(all, start_us);
    if (window == NULL) {
        window = window_new(all, start_us);
        calendar_add(&all->open, (struct dated *)window);
    }
    recent_set(all, window);
    return all->recent;
}

/* One event: what it is, and then what it changes. */

/* Is the instant in the window that the last event went to? */
static inline bool is_recent(const struct windows *all, int64_t time_us)
{
    return all->recent != NULL &&
           (uint64_t)time_us - (uint64_t)all->recent->start_us < (uint64_t)all->slide_us;
}

struct look {
    struct id group;
    struct id
        first; /* what the first distinct set counts, mixed with the group; ID_NONE: nothing */
    uint64_t selected;
};

static inline struct id value_id(struct value value)
{
    if (value.kind == KIND_NULL) return ID_NONE;
    const struct id id = id_of(value_slice(value));
    return value.kind == KIND_STRING ? id : id_mix(id, (struct id){value.kind, 1});
}

static inline struct id set_id(struct windows *all, int set, struct id group,
                               const struct event *ev)
{
    const int operand = all->aggregates->set[set].operand;
    const struct id id = value_id(operand_once(all->aggregates, &all->values, ev, operand));
    return id_is_none(id) ? ID_NONE : id_within(group, id);
}

static inline void event_look(struct windows *all, const struct event *ev, struct look *look)
{
    struct aggregates *aggregates = all->aggregates;
    const struct id group = group_id(all->by, ev);
    id_set(&look->group, group);
    look->selected = aggregates_select(aggregates, ev);
    id_set(&look->first, ID_NONE);
    if (aggregates->set_count == 0) return;
    if (aggregates_set_mask(&aggregates->set[0], look->selected) == 0) return;
    const int slot = aggregates->operand[aggregates->set[0].operand].slot;
    if (slot >= 0) {
        const struct id id = value_id(event_value(ev, slot));
        if (!id_is_none(id)) id_set(&look->first, id_within(group, id));
    } else {
        id_set(&look->first, set_id(all, 0, group, ev));
    }
}

void windows_hint(struct windows *all, struct event *ev)
{
    if (!all->hinted) return; /* windows_event does not look at what is noted here */
    /* This event may still be refused or filtered: then its errors are nobody's. With one,
     * windows_event does all this again, where it counts. */
    const uint64_t errors = expr_errors;
    struct look *const look = (struct look *)(void *)ev->hint;
    all->values.known = 0;
    event_look(all, ev, look);
    if (expr_errors != errors) {
        expr_errors = errors;
        id_set(&look->group, ID_NONE);
        return;
    }
    if (!is_recent(all, ev->time_us)) return;
    const struct window *window = all->recent;
    const struct group *lately = all->lately[look->group.low % LATELY_MAX];
    if (lately == NULL || !id_equal(lately->id, look->group))
        table_prefetch(&window->groups, look->group);
    if (!id_is_none(look->first)) table_prefetch(&window->ids[0], look->first);
}

/* The group of that id, made if need be: its key is that of ev, or in all->key when ev is NULL. */
static struct group *group_put(struct windows *all, struct window *window, struct id id,
                               const struct event *ev)
{
    bool is_new;
    const char *entries = window->groups.entries;
    struct group *group = table_put(&window->groups, id, &is_new);
    if (entries != window->groups.entries) memset(all->lately, 0, sizeof all->lately);
    if (__builtin_expect(is_new, 0)) {
        if (ev != NULL) group_key(all->by, ev, &all->key);
        group->key_at = window->text.len;
        group->key_len = (uint32_t)all->key.len;
        group->number = (uint32_t)(window->groups.count - 1) & INT32_MAX;
        buffer_add_slice(&window->text, buffer_slice(&all->key));
        all->keys++;
    }
    return group;
}

/* The same for the window that is recent. */
static inline struct group *group_get(struct windows *all, struct window *window, struct id id,
                                      const struct event *ev)
{
    struct group **lately = &all->lately[id.low % LATELY_MAX];
    if (*lately == NULL || !id_equal((*lately)->id, id)) *lately = group_put(all, window, id, ev);
    (*lately)->changed = true;
    window->changed = true;
    return *lately;
}

/* Counts an id for the aggregates of mask that have not seen it yet. */
static inline void id_count(struct windows *all, struct window *window, int set, struct id id,
                            struct group *group, uint32_t mask)
{
    bool is_new;
    struct seen *seen = table_put(&window->ids[set], id, &is_new);
    all->keys += is_new;
    seen->group = group->number;
    /* Mostly there is one or none, and nobody can predict which: then the first cell, whose offset
     * stands in every place not taken, gets nothing. */
    const uint32_t *const cell = all->aggregates->set[set].cell;
    uint32_t fresh = mask & ~seen->mask;
    do {
        const int bit = __builtin_ctz(fresh | UINT32_C(1) << (SET_BITS - 1));
        *cell_count(group_cells(group), cell[bit]) += fresh != 0;
        fresh &= fresh - 1;
    } while (__builtin_expect(fresh != 0, 0));
    seen->mask |= mask;
}

static inline unsigned window_event(struct windows *all, struct window *window,
                                    const struct look *look, const struct event *ev)
{
    const struct aggregates *aggregates = all->aggregates;
    struct group *group = group_get(all, window, look->group, ev);
    for (int i = 0; i < aggregates->set_count; i++) {
        const uint32_t mask = aggregates_set_mask(&aggregates->set[i], look->selected);
        if (mask == 0) continue;
        const struct id id = i == 0 ? look->first : set_id(all, i, look->group, ev);
        if (!id_is_none(id)) id_count(all, window, i, id, group, mask);
    }
    if (aggregates->only_distinct) return 0;
    return aggregates_event(aggregates, group_cells(group), &window->text, ev, &all->values,
                            look->selected);
}

/* Two rows of one window, group and partition that differ: which is right nobody here can say. */
static void rows_differ(struct windows *all, const struct event *ev)
{
    struct buffer time = {0};
    instant_print(&time, ev->time_us);
    rows_flush(all->run->rows);
    die_person("--merge: two rows of the window of %.*s, of one group and one partition, differ: "
               "no partition may be counted by two that print rows: %.*s",
               (int)time.len, time.data, (int)ev->line.len, ev->line.text);
}

/* The row's group gets its values. One that came before must have been the same: rows may come
 * twice, but a partition has only one row. */
static void row_set(struct windows *all, struct window *window, const struct event *ev)
{
    const uint64_t keys = all->keys;
    struct group *group = group_get(all, window, id_of(buffer_slice(&all->key)), NULL);
    const bool is_new = all->keys != keys;
    struct buffer before = {0}, after = {0};
    if (!is_new) aggregates_save(all->aggregates, group_cells(group), &window->text, true, &before);
    aggregates_row(all->aggregates, group_cells(group), &window->text, ev);
    if (is_new) return;
    aggregates_save(all->aggregates, group_cells(group), &window->text, true, &after);
    if (!slice_equal(buffer_slice(&before), buffer_slice(&after))) rows_differ(all, ev);
    buffer_release(&before);
    buffer_release(&after);
}

static enum fate row_event(struct windows *all, const struct event *ev)
{
    if (ev->time_us < all->closed_us) return FATE_LATE;
    group_key(all->by, ev, &all->key);
    row_set(all, window_get(all, ev->time_us), ev);
    return FATE_USED;
}

/* Windows that overlap: the event is in several. */
static enum fate windows_slide(struct windows *all, const struct look *look, const struct event *ev,
                               int64_t last_us)
{
    int64_t start_us = last_us;
    for (; start_us + all->size_us > ev->time_us; start_us -= all->slide_us) {
        if (start_us + all->size_us <= ev->watermark_us) {
            all->run->counters.late_windows++;
            continue;
        }
        struct window *window = window_get(all, start_us);
        const unsigned wrong = window_event(all, window, look, ev);
        if (start_us == last_us) all->run->counters.not_numbers += wrong;
    }
    /* The next event is most likely here, too. */
    recent_set(all, window_find(all, last_us));
    return FATE_USED;
}

enum fate windows_event(struct windows *all, const struct event *ev)
{
    if (__builtin_expect(all->run->settings.merge, 0)) return row_event(all, ev);
    const bool recent = is_recent(all, ev->time_us);
    const int64_t start_us = recent ? all->recent->start_us : windows_floor(all, ev->time_us);
    if (start_us + all->size_us <= ev->watermark_us) return FATE_LATE;

    struct look own;
    const struct look *look = (const struct look *)(const void *)ev->hint;
    all->values.known = 0;
    if (__builtin_expect(!all->hinted || id_is_none(look->group), 0)) {
        event_look(all, ev, &own);
        look = &own;
    }
    if (all->slide_us < all->size_us) return windows_slide(all, look, ev, start_us);
    struct window *window = recent ? all->recent : window_get(all, start_us);
    const unsigned wrong = window_event(all, window, look, ev);
    if (__builtin_expect(wrong != 0, 0)) all->run->counters.not_numbers += wrong;
    return FATE_USED;
}

enum reason windows_row_check(const struct windows *all, const struct event *ev, int end_slot)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    int64_t end_us;
    const bool good = event_value(ev, all->by->partition_slot).kind == KIND_NUMBER &&
                      instant_parse(event_value(ev, end_slot), &format, &end_us) &&
                      end_us - ev->time_us == all->size_us &&
                      windows_floor(all, ev->time_us) == ev->time_us &&
                      aggregates_row_valid(all->aggregates, ev);
    return good ? REASON_NONE : REASON_BAD_MEMBER;
}

void windows_close(struct windows *all, int64_t watermark_us, window_done *done, void *context)
{
    const int64_t open_us = all->run->settings.merge ? 1 : all->size_us;
    if (watermark_us > all->closed_us) all->closed_us = watermark_us;
    if (all->open.count == 0 || all->open.earliest_us + open_us > watermark_us) return;
    const size_t count = windows_order(all);
    size_t first = 0;
    while (first < count && windows_at(all, first)->start_us <= all->border_us)
        first++;
    size_t behind = first;
    for (; behind < count; behind++) {
        struct window *window = windows_at(all, behind);
        if (window->start_us + open_us > watermark_us) break;
        done(context, window);
    }
    if (behind == first) return;
    recent_set(all, NULL);
    for (size_t i = first; i < behind; i++)
        windows_at(all, i)->next = i + 1 < behind ? windows_at(all, i + 1) : NULL;
    struct window *closed = windows_at(all, first);
    calendar_drop(&all->open, first, behind);
    for (struct window *next; closed != NULL; closed = next) {
        next = closed->next;
        window_retire(all, closed);
    }
}

/* Order. */

/* A group with the beginning of its first value: most comparisons are decided by two numbers. */
struct ordered {
    uint64_t prefix[2]; /* the kind and 15 bytes; of numbers the kind only, they are not in the
                           order of bytes */
    struct group *group;
};

struct key_order {
    const struct window *window;
    int width;
};

static struct ordered ordered_make(const struct window *window, struct group *group)
{
    const struct slice key = window_key(window, group);
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

/* Room for a window's groups in all->sorted. */
static void sorted_reserve(struct windows *all, size_t count)
{
    if (count <= all->sorted_cap) return;
    all->sorted_cap = count + count / 4;
    all->sorted = memory_resize(all->sorted, all->sorted_cap, sizeof all->sorted[0]);
}

struct group **windows_sorted(struct windows *all, const struct window *window, size_t *count)
{
    struct key_order order = {.window = window, .width = group_width(all->by)};
    *count = window->groups.count;
    struct ordered *list = memory_zero(*count + 1, sizeof *list);
    size_t n = 0;
    struct group *group = NULL;
    while ((group = table_next(&window->groups, group)) != NULL)
        list[n++] = ordered_make(window, group);
    if (n > 1) qsort_r(list, n, sizeof *list, ordered_compare, &order);
    sorted_reserve(all, n);
    for (size_t i = 0; i < n; i++)
        all->sorted[i] = list[i].group;
    free(list);
    return all->sorted;
}

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

/* The state. */

static int seen_compare(const void *a, const void *b)
{
    return id_compare(((const struct seen *)a)->id, ((const struct seen *)b)->id);
}

/* The ids of one set, in order unless in_range; rank says where a group of that number stands. */
static void ids_save(const struct windows *all, const struct table *ids, const uint32_t *rank,
                     struct buffer *out)
{
    struct seen *list = memory_zero(ids->count + 1, sizeof *list);
    const struct seen *seen = NULL;
    size_t count = 0;
    while ((seen = table_next(ids, seen)) != NULL)
        list[count++] = *seen;
    if (!all->in_range) qsort(list, count, sizeof *list, seen_compare);
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

static void window_save(struct windows *all, const struct window *window, struct buffer *out)
{
    uint32_t *rank = memory_zero(window->groups.count + 1, sizeof *rank);
    groups_save(all, window, rank, all->run->settings.merge, out);
    for (int i = 0; i < all->aggregates->set_count; i++)
        ids_save(all, &window->ids[i], rank, out);
    free(rank);
}

void windows_save_done(struct windows *all, const struct window *window, struct buffer *out)
{
    groups_save(all, window, NULL, true, out);
}

void windows_save(struct windows *all, struct buffer *out)
{
    pack_i64(out, all->closed_us);
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
    struct group *group = group_get(all, window, *id, NULL);
    if (all->run->settings.merge) memset(group_cells(group), 0, all->aggregates->cell_bytes);
    aggregates_load(all->aggregates, group_cells(group), &window->text, with_distinct, in);
    return !in->broken;
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
    const uint32_t count = unpack_u32(in);
    /* A group takes four bytes at least: a count beyond that is not worth memory. */
    if (in->broken || count > (size_t)(in->end - in->at) / sizeof(uint32_t)) return false;
    if (start_us < INSTANT_MIN - DURATION_MAX || start_us > INSTANT_MAX) return false;
    if (windows_floor(all, start_us) != start_us) return false;
    struct window *window = window_get(all, start_us);
    struct id *groups = memory_zero((size_t)count + 1, sizeof *groups);
    bool good = true;
    for (uint32_t i = 0; i < count && good; i++)
        good = group_load(all, window, &groups[i], done || all->run->settings.merge, in);
    for (int i = 0; i < all->aggregates->set_count && good && !done; i++)
        good = ids_load(all, window, i, groups, count, in);
    free(groups);
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
