#include "session/ledger.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/memory.h"
#include "base/sort.h"

#define SWEEP_MIN 1024 /* ids */
#define FIT_MIN 65536  /* so many records are too few to give memory back */

/* Where the records are that are written after the next ones. */
#define RECORDS_AHEAD 8

struct ledger_entry {
    struct id id;
    int64_t last_us; /* of its last session */
    uint64_t number; /* 0: the record is free */
};

static void ids_init(struct ledger *ledger)
{
    roster_init(&ledger->ids, HELD_IDS);
    ledger->ids.sparse = true; /* most ids are new: a slot that is free is all there is to do */
    pool_init(&ledger->pool, sizeof(struct ledger_entry), HELD_IDS);
}

static void ids_release(struct ledger *ledger)
{
    roster_release(&ledger->ids);
    pool_release(&ledger->pool);
}

void ledger_init(struct ledger *ledger, int64_t remember_us)
{
    *ledger =
        (struct ledger){.remember_us = remember_us, .sweep_at = SWEEP_MIN, .oldest_us = INT64_MAX};
    ids_init(ledger);
}

void ledger_release(struct ledger *ledger)
{
    ids_release(ledger);
}

static struct ledger_entry *entry_at(const struct ledger *ledger, uint32_t number)
{
    return pool_at(&ledger->pool, number, sizeof(struct ledger_entry));
}

/* NULL: there is none. */
static const struct ledger_entry *entry_find(const struct ledger *ledger, struct id id)
{
    const uint32_t number = roster_find(&ledger->ids, &ledger->pool, id);
    return number == POOL_NONE ? NULL : entry_at(ledger, number);
}

/* The entry of an id; number 0: it has just been made. */
static struct ledger_entry *entry_put(struct ledger *ledger, struct id id)
{
    const uint32_t hash = roster_hash(&ledger->ids, id);
    size_t slot;
    const bool lacks = roster_lacks(&ledger->ids, hash, &slot);
    uint32_t number = lacks ? POOL_NONE : roster_find(&ledger->ids, &ledger->pool, id);
    if (number != POOL_NONE) return entry_at(ledger, number);
    number = pool_take(&ledger->pool);
    struct ledger_entry *const entry = entry_at(ledger, number);
    *entry = (struct ledger_entry){.id = id};
    __builtin_prefetch(entry + RECORDS_AHEAD, 1);
    if (lacks)
        roster_put_at(&ledger->ids, hash, slot, number);
    else
        roster_put(&ledger->ids, id, number);
    return entry;
}

static void entry_drop(struct ledger *ledger, uint32_t number)
{
    struct ledger_entry *const entry = entry_at(ledger, number);
    roster_remove(&ledger->ids, entry->id, number);
    entry->number = 0;
    pool_give(&ledger->pool, number);
}

/* What decides whether an id stays. */
struct needs {
    const struct sessions *sessions;
    int64_t remember_us;
};

/* Is a last session so long ago, or one that ended before it, that its id may be forgotten? */
static bool is_past(const struct needs *needs, int64_t last_us)
{
    const struct sessions *sessions = needs->sessions;

    return sessions->watermark_us >
           instant_add_capped(instant_add_capped(last_us, needs->remember_us), sessions->gap_us);
}

static bool entry_stays(const struct ledger_entry *entry, const struct needs *needs)
{
    return !is_past(needs, entry->last_us) ||
           timelines_find(&needs->sessions->timelines, entry->id) != POOL_NONE;
}

/* Puts all that there is into as little memory as it needs. */
static void ledger_fit(struct ledger *ledger)
{
    struct ledger smaller = *ledger;
    ids_init(&smaller);
    for (uint32_t i = 1; i < ledger->pool.used; i++) {
        const struct ledger_entry *const entry = entry_at(ledger, i);
        if (entry->number != 0) *entry_put(&smaller, entry->id) = *entry;
    }
    ids_release(ledger);
    *ledger = smaller;
}

