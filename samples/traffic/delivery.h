/*
 * delivery.h - from the moment an event happens to the moment it is printed.
 *
 * Some events come late (--disorder), some come twice (--repeats). Each has a due time in event
 * time: its own plus a delay below the bound. Printing by due time means that no event is ever
 * further behind the largest event_time before it than that bound. Only what is under way is kept.
 *
 * In live mode nothing is printed before the wall clock has reached its due time.
 */
#ifndef TRAFFIC_DELIVERY_H
#define TRAFFIC_DELIVERY_H

#include <stdint.h>

#include "event.h"
#include "heap.h"
#include "options.h"
#include "printer.h"

struct delivery {
    const struct options *options; /* borrowed */
    struct printer *printer;       /* borrowed */
    struct heap waiting;           /* owns the struct parcel of each item */
    uint64_t number;
};

void delivery_init(struct delivery *delivery, const struct options *options,
                   struct printer *printer);

/* Takes the next event, and prints what is due by then. */
void delivery_take(struct delivery *delivery, const struct event *event);

/* Prints all that is still under way. */
void delivery_finish(struct delivery *delivery);

#endif
