#include "session/lineup.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/sort.h"
#include "base/varint.h"
#include "session/products.h"

#define WAITING_BYTES 64

/* Its text is the values of --split-on as names have them (timeline.h), then the name, and the
 * values that wait, likewise, and what --agg has seen. */
struct waiting {
    struct id id;
    int64_t time_us;
    char *text;
    uint32_t len;
    uint32_t split_len; /* of the values in front */
    uint32_t name_len;
    uint32_t note_len; /* of what --agg has seen, at the end */
    uint32_t action;
};

static struct waiting *waiting_at(const struct lineup *lineup, uint32_t number)
{
    return pool_at(&lineup->pool, number, WAITING_BYTES);
}

static void slot_add(struct lineup *lineup, int slot)
{
    if (slot < 0 || slot >= SCHEMA_MAX) return;
    for (int i = 0; i < lineup->slots; i++)
        if (lineup->slot[i] == slot) return;
    lineup->slot[lineup->slots++] = slot;
}

void lineup_init(struct lineup *lineup, const struct kept *kept, const struct rule *rule,
                 const struct schema *schema)
{
    *lineup = (struct lineup){.kept = *kept, .zone = rule->zone, .splits = rule->splits};
    pool_init(&lineup->pool, WAITING_BYTES, HELD_SESSIONS);
    lineup->texts.kind = HELD_SESSIONS;
    timer_init(&lineup->timer, HELD_SESSIONS);
    for (int i = 0; i < SCHEMA_MAX + SPLITS_MAX; i++)
        lineup->value[i] = VALUE_NULL;
    for (int i = 0; i < kept->attributes; i++)
        slot_add(lineup, kept->slot[i]);
    for (int i = 0; i < kept->sums; i++)
        slot_add(lineup, kept->sum_slot[i]);
    slot_add(lineup, kept->list_slot);
    if (kept->has_track) slot_add(lineup, kept->track_slot);
    for (int split = 0; split < rule->splits; split++) {
        lineup->split[split] = schema_find(schema, slice_of(rule->split[split]));
        for (int i = 0; i < kept->attributes; i++)
            if (kept->slot[i] == SCHEMA_MAX + split) lineup->place[split] = i;
    }
}

void lineup_release(struct lineup *lineup)
{
    pool_release(&lineup->pool);
    slab_release(&lineup->texts);
    timer_release(&lineup->timer);
    free(lineup->due);
    buffer_release(&lineup->scratch);
}

/* --- waiting --- */

static uint32_t waiting_new(struct lineup *lineup, const struct waiting *waiting, struct slice text)
{
    const uint32_t number = pool_take(&lineup->pool);
    struct waiting *own = waiting_at(lineup, number);

    *own = *waiting;
    own->text = slab_take(&lineup->texts, text.len + VALUE_PADDING);
    own->len = (uint32_t)text.len;
    memcpy(own->text, text.text, text.len);
    memset(own->text + text.len, 0, VALUE_PADDING);
    timer_push(&lineup->timer, (struct timer_item){.due_us = own->time_us, .number = number});
    return number;
}

static void waiting_free(struct lineup *lineup, uint32_t number)
{
    const struct waiting *waiting = waiting_at(lineup, number);

    slab_give(&lineup->texts, waiting->text, waiting->len + VALUE_PADDING);
    pool_give(&lineup->pool, number);
}

bool lineup_take(struct lineup *lineup, struct identity *identity, const struct event *ev,
                 unsigned action)
{
    struct waiting waiting = {.id = identity_id(ev), .time_us = ev->time_us, .action = action};
    struct buffer *text = &lineup->scratch;

    if (ev->time_us < ev->watermark_us) return false;
    const struct slice name = identity_name(identity, ev);
    buffer_clear(text);
    for (int i = 0; i < lineup->splits; i++)
        name_add(text, event_value(ev, lineup->split[i]));
    waiting.split_len = (uint32_t)text->len;
    buffer_add_slice(text, name);
    waiting.name_len = (uint32_t)name.len;
    for (int i = 0; i < lineup->slots; i++)
        name_add(text, event_value(ev, lineup->slot[i]));
    const size_t values_end = text->len;
    if (lineup->kept.accounts != NULL) {
        accounts_look(lineup->kept.accounts, ev);
        accounts_used(lineup->kept.accounts, ev, false);
        accounts_note(lineup->kept.accounts, text);
    }
    waiting.note_len = (uint32_t)(text->len - values_end);
    (void)waiting_new(lineup, &waiting, buffer_slice(text));
    return true;
}

