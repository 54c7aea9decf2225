#include "timeline.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "varint.h"

/* How many hints later an id's last stretch, and then that stretch's texts, are brought near. */
#define STRETCH_AFTER 7
#define BLOCK_AFTER 11

#define KEEP_SLOTS ((size_t)1 << 16)

void timelines_init(struct timelines *timelines)
{
    *timelines = (struct timelines){0};
    table_init(&timelines->ids, sizeof(struct timeline_entry));
    pool_init(&timelines->pool, sizeof(struct timeline));
    stretches_init(&timelines->stretches);
    timer_init(&timelines->timer);
}

static void list_free(struct timelines *timelines, uint32_t number)
{
    while (number != POOL_NONE) {
        const uint32_t next = stretch_at(&timelines->stretches, number)->next;
        stretch_free(&timelines->stretches, number);
        number = next;
    }
}

void timelines_release(struct timelines *timelines)
{
    const struct timeline_entry *entry = NULL;

    while ((entry = table_next(&timelines->ids, entry)) != NULL) {
        const struct timeline *timeline = timeline_at(timelines, entry->timeline);
        list_free(timelines, timeline->first);
        list_free(timelines, timeline->past);
        list_free(timelines, timeline->aside);
        free(timeline->name);
    }
    table_release(&timelines->ids);
    pool_release(&timelines->pool);
    stretches_release(&timelines->stretches);
    timer_release(&timelines->timer);
    free(timelines->due);
    timelines->due = NULL;
    timelines->due_cap = 0;
}

/* Each step asks for memory whose address only the step before it, some hints earlier, has brought.
 */
void timelines_hint(struct timelines *timelines, struct id id)
{
    const unsigned at = timelines->ahead_at++ % TIMELINE_AHEAD;
    const unsigned second = (at + TIMELINE_AHEAD - STRETCH_AFTER) % TIMELINE_AHEAD;
    const unsigned third = (at + TIMELINE_AHEAD - BLOCK_AFTER) % TIMELINE_AHEAD;

    table_prefetch(&timelines->ids, id);
    timelines->ahead[at] = id;
    timelines->ahead_last[at] = POOL_NONE;

    const struct timeline_entry *entry = table_find(&timelines->ids, timelines->ahead[second]);
    if (entry != NULL && entry->last != POOL_NONE) {
        const char *stretch = (const char *)stretch_at(&timelines->stretches, entry->last);
        timelines->ahead_last[second] = entry->last;
        __builtin_prefetch(stretch, 1);
        __builtin_prefetch(stretch + sizeof(struct stretch) - 1, 1);
    }
    const uint32_t last = timelines->ahead_last[third];
    if (last != POOL_NONE && last < timelines->stretches.pool.used) {
        const struct stretch *stretch = stretch_at(&timelines->stretches, last);
        if (stretch->block == NULL) return;
        __builtin_prefetch(stretch->block, 1);
        __builtin_prefetch(stretch->block + stretch->block_len, 1);
    }
}

struct id timeline_id_string(struct slice text)
{
    return id_of(text);
}

struct id timeline_id(struct slice name)
{
    struct slice rest = name;
    const struct value first = timeline_name_value(&rest);

    if (rest.len == 0 && first.kind == KIND_STRING) return timeline_id_string(value_slice(first));
    /* Mixed once more: no string has these bits. */
    return id_mix(id_of(name), (struct id){1, 1});
}

void timeline_name_add(struct buffer *name, struct value value)
{
    char head[1 + VARINT_MAX] = {(char)value.kind};
    const size_t len = value.kind <= KIND_TRUE ? 0 : value.len;

    buffer_add(name, head, 1 + varint_write(head + 1, len));
    buffer_add(name, value.text, len);
}

struct value timeline_name_value(struct slice *name)
{
    const char *at = name->text;
    const char *end = name->text + name->len;
    const uint8_t kind = (uint8_t)*at++;
    const uint64_t len = varint_read(&at);

    *name = (struct slice){.text = at + len, .len = (size_t)(end - at) - len};
    if (kind == KIND_NULL) return VALUE_NULL;
    if (kind == KIND_FALSE) return (struct value){.text = "false", .len = 5, .kind = KIND_FALSE};
    if (kind == KIND_TRUE) return (struct value){.text = "true", .len = 4, .kind = KIND_TRUE};
    return (struct value){.text = at, .len = (uint32_t)len, .kind = kind};
}

/* Is this a name, as far as reading it goes? */
static bool name_whole(struct slice name)
{
    const char *at = name.text;
    const char *end = name.text + name.len;

    while (at < end) {
        if ((uint8_t)*at++ > KIND_OBJECT || !varint_whole(at, end)) return false;
        const uint64_t len = varint_read(&at);
        if (len > (uint64_t)(end - at)) return false;
        at += len;
    }
    return name.len > 0;
}

