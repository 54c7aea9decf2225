/*
 * border.h - which events of a range of --jobs may have to do with what earlier ranges hold.
 *
 * What an id has open when a range begins has its last event at the border or before, and is
 * complete once the watermark is past that + gap. Until then every event may be part of it. An id
 * that came until then may go on for longer: it counts as held, whatever its events turn out to be,
 * until the watermark is past the last of them + gap. After that the id has nothing open that began
 * before the border, so its events depend on nothing that the range does not know. Whether an event
 * is in time or late makes no difference to this; so the decision is always on the safe side, and
 * it is final.
 */
#ifndef CS_BORDER_H
#define CS_BORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "base/memory.h"
#include "base/table.h"

/* Zeroed: this is no range, and nothing is held. */
struct border {
    bool is_range;
    bool holds_all;   /* every event, whatever its id */
    bool is_over;     /* nothing is held any more, for good */
    struct table ids; /* that came while earlier ranges might hold them */
    int64_t gap_us;
    int64_t until_us; /* the watermark up to which any id may be held */
    int64_t last_us;  /* the same, of those that came */
    size_t met;       /* how many they are, or were */
};

/* border_us: the largest event_time before the range; INT64_MAX: every event is held;
 * INT64_MIN: nothing came before, and none is. A gap of
 * INT64_MAX is none: likewise, once the id is known. */
void border_init(struct border *border, int64_t border_us, int64_t gap_us);
void border_release(struct border *border);

/* An event of this id will come soon. */
MEMORY_HINT void border_hint(const struct border *border, struct id id)
{
    if (border->is_range && !border->is_over) table_prefetch(&border->ids, id);
}

/* May an event of an id that has nothing open in this range be part of what earlier ranges hold?
 * watermark_us: its partition's, before it came. */
bool border_holds(struct border *border, struct id id, int64_t time_us, int64_t watermark_us);

/* Is that time behind all that earlier ranges may hold? Asked of a time that the watermark has
 * passed, from then on for good. */
static inline bool border_is_past(const struct border *border, int64_t time_us)
{
    return time_us > border->last_us;
}

/* Does a range leave an event of such an id to the run? */
static inline bool border_leaves(struct border *border, struct id id, int64_t time_us,
                                 int64_t watermark_us)
{
    return border->is_range && !border->is_over &&
           (border->holds_all || border_holds(border, id, time_us, watermark_us));
}

#endif
