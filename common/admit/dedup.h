/*
 * dedup.h - --dedup: which event ids have been passed lately.
 *
 * An event is a repeat when its event_id was passed with an event_time at most span away. An id is
 * remembered until the watermark is past its event_time + span, so memory is bounded by the events
 * of that span. Whether it is still remembered is decided by the watermark that judges the event,
 * not by when memory was last tidied up: so it does not depend on how many events are looked at
 * together. Of an id that comes again and again far apart, the last two times are kept.
 */
#ifndef CS_DEDUP_H
#define CS_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pack.h"
#include "base/table.h"

struct dedup {
    int64_t span_us;  /* 0: off */
    struct table ids; /* struct passed */
    int64_t sweep_us; /* forget again when the watermark has come here */
    int64_t
        passed_us; /* the watermark: what it has passed is forgotten, whether still there or not */
};

void dedup_init(struct dedup *dedup, int64_t span_us);
void dedup_release(struct dedup *dedup);

/* Is an event of that id and time, judged by that watermark, a repeat? */
bool dedup_seen(const struct dedup *dedup, struct id id, int64_t time_us, int64_t watermark_us);

/* It has been passed: from now on it is remembered. */
void dedup_note(struct dedup *dedup, struct id id, int64_t time_us);

/* Forgets what the watermark has passed; cheap when there is little to forget. */
void dedup_advance(struct dedup *dedup, int64_t watermark_us);

void dedup_save(const struct dedup *dedup, struct buffer *out);
bool dedup_load(struct dedup *dedup, struct unpack *in);

#endif
