#include "session/session.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/memory.h"
#include "session/session_inside.h"

#define TIDY_MIN 2 /* stretches of one id */
#define SOON 16    /* sessions ahead of the one that is printed */
#define DUE_FEW 64 /* timelines */

void sessions_init(struct sessions *sessions, const struct kept *kept, int64_t gap_us,
                   int64_t max_us)
{
    *sessions = (struct sessions){.gap_us = gap_us, .max_us = max_us, .watermark_us = INT64_MIN};
    timelines_init(&sessions->timelines, kept);
}

void sessions_release(struct sessions *sessions)
{
    timelines_release(&sessions->timelines);
    free(sessions->closed);
    sessions->closed = NULL;
    sessions->closed_count = sessions->closed_cap = 0;
}

static struct stretch *at(const struct sessions *sessions, uint32_t number)
{
    return stretch_at(&sessions->timelines.stretches, number);
}

static uint32_t next_of(const struct sessions *sessions, uint32_t number)
{
    return timeline_next(&sessions->timelines, number);
}

bool session_linked(const struct sessions *sessions, const struct stretch *stretch,
                    const struct stretch *next)
{
    return stretch_near(stretch->last_us, sessions->gap_us, next->reach_us) &&
           !stretch_follows(next);
}

/* Does the next stretch belong to the part that began at start_us and has come to this stretch? */
static bool same_part(const struct sessions *sessions, int64_t start_us,
                      const struct stretch *stretch, const struct stretch *next)
{
    return session_linked(sessions, stretch, next) &&
           next->last_us <= instant_add_capped(start_us, sessions->max_us);
}

uint32_t session_part_end(const struct sessions *sessions, uint32_t first)
{
    const int64_t start_us = at(sessions, first)->start_us;
    uint32_t end = first;

    for (;;) {
        const uint32_t next = next_of(sessions, end);
        if (next == POOL_NONE ||
            !same_part(sessions, start_us, at(sessions, end), at(sessions, next)))
            return end;
        end = next;
    }
}

/* The part a stretch is in: where it begins, and when its last event was. */
struct part {
    int64_t start_us, last_us;
};

/* Where a session begins that a stretch is in, for all that is known now. */
static uint32_t session_begin(const struct sessions *sessions, uint32_t number)
{
    for (;;) {
        const uint32_t previous = timeline_previous(&sessions->timelines, number);
        if (previous == POOL_NONE ||
            !session_linked(sessions, at(sessions, previous), at(sessions, number)))
            return number;
        number = previous;
    }
}

static struct part part_of(const struct sessions *sessions, uint32_t number)
{
    const int64_t start_us = at(sessions, number)->start_us;
    uint32_t first = session_begin(sessions, number);

    for (;;) {
        const uint32_t end = session_part_end(sessions, first);
        const struct stretch *last = at(sessions, end);
        if (last->start_us >= start_us)
            return (struct part){.start_us = at(sessions, first)->start_us,
                                 .last_us = last->last_us};
        first = next_of(sessions, end);
    }
}

/* Where cuts may fall among the stretches of an id: at cut_us, and anywhere behind free_us. */
struct cuts {
    int64_t cut_us, free_us;
};

static struct cuts cuts_of(const struct sessions *sessions, uint32_t timeline)
{
    struct cuts cuts = {.cut_us = INT64_MIN,
                        .free_us = instant_add_capped(sessions->watermark_us, sessions->max_us)};
    uint32_t first = timeline_first(&sessions->timelines, timeline);

    while (first != POOL_NONE && at(sessions, first)->start_us < sessions->watermark_us) {
        const uint32_t end = session_part_end(sessions, first);
        const uint32_t next = next_of(sessions, end);
        cuts.cut_us = instant_add_capped(at(sessions, first)->start_us, sessions->max_us);
        if (next == POOL_NONE || !session_linked(sessions, at(sessions, end), at(sessions, next))) {
            /* Another session began before the watermark, and this one is open: what began that one
             * was behind its own watermark, and an event of a slower partition may yet make them
             * one. */
            if (next != POOL_NONE && at(sessions, next)->start_us < sessions->watermark_us &&
                cuts.cut_us < cuts.free_us)
                cuts.free_us = cuts.cut_us;
            break;
        }
        first = next;
    }
    return cuts;
}

