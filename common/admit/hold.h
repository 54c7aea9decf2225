/*
 * hold.h - --max-jump: an event far ahead of its partition is held until the next one shows whether
 * time really moved.
 *
 * A partition holds at most one event, as its text. The next valid event of the partition decides:
 * if it is far ahead, too, the held one was right; else the held one is refused as future. A
 * partition's first event is held against its second.
 */
#ifndef CS_HOLD_H
#define CS_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/fate.h"
#include "admit/partition.h"
#include "base/id.h"
#include "base/slice.h"

/* Must an event at time_us be held, when the partition holds none? jump_us is --max-jump. */
static inline bool hold_needed(const struct partition *partition, int64_t time_us, int64_t jump_us)
{
    return !partition->began || time_us - partition->largest_us > jump_us;
}

/* Is the event that the partition holds right, now that one at time_us has come? */
bool hold_is_right(struct partition *partition, int64_t time_us, int64_t jump_us);

/* Holds an event; its text is copied. */
void hold_put(struct partition *partition, int64_t time_us, struct slice text,
              const struct origin *origin, struct id id);

/* Where the held event stood; borrows its text. */
struct origin hold_origin(struct partition *partition);

/* Is an event of that id and time a copy of the one the partition holds? span_us is --dedup. */
bool hold_is_copy(const struct partition *partition, struct id id, int64_t time_us,
                  int64_t span_us);

#endif
