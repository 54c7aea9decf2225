/*
 * span.h - the windows of an ordered funnel that are open: the groups that there are in each, and
 * the ids that have done something in it.
 *
 * A group's number is its own in one window; a touch (attempt.h) names it so, and its time says
 * which window is meant. A touch that came behind its watermark must not change windows that were
 * closed by then, even where others wait: it is marked, and names an entry of behind instead.
 */
#ifndef CS_SPAN_H
#define CS_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/slice.h"
#include "base/table.h"
#include "event/event.h"
#include "funnel/attempt.h"
#include "funnel/tally.h"
#include "window/calendar.h"
#include "window/group.h"

#define TOUCH_BEHIND (UINT32_C(1) << 31) /* of a mask */

/* What a marked touch is short of. */
struct behind {
    int64_t watermark_us; /* its partition's, when it came */
    uint32_t group;
};

struct span_group {
    uint64_t key_at; /* in the text */
    uint32_t key_len;
    bool is_printed; /* --emit=updates: and what of it, as a hash */
    uint64_t printed;
};

struct span {
    int64_t start_us;         /* first, for the calendar */
    struct table numbers;     /* of groups, by the ids of their keys */
    struct span_group *group; /* by number */
    struct buffer text;       /* the keys */
    uint32_t *trail;          /* the ids, by their numbers (trail.h), each once */
    size_t trails, trails_cap;
    struct behind *behind;
    uint32_t behinds, behinds_cap;
    size_t groups_cap;
    struct tally tally; /* --merge: of the rows so far */
    bool is_done;       /* printed by a range of --jobs: kept for the windows before it */
};

/* Groups seen lately in the recent window, by the low bits of their ids. */
#define SPAN_LATELY_MAX 64

struct span_lately {
    struct id id;
    uint32_t number;
};

struct spans {
    int64_t size_us;
    struct group_by *by; /* borrowed */
    const struct course *course;
    struct calendar open;
    struct span *recent; /* NULL: none */
    struct span_lately lately[SPAN_LATELY_MAX];
    struct buffer key;
    uint64_t groups;  /* of all windows */
    uint64_t behinds; /* likewise */
};

void spans_init(struct spans *spans, struct group_by *by, const struct course *course,
                int64_t size_us);
void spans_release(struct spans *spans);

/* The start of the window of that time. */
int64_t spans_floor(const struct spans *spans, int64_t time_us);

/* The window that starts then, made if there is none; or NULL. */
struct span *spans_get(struct spans *spans, int64_t start_us);
struct span *spans_find(const struct spans *spans, int64_t start_us);

/* The window of that time, which is there. */
struct span *spans_at(struct spans *spans, int64_t time_us);

/* How many there are; they are put in order of start. And each of them. */
size_t spans_order(struct spans *spans);
static inline struct span *spans_nth(const struct spans *spans, size_t place)
{
    return (struct span *)spans->open.thing[place];
}

/* Takes out and frees those from first on that are before behind. */
void spans_drop(struct spans *spans, size_t first, size_t behind);

/* The number of the event's group, of the id group_id has; and of a key. Made if there is none. */
uint32_t span_event_group(struct spans *spans, struct span *span, struct id id,
                          const struct event *ev);
uint32_t span_key_group(struct spans *spans, struct span *span, struct slice key);

static inline size_t span_groups(const struct span *span)
{
    return span->numbers.count;
}

/* A group's key. */
static inline struct slice span_key(const struct span *span, uint32_t group)
{
    const struct span_group *at = &span->group[group];
    return (struct slice){.text = at->key_len == 0 ? "" : span->text.data + at->key_at,
                          .len = at->key_len};
}

/* The numbers of all groups, in the order of their keys; free() the array. */
uint32_t *span_sorted(const struct spans *spans, const struct span *span);

/* --merge: leaves only so many of the groups, which get other numbers. */
void span_keep(struct spans *spans, struct span *span, const uint32_t *number, size_t count);

/* Notes an id. */
void span_list(struct span *span, uint32_t trail);

/* Notes a touch that came behind; what it names. */
uint32_t span_behind(struct spans *spans, struct span *span, uint32_t group, int64_t watermark_us);

#endif
