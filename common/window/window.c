/* qsort_r */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "window/window.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/compat.h"
#include "base/die.h"
#include "base/memory.h"
#include "window/window_inside.h"

#define SPARE_MAX 4
#define KEEP_BYTES ((size_t)1 << 20)

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
        .recent_us = slide_us,
        .closed_us = INT64_MIN,
    };
    calendar_init(&all->open, HELD_GROUPS);
    if (slide_us < size_us && size_us % slide_us == 0 && !run->settings.merge &&
        !run->settings.updates && !aggregates_in_order(aggregates))
        panes_init(all);
    all->hinted = !run->settings.merge && group_native(by) && aggregates_native(aggregates);
    all->extremes = aggregates_extremes(aggregates, run);
}

void windows_by_calendar(struct windows *all, const struct span *span)
{
    all->span = span;
}

int64_t windows_calendar_end(const struct windows *all, int64_t start_us)
{
    if (all->recent != NULL && all->recent->start_us == start_us) return start_us + all->recent_us;
    return span_end(all->span, start_us);
}

void window_free(struct windows *all, struct window *window)
{
    table_release(&window->groups);
    for (int i = 0; i < all->aggregates->set_count; i++)
        table_release(&window->ids[i]);
    buffer_release(&window->text);
    free(window->lent);
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
    panes_release(all);
    lanes_release(&all->lanes);
    free(all->sorted);
    buffer_release(&all->key);
    *all = (struct windows){0};
}

int64_t windows_floor(const struct windows *all, int64_t time_us)
{
    if (all->span != NULL) return span_start(all->span, time_us);
    const int64_t since = time_us - all->offset_us;
    int64_t count = since / all->slide_us;
    if (since % all->slide_us < 0) count--;
    return count * all->slide_us + all->offset_us;
}

/* Finding and making windows. */

struct window *window_new(struct windows *all, int64_t start_us)
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
void window_retire(struct windows *all, struct window *window)
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
    free(window->lent);
    window->lent = NULL;
    window->lent_count = 0;
    window->changed = false;
    window->next = all->spare;
    all->spare = window;
    all->spare_count++;
}

int64_t windows_end_us(struct windows *all)
{
    const size_t count = windows_order(all);
    const int64_t last_us = count == 0 ? INT64_MIN : windows_at(all, count - 1)->start_us;
    const int64_t pane_us = panes_last_us(all);
    const int64_t start_us = pane_us > last_us ? pane_us : last_us;
    return start_us == INT64_MIN ? INT64_MIN : window_end_us(all, start_us);
}

size_t windows_order(struct windows *all)
{
    calendar_order(&all->open);
    return all->open.count;
}

void recent_set(struct windows *all, struct window *window)
{
    if (all->recent == window) return;
    all->recent = window;
    if (all->span != NULL && window != NULL)
        all->recent_us = span_end(all->span, window->start_us) - window->start_us;
    memset(all->lately, 0, sizeof all->lately);
}

struct window *window_get(struct windows *all, struct calendar *calendar, int64_t start_us)
{
    if (all->recent != NULL && all->recent->start_us == start_us) return all->recent;
    struct window *window = calendar_find(calendar, start_us);
    if (window == NULL) {
        window = window_new(all, start_us);
        calendar_add(calendar, (struct dated *)window);
    }
    recent_set(all, window);
    return all->recent;
}

/* One event: what it is, and then what it changes. */

