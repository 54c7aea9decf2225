/* The state of a funnel, and what a range of --jobs hands over. */
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/memory.h"
#include "base/sort.h"
#include "funnel/funnel_inside.h"

/* A window with its groups in order; rank says where a group of that number stands. */
static void span_save(const struct funnel *funnel, const struct span *span, uint32_t *rank,
                      struct buffer *out)
{
    uint32_t *sorted = span_sorted(&funnel->spans, span);
    const size_t count = span_groups(span);
    pack_i64(out, span->start_us);
    pack_u8(out, span->is_done);
    pack_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        rank[sorted[i]] = (uint32_t)i;
        pack_text(out, span_key(span, sorted[i]));
        if (funnel->run->settings.merge) tally_pack(&span->tally, &funnel->course, sorted[i], out);
    }
    free(sorted);
}

static size_t span_number(const struct funnel *funnel, const struct span *span)
{
    return calendar_place(&funnel->spans.open, span->start_us);
}

static void trail_save(const struct funnel *funnel, struct trail *trail, uint32_t *const *rank,
                       struct buffer *out)
{
    trail_order(&funnel->trails, trail);
    pack_id(out, trail->id);
    if (funnel->drops.after_us != 0) pack_text(out, trail_name_of(trail));
    pack_u32(out, trail->count);
    for (uint32_t i = 0; i < trail->count; i++) {
        const struct touch *touch = &trail->touch[i];
        const struct span *span =
            calendar_find(&funnel->spans.open, spans_floor(&funnel->spans, touch->time_us));
        const bool behind = (touch->mask & TOUCH_BEHIND) != 0;
        const uint32_t group = behind ? span->behind[touch->group].group : touch->group;
        pack_i64(out, touch->time_us);
        pack_u32(out, touch->mask);
        pack_u32(out, rank[span_number(funnel, span)][group]);
        if (behind) pack_i64(out, span->behind[touch->group].watermark_us);
    }
}

void funnel_save(struct run *run, struct buffer *out)
{
    struct funnel *funnel = run->own;
    const size_t count = spans_order(&funnel->spans);
    uint32_t **rank = memory_zero(count + 1, sizeof *rank);
    pack_i64(out, funnel->closed_us);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        const struct span *span = spans_nth(&funnel->spans, i);
        rank[i] = memory_zero(span_groups(span) + 1, sizeof **rank);
        span_save(funnel, span, rank[i], out);
    }
    struct sort_item *ids = roster_sorted(&funnel->trails.ids, &funnel->trails.pool);
    pack_u64(out, funnel->trails.ids.count);
    for (size_t i = 0; i < funnel->trails.ids.count; i++)
        trail_save(funnel, trail_at(&funnel->trails, ids[i].number), rank, out);
    free(ids);
    for (size_t i = 0; i < count; i++)
        free(rank[i]);
    free(rank);
}

/* The windows that are loaded, with the numbers of their groups in the order in which they come. */
struct loaded {
    int64_t *start_us;
    uint32_t **number;
    uint32_t *groups;
    size_t count;
};

static bool span_load(struct funnel *funnel, struct loaded *loaded, struct unpack *in)
{
    struct value values[GROUP_VALUES_MAX + 1];
    const int64_t start_us = unpack_i64(in);
    const bool is_done = unpack_u8(in) != 0;
    const uint32_t count = unpack_u32(in);
    if (in->broken || count > (size_t)(in->end - in->at) / sizeof(uint32_t)) return false;
    if (start_us < INSTANT_MIN - DURATION_MAX || start_us > INSTANT_MAX) return false;
    if (spans_floor(&funnel->spans, start_us) != start_us) return false;
    if (loaded->count > 0 && loaded->start_us[loaded->count - 1] >= start_us) return false;
    struct span *span = spans_get(&funnel->spans, start_us);
    uint32_t *number = memory_zero((size_t)count + 1, sizeof *number);
    span->is_done |= is_done;
    loaded->start_us[loaded->count] = start_us;
    loaded->number[loaded->count] = number;
    loaded->groups[loaded->count++] = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct slice key = unpack_text(in);
        if (in->broken || !group_values(key, values, group_width(&funnel->by))) return false;
        number[i] = span_key_group(&funnel->spans, span, key);
        if (!funnel->run->settings.merge) continue;
        tally_extend(&span->tally, &funnel->course, span_groups(span));
        tally_unpack(&span->tally, &funnel->course, number[i], in);
    }
    return !in->broken;
}

