#include "session/episode.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "session/block.h"
#include "session/name.h"
#include "session/timeline.h"

/* An id. */
struct owner {
    struct id id;      /* first, for the roster */
    int64_t last_us;   /* of its events */
    int64_t seen_us;   /* the last turn of one of them */
    int64_t due_us;    /* what its timer says */
    int64_t bought_us; /* its last purchase; INT64_MIN: none */
    int64_t start_us;  /* of the current episode, or the last one; INT64_MIN: none */
    int64_t alert_us;  /* of the current one; INT64_MIN: none */
    struct block name; /* name.h */
    struct block user; /* a time, and the text; empty: none */
    struct block page; /* likewise */
    struct block basket;
    uint32_t add_to_carts;
    uint8_t state; /* enum episode_state */
    uint8_t step;
};

#define OWNER_BYTES 128

_Static_assert(sizeof(struct owner) <= OWNER_BYTES, "two cache lines");

static struct owner *owner_at(const struct episodes *episodes, uint32_t number)
{
    return pool_at(&episodes->pool, number, OWNER_BYTES);
}

void episodes_init(struct episodes *episodes, const struct episode_rule *rule, episode_tell *tell,
                   void *context)
{
    *episodes = (struct episodes){
        .rule = *rule, .watermark_us = INT64_MIN, .tell = tell, .context = context};
    episodes->texts.kind = HELD_SESSIONS;
    turns_init(&episodes->turns);
    roster_init(&episodes->ids, HELD_SESSIONS);
    pool_init(&episodes->pool, OWNER_BYTES, HELD_SESSIONS);
    timer_init(&episodes->timer, HELD_SESSIONS);
}

void episodes_release(struct episodes *episodes)
{
    turns_release(&episodes->turns);
    roster_release(&episodes->ids);
    pool_release(&episodes->pool);
    slab_release(&episodes->texts);
    timer_release(&episodes->timer);
    basket_release(&episodes->basket);
    buffer_release(&episodes->scratch);
}

/* --- ids --- */

static void text_set(struct episodes *episodes, struct block *block, struct slice text)
{
    if (text.len == 0)
        block_release(&episodes->texts, block);
    else
        block_set(&episodes->texts, block, text, (struct slice){0});
}

static uint32_t owner_make(struct episodes *episodes, struct id id, struct slice name)
{
    const uint32_t number = pool_take(&episodes->pool);
    struct owner *owner = owner_at(episodes, number);

    *owner = (struct owner){.id = id,
                            .last_us = INT64_MIN,
                            .seen_us = INT64_MIN,
                            .due_us = INT64_MAX,
                            .bought_us = INT64_MIN,
                            .start_us = INT64_MIN,
                            .alert_us = INT64_MIN};
    text_set(episodes, &owner->name, name);
    roster_put(&episodes->ids, id, number);
    return number;
}

static void owner_drop(struct episodes *episodes, uint32_t number)
{
    struct owner *owner = owner_at(episodes, number);

    roster_remove(&episodes->ids, owner->id, number);
    block_release(&episodes->texts, &owner->name);
    block_release(&episodes->texts, &owner->user);
    block_release(&episodes->texts, &owner->page);
    block_release(&episodes->texts, &owner->basket);
    owner->due_us = INT64_MAX; /* a timer that still names it says something else */
    pool_give(&episodes->pool, number);
}

/* A text that is kept with its time, the latest one; of one time the greatest. */
#define TIME_BYTES sizeof(int64_t)

static int64_t stamped_time(struct slice stamped)
{
    int64_t time_us;

    memcpy(&time_us, stamped.text, TIME_BYTES);
    return time_us;
}

static struct value stamped_value(const struct block *block)
{
    if (block->len == 0) return VALUE_NULL;
    return value_string(
        (struct slice){.text = block->data + TIME_BYTES, .len = block->len - TIME_BYTES});
}

static void stamped_learn(struct episodes *episodes, struct block *block, int64_t time_us,
                          struct value value)
{
    if (value.kind != KIND_STRING) return;
    if (block->len > 0) {
        const int64_t known_us = stamped_time(block_slice(block));
        if (time_us < known_us) return;
        if (time_us == known_us &&
            slice_compare(value_slice(value), value_slice(stamped_value(block))) <= 0)
            return;
    }
    buffer_clear(&episodes->scratch);
    buffer_add(&episodes->scratch, (const char *)&time_us, TIME_BYTES);
    buffer_add_slice(&episodes->scratch, value_slice(value));
    text_set(episodes, block, buffer_slice(&episodes->scratch));
}

static bool is_going(const struct owner *owner)
{
    return owner->state != EPISODE_NONE;
}

/* --- what is told --- */

