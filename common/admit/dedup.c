#include "admit/dedup.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"

/* Fewer ids are not worth a look. */
#define SWEEP_IDS 1024

/* So many ids ahead memory is asked for. */
#define AHEAD 8

struct passed {
    struct id id;              /* first, for the roster */
    int64_t first_us, last_us; /* the event_times it was passed with, the later one last; both the
                                  same when only one */
};

_Static_assert(sizeof(struct passed) == 32, "a size that pools have");

static inline struct passed *passed_at(const struct dedup *dedup, uint32_t number)
{
    return pool_at(&dedup->passed, number, sizeof(struct passed));
}

void dedup_init(struct dedup *dedup, int64_t span_us)
{
    dedup->span_us = span_us;
    dedup->passed_us = INT64_MIN;
    dedup->sweep_ids = SWEEP_IDS;
    dedup->queue = NULL;
    dedup->queue_first = dedup->queue_cap = 0;
    roster_init(&dedup->ids, HELD_EVENTS);
    dedup->ids.sparse = true;
    pool_init(&dedup->passed, sizeof(struct passed), HELD_EVENTS);
}

void dedup_release(struct dedup *dedup)
{
    roster_release(&dedup->ids);
    pool_release(&dedup->passed);
    held_drop(HELD_EVENTS, dedup->queue_cap * sizeof *dedup->queue);
    free(dedup->queue);
    dedup->queue = NULL;
    dedup->queue_first = dedup->queue_cap = 0;
}

struct id dedup_id_escaped(struct value value, struct buffer *plain)
{
    buffer_clear(plain);
    plain->len = json_unescape(buffer_reserve(plain, value.len), value_slice(value));
    return id_of(buffer_slice(plain));
}

/* Was an event at time_us, as one at passed_us was? */
static inline bool is_near(const struct dedup *dedup, int64_t passed_us, int64_t time_us,
                           int64_t watermark_us)
{
    return time_us >= passed_us - dedup->span_us && time_us <= passed_us + dedup->span_us &&
           watermark_us <= passed_us + dedup->span_us;
}

static inline bool is_repeat(const struct dedup *dedup, const struct passed *passed,
                             int64_t time_us, int64_t watermark_us)
{
    return is_near(dedup, passed->first_us, time_us, watermark_us) ||
           is_near(dedup, passed->last_us, time_us, watermark_us);
}

bool dedup_seen(const struct dedup *dedup, struct id id, int64_t time_us, int64_t watermark_us)
{
    const uint32_t number = roster_find(&dedup->ids, &dedup->passed, id);
    return number != POOL_NONE && is_repeat(dedup, passed_at(dedup, number), time_us, watermark_us);
}

/* --- the queue: as many as there are ids --- */

static inline uint32_t *queue_at(const struct dedup *dedup, size_t i)
{
    return &dedup->queue[(dedup->queue_first + i) & (dedup->queue_cap - 1)];
}

static __attribute__((noinline)) void queue_grow(struct dedup *dedup)
{
    const size_t cap = dedup->queue_cap == 0 ? SWEEP_IDS : dedup->queue_cap * 2;
    uint32_t *const queue = memory_resize(NULL, cap, sizeof *queue);
    for (size_t i = 0; i < dedup->ids.count; i++)
        queue[i] = *queue_at(dedup, i);
    held_add(HELD_EVENTS, (cap - dedup->queue_cap) * sizeof *queue);
    free(dedup->queue);
    dedup->queue = queue;
    dedup->queue_first = 0;
    dedup->queue_cap = cap;
}

/* A new one of that time, at the end of the queue; *number says which. The roster has to get it. */
static inline void passed_new(struct dedup *dedup, struct id id, int64_t time_us, uint32_t *number)
{
    if (__builtin_expect(dedup->ids.count == dedup->queue_cap, 0)) queue_grow(dedup);
    *number = pool_take(&dedup->passed);
    struct passed *const passed = passed_at(dedup, *number);
    id_set(&passed->id, id);
    passed->first_us = passed->last_us = time_us;
    *queue_at(dedup, dedup->ids.count) = *number;
}

static void passed_forget(struct dedup *dedup, uint32_t number)
{
    roster_remove(&dedup->ids, passed_at(dedup, number)->id, number);
    pool_give(&dedup->passed, number);
}

static void note(struct dedup *dedup, uint32_t number, struct id id, int64_t time_us)
{
    if (number == POOL_NONE) {
        passed_new(dedup, id, time_us, &number);
        roster_put(&dedup->ids, id, number);
        return;
    }
    struct passed *const passed = passed_at(dedup, number);
    if (time_us < passed->last_us) {
        passed->first_us = time_us;
        return;
    }
    passed->first_us = passed->last_us;
    passed->last_us = time_us;
}

void dedup_note(struct dedup *dedup, struct id id, int64_t time_us)
{
    note(dedup, roster_find(&dedup->ids, &dedup->passed, id), id, time_us);
}