void sessions_tidy(struct sessions *sessions, uint32_t timeline)
{
    struct timelines *timelines = &sessions->timelines;
    const struct cuts cuts = cuts_of(sessions, timeline);
    int64_t start_us = INT64_MIN;
    for (uint32_t number = timeline_first(timelines, timeline); number != POOL_NONE;) {
        const struct stretch *stretch = at(sessions, number);
        const uint32_t following = next_of(sessions, number);
        if (start_us == INT64_MIN) start_us = stretch->start_us;
        if (following == POOL_NONE) break;
        const struct stretch *next = at(sessions, following);
        if (!same_part(sessions, start_us, stretch, next)) {
            start_us = INT64_MIN;
            number = following;
        } else if (next->start_us > cuts.free_us ||
                   (stretch->last_us <= cuts.cut_us && cuts.cut_us < next->start_us)) {
            number = following;
        } else {
            timeline_join_next(timelines, timeline, number);
        }
    }
    const uint32_t count = timeline_stretches(timelines, timeline);
    if (count >= TIDY_MIN) timeline_list_make(timelines, timeline)->tidy = count * 2;
}

/* Is it a part that is printed already, kept without its texts, because the next one follows it? */
static bool is_printed(const struct sessions *sessions, uint32_t number)
{
    return (at(sessions, number)->flags & STRETCH_PRINTED) != 0 &&
           next_of(sessions, number) != POOL_NONE;
}

uint32_t session_first_open(const struct sessions *sessions, uint32_t timeline)
{
    const uint32_t first = timeline_first(&sessions->timelines, timeline);

    return is_printed(sessions, first) ? next_of(sessions, first) : first;
}

/* When the first part of an id will be complete. */
static int64_t first_due(const struct sessions *sessions, uint32_t timeline)
{
    const uint32_t first = session_first_open(sessions, timeline);

    return instant_add_capped(at(sessions, session_part_end(sessions, first))->last_us,
                              sessions->gap_us);
}

static void session_schedule(struct sessions *sessions, uint32_t timeline)
{
    if (sessions->gap_us == INT64_MAX) return;
    timelines_schedule(&sessions->timelines, timeline, first_due(sessions, timeline));
}

/* Is an event late that is behind its partition's watermark, and would come behind the stretch
 * previous (POOL_NONE: it is the first)? What it becomes part of must not be closed; and where a
 * part would begin that did not begin there before, no event may have come yet that is behind the
 * cut: stretches have been made without thinking of that one. */
static bool behind_is_late(const struct sessions *sessions, uint32_t timeline, uint32_t previous,
                           const struct click *click)
{
    const int64_t time_us = click->time_us;
    const uint32_t following = previous == POOL_NONE
                                   ? timeline_first(&sessions->timelines, timeline)
                                   : next_of(sessions, previous);
    const struct stretch *next = following == POOL_NONE ? NULL : at(sessions, following);
    const bool near_next = next != NULL && stretch_near(time_us, sessions->gap_us, next->reach_us);
    const int64_t end_us = at(sessions, timeline_last(&sessions->timelines, timeline))->last_us;
    bool moves = near_next; /* the next part begins earlier, or is no part of its own any more */
    bool cuts = true;       /* there is a cut where there was none */
    struct part part = {.start_us = time_us, .last_us = time_us};

    if (previous != POOL_NONE) {
        const struct stretch *before = at(sessions, previous);
        const struct part its = part_of(sessions, previous);
        const int64_t cut_us = instant_add_capped(its.start_us, sessions->max_us);
        const bool together = near_next && session_linked(sessions, before, next);
        const bool near = stretch_near(before->last_us, sessions->gap_us,
                                       instant_max(time_us, click->watermark_us));
        if ((near || together) && time_us <= cut_us) {
            part = its;
            moves = cuts = near_next && !together && next->start_us <= cut_us;
            if (near) part.last_us = time_us;
        }
    }
    if (cuts && end_us > instant_add_capped(part.start_us, sessions->max_us)) return true;
    if (moves) part.last_us = part_of(sessions, following).last_us;
    return instant_add_capped(part.last_us, sessions->gap_us) < click->watermark_us;
}

