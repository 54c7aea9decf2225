#include "people/people.h"

#include <string.h>

#include "base/instant.h"
#include "base/memory.h"
#include "people/stamp.h"

/* So many events ahead memory is asked for. */
#define AHEAD 8
#define DUE_AHEAD 64

void people_begin(struct people *people)
{
    people->printed_us = TIME_NONE;
    for (int i = 1; i < people->anonymous_count; i++)
        people->member[i] = id_of(people->schema->name[people->anonymous_slot[i]]);
}

void people_release(struct people *people)
{
    waiting_release(&people->waiting);
    links_release(&people->links);
    rate_release(&people->rate);
    names_release(&people->names);
    junk_release(&people->junk);
    if (people->agent_slot >= 0) agents_release(&people->agents);
    buffer_release(&people->keys);
    buffer_release(&people->agent);
}

/* --- the ids of an event --- */

/* The id that a member holds: a number is read as its text. False: it has none, or one that
 * identifies nobody, which is counted. */
static inline bool id_text(struct people *people, struct value value, struct slice *text)
{
    if (value.kind == KIND_NULL) return false;
    *text = value_slice(value);
    if (value.kind == KIND_FALSE) *text = SLICE("false");
    if (value.kind == KIND_TRUE) *text = SLICE("true");
    if (value.kind < KIND_ARRAY && !junk_has(&people->junk, *text)) return true;
    people->counts.junk_ids++;
    return false;
}

/* Texts of the first member are as they are; the same text of another one is another id. */
static inline struct id member_id(const struct people *people, int member, struct slice text)
{
    return member == 0 ? id_of(text) : id_mix(people->member[member], id_of(text));
}

struct anonymous {
    struct id id;
    struct slice text;
    int member;
    unsigned hinted; /* links.h */
};

void people_hint(struct people *people, struct event *ev)
{
    const struct value value = event_value(ev, people->anonymous_slot[0]);
    struct id id = ID_NONE;
    unsigned hinted = LINKS_AHEAD;
    if (value.kind == KIND_STRING || value.kind == KIND_NUMBER) {
        id = id_of(value_slice(value));
        hinted = links_hint(&people->links, id);
    }
    ev->hint[0] = id.low;
    ev->hint[1] = id.high;
    ev->hint[2] = hinted;
}

static int anonymous_ids(struct people *people, const struct event *ev, struct anonymous *found)
{
    int count = 0;
    for (int i = 0; i < people->anonymous_count; i++) {
        struct anonymous *const to = &found[count];
        if (!id_text(people, event_value(ev, people->anonymous_slot[i]), &to->text)) continue;
        to->member = i;
        to->id = (struct id){.low = ev->hint[0], .high = ev->hint[1]};
        to->hinted = (unsigned)ev->hint[2];
        if (i > 0 || id_is_none(to->id)) {
            to->id = member_id(people, i, to->text);
            to->hinted = LINKS_AHEAD;
        }
        count++;
    }
    return count;
}

/* --- an event begins to wait --- */

static inline bool in_line(struct slice line, struct slice text)
{
    return (uintptr_t)text.text - (uintptr_t)line.text < line.len;
}

/* Bytes that come into the piece, one after the other. */
static struct waiter_part part_add(struct waiter *waiter, size_t *at, struct slice bytes)
{
    const struct waiter_part part = {.at = (uint32_t)*at, .len = (uint32_t)bytes.len};
    memcpy(waiter->text + *at, bytes.text, bytes.len);
    *at += bytes.len;
    return part;
}

static void keys_pack(struct people *people, const struct event *ev)
{
    buffer_clear(&people->keys);
    for (int i = 0; i < people->kept_count; i++)
        pack_value(&people->keys, event_value(ev, people->kept_slot[i]));
}

static uint8_t members_had(const struct people *people, const struct event *ev)
{
    uint8_t flags = ev->clean ? WAITER_CLEAN : 0;
    if (event_value(ev, people->person_slot).text != NULL) flags |= WAITER_PERSON;
    if (people->bot_slot < 0) return flags;
    const struct value bot = event_value(ev, people->bot_slot);
    if (bot.text != NULL) flags |= bot.kind == KIND_NULL ? WAITER_BOT_NULL : WAITER_BOT;
    return flags;
}

/* Which list of agents has the event's; text NULL: none. An event that has no such member at all
 * says nothing. */
