/*
 * kept.h - events that go on in the frames they came in.
 *
 * A record may have become several events: all of them go into one frame, a line each, as whoever
 * reads it takes a second frame of the same offset for a repeat.
 */
#ifndef CS_KEPT_H
#define CS_KEPT_H

#include <stdint.h>

#include "base/buffer.h"
#include "event/event.h"
#include "event/schema.h"
#include "writer/rows.h"

/* Zeroed: nothing is kept. */
struct kept {
    int64_t partition, offset;
    struct buffer events;
};

/* The next event is of that record: returns what its text is to be added to. What was kept of
 * another record is printed. */
struct buffer *kept_event(struct kept *kept, struct rows *rows, int64_t partition, int64_t offset);

/* Prints what is kept. */
void kept_flush(struct kept *kept, struct rows *rows);

void kept_release(struct kept *kept);

#endif