/* An event that does not simply go on where the id's last stretch ends. */
static bool sessions_place(struct sessions *sessions, uint32_t timeline, const struct click *click)
{
    struct timelines *timelines = &sessions->timelines;
    const bool behind = click->time_us < click->watermark_us;
    const uint32_t before = timeline_before(timelines, timeline, click->time_us);

    if (before != POOL_NONE && at(sessions, before)->last_us >= click->time_us) {
        if (behind && instant_add_capped(part_of(sessions, before).last_us, sessions->gap_us) <
                          click->watermark_us)
            return false;
        timeline_add(timelines, before, click);
        return true;
    }
    if (behind && behind_is_late(sessions, timeline, before, click)) return false;
    const uint32_t stretch = timeline_take(timelines, timeline);
    stretch_begin(&timelines->stretches, stretch, timeline_name(timelines, timeline), click);
    timeline_insert(timelines, timeline, before, stretch);
    const struct timeline_list *list = timeline_list_make(timelines, timeline);
    if (list->count >= list->tidy) sessions_tidy(sessions, timeline);
    if (before == POOL_NONE)
        session_schedule(sessions, timeline); /* else nothing closes earlier than before */
    return true;
}

bool sessions_begin(struct sessions *sessions, struct id id, struct slice name,
                    const struct click *click)
{
    struct timelines *timelines = &sessions->timelines;

    if (instant_add_capped(click->time_us, sessions->gap_us) < click->watermark_us) return false;
    const uint32_t timeline = timelines_make(timelines, id);
    stretch_begin(&timelines->stretches, timeline, name, click);
    timeline_insert(timelines, timeline, POOL_NONE, timeline);
    session_schedule(sessions, timeline);
    if (__builtin_expect(timelines->notes, 0)) timelines_note(timelines, timeline);
    return true;
}

const struct stretch *sessions_last(const struct sessions *sessions, struct id id)
{
    const uint32_t timeline = timelines_find(&sessions->timelines, id);

    return timeline == POOL_NONE ? NULL
                                 : at(sessions, timeline_last(&sessions->timelines, timeline));
}

void sessions_follow(struct sessions *sessions, struct id id, struct slice name,
                     const struct click *click, enum session_end end)
{
    struct timelines *timelines = &sessions->timelines;
    const uint32_t timeline = timelines_find(timelines, id);

    if (timeline == POOL_NONE) {
        (void)sessions_begin(sessions, id, name, click);
        return;
    }
    const uint32_t last = timeline_last(timelines, timeline);
    if (timelines->notes) timelines_note(timelines, timeline);
    if (end == SESSION_GOES_ON) {
        timeline_add(timelines, last, click);
        return;
    }
    const uint32_t part = timeline_take(timelines, timeline);
    stretch_begin(&timelines->stretches, part, timeline_name(timelines, timeline), click);
    if (end != SESSION_GAP)
        at(sessions, part)->flags = (uint8_t)(STRETCH_FOLLOWS | (unsigned)end << STRETCH_END_SHIFT);
    timeline_insert(timelines, timeline, last, part);
}

/* No cut but those behind the watermark + max falls between this and this + max. */
static int64_t certain_start(const struct sessions *sessions, uint32_t timeline, uint32_t last)
{
    const uint32_t previous = timeline_previous(&sessions->timelines, last);

    if (previous == POOL_NONE || (at(sessions, previous)->flags & STRETCH_PRINTED) != 0)
        return at(sessions, last)->start_us;
    return at(sessions, timeline_first(&sessions->timelines, timeline))->start_us;
}

/* Does the event go on where the id's last stretch ends, with no cut possible between? */
static inline bool goes_on(const struct sessions *sessions, const struct stretch *last,
                           int64_t start_us, const struct click *click)
{
    return click->time_us >= last->last_us &&
           stretch_near(last->last_us, sessions->gap_us,
                        instant_max(click->time_us, click->watermark_us)) &&
           click->time_us <= instant_add_capped(sessions->watermark_us, sessions->max_us) &&
           click->time_us <= instant_add_capped(start_us, sessions->max_us);
}

bool sessions_add(struct sessions *sessions, uint32_t timeline, const struct click *click)
{
    struct timelines *timelines = &sessions->timelines;
    struct stretch *own = timeline_own(timelines, timeline);

    if (__builtin_expect(!own->has_list, 1)) {
        if (!goes_on(sessions, own, own->start_us, click))
            return sessions_place(sessions, timeline, click);
        stretch_add(&timelines->stretches, own, click);
        return true;
    }
    const uint32_t last = timeline_last(timelines, timeline);
    if (!goes_on(sessions, at(sessions, last), certain_start(sessions, timeline, last), click))
        return sessions_place(sessions, timeline, click);
    timeline_add(timelines, last, click);
    return true;
}

