/*
 * Windows of events: counted up, and compared with those before them when they are done.
 */
/* qsort_r */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdlib.h>

#include "base/instant.h"
#include "base/compat.h"
#include "base/memory.h"
#include "window/detector_inside.h"

static int scored_compare(const void *a, const void *b, void *width)
{
    return group_compare(((const struct scored *)a)->series->key,
                         ((const struct scored *)b)->series->key, *(const int *)width);
}

static void scored_flush(struct detector *detector)
{
    int width = detector->by.count;
    if (detector->count > 1)
        qsort_r(detector->list, detector->count, sizeof detector->list[0], scored_compare, &width);
    for (size_t i = 0; i < detector->count; i++)
        scored_print(detector, &detector->list[i]);
    detector->count = 0;
}

static void scored_add(struct detector *detector, struct scored one)
{
    if (detector->count == detector->cap) {
        detector->cap = detector->cap == 0 ? 16 : detector->cap * 2;
        detector->list = memory_resize(detector->list, detector->cap, sizeof detector->list[0]);
    }
    detector->list[detector->count++] = one;
}

/* For how long before this window events have been seen. */
static int64_t known_before(const struct detector *detector, int64_t start_us)
{
    return start_us <= detector->first_us ? 0 : start_us - detector->first_us;
}

/* The group's value in the window. False: it has none that can be scored. */
static bool group_number(const struct detector *detector, const struct window *window, struct id id,
                         decimal *out)
{
    *out = 0;
    struct group *group = window == NULL ? NULL : table_find(&window->groups, id);
    if (group == NULL) return detector->empty_is_0;
    const struct aggregates *const all = &detector->aggregates;
    const char *const cells = group_cells(group);
    const bool is_number = aggregates_number(all, 0, cells, &window->text, out);
    if (is_number && value_fits(*out)) return true;
    if (is_number || aggregates_size(all, 0, cells, &window->text) != SIZE_FITS) {
        detector->run->counters.too_large++;
        misnumber_count(&detector->run->misnumbers, MISNUMBER_SCORE, slice_of(all->item[0].name));
    }
    return false;
}

/* An event whose value is 0, like one without an id, still makes its group's row exist. */
static bool has_event(const struct window *window, struct id id)
{
    return window != NULL && table_find(&window->groups, id) != NULL;
}

/* Nothing is known of the group, and there is nothing to say of the window. */
static bool is_silent(const struct detector *detector, const struct series *series,
                      const struct scored *one)
{
    if (series->count != 0 || series->incident.windows != 0) return false;
    return detector->empty_is_0 ? one->has_value && one->value == 0 : !one->has_value;
}

/* The value joins the series. */
static void series_take(const struct detector *detector, struct series *series,
                        const struct scored *one)
{
    if (one->partial || one->start_us < detector->first_us) return;
    if (detector->empty_is_0 ? one->has_value && one->value == 0 : !one->has_value) return;
    series_add(series, (struct past){.end_us = one->end_us,
                                     .value = one->has_value ? one->value : PAST_MISSING});
}

/* Scores one group; the value joins its series afterwards. Returns whether the group may be
 * dropped. */
static bool series_score(struct detector *detector, const struct series_entry *entry,
                         const struct window *window, int64_t start_us, bool partial)
{
    struct series *series = entry->series;
    struct scored one = {.series = series,
                         .start_us = start_us,
                         .end_us = start_us + detector->size_us,
                         .partial = partial};
    const struct usual_window usual = {.end_us = one.end_us,
                                       .size_us = detector->size_us,
                                       .known_us = known_before(detector, start_us),
                                       .empty_is_0 = detector->empty_is_0};

    series_forget(series, one.end_us - detector->span_us);
    one.has_value = group_number(detector, window, entry->id, &one.value);
    if (is_silent(detector, series, &one) &&
        (!detector->show_all || (usual.known_us / detector->size_us >= detector->span_windows &&
                                 !has_event(window, entry->id))))
        return true;
    if (scored_judge(detector, &one, series, &usual)) scored_add(detector, one);
    series_take(detector, series, &one);
    return false;
}

/* Scores one window for all groups; window is NULL when it is empty. */
static void window_score(struct detector *detector, const struct window *window, int64_t start_us,
                         bool partial)
{
    const struct group *group = NULL;
    while (window != NULL && (group = table_next(&window->groups, group)) != NULL)
        (void)baseline_series(&detector->baseline, group->id, window_key(window, group));

    struct drops drops = drops_new(detector);
    const struct series_entry *entry = NULL;
    while ((entry = table_next(&detector->baseline.table, entry)) != NULL)
        if (series_score(detector, entry, window, start_us, partial))
            drops.id[drops.count++] = entry->id;
    scored_flush(detector);
    drops_do(detector, &drops);
}

/* Scores the empty windows before start_us. */
static void score_until(struct detector *detector, int64_t start_us)
{
    while (detector->next_us < start_us && detector->baseline.table.count > 0) {
        window_score(detector, NULL, detector->next_us, false);
        detector->next_us += detector->size_us;
    }
    if (detector->next_us < start_us) detector->next_us = start_us;
}

