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

/* What an event has beside its line and its ids. */
static struct slice extras_find(struct people *people, const struct event *ev, struct slice *keys)
{
    if (people->kept_count > 0) keys_pack(people, ev);
    *keys = buffer_slice(&people->keys);
    return agent_name(people, ev);
}

static void extras_keep(struct waiter *waiter, struct slice bot, struct slice keys)
{
    waiter->bot_len = (uint32_t)bot.len;
    waiter->keys_len = (uint32_t)keys.len;
    if (bot.len != 0) memcpy((char *)(uintptr_t)waiter_bot(waiter).text, bot.text, bot.len);
    if (keys.len != 0) memcpy((char *)(uintptr_t)waiter_keys(waiter).text, keys.text, keys.len);
}

bool people_event(struct people *people, const struct event *ev)
{
    struct anonymous found[PEOPLE_IDS_MAX];
    if (ev->time_us < people->printed_us ||
        (people->hold_us != INT64_MAX && ev->time_us < ev->watermark_us))
        return false;
    links_come(&people->links);
    struct slice own = {.len = 0}, bot = {.len = 0}, keys = {.len = 0};
    const bool known = id_text(people, event_value(ev, people->known_slot), &own);
    const int ids = anonymous_ids(people, ev, found);
    if (!known) own = ids > 0 ? found[0].text : (struct slice){.len = 0};
    if (people->has_extras) bot = extras_find(people, ev, &keys);

    const struct slice line = ev->line;
    const size_t own_at = own.len == 0 ? 0 : (uintptr_t)own.text - (uintptr_t)line.text;
    const size_t own_len = own_at < line.len ? 0 : own.len; /* beside the line */
    uint32_t number;
    struct waiter *const waiter =
        waiting_new(&people->waiting, ids, line.len + own_len + bot.len + keys.len, &number);
    char *const text = waiter_text(waiter);
    memcpy(text, line.text, line.len);
    if (own_len != 0) memcpy(text + line.len, own.text, own_len);
    waiter->time_us = ev->time_us;
    waiter->len = (uint32_t)line.len;
    waiter->own = (struct waiter_part){.at = (uint32_t)(own_len == 0 ? own_at : line.len),
                                       .len = (uint32_t)own.len};
    if (people->has_extras) extras_keep(waiter, bot, keys);
    waiter->rank = RANK_NONE;
    waiter->flags = (uint8_t)(members_had(people, ev) | (known ? WAITER_KNOWN : 0));
    for (int i = 0; i < ids; i++)
        *waiter_id(waiter, i) =
            (struct waiter_id){.link = links_take(&people->links, found[i].id, found[i].hinted,
                                                  found[i].member, found[i].text),
                               .next = WAITER_OFF};
    waiting_add(&people->waiting, number, ev->time_us);
    return true;
}

