/* Sessions that are open, for who wants to know now how they stand. */
#include <stdlib.h>

#include "base/memory.h"
#include "session/session_inside.h"

/* Parts to be printed: sorted by their last event. */
struct open_parts {
    struct sort_item *item; /* mark: the stretch is a copy */
    size_t count, cap;
};

static struct stretch *at(const struct sessions *sessions, uint32_t number)
{
    return stretch_at(&sessions->timelines.stretches, number);
}

/* A copy of a stretch, in no list. */
static uint32_t stretch_copy(struct sessions *sessions, uint32_t number)
{
    struct stretches *stretches = &sessions->timelines.stretches;
    const uint32_t copy = stretch_take(stretches);
    struct buffer packed = {0};

    stretch_pack(stretches, at(sessions, number), &packed);
    struct unpack in = {.at = packed.data, .end = packed.data + packed.len};
    stretch_unpack(stretches, copy, stretch_name(at(sessions, number)), &in);
    buffer_release(&packed);
    return copy;
}

/* A part as one stretch: its only one, or a copy of all of them. */
static uint32_t part_whole(struct sessions *sessions, uint32_t first, uint32_t end)
{
    struct stretches *stretches = &sessions->timelines.stretches;

    if (first == end) {
        stretch_settle(stretches, at(sessions, first));
        return first;
    }
    const uint32_t whole = stretch_copy(sessions, first);
    for (uint32_t number = first; number != end;) {
        number = timeline_next(&sessions->timelines, number);
        const uint32_t copy = stretch_copy(sessions, number);
        stretch_merge(stretches, at(sessions, whole), at(sessions, copy));
        stretch_free(stretches, copy);
    }
    stretch_settle(stretches, at(sessions, whole));
    return whole;
}

/* Has one of these stretches changed? It is printed now. */
static bool part_changed(struct sessions *sessions, uint32_t first, uint32_t end)
{
    bool changed = false;

    for (uint32_t number = first;; number = timeline_next(&sessions->timelines, number)) {
        changed |= at(sessions, number)->is_changed;
        at(sessions, number)->is_changed = false;
        if (number == end) return changed;
    }
}

static void parts_push(struct open_parts *parts, struct sessions *sessions, uint32_t first,
                       uint32_t end)
{
    if (parts->count == parts->cap) {
        parts->cap = parts->cap == 0 ? 64 : parts->cap * 2;
        parts->item = memory_resize(parts->item, parts->cap, sizeof *parts->item);
    }
    const uint32_t whole = part_whole(sessions, first, end);
    parts->item[parts->count++] = (struct sort_item){
        .key = sort_key(at(sessions, whole)->last_us), .number = whole, .mark = whole != first};
}

/* Where a part has changed, what is cut off behind it may begin with another event now. And the
 * newest part is printed again behind others: the last row of an id is of what it does now. */
static void timeline_parts(struct open_parts *parts, struct sessions *sessions, uint32_t timeline)
{
    bool moved = false, any = false;

    if (timeline_stretches(&sessions->timelines, timeline) > 1) sessions_tidy(sessions, timeline);
    for (uint32_t first = session_first_open(sessions, timeline); first != POOL_NONE;) {
        const uint32_t end = session_part_end(sessions, first);
        const uint32_t next = timeline_next(&sessions->timelines, end);
        const bool changed = part_changed(sessions, first, end) || moved;
        any |= changed;
        if (changed || (any && next == POOL_NONE)) parts_push(parts, sessions, first, end);
        moved = changed && next != POOL_NONE &&
                session_linked(sessions, at(sessions, end), at(sessions, next));
        first = next;
    }
}

static int part_compare(const void *a, const void *b, void *context)
{
    const struct sort_item *left = a;
    const struct sort_item *right = b;
    const struct session_place one = session_place(at(context, left->number));
    const struct session_place other = session_place(at(context, right->number));

    return session_place_compare(&one, &other);
}

void sessions_updates(struct sessions *sessions,
                      void (*print)(void *context, const struct session *session), void *context)
{
    struct timelines *timelines = &sessions->timelines;
    struct open_parts parts = {0};
    const uint32_t *numbers;
    const size_t count = timelines_noted(timelines, &numbers);

    for (size_t i = 0; i < count; i++)
        timeline_parts(&parts, sessions, numbers[i]);
    sort_items(parts.item, parts.count, part_compare, sessions);
    for (size_t i = 0; i < parts.count; i++) {
        const uint32_t number = parts.item[i].number;
        const struct session session = {.stretch = at(sessions, number), .end = SESSION_GOES_ON};
        print(context, &session);
        if (parts.item[i].mark != 0) stretch_free(&timelines->stretches, number);
    }
    free(parts.item);
}

bool session_next_open(const struct sessions *sessions, uint32_t timeline, uint32_t *part,
                       struct session_place *place)
{
    *part = *part == POOL_NONE
                ? session_first_open(sessions, timeline)
                : timeline_next(&sessions->timelines, session_part_end(sessions, *part));
    if (*part == POOL_NONE) return false;
    *place = session_place(at(sessions, *part));
    place->last_us = at(sessions, session_part_end(sessions, *part))->last_us;
    return true;
}
