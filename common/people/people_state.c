#include <stdlib.h>

#include "base/instant.h"
#include "base/memory.h"
#include "people/people.h"

/* --- visits: numbered as they are met, from 1 --- */

static void visit_number(const struct rate *rate, uint32_t visit, uint32_t *count,
                         struct buffer *out)
{
    if (visit == POOL_NONE || rate_visit(rate, visit)->number != 0) return;
    rate_visit(rate, visit)->number = ++*count;
    rate_save(rate, visit, out);
}

static void visits_forget(const struct people *people, const struct sort_item *links)
{
    for (size_t i = 0; i < links_count(&people->links); i++) {
        const struct link *const link = links_at(&people->links, links[i].number);
        if (link->visit != POOL_NONE) rate_visit(&people->rate, link->visit)->number = 0;
    }
    for (size_t i = 0; i < people->waiting.queue.count; i++) {
        const struct waiter *const waiter =
            waiting_at(&people->waiting, ring_at(&people->waiting.queue, i).number);
        if (waiter->visit != POOL_NONE) rate_visit(&people->rate, waiter->visit)->number = 0;
    }
}

static void visits_save(const struct people *people, struct buffer *out)
{
    struct sort_item *const links = roster_sorted(&people->links.roster, &people->links.pool);
    struct buffer visits = {0};
    uint32_t count = 0;
    visits_forget(people, links);
    for (size_t i = 0; i < links_count(&people->links); i++)
        visit_number(&people->rate, links_at(&people->links, links[i].number)->visit, &count,
                     &visits);
    for (size_t i = 0; i < people->waiting.queue.count; i++) {
        const struct waiter *const waiter =
            waiting_at(&people->waiting, ring_at(&people->waiting.queue, i).number);
        visit_number(&people->rate, waiter->visit, &count, &visits);
    }
    pack_u32(out, count);
    buffer_add_slice(out, buffer_slice(&visits));
    buffer_release(&visits);
    free(links);
}

/* Those of a state. */
struct visits {
    struct people *people;
    uint32_t *visit;
    uint32_t count;
};

static bool visits_load(struct visits *visits, struct unpack *in)
{
    struct rate *const rate = &visits->people->rate;
    visits->count = unpack_u32(in);
    if (visits->count > (size_t)(in->end - in->at)) return false;
    visits->visit = memory_new(((size_t)visits->count + 1) * sizeof visits->visit[0]);
    for (uint32_t i = 0; i < visits->count; i++)
        visits->visit[i] = rate_load(rate, in);
    return !in->broken;
}

static uint32_t visit_take(void *context, uint32_t number)
{
    const struct visits *const visits = context;
    if (number == 0 || number > visits->count) return POOL_NONE;
    rate_visit(&visits->people->rate, visits->visit[number - 1])->users++;
    return visits->visit[number - 1];
}

/* --- events --- */

static uint32_t part_end(struct waiter_part part, uint32_t end)
{
    return part.at + part.len > end ? part.at + part.len : end;
}

static void part_pack(struct buffer *out, struct waiter_part part)
{
    pack_u32(out, part.at);
    pack_u32(out, part.len);
}

static struct waiter_part part_unpack(struct unpack *in, size_t bytes)
{
    const struct waiter_part part = {.at = unpack_u32(in), .len = unpack_u32(in)};
    if ((uint64_t)part.at + part.len > bytes) in->broken = true;
    return part;
}

static void waiter_save(const struct people *people, uint32_t number, struct buffer *out)
{
    const struct waiter *const waiter = waiting_at(&people->waiting, number);
    const uint32_t end =
        part_end(waiter->own, part_end(waiter->bot, part_end(waiter->keys, waiter->len)));
    pack_u8(out, waiter->ids);
    for (int i = 0; i < waiter->ids; i++)
        pack_id(out, links_at(&people->links, waiter_id(waiter, i)->link)->id);
    pack_text(out, (struct slice){.text = waiter->text, .len = end});
    pack_u32(out, waiter->len);
    part_pack(out, waiter->own);
    part_pack(out, waiter->bot);
    part_pack(out, waiter->keys);
    pack_i64(out, waiter->time_us);
    /* Whether anybody has looked is up to how the line was read. */
    pack_u8(out, (uint8_t)(waiter->flags & ~WAITER_CLEAN));
    pack_u8(out, waiter->rank);
    if (waiter->person != NAME_NONE) pack_text(out, names_text(&people->names, waiter->person));
    pack_u32(out,
             waiter->visit == POOL_NONE ? 0 : rate_visit(&people->rate, waiter->visit)->number);
}

static bool person_load(struct people *people, struct waiter *waiter, struct unpack *in)
{
    waiter->rank = unpack_u8(in);
    if (waiter->rank == RANK_NONE) return true;
    const struct slice text = unpack_text(in);
    if (in->broken || waiter->rank >= 2 * waiter->ids) return false;
    waiter->person = names_take(&people->names, text);
    return true;
}