/* The owner has come to that state; basket is what to show of its cart. */
static void tell(struct episodes *episodes, const struct owner *owner, enum episode_state state,
                 enum episode_reason reason, int64_t moment_us, int64_t time_us,
                 const struct basket *basket)
{
    const struct episode_change change = {
        .state = state,
        .reason = reason,
        .step = state == EPISODE_RECOVERED ? STEP_PURCHASE : owner->step,
        .moment_us = moment_us,
        .time_us = time_us,
        .last_us = owner->last_us,
        .start_us = owner->start_us,
        .alert_us = owner->alert_us,
        .add_to_carts = owner->add_to_carts,
        .name = block_slice(&owner->name),
        .user = stamped_value(&owner->user),
        .page = stamped_value(&owner->page),
        .basket = basket,
    };

    episodes->tell(episodes->context, &change);
}

static const struct basket *basket_of(struct episodes *episodes, const struct owner *owner)
{
    if (!basket_read(&episodes->basket, block_slice(&owner->basket)))
        basket_clear(&episodes->basket); /* not of a state that was read as a valid one */
    return &episodes->basket;
}

static void episode_end(struct episodes *episodes, struct owner *owner)
{
    owner->state = EPISODE_NONE;
    owner->alert_us = INT64_MIN;
    owner->add_to_carts = 0;
    owner->step = STEP_ADD_TO_CART;
    block_release(&episodes->texts, &owner->basket);
}

/* --- silence --- */

/* What comes next if nothing else does: after how long a silence, and which state; EPISODE_NONE:
 * the id is forgotten. */
static enum episode_state silence_next(const struct episodes *episodes, const struct owner *owner,
                                       int64_t *silence_us)
{
    const struct episode_rule *rule = &episodes->rule;

    *silence_us = rule->forget_us;
    if (owner->state == EPISODE_OPEN) {
        *silence_us = rule->after_us;
        return EPISODE_ABANDONED;
    }
    if ((owner->state == EPISODE_ABANDONED || owner->state == EPISODE_RETURNED) &&
        rule->until_us <= rule->forget_us) {
        *silence_us = rule->until_us;
        return EPISODE_EXPIRED;
    }
    return EPISODE_NONE;
}

/* Not before the last event of it was known. */
static int64_t silence_end(const struct owner *owner, int64_t silence_us)
{
    return instant_max(owner->last_us + silence_us, owner->seen_us);
}

/* Lets the silence up to a time pass; with_at: at which all events are known. False: the owner is
 * forgotten, and gone. */
static bool owner_wait(struct episodes *episodes, uint32_t number, int64_t before_us, bool with_at)
{
    struct owner *owner = owner_at(episodes, number);

    for (;;) {
        int64_t silence_us;
        const enum episode_state next = silence_next(episodes, owner, &silence_us);
        const int64_t end_us = owner->last_us + silence_us;
        if (end_us >= before_us || owner->seen_us > before_us ||
            (owner->seen_us == before_us && !with_at))
            return true;
        if (next == EPISODE_NONE) {
            owner_drop(episodes, number);
            return false;
        }
        owner->state = (uint8_t)next;
        if (next == EPISODE_ABANDONED) owner->alert_us = end_us;
        tell(episodes, owner, next, BY_SILENCE, silence_end(owner, silence_us), end_us,
             basket_of(episodes, owner));
    }
}

/* Sees to it that the owner is looked at when something may have become of it. */
static void owner_schedule(struct episodes *episodes, uint32_t number)
{
    struct owner *owner = owner_at(episodes, number);
    int64_t silence_us;

    (void)silence_next(episodes, owner, &silence_us);
    const int64_t due_us = silence_end(owner, silence_us);
    if (due_us >= owner->due_us) return; /* it is looked at before that anyway */
    owner->due_us = due_us;
    timer_push(&episodes->timer, (struct timer_item){.due_us = due_us, .number = number});
}

/* --- events --- */

static void basket_keep(struct episodes *episodes, struct owner *owner)
{
    buffer_clear(&episodes->scratch);
    basket_write(&episodes->basket, &episodes->scratch);
    text_set(episodes, &owner->basket, buffer_slice(&episodes->scratch));
}

/* The event was there before the alert, though it came later. */
static bool is_before_alert(const struct owner *owner, const struct deed *deed)
{
    return owner->alert_us != INT64_MIN && deed->time_us <= owner->alert_us;
}

static void episode_begin(struct owner *owner, int64_t time_us)
{
    /* No two of an id begin at once, so that a row's key is that of one. */
    owner->start_us =
        owner->start_us != INT64_MIN && time_us <= owner->start_us ? owner->start_us + 1 : time_us;
    owner->state = EPISODE_OPEN;
}

