/* qsort_r */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "funnel/span.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/memory.h"

/* An entry of span.numbers. */
struct numbered {
    struct id id;
    uint64_t number;
};

void spans_init(struct spans *spans, struct group_by *by, const struct course *course,
                int64_t size_us)
{
    *spans = (struct spans){.size_us = size_us, .by = by, .course = course};
    calendar_init(&spans->open, HELD_GROUPS);
}

static size_t span_bytes(const struct span *span)
{
    return sizeof *span + span->groups_cap * sizeof span->group[0] +
           span->trails_cap * sizeof span->trail[0] + span->behinds_cap * sizeof span->behind[0];
}

static void span_free(struct spans *spans, struct span *span)
{
    spans->groups -= span_groups(span);
    spans->behinds -= span->behinds;
    held_drop(HELD_GROUPS, span_bytes(span));
    table_release(&span->numbers);
    buffer_release(&span->text);
    tally_release(&span->tally, spans->course);
    free(span->group);
    free(span->trail);
    free(span->behind);
    free(span);
}

void spans_release(struct spans *spans)
{
    for (size_t i = 0; i < spans->open.count; i++)
        span_free(spans, spans_nth(spans, i));
    calendar_release(&spans->open);
    buffer_release(&spans->key);
}

int64_t spans_floor(const struct spans *spans, int64_t time_us)
{
    int64_t count = time_us / spans->size_us;
    if (time_us % spans->size_us < 0) count--;
    return count * spans->size_us;
}

static void recent_set(struct spans *spans, struct span *span)
{
    if (spans->recent == span) return;
    spans->recent = span;
    memset(spans->lately, 0, sizeof spans->lately);
}

struct span *spans_find(const struct spans *spans, int64_t start_us)
{
    if (spans->recent != NULL && spans->recent->start_us == start_us) return spans->recent;
    return calendar_find(&spans->open, start_us);
}

static struct span *span_new(int64_t start_us)
{
    struct span *const span = memory_zero(1, sizeof *span);
    span->start_us = start_us;
    span->text.kind = HELD_GROUPS;
    table_init(&span->numbers, sizeof(struct numbered), HELD_GROUPS);
    held_add(HELD_GROUPS, span_bytes(span));
    return span;
}

struct span *spans_get(struct spans *spans, int64_t start_us)
{
    struct span *span = spans_find(spans, start_us);
    if (span == NULL) {
        span = span_new(start_us);
        calendar_add(&spans->open, (struct dated *)span);
    }
    recent_set(spans, span);
    return span;
}

struct span *spans_at(struct spans *spans, int64_t time_us)
{
    struct span *recent = spans->recent;
    if (recent != NULL && (uint64_t)time_us - (uint64_t)recent->start_us < (uint64_t)spans->size_us)
        return recent;
    return calendar_find(&spans->open, spans_floor(spans, time_us));
}

size_t spans_order(struct spans *spans)
{
    calendar_order(&spans->open);
    return spans->open.count;
}

void spans_drop(struct spans *spans, size_t first, size_t behind)
{
    if (behind <= first) return;
    const size_t count = behind - first;
    struct span **gone = memory_zero(count, sizeof *gone);
    for (size_t i = 0; i < count; i++)
        gone[i] = spans_nth(spans, first + i);
    recent_set(spans, NULL);
    calendar_drop(&spans->open, first, behind);
    for (size_t i = 0; i < count; i++)
        span_free(spans, gone[i]);
    free(gone);
}

/* The key is in spans->key where ev is NULL. */
static uint32_t group_put(struct spans *spans, struct span *span, struct id id,
                          const struct event *ev)
{
    bool is_new;
    struct numbered *numbered = table_put(&span->numbers, id, &is_new);
    if (!is_new) return (uint32_t)numbered->number;
    const uint32_t number = (uint32_t)(span->numbers.count - 1);
    numbered->number = number;
    if (number == span->groups_cap) {
        const size_t before = span->groups_cap;
        span->groups_cap = before == 0 ? 8 : before * 2;
        span->group = memory_resize(span->group, span->groups_cap, sizeof span->group[0]);
        held_add(HELD_GROUPS, (span->groups_cap - before) * sizeof span->group[0]);
    }
    if (ev != NULL) group_key(spans->by, ev, &spans->key);
    span->group[number] =
        (struct span_group){.key_at = span->text.len, .key_len = (uint32_t)spans->key.len};
    buffer_add_slice(&span->text, buffer_slice(&spans->key));
    spans->groups++;
    return number;
}

uint32_t span_event_group(struct spans *spans, struct span *span, struct id id,
                          const struct event *ev)
{
    if (span != spans->recent) return group_put(spans, span, id, ev);
    struct span_lately *lately = &spans->lately[id.low % SPAN_LATELY_MAX];
    if (!id_equal(lately->id, id)) {
        lately->number = group_put(spans, span, id, ev);
        lately->id = id;
    }
    return lately->number;
}

uint32_t span_key_group(struct spans *spans, struct span *span, struct slice key)
{
    buffer_clear(&spans->key);
    buffer_add_slice(&spans->key, key);
    return group_put(spans, span, id_of(key), NULL);
}

struct key_order {
    const struct span *span;
    int width;
};

static int numbers_compare(const void *left, const void *right, void *context)
{
    const struct key_order *order = context;
    return group_compare(span_key(order->span, *(const uint32_t *)left),
                         span_key(order->span, *(const uint32_t *)right), order->width);
}

uint32_t *span_sorted(const struct spans *spans, const struct span *span)
{
    struct key_order order = {.span = span, .width = group_width(spans->by)};
    const size_t count = span_groups(span);
    uint32_t *number = memory_zero(count + 1, sizeof *number);
    for (size_t i = 0; i < count; i++)
        number[i] = (uint32_t)i;
    qsort_r(number, count, sizeof *number, numbers_compare, &order);
    return number;
}

void span_keep(struct spans *spans, struct span *span, const uint32_t *number, size_t count)
{
    struct span *const rest = span_new(span->start_us);
    for (size_t i = 0; i < count; i++) {
        (void)span_key_group(spans, rest, span_key(span, number[i]));
        tally_extend(&rest->tally, spans->course, i + 1);
        tally_merge(&rest->tally, spans->course, i, &span->tally, number[i]);
    }
    const struct span all = *span;
    *span = *rest;
    *rest = all;
    span_free(spans, rest);
    memset(spans->lately, 0, sizeof spans->lately);
}

void span_list(struct span *span, uint32_t trail)
{
    if (span->trails == span->trails_cap) {
        const size_t before = span->trails_cap;
        span->trails_cap = before == 0 ? 16 : before + before / 2;
        span->trail = memory_resize(span->trail, span->trails_cap, sizeof span->trail[0]);
        held_add(HELD_GROUPS, (span->trails_cap - before) * sizeof span->trail[0]);
    }
    span->trail[span->trails++] = trail;
}

uint32_t span_behind(struct spans *spans, struct span *span, uint32_t group, int64_t watermark_us)
{
    if (span->behinds == span->behinds_cap) {
        const uint32_t before = span->behinds_cap;
        span->behinds_cap = before == 0 ? 4 : before * 2;
        span->behind = memory_resize(span->behind, span->behinds_cap, sizeof span->behind[0]);
        held_add(HELD_GROUPS, (span->behinds_cap - before) * sizeof span->behind[0]);
    }
    span->behind[span->behinds] = (struct behind){.watermark_us = watermark_us, .group = group};
    spans->behinds++;
    return span->behinds++;
}
