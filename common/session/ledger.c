#include "session/ledger.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/memory.h"
#include "base/sort.h"

#define SWEEP_MIN 1024 /* ids */

struct ledger_entry {
    struct id id;
    int64_t last_us; /* of its last session */
    uint64_t number;
};

void ledger_init(struct ledger *ledger, int64_t remember_us)
{
    *ledger =
        (struct ledger){.remember_us = remember_us, .sweep_at = SWEEP_MIN, .oldest_us = INT64_MAX};
    table_init(&ledger->ids, sizeof(struct ledger_entry), HELD_IDS);
}

void ledger_release(struct ledger *ledger)
{
    table_release(&ledger->ids);
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

static bool entry_stays(const void *at, const void *context)
{
    const struct ledger_entry *entry = at;
    const struct needs *needs = context;

    return !is_past(needs, entry->last_us) ||
           timelines_find(&needs->sessions->timelines, entry->id) != POOL_NONE;
}

static void oldest_find(struct ledger *ledger)
{
    ledger->oldest_us = INT64_MAX;
    for (const struct ledger_entry *entry = NULL;
         (entry = table_next(&ledger->ids, entry)) != NULL;)
        ledger->oldest_us = instant_min(ledger->oldest_us, entry->last_us);
}

static void ledger_sweep(struct ledger *ledger, const struct sessions *sessions)
{
    const struct needs needs = {.sessions = sessions, .remember_us = ledger->remember_us};

    if (is_past(&needs, ledger->oldest_us)) { /* else they all stay */
        table_sweep(&ledger->ids, entry_stays, &needs);
        oldest_find(ledger);
    }
    ledger->sweep_at = ledger->ids.count < SWEEP_MIN / 2 ? SWEEP_MIN : ledger->ids.count * 2;
}

uint32_t ledger_number(struct ledger *ledger, const struct sessions *sessions,
                       const struct stretch *stretch)
{
    bool is_new;

    if (ledger->ids.count >= ledger->sweep_at) ledger_sweep(ledger, sessions);
    struct ledger_entry *entry = table_put(&ledger->ids, timeline_stretch_id(stretch), &is_new);
    if (is_new || stretch->start_us > instant_add_capped(entry->last_us, ledger->remember_us))
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
    const struct ledger_entry *entry = table_find(&ledger->ids, id);
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

static int entry_compare(const void *a, const void *b)
{
    const struct ledger_entry *const *left = a, *const *right = b;

    return id_compare((*left)->id, (*right)->id);
}

void ledger_save(const struct ledger *ledger, const struct sessions *sessions, struct buffer *out)
{
    const struct needs needs = {.sessions = sessions, .remember_us = ledger->remember_us};
    const struct ledger_entry **entries = memory_zero(ledger->ids.count + 1, sizeof *entries);
    size_t count = 0;

    for (const void *entry = NULL; (entry = table_next(&ledger->ids, entry)) != NULL;)
        if (entry_stays(entry, &needs)) entries[count++] = entry;
    if (count > 0) qsort(entries, count, sizeof *entries, entry_compare);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        pack_id(out, entries[i]->id);
        pack_i64(out, entries[i]->last_us);
        pack_u64(out, entries[i]->number);
    }
    free(entries);
}

bool ledger_load(struct ledger *ledger, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);

    for (uint64_t i = 0; i < count && !in->broken; i++) {
        const struct id id = unpack_id(in);
        const int64_t last_us = unpack_i64(in);
        const uint64_t number = unpack_u64(in);
        bool is_new;
        if (in->broken || id_is_none(id)) return false;
        struct ledger_entry *entry = table_put(&ledger->ids, id, &is_new);
        if (!is_new && entry->last_us > last_us) continue;
        entry->last_us = last_us;
        entry->number = number;
        ledger->oldest_us = instant_min(ledger->oldest_us, last_us);
    }
    return !in->broken;
}