/* An addition to a cart with something in it: what is there need not be looked at. */
static void basket_put(struct episodes *episodes, struct owner *owner, int64_t time_us,
                       const struct move *move)
{
    struct buffer *line = &episodes->scratch;

    buffer_clear(line);
    if (basket_bytes_put(owner->basket.data, time_us, move, line) == 1 && line->len == 0)
        episodes->cut++;
    char *to = block_extend(&episodes->texts, &owner->basket, line->len);
    if (line->len > 0) memcpy(to, line->data, line->len);
}

static void deed_move(struct episodes *episodes, struct owner *owner, const struct deed *deed)
{
    if (deed->time_us <= owner->bought_us) return; /* bought */
    if (deed->kind == DEED_REMOVE && !is_going(owner)) return;
    const struct move move = move_read(deed->move);
    if (deed->kind == DEED_ADD && is_going(owner)) {
        owner->add_to_carts++;
        basket_put(episodes, owner, deed->time_us, &move);
        return;
    }
    (void)basket_of(episodes, owner);
    (void)basket_move(&episodes->basket, deed->time_us, &move);
    if (deed->kind == DEED_ADD) {
        episode_begin(owner, deed->time_us);
        owner->add_to_carts = 1;
    } else if (basket_is_empty(&episodes->basket)) {
        tell(episodes, owner, EPISODE_EMPTIED,
             is_before_alert(owner, deed) ? BY_LATE_EVENT : BY_REMOVAL, deed->turn_us,
             deed->time_us, &episodes->basket);
        episode_end(episodes, owner);
        return;
    }
    basket_keep(episodes, owner);
}

static void deed_purchase(struct episodes *episodes, struct owner *owner, const struct deed *deed)
{
    if (deed->time_us > owner->bought_us) owner->bought_us = deed->time_us;
    if (!is_going(owner)) return;
    (void)basket_of(episodes, owner);
    basket_buy(&episodes->basket, deed->time_us);
    if (!basket_is_empty(&episodes->basket)) { /* it was before some of it was put in */
        basket_keep(episodes, owner);
        return;
    }
    if (owner->alert_us != INT64_MIN)
        tell(episodes, owner, EPISODE_RECOVERED,
             is_before_alert(owner, deed) ? BY_LATE_EVENT : BY_PURCHASE, deed->turn_us,
             deed->time_us, basket_of(episodes, owner));
    episode_end(episodes, owner);
}

static void deed_take(void *context, const struct deed *deed)
{
    struct episodes *episodes = context;
    uint32_t number = roster_find(&episodes->ids, &episodes->pool, deed->id);

    if (number != POOL_NONE && !owner_wait(episodes, number, deed->turn_us, false))
        number = POOL_NONE;
    if (number == POOL_NONE) number = owner_make(episodes, deed->id, deed->name);
    struct owner *owner = owner_at(episodes, number);
    owner->last_us = instant_max(owner->last_us, deed->time_us);
    owner->seen_us = deed->turn_us;
    stamped_learn(episodes, &owner->user, deed->time_us, deed->user);
    stamped_learn(episodes, &owner->page, deed->time_us, deed->page);
    if (deed->kind == DEED_ADD || deed->kind == DEED_REMOVE)
        deed_move(episodes, owner, deed);
    else if (deed->kind == DEED_PURCHASE)
        deed_purchase(episodes, owner, deed);
    else if (deed->kind == DEED_CHECKOUT && is_going(owner) && deed->time_us >= owner->start_us)
        owner->step = STEP_CHECKOUT_START;
    if ((owner->state == EPISODE_ABANDONED || owner->state == EPISODE_EXPIRED) &&
        !is_before_alert(owner, deed)) {
        owner->state = EPISODE_RETURNED;
        tell(episodes, owner, EPISODE_RETURNED, BY_EVENT, deed->turn_us, deed->time_us,
             basket_of(episodes, owner));
    }
    owner_schedule(episodes, number);
}

/* --- time --- */

static void due_look(struct episodes *episodes, const struct timer_item *item, bool with_at)
{
    if (item->number >= episodes->pool.used) return; /* gone, like all after it */
    struct owner *owner = owner_at(episodes, item->number);
    if (owner->due_us != item->due_us) return; /* scheduled anew for earlier, or another id's */
    owner->due_us = INT64_MAX;
    if (owner_wait(episodes, item->number, episodes->watermark_us, with_at))
        owner_schedule(episodes, item->number);
}

void episodes_advance(struct episodes *episodes, int64_t watermark_us)
{
    struct timer_item item;

    if (watermark_us <= episodes->watermark_us) return;
    episodes->watermark_us = watermark_us;
    turns_take(&episodes->turns, watermark_us, TURNS_AT_NONE, deed_take, episodes);
    while (timer_pop(&episodes->timer, watermark_us, &item))
        due_look(episodes, &item, false);
}