/* The place of the window of that time among those loaded; count: it is not there. */
static size_t loaded_place(const struct funnel *funnel, const struct loaded *loaded,
                           int64_t time_us)
{
    const int64_t start_us = spans_floor(&funnel->spans, time_us);
    size_t low = 0, high = loaded->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (loaded->start_us[middle] < start_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low < loaded->count && loaded->start_us[low] == start_us ? low : loaded->count;
}

static bool touch_load(struct funnel *funnel, const struct loaded *loaded, uint32_t number,
                       struct unpack *in)
{
    struct touch touch = {.time_us = unpack_i64(in), .mask = unpack_u32(in)};
    const uint32_t rank = unpack_u32(in);
    const bool behind = (touch.mask & TOUCH_BEHIND) != 0;
    const int64_t watermark_us = behind ? unpack_i64(in) : 0;
    if (in->broken || touch.time_us < INSTANT_MIN || touch.time_us > INSTANT_MAX) return false;
    const int bits = funnel->course.steps + funnel->course.bans;
    const size_t place = loaded_place(funnel, loaded, touch.time_us);
    if ((touch.mask & ~TOUCH_BEHIND) >> bits != 0 || place == loaded->count ||
        rank >= loaded->groups[place])
        return false;
    struct span *span = spans_find(&funnel->spans, loaded->start_us[place]);
    touch.group = loaded->number[place][rank];
    if (behind) touch.group = span_behind(&funnel->spans, span, touch.group, watermark_us);
    trail_add(&funnel->trails, number, span, &touch);
    return true;
}

/* What rows of drops will have as id. */
static bool name_load(struct funnel *funnel, uint32_t number, struct slice name)
{
    struct unpack in = {.at = name.text, .end = name.text + name.len};
    struct trail *trail = trail_at(&funnel->trails, number);
    (void)unpack_value(&in);
    if (in.broken || in.at != in.end || trail->name != NULL) return false;
    trail_name(&funnel->trails, trail, name);
    return true;
}

static bool trails_load(struct funnel *funnel, const struct loaded *loaded, struct unpack *in)
{
    const uint64_t ids = unpack_u64(in);
    for (uint64_t i = 0; i < ids && !in->broken; i++) {
        const bool named = funnel->drops.after_us != 0;
        const struct id id = unpack_id(in);
        const struct slice name = named ? unpack_text(in) : SLICE("");
        const uint32_t count = unpack_u32(in);
        if (in->broken || id_is_none(id) || count == 0) return false;
        const uint32_t number = trails_get(&funnel->trails, id);
        if (named && !name_load(funnel, number, name)) return false;
        for (uint32_t touch = 0; touch < count; touch++)
            if (!touch_load(funnel, loaded, number, in)) return false;
        if (named) drops_loaded(funnel, number);
    }
    return !in->broken;
}

bool funnel_load(struct run *run, struct unpack *in)
{
    struct funnel *funnel = run->own;
    const int64_t closed_us = unpack_i64(in);
    const uint64_t count = unpack_u64(in);
    /* A window takes 13 bytes at least. */
    if (in->broken || count > (size_t)(in->end - in->at) / 13) return false;
    if (closed_us > funnel->closed_us) funnel->closed_us = closed_us;
    struct loaded loaded = {
        .start_us = memory_zero((size_t)count + 1, sizeof(int64_t)),
        .number = memory_zero((size_t)count + 1, sizeof(uint32_t *)),
        .groups = memory_zero((size_t)count + 1, sizeof(uint32_t)),
    };
    bool good = true;
    for (uint64_t i = 0; i < count && good; i++)
        good = span_load(funnel, &loaded, in);
    good = good && trails_load(funnel, &loaded, in);
    for (size_t i = 0; i < loaded.count; i++)
        free(loaded.number[i]);
    free(loaded.start_us);
    free(loaded.number);
    free(loaded.groups);
    funnel->changed_us = INT64_MIN; /* what is loaded may not have been printed */
    funnel_keys(funnel);
    return good;
}
