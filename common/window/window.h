/*
 * window.h - open windows: each with its groups, their cells, and the ids seen.
 *
 * A window is [start, end); an event at t is in every window with start in (t - size, t]. It is
 * late for a window when its own partition's watermark (ev->watermark_us) has reached the end:
 * that, and not whether the window is still there, decides, so it does not matter when
 * windows_close is called: the smallest watermark is never above the partition's, hence the window
 * of an event that is not late is always still open.
 *
 * Everything a window owns goes at once: a table of groups (the cells stand in the entry, so that
 * a group is one place in memory), a table of ids for each distinct set, and a buffer of texts. An
 * id is kept mixed with its group's, so one table serves all groups of the window.
 *
 * A struct windows is used in this order: windows_init, then windows_hint and windows_event for
 * each event, windows_close when the watermark has moved.
 *
 * Where the size is a multiple of the slide, an event is not added to each of its windows. It goes
 * into a pane, which is as long as the slide, and a window is the panes in it together (Li, Maier,
 * Tufte, Papadimos, Tucker: No pane, no gain, 2005). From one window to the next one pane comes and
 * one goes. Only an event that is late for some of its windows is added to each of the others, and
 * so are those of a state or a range: windows that are open have that beside the panes. Not with
 * --emit=updates, which prints windows while they grow, nor where cells may depend on the order of
 * events (aggregates_in_order).
 *
 * --merge: the input is rows, a row is the contribution of one partition to one group, and the last
 * one stands. The partition is the last value of the group's key, and report.h adds up what differs
 * in it only. A window is done when every partition has come to a later one, that is when the
 * watermark is above its start.
 */
#ifndef CS_WINDOW_H
#define CS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "base/duration.h"
#include "base/instant.h"
#include "base/pack.h"
#include "base/table.h"
#include "event/event.h"
#include "window/aggregate.h"
#include "window/calendar.h"
#include "window/group.h"
#include "window/lane.h"
#include "window/span.h"

/* An entry of window.groups; the aggregates' cells follow it. */
struct group {
    struct id id;    /* of the key */
    uint64_t key_at; /* in the window's text */
    uint32_t key_len;
    uint32_t number : 31; /* in order of appearance */
    uint32_t changed : 1; /* since the last --emit=updates */
};

/* Groups of a window that lie where a range has packed them; window_lent.c. */
struct lent {
    const char *at, *end;
    uint32_t count;
};

struct window {
    int64_t start_us; /* first, for the calendar */
    struct table groups;
    struct buffer text;  /* keys, and the values kept by min, max, first and last */
    struct window *next; /* among the spare ones */
    bool changed;        /* some group has */
    struct lent *lent;   /* as yet in no table, in the order of ranges; owned */
    uint32_t lent_count;
    struct table ids[]; /* one for each distinct set */
};

struct panes {
    bool used;
    struct calendar open;    /* each a struct window as long as the slide */
    struct window *together; /* what the panes from from_us to until_us hold; window_panes.c */
    int64_t from_us, until_us;
    int64_t next_us;   /* windows that start before it are closed; INT64_MIN: none is */
    size_t text_bytes; /* of together, when all of it was made last */
};

/* Groups seen lately in the window that is recent, by the low bits of their ids: where there are
 * few groups, the table is not asked. */
#define LATELY_MAX 64

struct windows {
    struct run *run;
    struct group_by *by; /* borrowed, as the next */
    struct aggregates *aggregates;
    int64_t size_us, slide_us, offset_us;
    const struct span *span; /* windows by the calendar, borrowed; NULL: they are size_us long */
    struct calendar open;    /* see windows_order */
    struct panes panes;
    struct window *recent; /* where the last event went; NULL: nowhere */
    int64_t recent_us;     /* from its start to the next one's */
    struct group *lately[LATELY_MAX];
    struct window *spare; /* closed ones, empty, for the next use */
    int spare_count;
    bool in_range;      /* of --jobs: what is saved is for the run, in any order */
    int64_t border_us;  /* windows that start at or before it stay open: a range has only a part of
                           them; INT64_MIN: none */
    int64_t closed_us;  /* the largest watermark windows_close was told */
    uint64_t keys;      /* groups and ids held */
    bool borrows;       /* see windows_borrow */
    struct lanes lanes; /* see windows_passed */
    bool hinted;        /* expressions are cheap enough to be evaluated ahead */
    uint64_t extremes;  /* slots of which there is a min or max, and which may be numbers as text */
    struct buffer key;
    struct operand_values values;
    struct group **sorted; /* for windows_sorted */
    size_t sorted_cap;
};

/* No windows yet. by and aggregates are complete and outlive it; slide_us is at most size_us. */
void windows_init(struct windows *all, struct run *run, struct group_by *by,
                  struct aggregates *aggregates, int64_t size_us, int64_t slide_us,
                  int64_t offset_us);

/* Windows are by the calendar from now on, right after windows_init, whose lengths say nothing
 * then.
 */
void windows_by_calendar(struct windows *all, const struct span *span);

/* Where the window ends that starts then. */
int64_t windows_calendar_end(const struct windows *all, int64_t start_us);
static inline int64_t window_end_us(const struct windows *all, int64_t start_us)
{
    if (__builtin_expect(all->span != NULL, 0)) return windows_calendar_end(all, start_us);
    return start_us + all->size_us;
}