/* Is the instant in the window that the last event went to? */
static inline bool is_recent(const struct windows *all, int64_t time_us)
{
    return all->recent != NULL &&
           (uint64_t)time_us - (uint64_t)all->recent->start_us < (uint64_t)all->recent_us;
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
    if (slot >= 0 && event_value(ev, slot).kind < KIND_ARRAY) {
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

/* Is the event late for every window? */
static inline bool is_late(const struct windows *all, int64_t start_us, const struct event *ev)
{
    return window_end_us(all, start_us) <= ev->watermark_us;
}

void windows_ahead(struct windows *all, const struct event *const *events, size_t count)
{
    const struct event *timely[EXPR_AHEAD_MAX];
    size_t timely_count = 0;
    if (all->hinted || all->run->settings.merge) return;
    for (size_t i = 0; i < count; i++)
        if (!is_late(all, windows_floor(all, events[i]->time_us), events[i]))
            timely[timely_count++] = events[i];
    group_ahead(all->by, timely, timely_count);
    aggregates_ahead(all->aggregates, timely, timely_count);
}

struct group *group_put(struct windows *all, struct window *window, struct id id,
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
    if (!lanes_pass(&all->lanes, ev, buffer_slice(&all->key))) return FATE_BEHIND;
    row_set(all, window_get(all, &all->open, ev->time_us), ev);
    return FATE_USED;
}

/* Has the event something to be noted where min or max would have numbers? */
static inline bool has_texts(const struct windows *all, const struct event *ev)
{
    return extremes_have_texts(all->extremes, &all->run->misnumbers, ev);
}

/* Windows that overlap: the event is added to each. */
static enum fate windows_slide(struct windows *all, const struct look *look, const struct event *ev,
                               int64_t last_us)
{
    int64_t start_us = last_us;
    if (all->panes.used) recent_set(all, NULL); /* a pane may be */
    for (; start_us + all->size_us > ev->time_us; start_us -= all->slide_us) {
        if (start_us + all->size_us <= ev->watermark_us) {
            all->run->counters.late_windows++;
            continue;
        }
        struct window *window = window_get(all, &all->open, start_us);
        const unsigned wrong = window_event(all, window, look, ev);
        if (start_us != last_us) continue;
        all->run->counters.not_numbers += wrong % AGGREGATE_HUGE;
        if (wrong != 0 || has_texts(all, ev)) windows_misnumbers(all, ev, look->selected);
    }
    /* The next event is most likely here, too. */
    recent_set(all, calendar_find(event_calendar(all), last_us));
    return FATE_USED;
}

enum fate windows_event(struct windows *all, const struct event *ev)
{
    if (__builtin_expect(all->run->settings.merge, 0)) return row_event(all, ev);
    const bool recent = is_recent(all, ev->time_us);
    const int64_t start_us = recent ? all->recent->start_us : windows_floor(all, ev->time_us);
    if (is_late(all, start_us, ev)) return FATE_LATE;

    struct look own;
    const struct look *look = (const struct look *)(const void *)ev->hint;
    all->values.known = 0;
    if (__builtin_expect(!all->hinted || id_is_none(look->group), 0)) {
        event_look(all, ev, &own);
        look = &own;
    }
    if (all->slide_us < all->size_us && !pane_takes(all, start_us, ev->watermark_us))
        return windows_slide(all, look, ev, start_us);
    struct window *window = recent ? all->recent : window_get(all, event_calendar(all), start_us);
    const unsigned wrong = window_event(all, window, look, ev);
    if (__builtin_expect(wrong != 0 || has_texts(all, ev), 0)) {
        all->run->counters.not_numbers += wrong % AGGREGATE_HUGE;
        windows_misnumbers(all, ev, look->selected);
    }
    return FATE_USED;
}

enum reason windows_row_check(const struct windows *all, const struct event *ev, int end_slot)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    int64_t end_us;
    const bool good = event_value(ev, all->by->partition_slot).kind == KIND_NUMBER &&
                      instant_parse(event_value(ev, end_slot), &format, &end_us) &&
                      windows_floor(all, ev->time_us) == ev->time_us &&
                      instant_within(window_end_us(all, ev->time_us)) == end_us &&
                      aggregates_row_valid(all->aggregates, ev);
    return good ? REASON_NONE : REASON_BAD_MEMBER;
}

void windows_drop(struct windows *all, struct calendar *calendar, size_t first, size_t behind)
{
    struct window *closed = NULL;
    if (behind <= first) return;
    for (size_t i = behind; i > first; i--) {
        struct window *window = (struct window *)calendar->thing[i - 1];
        window->next = closed;
        closed = window;
    }
    calendar_drop(calendar, first, behind);
    for (struct window *next; closed != NULL; closed = next) {
        next = closed->next;
        window_retire(all, closed);
    }
}

/* The watermark at which a window closes. */
static int64_t closes_us(const struct windows *all, int64_t start_us)
{
    return all->run->settings.merge ? start_us + 1 : window_end_us(all, start_us);
}

void windows_close(struct windows *all, int64_t watermark_us, window_done *done, void *context)
{
    if (watermark_us > all->closed_us) all->closed_us = watermark_us;
    if (all->panes.used) {
        panes_close(all, watermark_us, done, context);
        return;
    }
    if (all->open.count == 0 || closes_us(all, all->open.earliest_us) > watermark_us) return;
    const size_t count = windows_order(all);
    size_t first = 0;
    while (first < count && windows_at(all, first)->start_us <= all->border_us)
        first++;
    size_t behind = first;
    for (; behind < count; behind++) {
        struct window *window = windows_at(all, behind);
        if (closes_us(all, window->start_us) > watermark_us) break;
        done(context, window);
    }
    if (behind == first) return;
    recent_set(all, NULL);
    windows_drop(all, &all->open, first, behind);
}

void windows_explain(const struct windows *all, struct buffer *out)
{
    if (all->span != NULL) span_explain(all->span, out);
    const int64_t overlap = (all->size_us + all->slide_us - 1) / all->slide_us;
    if (overlap == 1 || all->run->settings.merge) return;
    buffer_add_literal(out, "windows  ");
    if (all->panes.used)
        buffer_printf(out, "%" PRId64 " panes each: an event is counted once\n", overlap);
    else
        buffer_printf(out, "an event is counted in each of its windows, up to %" PRId64 "\n",
                      overlap);
}
