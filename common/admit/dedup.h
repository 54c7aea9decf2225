/*
 * dedup.h - --dedup: which event ids have been passed lately.
 *
 * An event is a repeat when its event_id was passed with an event_time at most span away. An id is
 * remembered until the watermark is past its event_time + span, so memory is bounded by the events
 * of that span. Whether it is still remembered is decided by the watermark that judges the event,
 * not by when memory was last tidied up: so it does not depend on how many events are looked at
 * together. Of an id that comes again and again far apart, the last two times are kept.
 *
 * Nearly every id is new: so what is looked through are eight bytes an id (roster.h), and what an
 * id has is written behind that of the one before. Ids stand in a queue, as they were passed, which
 * is nearly the order in which they are forgotten; where the first of it is remembered long, the
 * whole queue is gone through once there are twice as many ids.
 */
#ifndef CS_DEDUP_H
#define CS_DEDUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pack.h"
#include "base/pool.h"
#include "base/roster.h"
#include "base/value.h"

struct dedup {
    int64_t span_us;               /* 0: off */
    struct roster ids;             /* of passed */
    struct pool passed;            /* struct passed */
    uint32_t *queue;               /* their numbers: a ring */
    size_t queue_first, queue_cap; /* the cap: a power of two, or 0 */
    uint64_t sweep_ids;            /* with so many ids, the whole queue is gone through */
    /* Events that came when what they may repeat was forgotten. */
    uint64_t blind;
    int64_t blind_us; /* how much more lateness would have kept it, for all of them */
    int64_t
        passed_us; /* the watermark: what it has passed is forgotten, whether still there or not */
};

void dedup_init(struct dedup *dedup, int64_t span_us);
void dedup_release(struct dedup *dedup);

/* The id of an event_id however that was escaped; ID_NONE: it is none. plain is for the call. */
struct id dedup_id_escaped(struct value value, struct buffer *plain);

static inline struct id dedup_id(struct value value, struct buffer *plain)
{
    if (value.kind != KIND_STRING) return ID_NONE;
    return value.escaped ? dedup_id_escaped(value, plain) : id_of(value_slice(value));
}

/* That id will be asked for soon. */
MEMORY_HINT void dedup_hint(const struct dedup *dedup, struct id id)
{
    if (!id_is_none(id)) roster_prefetch(&dedup->ids, roster_hash(&dedup->ids, id));
}

/* Is an event of that id and time, judged by that watermark, a repeat? */
bool dedup_seen(const struct dedup *dedup, struct id id, int64_t time_us, int64_t watermark_us);

/* It has been passed: from now on it is remembered. */
void dedup_note(struct dedup *dedup, struct id id, int64_t time_us);

/* An event of that time that is no repeat, judged by that watermark: counts it where a repeat could
 * not be told. */
static inline void dedup_judged(struct dedup *dedup, int64_t time_us, int64_t watermark_us)
{
    if (__builtin_expect(watermark_us <= time_us + dedup->span_us, 1)) return;
    dedup->blind++;
    if (watermark_us - time_us - dedup->span_us > dedup->blind_us)
        dedup->blind_us = watermark_us - time_us - dedup->span_us;
}

/* All three, for an event that passes unless it is a repeat: false. */
bool dedup_pass(struct dedup *dedup, struct id id, int64_t time_us, int64_t watermark_us);

/* Forgets what the watermark has passed; cheap when there is little to forget. */
void dedup_advance(struct dedup *dedup, int64_t watermark_us);

void dedup_save(const struct dedup *dedup, struct buffer *out);
bool dedup_load(struct dedup *dedup, struct unpack *in);

#endif
