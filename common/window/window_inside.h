/*
 * window_inside.h - what the files of windows share: window.c has the events, window_panes.c the
 * windows that overlap, window_state.c the state.
 */
#ifndef CS_WINDOW_INSIDE_H
#define CS_WINDOW_INSIDE_H

#include "window/window.h"

/* An entry of window.ids. */
struct seen {
    struct id id;   /* the group's mixed with the value's */
    uint32_t group; /* its number */
    uint32_t mask;  /* the set's aggregates it has been counted for */
};

/* A window that is in no calendar, and one given back: its memory is kept for another time when it
 * is little. */
struct window *window_new(struct windows *all, int64_t start_us);
void window_retire(struct windows *all, struct window *window);
void window_free(struct windows *all, struct window *window);

/* Takes the things from first on that are before behind, which are windows, out of the calendar,
 * and gives them back; all are in order. */
void windows_drop(struct windows *all, struct calendar *calendar, size_t first, size_t behind);

/* Where the next event is expected: the window, or NULL. */
void recent_set(struct windows *all, struct window *window);

/* The window of that start in the calendar, opened if need be; it becomes the recent one. What is
 * recent before is of the same calendar. */
struct window *window_get(struct windows *all, struct calendar *calendar, int64_t start_us);

/* The group of that id, made if need be: its key is that of ev, or in all->key when ev is NULL. */
struct group *group_put(struct windows *all, struct window *window, struct id id,
                        const struct event *ev);

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

/* Room for a window's groups in all->sorted. */
void sorted_reserve(struct windows *all, size_t count);

/* As windows_sorted, with those in order that are before the border, which has no partition: so
 * many, and behind them the others. */
struct group **windows_sorted_before(struct windows *all, const struct window *window,
                                     struct slice border, size_t *count);

/* A group with its ids, as a range hands it over, is added to a window. NULL: it makes no sense. */
struct group *group_load_whole(struct windows *all, struct window *window, struct unpack *in);

/* Notes that the window has so many groups more there. */
void window_lend(struct window *window, struct slice groups, uint32_t count);

/* Writes one window with the ids behind its counts. */
void window_save(struct windows *all, const struct window *window, struct buffer *out);

/* Windows that overlap, made of panes. */

void panes_init(struct windows *all);
void panes_release(struct windows *all);

/* The start of the last pane; INT64_MIN: there is none. */
int64_t panes_last_us(struct windows *all);

/* Where events go. */
static inline struct calendar *event_calendar(struct windows *all)
{
    return all->panes.used ? &all->panes.open : &all->open;
}

/* Does the pane take an event that came at this watermark? Not when it is late for a window: what
 * is in the pane is in all of them. */
static inline bool pane_takes(const struct windows *all, int64_t start_us, int64_t watermark_us)
{
    return all->panes.used && start_us + all->slide_us > watermark_us;
}

/* windows_close and windows_save where there are panes. */
void panes_close(struct windows *all, int64_t watermark_us, window_done *done, void *context);
void panes_save(struct windows *all, struct buffer *out);

#endif