void episodes_settle(struct episodes *episodes, bool is_end)
{
    const int64_t watermark_us = episodes->watermark_us;
    struct timer_item item;

    if (watermark_us == INT64_MIN || watermark_us == INT64_MAX) return;
    turns_take(&episodes->turns, watermark_us, is_end ? TURNS_AT_ALL : TURNS_AT_LATE, deed_take,
               episodes);
    struct buffer again = {0}; /* what is due now, and waits for more than that */
    while (timer_pop_at(&episodes->timer, watermark_us, &item))
        buffer_add(&again, (const char *)&item, sizeof item);
    for (size_t at = 0; at < again.len; at += sizeof item) {
        memcpy(&item, again.data + at, sizeof item);
        due_look(episodes, &item, true);
    }
    buffer_release(&again);
}

void episodes_finish(struct episodes *episodes, int64_t at_us)
{
    struct sort_item *sorted = roster_sorted(&episodes->ids, &episodes->pool);
    const size_t count = episodes->ids.count;

    for (size_t i = 0; i < count; i++) {
        struct owner *owner = owner_at(episodes, sorted[i].number);
        const int64_t idle_us = at_us - owner->last_us;
        if (is_going(owner) && idle_us > episodes->rule.after_us &&
            idle_us < episodes->rule.until_us && idle_us <= episodes->rule.forget_us) {
            owner->alert_us = owner->last_us + episodes->rule.after_us;
            tell(episodes, owner, EPISODE_ABANDONED, BY_SILENCE, owner->last_us, at_us,
                 basket_of(episodes, owner));
        }
        owner_drop(episodes, sorted[i].number);
    }
    free(sorted);
}

/* --- for the state --- */

static void owner_pack(const struct owner *owner, struct buffer *out)
{
    const struct block *const blocks[] = {&owner->name, &owner->user, &owner->page, &owner->basket};

    pack_i64(out, owner->last_us);
    pack_i64(out, owner->seen_us);
    pack_i64(out, owner->bought_us);
    pack_i64(out, owner->start_us);
    pack_i64(out, owner->alert_us);
    pack_u32(out, owner->add_to_carts);
    pack_u8(out, owner->state);
    pack_u8(out, owner->step);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        pack_text(out, block_slice(blocks[i]));
}

void episodes_save(struct episodes *episodes, struct buffer *out)
{
    struct sort_item *sorted = roster_sorted(&episodes->ids, &episodes->pool);
    const size_t count = episodes->ids.count;

    pack_i64(out, episodes->watermark_us);
    pack_u64(out, episodes->cut);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++)
        owner_pack(owner_at(episodes, sorted[i].number), out);
    free(sorted);
    turns_save(&episodes->turns, out);
}

static bool owner_load(struct episodes *episodes, struct unpack *in)
{
    struct owner read = {.last_us = unpack_i64(in), .due_us = INT64_MAX};

    read.seen_us = unpack_i64(in);
    read.bought_us = unpack_i64(in);
    read.start_us = unpack_i64(in);
    read.alert_us = unpack_i64(in);
    read.add_to_carts = unpack_u32(in);
    read.state = unpack_u8(in);
    read.step = unpack_u8(in);
    const struct slice name = unpack_text(in), user = unpack_text(in), page = unpack_text(in);
    const struct slice basket = unpack_text(in);
    if (in->broken || read.state > EPISODE_EXPIRED || read.step > STEP_CHECKOUT_START ||
        read.last_us < INSTANT_MIN || read.last_us > INSTANT_MAX || read.seen_us < read.last_us ||
        !name_whole(name) || (user.len > 0 && user.len < TIME_BYTES) ||
        (page.len > 0 && page.len < TIME_BYTES) || !basket_read(&episodes->basket, basket) ||
        (read.state == EPISODE_NONE) != basket_is_empty(&episodes->basket))
        return false;
    const struct id id = timeline_id(name);
    if (roster_find(&episodes->ids, &episodes->pool, id) != POOL_NONE) return false;
    const uint32_t number = owner_make(episodes, id, name);
    struct owner *owner = owner_at(episodes, number);
    read.id = owner->id;
    read.name = owner->name;
    *owner = read;
    text_set(episodes, &owner->user, user);
    text_set(episodes, &owner->page, page);
    text_set(episodes, &owner->basket, basket);
    owner_schedule(episodes, number);
    return true;
}

bool episodes_load(struct episodes *episodes, struct unpack *in)
{
    episodes->watermark_us = unpack_i64(in);
    episodes->cut = unpack_u64(in);
    const uint64_t count = unpack_u64(in);

    for (uint64_t i = 0; i < count; i++)
        if (!owner_load(episodes, in)) return false;
    return turns_load(&episodes->turns, in);
}