static struct slice agent_name(struct people *people, const struct event *ev)
{
    const struct slice none = {.text = NULL};
    if (people->agent_slot < 0) return none;
    const struct value value = event_value(ev, people->agent_slot);
    if (value.text == NULL || value.kind >= KIND_ARRAY) return none;
    buffer_clear(&people->agent);
    const struct slice text =
        value.kind == KIND_NULL ? SLICE("") : value_slice(value_plain(value, &people->agent));
    return agents_judge(&people->agents, text).bot;
}

bool people_event(struct people *people, const struct event *ev)
{
    struct anonymous found[PEOPLE_IDS_MAX];
    if (ev->time_us < people->printed_us ||
        (people->hold_us != INT64_MAX && ev->time_us < ev->watermark_us))
        return false;
    links_come(&people->links);
    struct slice own;
    const bool known = id_text(people, event_value(ev, people->known_slot), &own);
    const int ids = anonymous_ids(people, ev, found);
    if (!known) own = ids > 0 ? found[0].text : (struct slice){.len = 0};
    const struct slice bot = agent_name(people, ev);
    if (people->kept_count > 0) keys_pack(people, ev);

    const struct slice line = ev->line, keys = buffer_slice(&people->keys);
    const bool own_in_line = own.len == 0 || in_line(line, own);
    const uint32_t number = waiting_new(
        &people->waiting, ids, line.len + (own_in_line ? 0 : own.len) + bot.len + keys.len);
    struct waiter *const waiter = waiting_at(&people->waiting, number);
    size_t at = 0;
    waiter->len = part_add(waiter, &at, line).len;
    if (!own_in_line)
        waiter->own = part_add(waiter, &at, own);
    else if (own.len != 0)
        waiter->own =
            (struct waiter_part){.at = (uint32_t)(own.text - line.text), .len = (uint32_t)own.len};
    if (bot.text != NULL) waiter->bot = part_add(waiter, &at, bot);
    if (keys.len != 0) waiter->keys = part_add(waiter, &at, keys);
    waiter->time_us = ev->time_us;
    waiter->rank = RANK_NONE;
    waiter->flags = (uint8_t)(members_had(people, ev) | (known ? WAITER_KNOWN : 0));
    for (int i = 0; i < ids; i++)
        *waiter_id(waiter, i) =
            (struct waiter_id){.link = links_take(&people->links, found[i].id, found[i].hinted,
                                                  found[i].member, found[i].text),
                               .next = WAITER_OFF};
    waiting_add(&people->waiting, number);
    return true;
}

void people_identify(struct people *people, int member, struct slice anonymous, struct slice known,
                     int64_t time_us)
{
    if (junk_has(&people->junk, anonymous) || junk_has(&people->junk, known)) {
        people->counts.junk_ids++;
        return;
    }
    const uint32_t number = waiting_new(&people->waiting, 1, known.len);
    struct waiter *const waiter = waiting_at(&people->waiting, number);
    size_t at = 0;
    waiter->own = part_add(waiter, &at, known);
    waiter->time_us = time_us;
    waiter->rank = RANK_NONE;
    waiter->flags = WAITER_KNOWN | WAITER_SILENT;
    waiter->first =
        (struct waiter_id){.link = links_take(&people->links, member_id(people, member, anonymous),
                                              LINKS_AHEAD, member, anonymous),
                           .next = WAITER_OFF};
    waiting_add(&people->waiting, number);
}

/* --- it is its turn: nothing comes before it any more --- */

/* Which of the event's ids that is. */
static int id_place(const struct waiter *waiter, uint32_t link)
{
    int i = 0;
    while (waiter_id(waiter, i)->link != link)
        i++;
    return i;
}

static void person_set(struct people *people, struct waiter *waiter, uint32_t known, int rank)
{
    if (known == NAME_NONE || rank >= waiter->rank) return;
    (void)names_share(&people->names, known);
    names_drop(&people->names, waiter->person);
    waiter->person = known;
    waiter->rank = (uint8_t)rank;
}

/* Somebody is named: those that hang on the id get the name, if they may wait so long. */
static void link_name(struct people *people, uint32_t number, struct slice known, int64_t time_us)
{
    struct link *const link = links_at(&people->links, number);
    people->counts.changed_known += links_name(&people->links, number, known, time_us);
    uint32_t at = link->newest;
    for (; link->waits > 0; link->waits--) {
        struct waiter *const waiter = waiting_at(&people->waiting, at);
        const int place = id_place(waiter, number);
        struct waiter_id *const id = waiter_id(waiter, place);
        if (time_us - waiter->time_us <= people->hold_us)
            person_set(people, waiter, link->known, 2 * place);
        at = id->next;
        id->next = WAITER_OFF;
    }
}