/* The number of the event; POOL_NONE: it is none. */
static uint32_t waiter_load(struct people *people, struct visits *visits, struct unpack *in)
{
    struct id id[PEOPLE_IDS_MAX];
    const int ids = unpack_u8(in);
    if (ids > people->anonymous_count) return POOL_NONE;
    for (int i = 0; i < ids; i++)
        id[i] = unpack_id(in);
    const struct slice text = unpack_text(in);
    if (in->broken) return POOL_NONE;
    const uint32_t number = waiting_new(&people->waiting, ids, text.len);
    struct waiter *const waiter = waiting_at(&people->waiting, number);
    memcpy(waiter->text, text.text, text.len);
    for (int i = 0; i < ids; i++) {
        const uint32_t link = links_again(&people->links, id[i]);
        if (link == POOL_NONE) return POOL_NONE;
        *waiter_id(waiter, i) = (struct waiter_id){.link = link, .next = WAITER_OFF};
    }
    waiter->len = unpack_u32(in);
    if (waiter->len > text.len) return POOL_NONE;
    waiter->own = part_unpack(in, text.len);
    waiter->bot = part_unpack(in, text.len);
    waiter->keys = part_unpack(in, text.len);
    waiter->time_us = unpack_i64(in);
    waiter->flags = (uint8_t)(unpack_u8(in) & ~WAITER_CLEAN);
    if (!person_load(people, waiter, in)) return POOL_NONE;
    const uint32_t visit = unpack_u32(in);
    if (visit != 0) waiter->visit = visit_take(visits, visit);
    if (visit != 0 && waiter->visit == POOL_NONE) return POOL_NONE;
    if (waiter->time_us < INSTANT_MIN || waiter->time_us > INSTANT_MAX) return POOL_NONE;
    return in->broken ? POOL_NONE : number;
}

static void queue_save(const struct people *people, struct buffer *out)
{
    pack_u64(out, people->waiting.queue.count);
    for (size_t i = 0; i < people->waiting.queue.count; i++)
        waiter_save(people, ring_at(&people->waiting.queue, i).number, out);
}

static bool queue_load(struct people *people, struct visits *visits, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count; i++) {
        const uint32_t number = waiter_load(people, visits, in);
        if (number == POOL_NONE) return false;
        people_wait(people, number);
        waiting_queue(&people->waiting, number);
    }
    return !in->broken;
}

static void loose_save(struct people *people, struct buffer *out)
{
    size_t count;
    const struct sort_item *const loose = waiting_loose(&people->waiting, &count);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++)
        waiter_save(people, loose[i].number, out);
}

static bool loose_load(struct people *people, struct visits *visits, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);
    for (uint64_t i = 0; i < count; i++) {
        const uint32_t number = waiter_load(people, visits, in);
        if (number == POOL_NONE) return false;
        waiting_add(&people->waiting, number);
    }
    return !in->broken;
}

/* --- all --- */

static uint64_t *count_at(struct people_counts *counts, size_t i)
{
    uint64_t *const all[] = {&counts->identified, &counts->earlier,   &counts->anonymous,
                             &counts->nobody,     &counts->junk_ids,  &counts->changed_known,
                             &counts->bots_rate,  &counts->bots_agent};
    return i < sizeof all / sizeof all[0] ? all[i] : NULL;
}

void people_save(struct people *people, struct buffer *out)
{
    for (size_t i = 0; count_at(&people->counts, i) != NULL; i++)
        pack_u64(out, *count_at(&people->counts, i));
    pack_i64(out, people->printed_us);
    visits_save(people, out);
    links_save(&people->links, out);
    queue_save(people, out);
    loose_save(people, out);
}

/* Takes back what a file has brought: the state knows it. */
static void people_empty(struct people *people)
{
    const struct links links = people->links;
    const struct rate rate = people->rate;
    waiting_release(&people->waiting);
    links_release(&people->links);
    rate_release(&people->rate);
    names_release(&people->names);
    waiting_init(&people->waiting);
    names_init(&people->names);
    rate_init(&people->rate, rate.most, rate.span_us);
    links_init(&people->links, &people->names, &people->rate, links.horizon_us, links.keeps_texts);
}

bool people_load(struct people *people, struct unpack *in)
{
    struct visits visits = {.people = people};
    people_empty(people);
    for (size_t i = 0; count_at(&people->counts, i) != NULL; i++)
        *count_at(&people->counts, i) = unpack_u64(in);
    people->printed_us = unpack_i64(in);
    const bool good = visits_load(&visits, in) &&
                      links_load(&people->links, in, visit_take, &visits) &&
                      queue_load(people, &visits, in) && loose_load(people, &visits, in);
    for (uint32_t i = 0; good && i < visits.count; i++)
        if (rate_visit(&people->rate, visits.visit[i])->users == 0) in->broken = true;
    free(visits.visit);
    return good && !in->broken;
}