void ledger_sweep(struct ledger *ledger, const struct sessions *sessions)
{
    const struct needs needs = {.sessions = sessions, .remember_us = ledger->remember_us};

    if (is_past(&needs, ledger->oldest_us)) { /* else they all stay */
        ledger->oldest_us = INT64_MAX;
        for (uint32_t i = 1; i < ledger->pool.used; i++) {
            const struct ledger_entry *const entry = entry_at(ledger, i);
            if (entry->number == 0) continue;
            if (entry_stays(entry, &needs))
                ledger->oldest_us = instant_min(ledger->oldest_us, entry->last_us);
            else
                entry_drop(ledger, i); /* the last one empties the pool */
        }
        if (ledger->pool.used > FIT_MIN && ledger->ids.count < ledger->pool.used / 8)
            ledger_fit(ledger);
    }
    ledger->sweep_at = ledger->ids.count < SWEEP_MIN / 2 ? SWEEP_MIN : ledger->ids.count * 2;
}

uint32_t ledger_number(struct ledger *ledger, const struct sessions *sessions,
                       const struct stretch *stretch)
{
    if (ledger->ids.count >= ledger->sweep_at) ledger_sweep(ledger, sessions);
    struct ledger_entry *const entry = entry_put(ledger, timeline_stretch_id(stretch));
    if (stretch->start_us > instant_add_capped(entry->last_us, ledger->remember_us))
        entry->number = 0;
    entry->last_us = stretch->last_us;
    ledger->oldest_us = instant_min(ledger->oldest_us, stretch->last_us);
    if (entry->number < UINT32_MAX) entry->number++;
    return (uint32_t)entry->number;
}

uint32_t ledger_number_open(const struct ledger *ledger, const struct sessions *sessions,
                            const struct stretch *stretch)
{
    const struct id id = timeline_stretch_id(stretch);
    const uint32_t timeline = timelines_find(&sessions->timelines, id);
    const struct ledger_entry *entry = entry_find(ledger, id);
    uint64_t number = entry == NULL ? 0 : entry->number;
    int64_t last_us = entry == NULL ? INSTANT_MIN : entry->last_us;
    uint32_t part = POOL_NONE;
    struct session_place place;

    while (session_next_open(sessions, timeline, &part, &place)) {
        if (place.start_us > instant_add_capped(last_us, ledger->remember_us)) number = 0;
        if (number < UINT32_MAX) number++;
        if (place.start_us >= stretch->start_us) break;
        last_us = place.last_us;
    }
    return (uint32_t)number;
}

void ledger_save(const struct ledger *ledger, const struct sessions *sessions, struct buffer *out)
{
    const struct needs needs = {.sessions = sessions, .remember_us = ledger->remember_us};
    struct sort_item *const sorted = roster_sorted(&ledger->ids, &ledger->pool);
    size_t count = 0;

    for (size_t i = 0; i < ledger->ids.count; i++)
        if (entry_stays(entry_at(ledger, sorted[i].number), &needs)) sorted[count++] = sorted[i];
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        const struct ledger_entry *const entry = entry_at(ledger, sorted[i].number);
        pack_id(out, entry->id);
        pack_i64(out, entry->last_us);
        pack_u64(out, entry->number);
    }
    free(sorted);
}

bool ledger_load(struct ledger *ledger, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);

    for (uint64_t i = 0; i < count && !in->broken; i++) {
        const struct id id = unpack_id(in);
        const int64_t last_us = unpack_i64(in);
        const uint64_t number = unpack_u64(in);
        if (in->broken || id_is_none(id) || number == 0) return false;
        struct ledger_entry *const entry = entry_put(ledger, id);
        if (entry->number != 0 && entry->last_us > last_us) continue;
        entry->last_us = last_us;
        entry->number = number;
        ledger->oldest_us = instant_min(ledger->oldest_us, last_us);
    }
    return !in->broken;
}