int timeline_name_compare(struct slice a, struct slice b)
{
    while (a.len > 0 && b.len > 0) {
        const int order = value_compare(timeline_name_value(&a), timeline_name_value(&b));
        if (order != 0) return order;
    }
    return (a.len > 0) - (b.len > 0);
}

struct timeline_entry *timelines_find(const struct timelines *timelines, struct id id)
{
    return table_find(&timelines->ids, id);
}

struct timeline_entry *timelines_make(struct timelines *timelines, struct id id, struct slice name)
{
    bool is_new;
    struct timeline_entry *entry = table_put(&timelines->ids, id, &is_new);

    entry->timeline = pool_take(&timelines->pool);
    struct timeline *timeline = timeline_at(timelines, entry->timeline);
    timeline->name = memory_new(name.len);
    memcpy(timeline->name, name.text, name.len);
    timeline->name_len = (uint32_t)name.len;
    timeline->due_us = INT64_MAX;
    return entry;
}

void timelines_drop(struct timelines *timelines, struct timeline_entry *entry)
{
    struct timeline *timeline = timeline_at(timelines, entry->timeline);

    free(timeline->name);
    timeline->due_us = INT64_MAX; /* a timer that still names it says something else */
    pool_give(&timelines->pool, entry->timeline);
    table_remove(&timelines->ids, entry);
    if (timelines->ids.count == 0 && timelines->ids.slots > KEEP_SLOTS)
        table_release(&timelines->ids);
}

void timelines_schedule(struct timelines *timelines, uint32_t number, int64_t due_us)
{
    struct timeline *timeline = timeline_at(timelines, number);

    if (due_us >= timeline->due_us) return; /* it is looked at before that anyway */
    timeline->due_us = due_us;
    timer_push(&timelines->timer, (struct timer_item){.due_us = due_us, .number = number});
}

static size_t due_collect(struct timelines *timelines, int64_t watermark_us)
{
    struct timer_item item;
    size_t count = 0;

    while (timer_pop(&timelines->timer, watermark_us, &item)) {
        if (item.number >= timelines->pool.used)
            continue; /* its timeline is gone, and so are all after it */
        if (count == timelines->due_cap) {
            timelines->due_cap = count == 0 ? 64 : count * 2;
            timelines->due =
                memory_resize(timelines->due, timelines->due_cap, sizeof(*timelines->due));
        }
        timelines->due[count++] = item;
        __builtin_prefetch(timeline_at(timelines, item.number), 1);
    }
    return count;
}

size_t timelines_due(struct timelines *timelines, int64_t watermark_us,
                     const struct timer_item **items)
{
    const size_t collected = due_collect(timelines, watermark_us);
    size_t count = 0;

    for (size_t i = 0; i < collected; i++) {
        const struct timer_item item = timelines->due[i];
        struct timeline *timeline = timeline_at(timelines, item.number);
        if (timeline->due_us != item.due_us)
            continue; /* scheduled anew for earlier, or another id's by now */
        timeline->due_us = INT64_MAX;
        timelines->due[count++] = item;
        if (timeline->first != POOL_NONE)
            __builtin_prefetch(stretch_at(&timelines->stretches, timeline->first), 1);
        __builtin_prefetch(timeline->name);
    }
    *items = timelines->due;
    return count;
}

uint32_t timeline_before(const struct timelines *timelines, const struct timeline_entry *entry,
                         int64_t time_us)
{
    const struct stretches *stretches = &timelines->stretches;
    uint32_t before = entry->last;

    if (before == POOL_NONE || stretch_at(stretches, before)->start_us <= time_us) return before;
    /* Not at the end: mostly it is near one of the ends, so both sides are walked in turn. */
    uint32_t after = timeline_at(timelines, entry->timeline)->first;
    if (stretch_at(stretches, after)->start_us > time_us) return POOL_NONE;
    for (;;) {
        before = stretch_at(stretches, before)->previous;
        if (stretch_at(stretches, before)->start_us <= time_us) return before;
        const uint32_t next = stretch_at(stretches, after)->next;
        if (stretch_at(stretches, next)->start_us > time_us) return after;
        after = next;
    }
}

/* No earlier stretch is harder to reach than this one: see timeline.h. */
static void timeline_reach(struct timelines *timelines, uint32_t number)
{
    const struct stretch *stretch = stretch_at(&timelines->stretches, number);

    for (uint32_t before = stretch->previous; before != POOL_NONE;) {
        struct stretch *earlier = stretch_at(&timelines->stretches, before);
        if (earlier->reach_us <= stretch->reach_us) return;
        earlier->reach_us = stretch->reach_us;
        before = earlier->previous;
    }
}

