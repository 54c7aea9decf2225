#include "people/rate.h"

#include <stdlib.h>

#include "base/duration.h"

const char *rate_parse(const char *text, uint32_t *most, int64_t *span_us)
{
    char *end;
    const long long number = strtoll(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '/')
        return "must be RATE/DUR: 200/1m is more than 200 events within a minute";
    if (number < 1 || number > RATE_MOST_MAX) return "needs a number from 1 to 1000000";
    *most = (uint32_t)number;
    const char *const why = duration_parse(end + 1, span_us);
    if (why != NULL) return why;
    return *span_us < 1 || *span_us > RATE_GAP_US ? "needs a time, of 30m at most" : NULL;
}

void rate_init(struct rate *rate, uint32_t most, int64_t span_us)
{
    *rate = (struct rate){.most = most, .span_us = span_us, .times.kind = HELD_PEOPLE};
    pool_init(&rate->pool, sizeof(struct visit), HELD_PEOPLE);
}

void rate_release(struct rate *rate)
{
    slab_release(&rate->times);
    pool_release(&rate->pool);
}

static int64_t *time_at(const struct visit *visit, uint32_t i)
{
    return &visit->time[(visit->first + i) & (visit->cap - 1)];
}

static void times_give(struct rate *rate, struct visit *visit)
{
    if (visit->cap != 0) slab_give(&rate->times, (char *)visit->time, visit->cap * sizeof(int64_t));
    visit->time = NULL;
    visit->first = visit->count = visit->cap = 0;
}

/* Room for twice as many, the oldest in front. */
static void times_grow(struct rate *rate, struct visit *visit)
{
    const uint32_t cap = visit->cap == 0 ? 2 : visit->cap * 2;
    int64_t *const time = (int64_t *)(void *)slab_take(&rate->times, cap * sizeof(int64_t));
    const uint32_t count = visit->count;
    for (uint32_t i = 0; i < count; i++)
        time[i] = *time_at(visit, i);
    times_give(rate, visit);
    visit->time = time;
    visit->count = count;
    visit->cap = cap;
}

static void times_add(struct rate *rate, struct visit *visit, int64_t time_us)
{
    while (visit->count > 0 && time_us - *time_at(visit, 0) >= rate->span_us) {
        visit->first = (visit->first + 1) & (visit->cap - 1);
        visit->count--;
    }
    if (visit->count == visit->cap) times_grow(rate, visit);
    visit->count++;
    *time_at(visit, visit->count - 1) = time_us;
}

static uint32_t visit_new(struct rate *rate)
{
    const uint32_t number = pool_take(&rate->pool);
    *rate_visit(rate, number) = (struct visit){.over_us = RATE_NEVER};
    return number;
}

uint32_t rate_event(struct rate *rate, uint32_t *number, int64_t time_us)
{
    if (*number != POOL_NONE && time_us - rate_visit(rate, *number)->last_us > RATE_GAP_US) {
        rate_drop(rate, *number);
        *number = POOL_NONE;
    }
    if (*number == POOL_NONE) {
        *number = visit_new(rate);
        rate_visit(rate, *number)->users = 1;
    }
    struct visit *const visit = rate_visit(rate, *number);
    visit->users++;
    visit->last_us = time_us;
    if (visit->over_us != RATE_NEVER) return *number;
    times_add(rate, visit, time_us);
    if (visit->count > rate->most) {
        visit->over_us = time_us;
        times_give(rate, visit);
    }
    return *number;
}

void rate_drop(struct rate *rate, uint32_t number)
{
    if (number == POOL_NONE) return;
    struct visit *const visit = rate_visit(rate, number);
    if (--visit->users > 0) return;
    times_give(rate, visit);
    pool_give(&rate->pool, number);
}

void rate_save(const struct rate *rate, uint32_t number, struct buffer *out)
{
    const struct visit *const visit = rate_visit(rate, number);
    pack_i64(out, visit->last_us);
    pack_i64(out, visit->over_us);
    pack_u32(out, visit->count);
    for (uint32_t i = 0; i < visit->count; i++)
        pack_i64(out, *time_at(visit, i));
}

uint32_t rate_load(struct rate *rate, struct unpack *in)
{
    const uint32_t number = visit_new(rate);
    struct visit *const visit = rate_visit(rate, number);
    visit->last_us = unpack_i64(in);
    visit->over_us = unpack_i64(in);
    const uint32_t count = unpack_u32(in);
    if (count > rate->most) in->broken = true;
    for (uint32_t i = 0; i < count && !in->broken; i++)
        times_add(rate, visit, unpack_i64(in));
    return number;
}
