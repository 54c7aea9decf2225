#include "admit/dedup.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"

/* Fewer ids are not worth a look. */
#define SWEEP_IDS 1024

struct passed {
    struct id id;
    int64_t first_us, last_us; /* the event_times it was passed with, the later one last; both the
                                  same when only one */
};

void dedup_init(struct dedup *dedup, int64_t span_us)
{
    dedup->span_us = span_us;
    dedup->sweep_us = dedup->passed_us = dedup->newest_us = INT64_MIN;
    dedup->sweep_ids = SWEEP_IDS;
    table_init(&dedup->ids, sizeof(struct passed), HELD_EVENTS);
}

void dedup_release(struct dedup *dedup)
{
    table_release(&dedup->ids);
}

struct id dedup_id(struct value value, struct buffer *plain)
{
    if (value.kind != KIND_STRING) return ID_NONE;
    if (!value.escaped) return id_of(value_slice(value));
    buffer_clear(plain);
    plain->len = json_unescape(buffer_reserve(plain, value.len), value_slice(value));
    return id_of(buffer_slice(plain));
}

/* Was an event at time_us, as one at passed_us was? */
static bool is_near(const struct dedup *dedup, int64_t passed_us, int64_t time_us,
                    int64_t watermark_us)
{
    return time_us >= passed_us - dedup->span_us && time_us <= passed_us + dedup->span_us &&
           watermark_us <= passed_us + dedup->span_us;
}

bool dedup_seen(const struct dedup *dedup, struct id id, int64_t time_us, int64_t watermark_us)
{
    const struct passed *passed = table_find(&dedup->ids, id);
    if (passed == NULL) return false;
    return is_near(dedup, passed->first_us, time_us, watermark_us) ||
           is_near(dedup, passed->last_us, time_us, watermark_us);
}

void dedup_note(struct dedup *dedup, struct id id, int64_t time_us)
{
    bool is_new;
    struct passed *passed = table_put(&dedup->ids, id, &is_new);
    if (time_us > dedup->newest_us) dedup->newest_us = time_us;
    if (is_new) {
        passed->first_us = passed->last_us = time_us;
    } else if (time_us >= passed->last_us) {
        passed->first_us = passed->last_us;
        passed->last_us = time_us;
    } else {
        passed->first_us = time_us;
    }
}

/* Has the watermark not passed it? */
static bool is_remembered(const void *entry, const void *context)
{
    const struct passed *passed = entry;
    const struct dedup *dedup = context;
    return dedup->passed_us <= passed->last_us + dedup->span_us;
}

void dedup_advance(struct dedup *dedup, int64_t watermark_us)
{
    dedup->passed_us = watermark_us;
    if (dedup->ids.count == 0) return;
    if (watermark_us < dedup->sweep_us && dedup->ids.count < dedup->sweep_ids) return;
    table_sweep(&dedup->ids, is_remembered, dedup);
    const int64_t ahead_us = dedup->newest_us > watermark_us ? dedup->newest_us - watermark_us : 0;
    dedup->sweep_us = watermark_us + (ahead_us + dedup->span_us) / 4 + 1;
    dedup->sweep_ids = dedup->ids.count * 2 + SWEEP_IDS;
}

static int passed_compare(const void *a, const void *b)
{
    return id_compare((*(const struct passed *const *)a)->id,
                      (*(const struct passed *const *)b)->id);
}

void dedup_save(const struct dedup *dedup, struct buffer *out)
{
    const struct passed **sorted = memory_new((dedup->ids.count + 1) * sizeof *sorted);
    size_t count = 0;
    for (const struct passed *passed = NULL; (passed = table_next(&dedup->ids, passed)) != NULL;)
        if (is_remembered(passed, dedup)) sorted[count++] = passed;
    qsort(sorted, count, sizeof *sorted, passed_compare);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        pack_id(out, sorted[i]->id);
        pack_i64(out, sorted[i]->first_us);
        pack_i64(out, sorted[i]->last_us);
    }
    free(sorted);
}

bool dedup_load(struct dedup *dedup, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count && !in->broken; i++) {
        const struct id id = unpack_id(in);
        bool is_new;
        struct passed *passed = table_put(&dedup->ids, id, &is_new);
        passed->first_us = unpack_i64(in);
        passed->last_us = unpack_i64(in);
        if (passed->last_us > dedup->newest_us) dedup->newest_us = passed->last_us;
    }
    dedup->sweep_ids = dedup->ids.count * 2 + SWEEP_IDS;
    return !in->broken;
}
