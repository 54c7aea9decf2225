/*
 * kept.h - events that go on in the frames they came in.
 *
 * A record may have become several events: all of them go into one frame, a line each, as whoever
 * reads it takes a second frame of the same offset for a repeat. A record of which no event is left
 * is a frame, too, without a payload (frame.h), or several of them one behind the other are:
 * whoever reads knows that it has been looked at, and does not ask for it again.
 */
#ifndef CS_KEPT_H
#define CS_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "event/event.h"
#include "event/schema.h"
#include "writer/rows.h"

/* Zeroed: nothing is kept. */
struct kept {
    int64_t partition, offset;
    struct buffer events;
    bool is_past; /* no event is left of what is before the offset, and nobody has been told */
};

/* The next event is of that record: returns what its text is to be added to. What was kept of
 * another record is printed. */
struct buffer *kept_event(struct kept *kept, struct rows *rows, int64_t partition, int64_t offset);

/* All before that offset is done with; is_end: it is the end of the log. */
void kept_passed(struct kept *kept, struct rows *rows, int64_t partition, int64_t offset,
                 bool is_end);

/* Prints what is kept. */
void kept_flush(struct kept *kept, struct rows *rows);

void kept_release(struct kept *kept);

#endif