/* A part that is complete: sorted by its last event. */
static void closed_push(struct sessions *sessions, uint32_t stretch, bool newest,
                        enum session_end end)
{
    if (sessions->closed_count == sessions->closed_cap) {
        sessions->closed_cap = sessions->closed_cap == 0 ? 64 : sessions->closed_cap * 2;
        sessions->closed =
            memory_resize(sessions->closed, sessions->closed_cap, sizeof(*sessions->closed));
    }
    sessions->closed[sessions->closed_count++] =
        (struct sort_item){.key = sort_key(at(sessions, stretch)->last_us),
                           .number = stretch,
                           .mark = (uint32_t)end << 1 | newest};
}

/* Takes the first part, as one stretch, out of a timeline. What follows it within the gap must know
 * where it began. */
static void part_close(struct sessions *sessions, uint32_t timeline, bool at_end)
{
    struct timelines *timelines = &sessions->timelines;
    const uint32_t first = timeline_first(timelines, timeline);

    if (is_printed(sessions, first)) {
        timeline_remove(timelines, timeline, first);
        stretch_free(&timelines->stretches, first);
    }
    const uint32_t part = timeline_first(timelines, timeline);
    const int64_t last_us = at(sessions, session_part_end(sessions, part))->last_us;
    while (at(sessions, part)->last_us < last_us)
        timeline_join_next(timelines, timeline, part);
    const struct stretch *stretch = at(sessions, part);
    stretch_settle(&timelines->stretches, at(sessions, part));
    const uint32_t next = next_of(sessions, part);
    enum session_end end = at_end && next == POOL_NONE ? SESSION_END : SESSION_GAP;
    if (next != POOL_NONE && stretch_follows(at(sessions, next)))
        end = stretch_ended(at(sessions, next));
    if (next != POOL_NONE && session_linked(sessions, stretch, at(sessions, next))) {
        end = SESSION_MAX;
        const uint32_t printed = timeline_take(timelines, timeline);
        stretch_begin_empty(&timelines->stretches, printed, stretch_name(stretch),
                            stretch->start_us, stretch->last_us);
        at(sessions, printed)->flags = STRETCH_PRINTED;
        timeline_insert(timelines, timeline, part, printed);
    }
    timeline_remove(timelines, timeline, part);
    closed_push(sessions, part, next == POOL_NONE, end);
    if (timelines->notes && next != POOL_NONE) {
        at(sessions, next)->is_changed = true; /* its row is to be the last: sessions_updates */
        timelines_note(timelines, timeline);
    }
}

/* The same of a timeline with one stretch, nearly always; false: it goes on. */
static bool only_close(struct sessions *sessions, uint32_t timeline, struct stretch *own,
                       int64_t watermark_us, bool all)
{
    struct timelines *timelines = &sessions->timelines;
    const int64_t due_us = instant_add_capped(own->last_us, sessions->gap_us);

    if (!all && due_us >= watermark_us) {
        timelines_schedule(timelines, timeline, due_us);
        return false;
    }
    stretch_settle(&timelines->stretches, own);
    own->is_listed = false;
    closed_push(sessions, timeline, true,
                due_us >= sessions->watermark_us ? SESSION_END : SESSION_GAP);
    return true;
}

/* Takes out what is complete before the watermark, or all. */
static void timeline_close(struct sessions *sessions, uint32_t timeline, int64_t watermark_us,
                           bool all)
{
    struct timelines *timelines = &sessions->timelines;
    struct stretch *own = timeline_own(timelines, timeline);

    if (__builtin_expect(!own->has_list, 1)) {
        if (only_close(sessions, timeline, own, watermark_us, all))
            timelines_drop(timelines, timeline);
        return;
    }
    while (timeline_first(timelines, timeline) != POOL_NONE) {
        const int64_t due_us = first_due(sessions, timeline);
        if (!all && due_us >= watermark_us) {
            timelines_schedule(timelines, timeline, due_us);
            return;
        }
        part_close(sessions, timeline, due_us >= sessions->watermark_us);
    }
    timelines_drop(timelines, timeline);
}

int session_place_compare(const struct session_place *a, const struct session_place *b)
{
    if (a->last_us != b->last_us) return a->last_us < b->last_us ? -1 : 1;
    const int order = name_compare(a->name, b->name);
    if (order != 0) return order;
    return (a->start_us > b->start_us) - (a->start_us < b->start_us);
}

