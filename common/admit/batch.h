/*
 * batch.h - accepted events on their way to the command: so many are looked up together.
 *
 * A place is free, in hand or taken. batch_place puts one in hand, for the event to be scanned
 * next; it stays the caller's alone until batch_place is called again. batch_accept makes it taken,
 * until batch_deliver has given its event to the command. Delivering in between, as whatever is
 * refused does, frees no place that is in hand: places are counted from the last one taken, not by
 * how many wait. The event that --max-jump has held has a place of its own.
 */
#ifndef CS_BATCH_H
#define CS_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "admit/command.h"
#include "admit/dedup.h"
#include "admit/fate.h"
#include "admit/partition.h"
#include "base/held.h"
#include "base/id.h"
#include "event/event.h"
#include "event/witness.h"

/* Enough to hide the memory's latency, few enough to stay in the first cache. */
#define BATCH_MAX 64

/* What is remembered of an event beside the event itself. */
struct pending {
    struct event ev;
    struct slice came; /* its text, before the command has changed it */
    struct origin origin;
    struct id id; /* of its event_id, with --dedup; ID_NONE: it has none */
};

/* Notes with an event, which has been scanned, where it comes from. */
static inline void pending_trace(struct pending *pending, const struct origin *origin,
                                 struct partition *partition)
{
    struct event *ev = &pending->ev;
    /* Member by member: a copy of all would wait for the line's number, which has just been
     * counted. */
    pending->origin.input = origin->input;
    pending->origin.raw = origin->raw.text == NULL ? ev->line : origin->raw;
    pending->origin.line_number = origin->line_number;
    pending->origin.partition = origin->partition;
    pending->origin.offset = origin->offset;
    pending->origin.torn = origin->torn;
    pending->came = ev->line;
    ev->offset = origin->offset;
    ev->line_number = origin->line_number;
    ev->partition = partition;
}

struct batch {
    const struct analysis *analysis;
    struct run *run;
    struct fates *fates;
    struct clock *clock;
    struct dedup *dedup;
    struct witness *witness;
    uint64_t max_keys;
    /* In a range of --jobs: where FATE_DEFERRED goes; and what is called behind each batch. */
    void (*leave)(void *context, const struct pending *pending);
    void (*left)(void *context);
    void *context;

    struct pending place[BATCH_MAX];
    struct pending held; /* for an event that was held: never one of the batch's */
    struct value *values;
    const struct pending *accepted[BATCH_MAX]; /* what the command will get, in order */
    int count;
    int64_t announced_us; /* the watermark the command was told last */
    uint64_t keys_most;   /* batch_keys at the most */
    bool full; /* more than --max-keys or --max-memory: saved and ended as soon as can be */
};

/* Room for events with so many values each. */
void batch_init(struct batch *batch, int values);
void batch_release(struct batch *batch);

/* Is every place free or in hand? */
static inline bool batch_empty(const struct batch *batch)
{
    return batch->count == 0;
}

/* A place for the next event; what was in hand before is given back. */
static inline struct pending *batch_place(struct batch *batch)
{
    return batch->count == 0 ? &batch->place[0]
                             : &batch->place[batch->accepted[batch->count - 1] - batch->place + 1];
}

/* Is the last place taken? Then the batch has to be delivered before batch_place. */
static inline bool batch_full(const struct batch *batch)
{
    return batch->count != 0 && batch->accepted[batch->count - 1] == &batch->place[BATCH_MAX - 1];
}

static inline void batch_accept(struct batch *batch, const struct pending *pending)
{
    batch->accepted[batch->count++] = pending;
}

/* Gives the events to the command, and says what became of each. */
void batch_hand(struct batch *batch);

/* What --max-keys bounds: the command's ids and groups, the ids of --dedup, and partitions, of
 * which there is always one. */
static inline uint64_t batch_keys(const struct batch *batch)
{
    const int partitions = batch->clock->known > 0 ? batch->clock->known - 1 : 0;
    return batch->run->counters.keys + batch->dedup->ids.count + (uint64_t)partitions;
}

/* Tells the command the watermark, if it has moved. */
void batch_tell(struct batch *batch, int64_t watermark_us);

/* Both, with the smallest watermark as it is now. */
void batch_deliver(struct batch *batch);

/* Delivers what came before, then refuses this record; detail may be NULL. */
void batch_refuse(struct batch *batch, enum reason reason, const char *detail,
                  const struct origin *origin);

#endif
