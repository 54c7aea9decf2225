#include "people/links.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/sort.h"

/* A text with its member and length in front. */
struct link_head {
    uint32_t len;
    int32_t member;
};

void links_init(struct links *links, struct names *names, struct rate *rate, int64_t horizon_us,
                bool keeps_texts)
{
    *links = (struct links){.names = names,
                            .rate = rate,
                            .horizon_us = horizon_us,
                            .keeps_texts = keeps_texts,
                            .texts.kind = HELD_PEOPLE};
    pool_init(&links->pool, sizeof(struct link), HELD_PEOPLE);
    roster_init(&links->roster, HELD_PEOPLE);
    links->roster.sparse = true; /* an id is new more often than known for long */
    timer_init(&links->horizons, HELD_PEOPLE);
    timer_init(&links->visits, HELD_PEOPLE);
}

void links_release(struct links *links)
{
    timer_release(&links->visits);
    timer_release(&links->horizons);
    slab_release(&links->texts);
    roster_release(&links->roster);
    pool_release(&links->pool);
}

static char *text_keep(struct links *links, int member, struct slice text)
{
    const struct link_head head = {.len = (uint32_t)text.len, .member = member};
    char *const kept = slab_take(&links->texts, sizeof head + text.len);
    memcpy(kept, &head, sizeof head);
    memcpy(kept + sizeof head, text.text, text.len);
    return kept;
}

struct slice link_text(const struct link *link, int *member)
{
    struct link_head head;
    memcpy(&head, link->text, sizeof head);
    *member = head.member;
    return (struct slice){.text = link->text + sizeof head, .len = head.len};
}

static uint32_t link_make(struct links *links, struct id id)
{
    const uint32_t number = pool_take(&links->pool);
    *links_at(links, number) = (struct link){.id = id};
    return number;
}

static uint32_t link_new(struct links *links, struct id id)
{
    const uint32_t number = link_make(links, id);
    roster_put(&links->roster, id, number);
    return number;
}

void links_come_all(struct links *links)
{
    links->come = true;
    for (unsigned i = 0; i < links->hinted; i++) {
        const uint32_t number = roster_guess(&links->roster, links->ahead[i]);
        links->ahead[i] = number;
        if (number != POOL_NONE) __builtin_prefetch(links_at(links, number), 1);
    }
}

uint32_t links_search(struct links *links, struct id id, int member, struct slice text)
{
    const uint32_t hash = roster_hash(&links->roster, id);
    size_t at;
    uint32_t number;
    if (roster_lacks(&links->roster, hash, &at)) { /* nearly always */
        number = link_make(links, id);
        roster_put_at(&links->roster, hash, at, number);
    } else {
        number = roster_find(&links->roster, &links->pool, id);
        if (number != POOL_NONE) return number;
        number = link_new(links, id);
    }
    if (links->keeps_texts) links_at(links, number)->text = text_keep(links, member, text);
    return number;
}

uint32_t links_again(struct links *links, struct id id)
{
    const uint32_t number = roster_find(&links->roster, &links->pool, id);
    if (number != POOL_NONE) links_at(links, number)->users++;
    return number;
}

void links_tidy(struct links *links, uint32_t number)
{
    struct link *const link = links_at(links, number);
    if (link->users > 0 || link->known_timed || link->visit_timed) return;
    roster_remove(&links->roster, link->id, number);
    if (link->text != NULL) {
        int member;
        const size_t len = link_text(link, &member).len;
        slab_give(&links->texts, link->text, sizeof(struct link_head) + len);
    }
    pool_give(&links->pool, number);
}

/* A known id is looked at again when the horizon has passed its last time; for ever: never. */
static void known_time(struct links *links, struct link *link, uint32_t number)
{
    if (!link->known_timed && links->horizon_us != INT64_MAX)
        timer_push(
            &links->horizons,
            (struct timer_item){.due_us = link->last_us + links->horizon_us, .number = number});
    link->known_timed = true;
}

static void visit_time(struct links *links, struct link *link, uint32_t number)
{
    if (!link->visit_timed)
        timer_push(&links->visits,
                   (struct timer_item){.due_us = rate_visit(links->rate, link->visit)->last_us +
                                                 RATE_GAP_US,
                                       .number = number});
    link->visit_timed = true;
}

bool links_name(struct links *links, uint32_t number, struct slice known, int64_t time_us)
{
    struct link *const link = links_at(links, number);
    const bool was_known = links_known(links, link, time_us) != NAME_NONE;
    const bool same =
        link->known != NAME_NONE && slice_equal(names_text(links->names, link->known), known);
    if (!same) {
        names_drop(links->names, link->known);
        link->known = names_take(links->names, known);
    }
    if (!same || !was_known) link->since_us = time_us;
    link->last_us = time_us;
    known_time(links, link, number);
    return was_known && !same;
}