static struct slice waiting_splits(const struct waiting *waiting)
{
    return (struct slice){.text = waiting->text, .len = waiting->split_len};
}

static struct slice waiting_name(const struct waiting *waiting)
{
    return (struct slice){.text = waiting->text + waiting->split_len, .len = waiting->name_len};
}

static struct slice waiting_note(const struct waiting *waiting)
{
    return (struct slice){.text = waiting->text + waiting->len - waiting->note_len,
                          .len = waiting->note_len};
}

/* --- whose turn it is --- */

/* The event as sessions take it. A value of --split-on is the text that stands for it, whatever
 * kind it is of. */
static struct click click_of(struct lineup *lineup, const struct waiting *waiting)
{
    const size_t front = waiting->split_len + waiting->name_len;
    struct slice splits = waiting_splits(waiting);
    struct slice rest = {.text = waiting->text + front, .len = waiting->len - front};

    for (int i = 0; i < lineup->slots; i++)
        lineup->value[lineup->slot[i]] = name_value(&rest);
    for (int i = 0; i < lineup->splits; i++) {
        const char *begin = splits.text;
        const bool is_null = name_value(&splits).kind == KIND_NULL;
        const struct slice text = {.text = begin, .len = (size_t)(splits.text - begin)};
        lineup->value[SCHEMA_MAX + i] = is_null ? VALUE_NULL : value_string(text);
    }
    return (struct click){.time_us = waiting->time_us,
                          .watermark_us = INT64_MIN,
                          .action = waiting->action,
                          .value = lineup->value,
                          .listed = kept_listed(&lineup->kept, lineup->value)};
}

/* The day of the zone, as days since 1970. */
static int64_t day_of(struct zone *zone, int64_t time_us)
{
    const int64_t second = time_us / 1000000 - (time_us % 1000000 < 0);
    const int64_t local = second + zone_offset_at(zone, second);

    return local / DAY_SECONDS - (local % DAY_SECONDS < 0);
}

/* Has the event a value that is not the session's? */
static bool is_split(const struct lineup *lineup, const struct sessions *sessions,
                     const struct stretch *stretch)
{
    for (int i = 0; i < lineup->splits; i++) {
        const struct value value = lineup->value[SCHEMA_MAX + i];
        const int place = lineup->place[i];
        if (value.kind == KIND_NULL || (stretch->present >> place & 1) == 0) continue;
        const struct attribute known =
            stretch_attribute(&sessions->timelines.stretches, stretch, place);
        if (!slice_equal(known.text, value_slice(value))) return true;
    }
    return false;
}

static void event_take(struct lineup *lineup, struct sessions *sessions,
                       const struct waiting *waiting)
{
    const struct click click = click_of(lineup, waiting);
    const struct stretch *open = sessions_last(sessions, waiting->id);
    enum session_end end = SESSION_GOES_ON;

    if (open == NULL || !stretch_near(open->last_us, sessions->gap_us, click.time_us))
        end = SESSION_GAP;
    else if (click.time_us > instant_add_capped(open->start_us, sessions->max_us))
        end = SESSION_MAX;
    else if (lineup->zone != NULL &&
             day_of(lineup->zone, open->start_us) != day_of(lineup->zone, click.time_us))
        end = SESSION_MIDNIGHT;
    else if (is_split(lineup, sessions, open))
        end = SESSION_SPLIT;
    if (lineup->kept.accounts != NULL)
        (void)accounts_recall(lineup->kept.accounts, waiting_note(waiting));
    sessions_follow(sessions, waiting->id, waiting_name(waiting), &click, end);
}

static int waiting_compare(const void *a, const void *b, void *context)
{
    const struct sort_item *left = a, *right = b;

    return name_compare(waiting_splits(waiting_at(context, left->number)),
                        waiting_splits(waiting_at(context, right->number)));
}