bool dedup_pass(struct dedup *dedup, struct id id, int64_t time_us, int64_t watermark_us)
{
    const uint32_t hash = roster_hash(&dedup->ids, id);
    uint32_t number;
    size_t at;
    if (__builtin_expect(roster_lacks(&dedup->ids, hash, &at), 1)) {
        passed_new(dedup, id, time_us, &number);
        roster_put_at(&dedup->ids, hash, at, number);
    } else {
        number = roster_find(&dedup->ids, &dedup->passed, id);
        if (number != POOL_NONE &&
            is_repeat(dedup, passed_at(dedup, number), time_us, watermark_us))
            return false;
        note(dedup, number, id, time_us);
    }
    dedup_judged(dedup, time_us, watermark_us);
    return true;
}

/* Has the watermark not passed it? */
static inline bool is_remembered(const struct dedup *dedup, const struct passed *passed)
{
    return dedup->passed_us <= passed->last_us + dedup->span_us;
}

/* What is forgotten soon is looked for in the roster. */
MEMORY_HINT void forget_prefetch(const struct dedup *dedup)
{
    if (dedup->ids.count <= 2 * AHEAD) return;
    __builtin_prefetch(passed_at(dedup, *queue_at(dedup, 2 * AHEAD)));
    const struct id id = passed_at(dedup, *queue_at(dedup, AHEAD))->id;
    roster_prefetch(&dedup->ids, roster_hash(&dedup->ids, id));
}

/* The whole queue: those that are remembered stay in their order. */
static void queue_sweep(struct dedup *dedup)
{
    const size_t count = dedup->ids.count;
    size_t stay = 0;
    for (size_t i = 0; i < count; i++) {
        const uint32_t number = *queue_at(dedup, i);
        if (is_remembered(dedup, passed_at(dedup, number)))
            *queue_at(dedup, stay++) = number;
        else
            passed_forget(dedup, number);
    }
    dedup->sweep_ids = stay * 2 + SWEEP_IDS;
}

void dedup_advance(struct dedup *dedup, int64_t watermark_us)
{
    dedup->passed_us = watermark_us;
    while (dedup->ids.count > 0) {
        const uint32_t number = *queue_at(dedup, 0);
        if (is_remembered(dedup, passed_at(dedup, number))) break;
        forget_prefetch(dedup);
        passed_forget(dedup, number);
        dedup->queue_first = (dedup->queue_first + 1) & (dedup->queue_cap - 1);
    }
    if (dedup->ids.count >= dedup->sweep_ids) queue_sweep(dedup);
}

void dedup_save(const struct dedup *dedup, struct buffer *out)
{
    struct sort_item *const sorted = roster_sorted(&dedup->ids, &dedup->passed);
    const size_t ids = dedup->ids.count;
    uint64_t count = 0;
    for (size_t i = 0; i < ids; i++)
        count += is_remembered(dedup, passed_at(dedup, sorted[i].number));
    pack_u64(out, count);
    for (size_t i = 0; i < ids; i++) {
        const struct passed *const passed = passed_at(dedup, sorted[i].number);
        if (!is_remembered(dedup, passed)) continue;
        pack_id(out, passed->id);
        pack_i64(out, passed->first_us);
        pack_i64(out, passed->last_us);
    }
    free(sorted);
}

static int numbers_compare(const void *a, const void *b, void *context)
{
    (void)context;
    const uint32_t left = ((const struct sort_item *)a)->number;
    const uint32_t right = ((const struct sort_item *)b)->number;
    return (left > right) - (left < right);
}

/* The queue of what a state has brought, which is in the order of ids: now as it is forgotten. */
static void queue_order(struct dedup *dedup)
{
    const size_t count = dedup->ids.count;
    struct sort_item *const sorted = memory_new((count + 1) * sizeof *sorted);
    for (size_t i = 0; i < count; i++) {
        const uint32_t number = *queue_at(dedup, i);
        sorted[i] = (struct sort_item){.key = sort_key(passed_at(dedup, number)->last_us),
                                       .number = number};
    }
    sort_items(sorted, count, numbers_compare, NULL);
    for (size_t i = 0; i < count; i++)
        *queue_at(dedup, i) = sorted[i].number;
    free(sorted);
}

bool dedup_load(struct dedup *dedup, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count && !in->broken; i++) {
        const struct id id = unpack_id(in);
        const int64_t first_us = unpack_i64(in), last_us = unpack_i64(in);
        if (id_is_none(id) || roster_find(&dedup->ids, &dedup->passed, id) != POOL_NONE)
            in->broken = true;
        if (in->broken) break;
        uint32_t number;
        passed_new(dedup, id, last_us, &number);
        passed_at(dedup, number)->first_us = first_us;
        roster_put(&dedup->ids, id, number);
    }
    queue_order(dedup);
    dedup->sweep_ids = dedup->ids.count * 2 + SWEEP_IDS;
    return !in->broken;
}