void timeline_insert(struct timelines *timelines, struct timeline_entry *entry, uint32_t previous,
                     uint32_t number)
{
    struct timeline *timeline = timeline_at(timelines, entry->timeline);
    struct stretch *stretch = stretch_at(&timelines->stretches, number);

    stretch->previous = previous;
    stretch->next =
        previous == POOL_NONE ? timeline->first : stretch_at(&timelines->stretches, previous)->next;
    if (stretch->next == POOL_NONE)
        entry->last = number;
    else
        stretch_at(&timelines->stretches, stretch->next)->previous = number;
    if (previous == POOL_NONE)
        timeline->first = number;
    else
        stretch_at(&timelines->stretches, previous)->next = number;
    timeline->count++;
    if (stretch->next != POOL_NONE &&
        stretch_at(&timelines->stretches, stretch->next)->reach_us < stretch->reach_us)
        stretch->reach_us = stretch_at(&timelines->stretches, stretch->next)->reach_us;
    timeline_reach(timelines, number);
}

void timeline_add(struct timelines *timelines, uint32_t number, const struct fact *fact)
{
    struct stretch *stretch = stretch_at(&timelines->stretches, number);

    stretch_add(&timelines->stretches, stretch, fact);
    if (stretch->previous != POOL_NONE) timeline_reach(timelines, number);
}

void timeline_remove(struct timelines *timelines, struct timeline_entry *entry, uint32_t number)
{
    struct timeline *timeline = timeline_at(timelines, entry->timeline);
    struct stretch *stretch = stretch_at(&timelines->stretches, number);

    if (stretch->next == POOL_NONE)
        entry->last = stretch->previous;
    else
        stretch_at(&timelines->stretches, stretch->next)->previous = stretch->previous;
    if (stretch->previous == POOL_NONE)
        timeline->first = stretch->next;
    else
        stretch_at(&timelines->stretches, stretch->previous)->next = stretch->next;
    stretch->next = stretch->previous = POOL_NONE;
    timeline->count--;
}

void timeline_join_next(struct timelines *timelines, struct timeline_entry *entry, uint32_t number)
{
    struct stretch *stretch = stretch_at(&timelines->stretches, number);
    const uint32_t next = stretch->next;

    timeline_remove(timelines, entry, next);
    stretch_merge(&timelines->stretches, stretch, stretch_at(&timelines->stretches, next));
    stretch_free(&timelines->stretches, next);
}

static int entry_compare(const void *a, const void *b)
{
    const struct timeline_entry *const *left = a;
    const struct timeline_entry *const *right = b;

    return id_compare((*left)->id, (*right)->id);
}

struct timeline_entry **timelines_sorted(const struct timelines *timelines)
{
    struct timeline_entry **sorted = memory_zero(timelines->ids.count, sizeof(*sorted));
    struct timeline_entry *entry = NULL;
    size_t count = 0;

    while ((entry = table_next(&timelines->ids, entry)) != NULL)
        sorted[count++] = entry;
    if (count > 0) qsort(sorted, count, sizeof(*sorted), entry_compare);
    return sorted;
}

void timeline_pack(const struct timelines *timelines, const struct timeline_entry *entry,
                   struct buffer *out)
{
    const struct timeline *timeline = timeline_at(timelines, entry->timeline);

    pack_u32(out, timeline->count);
    for (uint32_t number = timeline->first; number != POOL_NONE;) {
        const struct stretch *stretch = stretch_at(&timelines->stretches, number);
        stretch_pack(stretch, out);
        number = stretch->next;
    }
}

/* Puts one stretch in; those it overlaps become one with it. */
static void timeline_unpack_stretch(struct timelines *timelines, struct timeline_entry *entry,
                                    uint32_t number)
{
    const struct stretches *stretches = &timelines->stretches;
    struct stretch *stretch = stretch_at(stretches, number);
    const uint32_t before = timeline_before(timelines, entry, stretch->start_us);

    timeline_insert(timelines, entry, before, number);
    while (stretch->next != POOL_NONE &&
           stretch_at(stretches, stretch->next)->start_us <= stretch->last_us)
        timeline_join_next(timelines, entry, number);
    if (before != POOL_NONE && stretch_at(stretches, before)->last_us >= stretch->start_us)
        timeline_join_next(timelines, entry, before);
}

void timeline_unpack(struct timelines *timelines, struct timeline_entry *entry, struct unpack *in)
{
    const uint32_t count = unpack_u32(in);

    for (uint32_t i = 0; i < count && !in->broken; i++)
        timeline_unpack_stretch(timelines, entry, stretch_unpack(&timelines->stretches, in));
}

struct timeline_entry *timelines_unpack_name(struct timelines *timelines, struct unpack *in)
{
    const struct slice name = unpack_text(in);

    if (in->broken || !name_whole(name)) return NULL;
    const struct id id = timeline_id(name);
    struct timeline_entry *entry = timelines_find(timelines, id);
    return entry != NULL ? entry : timelines_make(timelines, id, name);
}
