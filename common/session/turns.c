#include "session/turns.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"
#include "base/varint.h"
#include "session/basket.h"
#include "session/name.h"
#include "session/timeline.h"

#define TURN_BYTES 64

/* Its text: the name, the user, the page, and the move. */
struct turn {
    struct id id;
    int64_t turn_us, time_us;
    char *text;
    uint32_t len, name_len;
    uint32_t kind;
};

_Static_assert(sizeof(struct turn) <= TURN_BYTES, "one cache line");

static struct turn *turn_at(const struct turns *turns, uint32_t number)
{
    return pool_at(&turns->pool, number, TURN_BYTES);
}

void turns_init(struct turns *turns)
{
    *turns = (struct turns){.texts.kind = HELD_WAITING};
    pool_init(&turns->pool, TURN_BYTES, HELD_WAITING);
    timer_init(&turns->timer, HELD_WAITING);
}

void turns_release(struct turns *turns)
{
    pool_release(&turns->pool);
    slab_release(&turns->texts);
    timer_release(&turns->timer);
    free(turns->due);
    buffer_release(&turns->scratch);
}

static void turn_put(struct turns *turns, struct turn turn, struct slice text)
{
    const uint32_t number = pool_take(&turns->pool);

    turn.text = slab_take(&turns->texts, text.len);
    turn.len = (uint32_t)text.len;
    memcpy(turn.text, text.text, text.len);
    *turn_at(turns, number) = turn;
    timer_push(&turns->timer, (struct timer_item){.due_us = turn.turn_us, .number = number});
}

void turns_add(struct turns *turns, const struct deed *deed)
{
    struct buffer *text = &turns->scratch;

    buffer_clear(text);
    buffer_add_slice(text, deed->name);
    name_add(text, deed->user);
    name_add(text, deed->page);
    buffer_add_slice(text, deed->move);
    turn_put(turns,
             (struct turn){.id = deed->id,
                           .turn_us = deed->turn_us,
                           .time_us = deed->time_us,
                           .name_len = (uint32_t)deed->name.len,
                           .kind = deed->kind},
             buffer_slice(text));
}

static struct deed deed_of(const struct turn *turn)
{
    struct slice rest = {.text = turn->text + turn->name_len, .len = turn->len - turn->name_len};
    struct deed deed = {.id = turn->id,
                        .time_us = turn->time_us,
                        .turn_us = turn->turn_us,
                        .kind = turn->kind,
                        .name = {.text = turn->text, .len = turn->name_len}};

    deed.user = name_value(&rest);
    deed.page = name_value(&rest);
    deed.move = rest;
    return deed;
}

/* Of one turn. */
static int turn_compare(const void *a, const void *b, void *context)
{
    const struct turn *one = turn_at(context, ((const struct sort_item *)a)->number);
    const struct turn *other = turn_at(context, ((const struct sort_item *)b)->number);

    if (one->time_us != other->time_us) return one->time_us < other->time_us ? -1 : 1;
    if (one->kind != other->kind) return one->kind < other->kind ? -1 : 1;
    return slice_compare((struct slice){.text = one->text, .len = one->len},
                         (struct slice){.text = other->text, .len = other->len});
}

static void due_add(struct turns *turns, size_t place, uint32_t number)
{
    if (place == turns->due_cap) {
        turns->due_cap = place == 0 ? 64 : place * 2;
        turns->due = memory_resize(turns->due, turns->due_cap, sizeof *turns->due);
    }
    turns->due[place] =
        (struct sort_item){.key = sort_key(turn_at(turns, number)->turn_us), .number = number};
}

/* Those whose turn is at the time and that stay come last, and are put back. */
static size_t turns_put_back(struct turns *turns, size_t count, int64_t at_us)
{
    while (count > 0) {
        const uint32_t number = turns->due[count - 1].number;
        if (turn_at(turns, number)->time_us < at_us) break;
        timer_push(&turns->timer, (struct timer_item){.due_us = at_us, .number = number});
        count--;
    }
    return count;
}

void turns_take(struct turns *turns, int64_t before_us, enum turns_at at,
                void (*take)(void *context, const struct deed *deed), void *context)
{
    struct timer_item item;
    size_t count = 0;

    while (timer_pop(&turns->timer, before_us, &item))
        due_add(turns, count++, item.number);
    while (at != TURNS_AT_NONE && timer_pop_at(&turns->timer, before_us, &item))
        due_add(turns, count++, item.number);
    sort_items(turns->due, count, turn_compare, turns);
    if (at == TURNS_AT_LATE) count = turns_put_back(turns, count, before_us);
    for (size_t i = 0; i < count; i++) {
        const uint32_t number = turns->due[i].number;
        const struct turn *turn = turn_at(turns, number);
        const struct deed deed = deed_of(turn);
        take(context, &deed);
        slab_give(&turns->texts, turn->text, turn->len);
        pool_give(&turns->pool, number);
    }
}

/* --- for the state --- */

void turns_save(struct turns *turns, struct buffer *out)
{
    struct timer_place place = {0};
    struct timer_item item;
    size_t count = 0;

    while (timer_next(&turns->timer, &place, &item))
        due_add(turns, count++, item.number);
    sort_items(turns->due, count, turn_compare, turns);
    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        const struct turn *turn = turn_at(turns, turns->due[i].number);
        pack_i64(out, turn->turn_us);
        pack_i64(out, turn->time_us);
        pack_u8(out, (uint8_t)turn->kind);
        pack_u32(out, turn->name_len);
        pack_text(out, (struct slice){.text = turn->text, .len = turn->len});
    }
}

/* A string or null in front of the rest, taken off? */
static bool text_whole(struct slice *rest)
{
    const char *at = rest->text + 1;
    const char *const end = rest->text + rest->len;

    if (rest->len == 0 || !varint_whole(at, end)) return false;
    if (varint_read(&at) > (uint64_t)(end - at)) return false;
    const struct value value = name_value(rest);
    return value.kind == KIND_NULL || value.kind == KIND_STRING;
}

static bool turn_whole(const struct turn *turn, struct slice text)
{
    if (turn->kind >= DEED_KINDS || turn->name_len > text.len || turn->time_us < INSTANT_MIN ||
        turn->turn_us < turn->time_us || turn->time_us > INSTANT_MAX)
        return false;
    const struct slice name = {.text = text.text, .len = turn->name_len};
    struct slice rest = {.text = text.text + name.len, .len = text.len - name.len};
    if (!name_whole(name) || !text_whole(&rest) || !text_whole(&rest)) return false;
    return turn->kind == DEED_ADD || turn->kind == DEED_REMOVE ? move_whole(rest) : rest.len == 0;
}

bool turns_load(struct turns *turns, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);

    for (uint64_t i = 0; i < count && !in->broken; i++) {
        struct turn turn = {.turn_us = unpack_i64(in), .time_us = unpack_i64(in)};
        turn.kind = unpack_u8(in);
        turn.name_len = unpack_u32(in);
        const struct slice text = unpack_text(in);
        if (in->broken || !turn_whole(&turn, text)) return false;
        turn.id = timeline_id((struct slice){.text = text.text, .len = turn.name_len});
        turn_put(turns, turn, text);
    }
    return !in->broken;
}