static void due_add(struct lineup *lineup, size_t count, uint32_t number)
{
    if (count == lineup->due_cap) {
        lineup->due_cap = count == 0 ? 64 : count * 2;
        lineup->due = memory_resize(lineup->due, lineup->due_cap, sizeof *lineup->due);
    }
    lineup->due[count] =
        (struct sort_item){.key = sort_key(waiting_at(lineup, number)->time_us), .number = number};
}

void lineup_advance(struct lineup *lineup, struct sessions *sessions, int64_t watermark_us)
{
    struct timer_item item;
    size_t count = 0;

    while (timer_pop(&lineup->timer, watermark_us, &item))
        due_add(lineup, count++, item.number);
    sort_items(lineup->due, count, waiting_compare, lineup);
    for (size_t i = 0; i < count; i++) {
        event_take(lineup, sessions, waiting_at(lineup, lineup->due[i].number));
        waiting_free(lineup, lineup->due[i].number);
    }
}

void lineup_finish(struct lineup *lineup, struct sessions *sessions)
{
    lineup_advance(lineup, sessions, INT64_MAX);
    timer_release(&lineup->timer); /* there may be more, and it is not yet the end of time */
    timer_init(&lineup->timer, HELD_SESSIONS);
}

/* --- for the state --- */

/* All that makes two events different. */
static int waiting_order(const void *a, const void *b, void *context)
{
    const struct sort_item *left = a, *right = b;
    const struct waiting *one = waiting_at(context, left->number);
    const struct waiting *other = waiting_at(context, right->number);
    const int order = slice_compare((struct slice){.text = one->text, .len = one->len},
                                    (struct slice){.text = other->text, .len = other->len});

    return order != 0 ? order : (one->action > other->action) - (one->action < other->action);
}

void lineup_save(struct lineup *lineup, struct buffer *out)
{
    size_t count = 0;

    for (int level = 0; level < TIMER_LEVELS; level++)
        for (int bucket = 0; bucket < TIMER_BUCKETS; bucket++) {
            const struct timer_bucket *items = &lineup->timer.bucket[level][bucket];
            for (uint32_t i = 0; i < items->count; i++)
                due_add(lineup, count++, items->item[i].number);
        }
    sort_items(lineup->due, count, waiting_order, lineup);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        const struct waiting *waiting = waiting_at(lineup, lineup->due[i].number);
        pack_i64(out, waiting->time_us);
        pack_u32(out, waiting->action);
        pack_u32(out, waiting->split_len);
        pack_u32(out, waiting->name_len);
        pack_u32(out, waiting->note_len);
        pack_text(out, (struct slice){.text = waiting->text, .len = waiting->len});
    }
}

/* So many values, and nothing else? */
static bool values_whole(struct slice text, int count)
{
    for (; count > 0 && name_whole(text); count--)
        (void)name_value(&text);
    return count == 0 && text.len == 0;
}

bool lineup_load(struct lineup *lineup, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);

    for (uint64_t i = 0; i < count && !in->broken; i++) {
        struct waiting waiting = {.time_us = unpack_i64(in), .action = unpack_u32(in)};
        waiting.split_len = unpack_u32(in);
        waiting.name_len = unpack_u32(in);
        waiting.note_len = unpack_u32(in);
        const struct slice text = unpack_text(in);
        const uint64_t front = (uint64_t)waiting.split_len + waiting.name_len;
        if (in->broken || front + waiting.note_len > text.len || waiting.time_us < INSTANT_MIN ||
            waiting.time_us > INSTANT_MAX || waiting.action > (unsigned)lineup->kept.actions)
            return false;
        waiting.text = (char *)(uintptr_t)text.text; /* for these looks only */
        waiting.len = (uint32_t)text.len;
        if (!values_whole(waiting_splits(&waiting), lineup->splits) ||
            !name_whole(waiting_name(&waiting)) ||
            !values_whole((struct slice){.text = text.text + front,
                                         .len = text.len - front - waiting.note_len},
                          lineup->slots))
            return false;
        if (lineup->kept.accounts == NULL
                ? waiting.note_len != 0
                : !accounts_recall(lineup->kept.accounts, waiting_note(&waiting)))
            return false;
        waiting.id = timeline_id(waiting_name(&waiting));
        (void)waiting_new(lineup, &waiting, text);
    }
    return !in->broken;
}