void people_wait(struct people *people, uint32_t number)
{
    struct waiter *const waiter = waiting_at(&people->waiting, number);
    if ((waiter->flags & WAITER_KNOWN) != 0) return;
    for (int i = 0; i < waiter->ids && 2 * i < waiter->rank; i++) {
        struct waiter_id *const id = waiter_id(waiter, i);
        struct link *const link = links_at(&people->links, id->link);
        id->next = link->newest;
        link->newest = number;
        link->waits++;
    }
}

/* By what has been said so far, and by what will be said. */
static void person_find(struct people *people, struct waiter *waiter, uint32_t number)
{
    people_wait(people, number);
    for (int i = 0; i < waiter->ids && waiter->rank == RANK_NONE; i++) {
        const struct link *const link = links_at(&people->links, waiter_id(waiter, i)->link);
        person_set(people, waiter, links_known(&people->links, link, waiter->time_us), 2 * i + 1);
    }
}

static void waiter_gone(struct people *people, uint32_t number)
{
    const struct waiter *const waiter = waiting_at(&people->waiting, number);
    for (int i = 0; i < waiter->ids; i++)
        links_drop(&people->links, waiter_id(waiter, i)->link);
    names_drop(&people->names, waiter->person);
    rate_drop(&people->rate, waiter->visit);
    waiting_free(&people->waiting, number);
}

static void waiter_turn(struct people *people, uint32_t number)
{
    struct waiter *const waiter = waiting_at(&people->waiting, number);
    if ((waiter->flags & WAITER_KNOWN) == 0) {
        person_find(people, waiter, number);
    } else {
        const struct slice known = waiter_slice(waiter, waiter->own);
        for (int i = 0; i < waiter->ids; i++)
            link_name(people, waiter_id(waiter, i)->link, known, waiter->time_us);
    }
    if ((waiter->flags & WAITER_SILENT) != 0) {
        waiter_gone(people, number);
        return;
    }
    if (people->rate.most != 0 && waiter->ids > 0)
        waiter->visit = links_visit(&people->links, waiter->first.link, waiter->time_us);
    waiting_queue(&people->waiting, number);
}

/* Memory is asked for of events that are going to be looked at, of one thing after the other: names
 * only of the few that say one. */
MEMORY_HINT void due_prefetch(const struct people *people, const struct sort_item *due,
                              size_t count)
{
    const struct waiter *naming[DUE_AHEAD];
    size_t names = 0;
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(waiting_at(&people->waiting, due[i].number), 1);
    for (size_t i = 0; i < count; i++) {
        const struct waiter *const waiter = waiting_at(&people->waiting, due[i].number);
        for (int id = 0; id < waiter->ids; id++)
            __builtin_prefetch(links_at(&people->links, waiter_id(waiter, id)->link), 1);
        naming[names] = waiter;
        names += (waiter->flags & WAITER_KNOWN) != 0;
    }
    for (size_t i = 0; i < names; i++)
        __builtin_prefetch(naming[i]->text + naming[i]->own.at);
    for (int text = 0; text < 2; text++)
        for (size_t i = 0; i < names; i++)
            for (int id = 0; id < naming[i]->ids; id++)
                names_prefetch(&people->names,
                               links_at(&people->links, waiter_id(naming[i], id)->link)->known,
                               text != 0);
}

static void turns(struct people *people, int64_t before_us)
{
    size_t count;
    const struct sort_item *const due = waiting_due(&people->waiting, before_us, &count);
    for (size_t i = 0; i < count; i++) {
        if (i % DUE_AHEAD == 0)
            due_prefetch(people, due + i, count - i < DUE_AHEAD ? count - i : DUE_AHEAD);
        waiter_turn(people, due[i].number);
    }
}

/* --- it goes out --- */

/* The person; text NULL: nobody. */
static struct slice person_of(struct people *people, const struct waiter *waiter)
{
    struct people_counts *const counts = &people->counts;
    if (waiter->person != NAME_NONE) {
        counts->identified++;
        counts->earlier += waiter->rank % 2 == 0;
        return names_text(&people->names, waiter->person);
    }
    if (waiter->own.len == 0) {
        counts->nobody++;
        return (struct slice){.text = NULL};
    }
    *((waiter->flags & WAITER_KNOWN) != 0 ? &counts->identified : &counts->anonymous) += 1;
    return waiter_slice(waiter, waiter->own);
}