uint32_t links_visit(struct links *links, uint32_t number, int64_t time_us)
{
    struct link *const link = links_at(links, number);
    const uint32_t visit = rate_event(links->rate, &link->visit, time_us);
    visit_time(links, link, number);
    return visit;
}

static void known_due(struct links *links, uint32_t number, int64_t time_us)
{
    struct link *const link = links_at(links, number);
    link->known_timed = false;
    if (time_us - link->last_us <= links->horizon_us) {
        known_time(links, link, number);
        return;
    }
    names_drop(links->names, link->known);
    link->known = NAME_NONE;
    links_tidy(links, number);
}

static void visit_due(struct links *links, uint32_t number, int64_t time_us)
{
    struct link *const link = links_at(links, number);
    link->visit_timed = false;
    if (time_us - rate_visit(links->rate, link->visit)->last_us <= RATE_GAP_US) {
        visit_time(links, link, number);
        return;
    }
    rate_drop(links->rate, link->visit);
    link->visit = POOL_NONE;
    links_tidy(links, number);
}

void links_advance(struct links *links, int64_t time_us)
{
    struct timer_item item;
    while (timer_pop(&links->horizons, time_us, &item))
        known_due(links, item.number, time_us);
    while (timer_pop(&links->visits, time_us, &item))
        visit_due(links, item.number, time_us);
}

/* --- written down --- */

static int text_compare(const void *a, const void *b, void *context)
{
    const struct links *const links = context;
    int one, other;
    const struct slice left = link_text(links_at(links, *(const uint32_t *)a), &one);
    const struct slice right = link_text(links_at(links, *(const uint32_t *)b), &other);
    return one != other ? (one > other) - (one < other) : slice_compare(left, right);
}

uint32_t *links_sorted(const struct links *links, size_t *count)
{
    uint32_t *const sorted = memory_new((links->roster.count + 1) * sizeof *sorted);
    uint32_t number;
    *count = 0;
    for (size_t at = 0; (number = roster_next(&links->roster, &at)) != POOL_NONE;) {
        const struct link *const link = links_at(links, number);
        if (link->known != NAME_NONE && link->text != NULL) sorted[(*count)++] = number;
    }
    qsort_r(sorted, *count, sizeof *sorted, text_compare, (void *)links);
    return sorted;
}

static void link_save(const struct links *links, const struct link *link, struct buffer *out)
{
    pack_id(out, link->id);
    pack_u8(out, (uint8_t)((link->known != NAME_NONE) | (link->visit != POOL_NONE) << 1 |
                           (link->text != NULL) << 2));
    if (link->known != NAME_NONE) {
        pack_text(out, names_text(links->names, link->known));
        pack_i64(out, link->since_us);
        pack_i64(out, link->last_us);
    }
    if (link->visit != POOL_NONE) pack_u32(out, rate_visit(links->rate, link->visit)->number);
    if (link->text != NULL) {
        int member;
        const struct slice text = link_text(link, &member);
        pack_u32(out, (uint32_t)member);
        pack_text(out, text);
    }
}

void links_save(const struct links *links, struct buffer *out)
{
    struct sort_item *const sorted = roster_sorted(&links->roster, &links->pool);
    pack_u64(out, links->roster.count);
    for (size_t i = 0; i < links->roster.count; i++)
        link_save(links, links_at(links, sorted[i].number), out);
    free(sorted);
}

static bool link_load(struct links *links, struct unpack *in,
                      uint32_t (*visit)(void *context, uint32_t number), void *context)
{
    const struct id id = unpack_id(in);
    if (id_is_none(id) || roster_find(&links->roster, &links->pool, id) != POOL_NONE) return false;
    const uint32_t number = link_new(links, id);
    struct link *const link = links_at(links, number);
    const uint8_t has = unpack_u8(in);
    if ((has & 1) != 0) {
        const struct slice known = unpack_text(in);
        if (in->broken) return false;
        link->known = names_take(links->names, known);
        link->since_us = unpack_i64(in);
        link->last_us = unpack_i64(in);
        if (link->last_us < INSTANT_MIN || link->last_us > INSTANT_MAX) return false;
        known_time(links, link, number);
    }
    if ((has & 2) != 0) {
        link->visit = visit(context, unpack_u32(in));
        if (link->visit == POOL_NONE) return false;
        visit_time(links, link, number);
    }
    if ((has & 4) != 0) {
        const int member = (int)unpack_u32(in);
        const struct slice text = unpack_text(in);
        if (in->broken || !links->keeps_texts) return false;
        link->text = text_keep(links, member, text);
    }
    return !in->broken;
}

bool links_load(struct links *links, struct unpack *in,
                uint32_t (*visit)(void *context, uint32_t number), void *context)
{
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count; i++)
        if (!link_load(links, in, visit, context)) return false;
    return !in->broken;
}
