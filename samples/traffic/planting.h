/*
 * planting.h - what is planted in a run: all scenes, their events in the order of time.
 *
 * Everything is drawn before the run begins, and held until it is printed: at most PLANT_MAX
 * scenes a kind. The events come between those of the crowd, as if there had been nothing else.
 */
#ifndef TRAFFIC_PLANTING_H
#define TRAFFIC_PLANTING_H

#include <stddef.h>
#include <stdint.h>

#include "delivery.h"
#include "event.h"
#include "options.h"

struct planting {
    struct event *events; /* owned */
    size_t count;
    size_t next;
};

/* Draws what options ask for, for a run that ends at end_us, and writes --planted. Dies when the
 * run is too short for it, or the file cannot be written. */
void planting_init(struct planting *planting, const struct options *options, int64_t end_us);

/* Hands over the events before that time. */
void planting_deliver(struct planting *planting, struct delivery *delivery, int64_t until_us);

void planting_release(struct planting *planting);

#endif