/* Sets the bot that was found: its prefix and its text. */
static void bot_find(struct people *people, const struct waiter *waiter, struct stamp *bot)
{
    if ((waiter->flags & WAITER_BOT) != 0) return;
    if (waiter->bot.len != 0) {
        bot->prefix = SLICE("agent:");
        bot->text = waiter_slice(waiter, waiter->bot);
        people->counts.bots_agent++;
    } else if (waiter->visit != POOL_NONE) {
        const int64_t over_us = rate_visit(&people->rate, waiter->visit)->over_us;
        if (over_us == RATE_NEVER || over_us - waiter->time_us > people->hold_us) return;
        bot->text = SLICE("rate");
        people->counts.bots_rate++;
    }
    bot->put = bot->text.text != NULL;
    bot->taken_out = bot->put && (waiter->flags & WAITER_BOT_NULL) != 0;
}

/* The row's key is made of the event as it goes out. */
static void key_show(struct people *people, const struct waiter *waiter, const struct stamp *person,
                     const struct stamp *bot, struct buffer *name)
{
    struct unpack in = {.at = waiter->text + waiter->keys.at,
                        .end = waiter->text + waiter->keys.at + waiter->keys.len};
    for (int i = 0; i < people->kept_count; i++)
        people->shown[people->kept_slot[i]] = unpack_value(&in);
    people->shown[people->person_slot] =
        person->text.text == NULL ? VALUE_NULL : value_string(person->text);
    if (!bot->put) return;
    buffer_clear(name);
    buffer_add_slice(name, bot->prefix);
    buffer_add_slice(name, bot->text);
    people->shown[people->bot_slot] = value_string(buffer_slice(name));
}

static void waiter_print(struct people *people, const struct waiter *waiter)
{
    struct stamp stamps[2] = {
        {.name = SLICE("person_id"),
         .taken_out = (waiter->flags & WAITER_PERSON) != 0,
         .put = true,
         .text = person_of(people, waiter)},
        {.name = SLICE("bot")},
    };
    if (people->bot_slot >= 0) bot_find(people, waiter, &stamps[1]);
    struct buffer *const out = rows_raw_begin(people->rows);
    stamp_print(out, (struct slice){.text = waiter->text, .len = waiter->len},
                (waiter->flags & WAITER_CLEAN) != 0, stamps, people->bot_slot >= 0 ? 2 : 1);
    if (people->kept_count > 0) key_show(people, waiter, &stamps[0], &stamps[1], &people->agent);
    people->shown_event.value = people->shown;
    rows_raw_end(people->rows, &people->shown_event, people->schema);
}

/* Memory is asked for of what comes after the queue's first, from the far to the near. */
MEMORY_HINT void queue_prefetch(const struct people *people)
{
    const struct waiting_ring *const queue = &people->waiting.queue;
    if (queue->count <= 3 * AHEAD) return;
    __builtin_prefetch(waiting_at(&people->waiting, ring_at(queue, 3 * AHEAD).number), 1);
    const struct waiter *waiter = waiting_at(&people->waiting, ring_at(queue, 2 * AHEAD).number);
    __builtin_prefetch(waiter->text);
    waiter = waiting_at(&people->waiting, ring_at(queue, AHEAD).number);
    for (int i = 0; i < waiter->ids; i++)
        __builtin_prefetch(links_at(&people->links, waiter_id(waiter, i)->link), 1);
    waiter = waiting_at(&people->waiting, ring_at(queue, AHEAD / 2).number);
    for (int i = 0; i < waiter->ids; i++)
        links_drop_hint(&people->links, waiter_id(waiter, i)->link);
}

/* The queue's first: no identification that comes can be meant for it. */
static void oldest_out(struct people *people)
{
    const uint32_t number = ring_at(&people->waiting.queue, 0).number;
    const struct waiter *const waiter = waiting_at(&people->waiting, number);
    queue_prefetch(people);
    waiter_print(people, waiter);
    people->printed_us = waiter->time_us;
    for (int i = 0; i < waiter->ids; i++)
        if (waiter_id(waiter, i)->next != WAITER_OFF)
            links_at(&people->links, waiter_id(waiter, i)->link)->waits--;
    ring_shift(&people->waiting.queue);
    waiter_gone(people, number);
}

void people_advance(struct people *people, int64_t watermark_us)
{
    const struct waiting_ring *const queue = &people->waiting.queue;
    if (people->hold_us == INT64_MAX) return;
    turns(people, watermark_us);
    while (queue->count > 0 && ring_at(queue, 0).key < sort_key(watermark_us - people->hold_us))
        oldest_out(people);
    links_advance(&people->links, watermark_us);
}

void people_finish(struct people *people)
{
    turns(people, INT64_MAX);
    while (people->waiting.queue.count > 0)
        oldest_out(people);
}