static int closed_compare(const void *a, const void *b, void *context)
{
    const struct sort_item *left = a;
    const struct sort_item *right = b;
    const struct session_place one = session_place(at(context, left->number));
    const struct session_place other = session_place(at(context, right->number));

    return session_place_compare(&one, &other);
}

/* hinted: sessions->soon has been told of them all. */
static void closed_print(struct sessions *sessions, bool hinted,
                         void (*print)(void *context, const struct session *session), void *context)
{
    struct sort_item *closed = sessions->closed;
    const size_t count = sessions->closed_count;
    const bool hints = sessions->soon != NULL && !hinted;

    sort_items(closed, count, closed_compare, sessions);
    for (size_t i = 0; i < count; i++) {
        if (hints && i + SOON < count)
            sessions->soon(sessions->soon_context, at(sessions, closed[i + SOON].number));
        const struct session session = {.stretch = at(sessions, closed[i].number),
                                        .newest = (closed[i].mark & 1) != 0,
                                        .end = closed[i].mark >> 1};
        print(context, &session);
        stretch_free(&sessions->timelines.stretches, closed[i].number);
    }
    sessions->closed_count = 0;
}

/* Asks for what closing and printing these will touch: of all at once, as each would wait for its
 * own. */
static void due_prefetch(const struct sessions *sessions, const struct timer_item *due,
                         size_t count)
{
    const struct stretches *const stretches = &sessions->timelines.stretches;

    for (size_t i = 0; i < count; i++) {
        const struct stretch *const own = at(sessions, due[i].number);
        if (!own->is_used ||
            instant_add_capped(own->last_us, sessions->gap_us) >= sessions->watermark_us)
            continue; /* it goes on */
        if (sessions->soon != NULL) sessions->soon(sessions->soon_context, own);
        if (stretches->kept.has_track) stretch_prefetch_steps(stretches, own);
    }
}

void sessions_advance(struct sessions *sessions, int64_t watermark_us,
                      void (*print)(void *context, const struct session *session), void *context)
{
    const struct timer_item *due;

    if (watermark_us <= sessions->watermark_us) return;
    sessions->watermark_us = watermark_us;
    const size_t count = timelines_due(&sessions->timelines, watermark_us, &due);
    const bool few = count <= DUE_FEW;
    if (few) due_prefetch(sessions, due, count);
    for (size_t i = 0; i < count; i++)
        timeline_close(sessions, due[i].number, watermark_us, false);
    closed_print(sessions, few, print, context);
}

void sessions_finish(struct sessions *sessions,
                     void (*print)(void *context, const struct session *session), void *context)
{
    size_t count;
    uint32_t *numbers = timelines_forget(&sessions->timelines, &count);

    for (size_t i = 0; i < count; i++)
        timeline_close(sessions, numbers[i], INT64_MAX, true);
    free(numbers);
    closed_print(sessions, false, print, context);
}

void sessions_save(struct sessions *sessions, struct buffer *out)
{
    struct timelines *timelines = &sessions->timelines;
    struct sort_item *sorted = timelines_sorted(timelines);
    const size_t count = timelines_count(timelines);

    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        const uint32_t timeline = sorted[i].number;
        if (timeline_stretches(timelines, timeline) > 1) sessions_tidy(sessions, timeline);
        pack_text(out, timeline_name(timelines, timeline));
        timeline_pack(timelines, timeline, out);
    }
    free(sorted);
}

bool sessions_load(struct sessions *sessions, struct unpack *in)
{
    struct timelines *timelines = &sessions->timelines;
    const uint64_t count = unpack_u64(in);
    struct slice name;

    for (uint64_t i = 0; i < count; i++) {
        const uint32_t timeline = timelines_unpack_name(timelines, in, &name);
        if (timeline == POOL_NONE) return false;
        timeline_unpack(timelines, timeline, name, in);
        const uint32_t last = timeline_last(timelines, timeline);
        if (in->broken || last == POOL_NONE) return false;
        if ((at(sessions, last)->flags & STRETCH_PRINTED) != 0) return false;
        sessions_tidy(sessions, timeline);
        session_schedule(sessions, timeline);
        if (timelines->notes) timelines_note(timelines, timeline); /* perhaps it was not printed */
    }
    return !in->broken;
}
