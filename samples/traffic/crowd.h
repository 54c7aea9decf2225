/*
 * crowd.h - everybody in the shop: arrivals, the sessions under way, the bots.
 *
 * Gives the events of all in the order of their time, without end. Memory holds the sessions
 * under way and nothing else. Visitors arrive at random (a Poisson process), more by day than by
 * night and by the factor of a spike. The shop begins empty; in live mode it opened a
 * quarter of an hour before the start.
 */
#ifndef TRAFFIC_CROWD_H
#define TRAFFIC_CROWD_H

#include <stdint.h>

#include "event.h"
#include "heap.h"
#include "options.h"
#include "rng.h"

struct crowd {
    const struct options *options; /* borrowed */
    struct rng rng;
    struct heap sessions; /* owns the struct session of each item */
    uint64_t session_number;
    uint64_t event_number;
    int64_t arrival_ns; /* next arrival, from the start */
    int64_t epoch_us;   /* nobody was there before */
};

void crowd_init(struct crowd *crowd, const struct options *options);

/* Makes the next event; its time is never before the last one's. */
void crowd_next(struct crowd *crowd, struct event *event);

void crowd_release(struct crowd *crowd);

#endif