void people_identify(struct people *people, int member, struct slice anonymous, struct slice known,
                     int64_t time_us)
{
    if (junk_has(&people->junk, anonymous) || junk_has(&people->junk, known)) {
        people->counts.junk_ids++;
        return;
    }
    uint32_t number;
    struct waiter *const waiter = waiting_new(&people->waiting, 1, known.len, &number);
    memcpy(waiter_text(waiter), known.text, known.len);
    waiter->own.len = (uint32_t)known.len;
    waiter->time_us = time_us;
    waiter->rank = RANK_NONE;
    waiter->flags = WAITER_KNOWN | WAITER_SILENT;
    waiter->first = (struct waiter_id){
        .link = links_take_unhinted(&people->links, member_id(people, member, anonymous), member,
                                    anonymous),
        .next = WAITER_OFF};
    waiting_add(&people->waiting, number, time_us);
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

static inline void id_wait(struct link *link, struct waiter_id *id, uint32_t number)
{
    id->next = link->newest;
    link->newest = number;
    link->waits++;
}

void people_wait(struct people *people, uint32_t number)
{
    struct waiter *const waiter = waiting_at(&people->waiting, number);
    if ((waiter->flags & WAITER_KNOWN) != 0) return;
    for (int i = 0; i < waiter->ids && 2 * i < waiter->rank; i++) {
        struct waiter_id *const id = waiter_id(waiter, i);
        id_wait(links_at(&people->links, id->link), id, number);
    }
}

/* By what has been said so far, and by what will be said. */
static inline void person_find(struct people *people, struct waiter *waiter, uint32_t number)
{
    for (int i = 0; i < waiter->ids; i++) {
        struct waiter_id *const id = waiter_id(waiter, i);
        struct link *const link = links_at(&people->links, id->link);
        id_wait(link, id, number);
        if (link->known == NAME_NONE || waiter->rank != RANK_NONE) continue;
        person_set(people, waiter, links_known(&people->links, link, waiter->time_us), 2 * i + 1);
    }
}

/* Nobody refers to it any more. */
static inline void waiter_gone(struct people *people, struct waiter *waiter)
{
    for (int i = 0; i < waiter->ids; i++)
        links_drop(&people->links, waiter_id(waiter, i)->link);
    if (waiter->person != NAME_NONE) names_drop(&people->names, waiter->person);
    if (waiter->visit != POOL_NONE) rate_drop(&people->rate, waiter->visit);
    waiting_free(&people->waiting, waiter);
}

/* It says who it is. */
static void waiter_names(struct people *people, const struct waiter *waiter)
{
    const struct slice known = waiter_own(waiter);
    for (int i = 0; i < waiter->ids; i++)
        link_name(people, waiter_id(waiter, i)->link, known, waiter->time_us);
}

static inline void waiter_turn(struct people *people, struct sort_item item)
{
    struct waiter *const waiter = waiting_at(&people->waiting, item.number);
    if ((waiter->flags & WAITER_KNOWN) == 0)
        person_find(people, waiter, item.number);
    else
        waiter_names(people, waiter);
    if (__builtin_expect((waiter->flags & WAITER_SILENT) != 0, 0)) {
        waiter_gone(people, waiter);
        return;
    }
    if (people->rate.most != 0 && waiter->ids > 0)
        waiter->visit = links_visit(&people->links, waiter->first.link, waiter->time_us);
    waiting_queue(&people->waiting, item);
}

/* Memory is asked for of what the next turns need, whose events are near: names only of the few
 * that say one. */
MEMORY_HINT void due_prefetch(const struct people *people, const struct sort_item *due,
                              size_t count)
{
    const struct waiter *naming[DUE_AHEAD];
    uint32_t hash[DUE_AHEAD]; /* of names that are said of somebody for the first time */
    size_t names = 0, hashes = 0;
    for (size_t i = 0; i < count; i++) {
        const struct waiter *const waiter = waiting_at(&people->waiting, due[i].number);
        for (int id = 0; id < waiter->ids; id++)
            __builtin_prefetch(links_at(&people->links, waiter_id(waiter, id)->link), 1);
        naming[names] = waiter;
        names += (waiter->flags & WAITER_KNOWN) != 0;
    }
    for (size_t i = 0; i < names; i++)
        __builtin_prefetch(waiter_own(naming[i]).text);
    for (int text = 0; text < 2; text++)
        for (size_t i = 0; i < names; i++)
            for (int id = 0; id < naming[i]->ids; id++)
                names_prefetch(&people->names,
                               links_at(&people->links, waiter_id(naming[i], id)->link)->known,
                               text != 0);
    for (size_t i = 0; i < names; i++)
        if (naming[i]->ids > 0 &&
            links_at(&people->links, naming[i]->first.link)->known == NAME_NONE)
            hash[hashes++] = names_hint(&people->names, waiter_own(naming[i]));
    for (size_t i = 0; i < hashes; i++)
        names_hint_record(&people->names, hash[i]);
}

/* Events whose turn comes soon are asked for, too: those of the next call are probably the first of
 * what is left. */
static void turns(struct people *people, int64_t before_us)
{
    struct waiting *const waiting = &people->waiting;
    size_t count;
    const struct sort_item *const due = waiting_due(waiting, before_us, &count);
    for (size_t i = 0; i < count; i++) {
        if (i % DUE_AHEAD == 0)
            due_prefetch(people, due + i, count - i < DUE_AHEAD ? count - i : DUE_AHEAD);
        if (i + DUE_AHEAD < count) waiting_prefetch(waiting, due[i + DUE_AHEAD].number);
        waiter_turn(people, due[i]);
    }
    for (size_t i = 0; i < DUE_AHEAD && i < waiting->run.count; i++)
        waiting_prefetch(waiting, ring_at(&waiting->run, i).number);
}

/* --- it goes out --- */

/* The person; text NULL: nobody. *plain: nothing in it is written with an escape. */
static inline struct slice person_of(struct people *people, const struct waiter *waiter,
                                     bool *plain)
{
    struct people_counts *const counts = &people->counts;
    if (waiter->person != NAME_NONE) {
        const struct name *const name = names_at(&people->names, waiter->person);
        counts->identified++;
        counts->earlier += waiter->rank % 2 == 0;
        *plain = name->plain;
        return names_text(&people->names, waiter->person);
    }
    *plain = (waiter->flags & WAITER_CLEAN) != 0 && waiter_own_in_line(waiter);
    if (waiter->own.len == 0) {
        counts->nobody++;
        return (struct slice){.text = NULL};
    }
    *((waiter->flags & WAITER_KNOWN) != 0 ? &counts->identified : &counts->anonymous) += 1;
    return waiter_own(waiter);
}

/* Sets the bot that was found: its prefix and its text. */
static void bot_find(struct people *people, const struct waiter *waiter, struct stamp *bot)
{
    if ((waiter->flags & WAITER_BOT) != 0) return;
    if (waiter->bot_len != 0) {
        bot->prefix = SLICE("agent:");
        bot->text = waiter_bot(waiter);
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
    const struct slice keys = waiter_keys(waiter);
    struct unpack in = {.at = keys.text, .end = keys.text + keys.len};
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

/* By all the rules. */
static void stamps_print(struct people *people, const struct waiter *waiter, struct slice person,
                         struct buffer *out)
{
    struct stamp stamps[2] = {
        {.name = SLICE("person_id"),
         .taken_out = (waiter->flags & WAITER_PERSON) != 0,
         .put = true,
         .text = person},
        {.name = SLICE("bot")},
    };
    if (people->bot_slot >= 0) bot_find(people, waiter, &stamps[1]);
    stamp_print(out, waiter_line(waiter), (waiter->flags & WAITER_CLEAN) != 0, stamps,
                people->bot_slot >= 0 ? 2 : 1);
    if (people->kept_count > 0) key_show(people, waiter, &stamps[0], &stamps[1], &people->agent);
}

/* May it be of a bot? */
static inline bool bot_possible(const struct people *people, const struct waiter *waiter)
{
    return waiter->bot_len != 0 ||
           (waiter->visit != POOL_NONE &&
            rate_visit(&people->rate, waiter->visit)->over_us != RATE_NEVER);
}

static inline void waiter_print(struct people *people, const struct waiter *waiter)
{
    const struct slice line = waiter_line(waiter);
    bool plain;
    const struct slice person = person_of(people, waiter, &plain);
    struct buffer *const out = rows_raw_begin(people->rows);
    if (__builtin_expect(plain &&
                             (waiter->flags & (WAITER_CLEAN | WAITER_PERSON)) == WAITER_CLEAN &&
                             person.text != NULL && stamp_is_simple(line) &&
                             people->kept_count == 0 && !bot_possible(people, waiter),
                         1))
        stamp_print_plain(out, line, SLICE(",\"person_id\":\""), person);
    else
        stamps_print(people, waiter, person, out);
    people->shown_event.value = people->shown;
    rows_raw_end(people->rows, &people->shown_event, people->schema);
}

/* The link of its first id; asks for that one's memory, for the line, and for an event that comes
 * later. NULL: it has none. */
MEMORY_HINT struct link *link_ahead(const struct people *people, size_t place)
{
    const struct waiting_ring *const queue = &people->waiting.queue;
    if (place + AHEAD < queue->count)
        waiting_prefetch(&people->waiting, ring_at(queue, place + AHEAD).number);
    const struct waiter *const waiter = waiting_at(&people->waiting, ring_at(queue, place).number);
    waiter_prefetch_line(waiter);
    if (waiter->ids == 0) return NULL;
    struct link *const link = links_at(&people->links, waiter->first.link);
    __builtin_prefetch(link, 1);
    return link;
}

/* The queue's first: no identification that comes can be meant for it. */
static inline void oldest_out(struct people *people)
{
    struct waiter *const waiter =
        waiting_at(&people->waiting, ring_at(&people->waiting.queue, 0).number);
    waiter_print(people, waiter);
    people->printed_us = waiter->time_us;
    for (int i = 0; i < waiter->ids; i++)
        if (waiter_id(waiter, i)->next != WAITER_OFF)
            links_at(&people->links, waiter_id(waiter, i)->link)->waits--;
    ring_shift(&people->waiting.queue, 1);
    waiter_gone(people, waiter);
}

/* So many of the queue's first go out. What they will need is asked for while others go; the heads
 * of those that are left are, too, as they are the next call's first. */
static void queue_out(struct people *people, size_t count)
{
    const struct link *ahead[AHEAD];
    for (size_t i = 0; i < AHEAD && i < count; i++)
        ahead[i] = link_ahead(people, i);
    for (size_t i = 0; i < count; i++) {
        const struct link *const soon = ahead[(i + AHEAD / 2) % AHEAD];
        if (i + AHEAD / 2 < count && soon != NULL) links_drop_hint(&people->links, soon);
        if (i + AHEAD < count) ahead[i % AHEAD] = link_ahead(people, AHEAD);
        oldest_out(people);
    }
    const struct waiting_ring *const left = &people->waiting.queue;
    for (size_t i = 0; i < AHEAD && i < left->count; i++)
        waiting_prefetch(&people->waiting, ring_at(left, i).number);
}

void people_advance(struct people *people, int64_t watermark_us)
{
    if (people->hold_us == INT64_MAX) return;
    turns(people, watermark_us);
    queue_out(people,
              ring_before(&people->waiting.queue, sort_key(watermark_us - people->hold_us)));
    links_advance(&people->links, watermark_us);
}

void people_finish(struct people *people)
{
    turns(people, INT64_MAX);
    queue_out(people, people->waiting.queue.count);
}
