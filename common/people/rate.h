/*
 * rate.h - --bots: visits in which more events came within a while than people make.
 *
 * A visit is of one id, its events in order of time; a pause longer than RATE_GAP_US ends it, as it
 * ends a session of cs-sessionize. It is over the rate from that event on which is one too many in
 * the while that ends with it. Of a visit the times within the last while are kept: a handful, or
 * as many as are allowed; of one that is over the rate, none.
 */
#ifndef CS_RATE_H
#define CS_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pack.h"
#include "base/pool.h"
#include "base/slab.h"

#define RATE_GAP_US INT64_C(1800000000)
#define RATE_NEVER INT64_MAX
#define RATE_MOST_MAX 1000000

struct visit {
    int64_t last_us;
    int64_t over_us; /* when it was over the rate first; RATE_NEVER */
    int64_t *time;   /* a ring */
    uint32_t first;  /* where the oldest is */
    uint32_t count, cap;
    uint32_t users;
    uint32_t number; /* for whoever writes them all down */
} __attribute__((aligned(64)));

struct rate {
    uint32_t most;    /* so many are allowed; 0: nobody looks */
    int64_t span_us;  /* in a while of this length: its end is not of it */
    struct pool pool; /* struct visit */
    struct slab times;
};

/* Reads "200/1m": more than 200 within a minute. Returns NULL, or the phrase that says what is
 * wrong. */
const char *rate_parse(const char *text, uint32_t *most, int64_t *span_us);

void rate_init(struct rate *rate, uint32_t most, int64_t span_us);
void rate_release(struct rate *rate);

static inline struct visit *rate_visit(const struct rate *rate, uint32_t number)
{
    return pool_at(&rate->pool, number, sizeof(struct visit));
}

/* An event of an id whose last visit is *visit (POOL_NONE: none, or it is over): the event's visit,
 * which is *visit now, with one user more, beside the id itself. */
uint32_t rate_event(struct rate *rate, uint32_t *visit, int64_t time_us);

/* One user less. POOL_NONE: nothing. */
void rate_drop(struct rate *rate, uint32_t number);

void rate_save(const struct rate *rate, uint32_t number, struct buffer *out);

/* One with no users yet; in->broken where it is none. */
uint32_t rate_load(struct rate *rate, struct unpack *in);

#endif
