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

static void part_pack(struct buffer *out, const struct waiter *waiter, struct slice part)
{
    pack_u32(out, part.len == 0 ? 0 : (uint32_t)(part.text - waiter_text(waiter)));
    pack_u32(out, (uint32_t)part.len);
}

static void waiter_save(const struct people *people, uint32_t number, struct buffer *out)
{
    const struct waiter *const waiter = waiting_at(&people->waiting, number);
    const struct slice keys = waiter_keys(waiter);
    const char *const text = waiter_text(waiter);
    pack_u8(out, waiter->ids);
    for (int i = 0; i < waiter->ids; i++)
        pack_id(out, links_at(&people->links, waiter_id(waiter, i)->link)->id);
    pack_text(out, (struct slice){.text = text, .len = (size_t)(keys.text + keys.len - text)});
    pack_u32(out, waiter->len);
    part_pack(out, waiter, waiter_own(waiter));
    part_pack(out, waiter, waiter_bot(waiter));
    part_pack(out, waiter, keys);
    pack_i64(out, waiter->time_us);
    /* Whether anybody has looked is up to how the line was read. */
    pack_u8(out, (uint8_t)(waiter->flags & ~WAITER_CLEAN));
    pack_u8(out, waiter->rank);
    if (waiter->person != NAME_NONE) pack_text(out, names_text(&people->names, waiter->person));
    pack_u32(out,
             waiter->visit == POOL_NONE ? 0 : rate_visit(&people->rate, waiter->visit)->number);
}

/* A part of the waiter's text; where it stands follows from what stands before it. */
static void part_load(struct unpack *in, const struct waiter *waiter, uint32_t *len,
                      struct slice (*part_of)(const struct waiter *waiter))
{
    const uint32_t at = unpack_u32(in);
    *len = unpack_u32(in);
    if (*len != 0 && part_of(waiter).text != waiter_text(waiter) + at) in->broken = true;
}

/* The lengths of what is in its text, which is so many bytes long. */
static bool parts_load(struct waiter *waiter, struct unpack *in, size_t bytes)
{
    waiter->len = unpack_u32(in);
    waiter->own = (struct waiter_part){.at = unpack_u32(in), .len = unpack_u32(in)};
    if (waiter->len > bytes || waiter->own.at > waiter->len) return false;
    if ((uint64_t)waiter->own.at + waiter->own.len >
        (waiter_own_in_line(waiter) ? waiter->len : bytes))
        return false;
    part_load(in, waiter, &waiter->bot_len, waiter_bot);
    part_load(in, waiter, &waiter->keys_len, waiter_keys);
    const uint64_t end = (uint64_t)waiter->len +
                         (waiter_own_in_line(waiter) ? 0 : waiter->own.len) + waiter->bot_len +
                         waiter->keys_len;
    return !in->broken && end == bytes;
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

/* The number of the event; WAITING_NONE: it is none. */
static uint32_t waiter_load(struct people *people, struct visits *visits, struct unpack *in)
{
    struct id id[PEOPLE_IDS_MAX];
    const int ids = unpack_u8(in);
    if (ids > people->anonymous_count) return WAITING_NONE;
    for (int i = 0; i < ids; i++)
        id[i] = unpack_id(in);
    const struct slice text = unpack_text(in);
    if (in->broken) return WAITING_NONE;
    uint32_t number;
    struct waiter *const waiter = waiting_new(&people->waiting, ids, text.len, &number);
    memcpy(waiter_text(waiter), text.text, text.len);
    for (int i = 0; i < ids; i++) {
        const uint32_t link = links_again(&people->links, id[i]);
        if (link == POOL_NONE) return WAITING_NONE;
        *waiter_id(waiter, i) = (struct waiter_id){.link = link, .next = WAITER_OFF};
    }
    if (!parts_load(waiter, in, text.len)) return WAITING_NONE;
    waiter->time_us = unpack_i64(in);
    waiter->flags = (uint8_t)(unpack_u8(in) & ~WAITER_CLEAN);
    if (!person_load(people, waiter, in)) return WAITING_NONE;
    const uint32_t visit = unpack_u32(in);
    if (visit != 0) waiter->visit = visit_take(visits, visit);
    if (visit != 0 && waiter->visit == POOL_NONE) return WAITING_NONE;
    if (waiter->time_us < INSTANT_MIN || waiter->time_us > INSTANT_MAX) return WAITING_NONE;
    return in->broken ? WAITING_NONE : number;
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
        if (number == WAITING_NONE) return false;
        people_wait(people, number);
        const int64_t time_us = waiting_at(&people->waiting, number)->time_us;
        waiting_queue(&people->waiting,
                      (struct sort_item){.key = sort_key(time_us), .number = number});
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
        if (number == WAITING_NONE) return false;
        waiting_add(&people->waiting, number, waiting_at(&people->waiting, number)->time_us);
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
