/*
 * door.h - what a request may do here, and what becomes of it: the server's user.
 *
 *     POST PATH      events: judged, and 204 when they are durable
 *     OPTIONS PATH   what browsers ask before some requests of other sites
 *     GET /s.js      the snippet
 *     GET /health    is it taking events?
 *     GET /metrics   the figures of --stats; only where --admin listens
 *
 * Whoever sends events from a page that is being left never sees the answer, and whoever does will
 * send again what was refused: so a bad event is a reject and answered like a good one, and only
 * what is no JSON at all is told off (400). What is not wanted (bots, prefetches) is answered like
 * what is, too.
 */
#ifndef CS_DOOR_H
#define CS_DOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "collect/body.h"
#include "collect/collect_options.h"
#include "collect/server.h"
#include "collect/snippet.h"
#include "raw/agent.h"

/* What the door has counted, beside the judgement's own. */
struct door_counters {
    uint64_t bots, prefetches, foreign, limited, unzipped, cut, undone;
};

struct door {
    struct collect_options *options;
    struct agents agents; /* --bots */
    struct snippet snippet;
    struct buffer unzipped;
    struct body body;
    char secret[32]; /* of --ip=hash */
    struct door_counters counters;
    int64_t received_us; /* when events came last; 0: none have */
    bool failing;        /* the last group could not be written */
    bool stopping;       /* nobody new is let in */
    /* Where rows go. */
    bool (*has_room)(void *context);
    bool (*put)(void *context, struct slice rows); /* false: not now */
    void (*figures)(void *context, struct buffer *out);
    void *context;
};

/* The options are settled, and the functions set. */
void door_open(struct door *door);

/* For the server. */
void door_head(void *door, struct exchange *exchange);
void door_request(void *door, struct exchange *exchange);
bool door_commit(void *door);
void door_failed(void *door, struct exchange *exchange);

void door_release(struct door *door);

#endif
