/*
 * dedup.h - --dedup: which event ids have been passed lately.
 *
 * An event is a repeat when its event_id was passed with an event_time at most span away. An id is remembered
 * until the watermark is past its event_time + span, so memory is bounded by the events of that span.
 */
#ifndef CS_DEDUP_H
#define CS_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

#include "pack.h"
#include "table.h"

struct dedup {
    int64_t span_us; /* 0: off */
    struct table ids; /* struct passed */
    int64_t sweep_us; /* forget again when the watermark has come here */
};

void dedup_init(struct dedup *dedup, int64_t span_us);
void dedup_release(struct dedup *dedup);

/* Is it a repeat? If not, it is remembered. */
bool dedup_seen(struct dedup *dedup, struct id id, int64_t time_us);

/* Forgets what the watermark has passed; cheap when there is little to forget. */
void dedup_advance(struct dedup *dedup, int64_t watermark_us);

void dedup_save(const struct dedup *dedup, struct buffer *out);
bool dedup_load(struct dedup *dedup, struct unpack *in);

#endif
