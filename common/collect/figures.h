/*
 * figures.h - what --stats and /metrics say: the counters of all workers, added up.
 *
 * Each worker copies its own into memory that all of them share, after each turn; whoever is asked
 * adds them up. A copy may be half done just then: no figure is wrong by more than a turn.
 */
#ifndef CS_FIGURES_H
#define CS_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/stats.h"
#include "base/buffer.h"
#include "collect/door.h"
#include "collect/server.h"
#include "run/loop.h"

/* Of one worker. */
struct tally {
    bool ready;       /* it takes events */
    int64_t alive_us; /* steady clock: its last turn */
    struct stats stats;
    struct server_counters server;
    struct door_counters door;
    uint64_t produced, repaired, rejects_lost;
    uint64_t connections, memory, segments;
    int64_t received_us, event_time_us;
};

/* Makes room for so many workers, before they are. */
void figures_open(size_t workers);

/* One worker's. */
struct tally *figures_tally(size_t worker);

/* In Prometheus' text format. */
void figures_text(struct buffer *out);

/* Writes them where --stats says. That this fails is said, once until it goes again: a disk that is
 * full ends nothing. */
void figures_write(void);

void figures_close(void);

#endif