void windows_release(struct windows *all);

/* These are the windows of a range of --jobs (command.h: ranges.begin). */
void windows_range(struct windows *all, int64_t border_us);

/* Puts the open windows in order of start; how many there are, and each of them. Where there are
 * panes, what they hold is in none of them. */
size_t windows_order(struct windows *all);
static inline struct window *windows_at(const struct windows *all, size_t place)
{
    return (struct window *)all->open.thing[place];
}

/* Where the last window ends that is open; INT64_MIN: none is. */
int64_t windows_end_us(struct windows *all);

/* Adds a line for --explain where windows of events overlap: how often an event is counted. */
void windows_explain(const struct windows *all, struct buffer *out);

/* The start of the last window that holds the instant: the largest multiple of the slide not after
 * it, or by the calendar. */
int64_t windows_floor(const struct windows *all, int64_t time_us);

/* tool.hint: works out the event's ids and fetches the places they will need. */
void windows_hint(struct windows *all, struct event *ev);

/* tool.ahead. */
void windows_ahead(struct windows *all, const struct event *const *events, size_t count);

/* tool.event: adds the event to its windows. */
enum fate windows_event(struct windows *all, const struct event *ev);

/* The slots of members that there is a min or max of and that --number could be given for. */
uint64_t aggregates_extremes(const struct aggregates *all, const struct run *run);

/* Has one of these slots something other than numbers and nulls, or the first number of them? */
static inline bool extremes_have_texts(uint64_t extremes, const struct misnumbers *noted,
                                       const struct event *ev)
{
    for (uint64_t left = extremes; left != 0; left &= left - 1) {
        const int slot = __builtin_ctzll(left);
        const uint8_t kind = ev->value[slot].kind;
        if (kind != KIND_NULL && (kind != KIND_NUMBER || (noted->numbers >> slot & 1) == 0))
            return true;
    }
    return false;
}

/* Notes what of the event's values, of those selected, should be numbers and are none. */
void windows_misnumbers(struct windows *all, const struct event *ev, uint64_t selected);

/* The same of aggregates that are no window's: values are those of the event. */
void aggregates_misnumbers(const struct aggregates *all, struct run *run,
                           struct operand_values *values, const struct event *ev,
                           uint64_t selected);

/* A row of these cells has been printed for good: what of it is too large is counted, and noted. */
void aggregates_too_large(const struct aggregates *all, struct run *run, const char *cells,
                          const struct buffer *text);

/* tool.amend with --merge: REASON_BAD_MEMBER for a row that this tool with these options has not
 * printed. end_slot: of the member window_end. */
enum reason windows_row_check(const struct windows *all, const struct event *ev, int end_slot);

/* --merge: groups of a window are asked for before it is over (windows_passed), right after
 * windows_init. */
void windows_by_lanes(struct windows *all);

/* After windows_event: the window of which some groups are complete, so many, in order, good until
 * the next call; NULL: there is none. Once they are printed, they are forgotten. */
struct window *windows_passed(struct windows *all, struct group ***groups, size_t *count);
void windows_forget(struct windows *all, struct window *window, size_t count);

typedef void window_done(void *context, struct window *window);

/* Hands every window that the watermark has closed to done, by start, and then empties it. */
void windows_close(struct windows *all, int64_t watermark_us, window_done *done, void *context);

/* The groups of a window in order; good until the next call. */
struct group **windows_sorted(struct windows *all, const struct window *window, size_t *count);

/* Groups in order lie all over the memory: the one at `at` is being looked at, and those behind it
 * are going to be. */
void windows_sorted_ahead(const struct window *window, struct group **groups, size_t at,
                          size_t count);

/* Everything that is open, in an order of its own. Loading adds to what is open (--merge: takes its
 * place); false when the bytes make no sense. */
void windows_save(struct windows *all, struct buffer *out);
bool windows_load(struct windows *all, struct unpack *in);

/* What is loaded of ranges lies in memory that lasts, and is left there: of groups without number
 * no more than one is held at a time. For windows that windows_merge goes through when they close,
 * and where no cell depends on the order of events. */
void windows_borrow(struct windows *all);

typedef void window_group(void *context, struct window *window, struct group *group);

/* Hands the groups that were left where they are to each, in order, put together of all ranges:
 * each in a window of its own that starts when this one does, and has no other. */
void windows_merge(struct windows *all, struct window *window, window_group *each, void *context);

/* Takes them into tables after all, and leaves none from now on. False: the bytes make no sense. */
bool windows_borrow_end(struct windows *all);

/* A window that no event can change any more, with its counts but without the ids behind them: what
 * a range of --jobs hands over. Loading opens it, so that it can be closed in its turn. */
void windows_save_done(struct windows *all, const struct window *window, struct buffer *out);
bool windows_load_done(struct windows *all, struct unpack *in);

static inline struct slice window_key(const struct window *window, const struct group *group)
{
    /* Without --by all keys are empty, and the text may be NULL. */
    const char *text = group->key_len == 0 ? "" : window->text.data + group->key_at;
    return (struct slice){.text = text, .len = group->key_len};
}

static inline char *group_cells(struct group *group)
{
    return (char *)(group + 1);
}

#endif