static void window_done_score(void *context, struct window *window)
{
    struct detector *detector = context;
    score_until(detector, window->start_us);
    window_score(detector, detector_parts_whole(detector, window), window->start_us, false);
    detector->next_us = window->start_us + detector->size_us;
}

void window_done_keep(void *context, struct window *window)
{
    struct detector *detector = context;
    windows_save_done(&detector->windows, window, &detector->kept);
    detector->kept_count++;
}

/* Of the first event, as far as that is known: INT64_MAX, it is not. */
static int64_t first_time(const struct detector *detector)
{
    return detector->parts.merges ? detector->parts.first_us : detector->run->first_time_us;
}

/* The start of the earliest window there is to detector; false: none. */
static bool earliest_window(const struct detector *detector, int64_t *start_us)
{
    const struct windows *windows = &detector->windows;
    const int64_t first_us = first_time(detector);
    if (first_us == INT64_MAX && windows->open.count == 0) return false;
    *start_us = first_us == INT64_MAX ? INT64_MAX : windows_floor(windows, first_us);
    if (windows->open.earliest_us < *start_us) *start_us = windows->open.earliest_us;
    return true;
}

/* Baselines begin with the first window that begins at the first event's time or later. Another
 * partition may still bring an earlier first event, but none before the watermark; so windows that
 * end by then come before the first one, whichever it turns out to be. */
static void first_set(struct detector *detector)
{
    const int64_t first_us = first_time(detector);
    detector->first_us = INT64_MAX;
    if (first_us == INT64_MAX) return;
    detector->first_us = windows_floor(&detector->windows, first_us);
    if (detector->first_us < first_us) detector->first_us += detector->size_us;
}

/* False: there is no window that ends by until_us. */
static bool windows_begin(struct detector *detector, int64_t until_us)
{
    int64_t start_us;
    first_set(detector);
    if (detector->begun) return true;
    if (!earliest_window(detector, &start_us) || start_us + detector->size_us > until_us)
        return false;
    detector->begun = true;
    detector->next_us = start_us;
    /* Without --by there is one group, whether or not an event has passed --where. */
    if (detector->by.count == 0)
        (void)baseline_series(&detector->baseline, id_of(SLICE("")), SLICE(""));
    return true;
}

/* The watermark at which windows that end by until_us are closed: rows of --merge close theirs by
 * its start (window.h). */
static int64_t closing_us(const struct detector *detector, int64_t until_us)
{
    return detector->parts.merges ? until_us - detector->size_us + 1 : until_us;
}

void detector_advance(struct detector *detector, int64_t watermark_us)
{
    if (watermark_us > INSTANT_MAX) watermark_us = INSTANT_MAX;
    if (detector->windows.in_range) {
        windows_close(&detector->windows, watermark_us, window_done_keep, detector);
        return;
    }
    if (!windows_begin(detector, watermark_us)) return;
    windows_close(&detector->windows, closing_us(detector, watermark_us), window_done_score,
                  detector);
    score_until(detector, windows_floor(&detector->windows, watermark_us - detector->size_us) +
                              detector->size_us);
}

static void window_drop(void *context, struct window *window)
{
    (void)context;
    (void)window;
}

void detector_finish(struct detector *detector, int64_t end_us)
{
    const struct windows *windows = &detector->windows;
    if (detector->show_all && end_us >= INSTANT_MIN && windows_begin(detector, INT64_MAX)) {
        const size_t count = windows_order(&detector->windows);
        size_t open = 0;
        for (; detector->next_us <= windows_floor(windows, end_us);
             detector->next_us += detector->size_us) {
            const struct window *window = NULL;
            if (open < count && windows_at(windows, open)->start_us == detector->next_us)
                window = windows_at(windows, open++);
            window_score(detector, detector_parts_whole(detector, window), detector->next_us, true);
        }
    }
    windows_close(&detector->windows, INT64_MAX, window_drop, NULL);
}

/* The analysis. */

void event_hint(struct run *run, struct event *ev)
{
    struct detector *detector = run->own;
    windows_hint(&detector->windows, ev);
}

void event_ahead(struct run *run, const struct event *const *events, size_t count)
{
    struct detector *detector = run->own;
    windows_ahead(&detector->windows, events, count);
}

enum fate event_event(struct run *run, const struct event *ev)
{
    struct detector *detector = run->own;
    const enum fate fate = windows_event(&detector->windows, ev);
    keys_count(detector);
    return fate;
}

static void event_advance(struct run *run, int64_t watermark_us)
{
    struct detector *detector = run->own;
    detector_advance(detector, watermark_us);
    keys_count(detector);
}

static void event_finish(struct run *run)
{
    struct detector *detector = run->own;
    detector_finish(detector, run->end_time_us);
    keys_count(detector);
}

void event_range(struct run *run, int64_t border_us)
{
    struct detector *detector = run->own;
    windows_range(&detector->windows, border_us);
}

static const struct ranges ranges = {
    .begin = event_range,
    .hand_over = detector_save,
    .add = detector_load,
};

const struct analysis detector_of_events = {
    .hint = event_hint,
    .ahead = event_ahead,
    .event = event_event,
    .advance = event_advance,
    .finish = event_finish,
    .end = detector_end,
    .save = detector_save,
    .load = detector_load,
    .explain = detector_explain,
    .ranges = &ranges,
};
