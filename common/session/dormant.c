#include "session/dormant.h"

#include <stdlib.h>
#include <string.h>

#include "base/sort.h"
#include "base/varint.h"

/* What is kept of one. */
struct record {
    struct id id;  /* first, for roster.h */
    uint64_t rest; /* as a number, which is odd; or the address of a piece, which is not; 0: gone */
};

_Static_assert(sizeof(struct record) == 24, "millions are kept");

/* The rest as a number: flags; how long before last_us the start was, which is reach_us, too; and
 * last_us, behind 2010: both in milliseconds where these are whole ones, else in microseconds. */
enum { REST_NUMBER = 1, REST_MS = 2, REST_ALERTED = 4, REST_BOUGHT = 8, REST_FLAGS = 4 /* bits */ };
#define REST_BEGIN_US INT64_C(1262304000000000)
#define SPAN_BITS_MS 20 /* 17 minutes */
#define SPAN_BITS_US 10

/* A piece: last_us; then flags, the two spans from start_us to last_us and reach_us, additions; of
 * a user when he was said, before last_us, how long the text is, and the text. All of them varints
 * but the first and the text. */
enum { PIECE_ALERTED = 1, PIECE_BOUGHT = 2, PIECE_USER = 4 };
#define PIECE_HEAD_MAX (sizeof(int64_t) + 6 * VARINT_MAX)

static struct record *record_at(const struct dormants *dormants, uint32_t number)
{
    return pool_at(&dormants->pool, number, sizeof(struct record));
}

static int span_bits(uint64_t flags)
{
    return (flags & REST_MS) != 0 ? SPAN_BITS_MS : SPAN_BITS_US;
}

/* 0: that is more than the number holds. */
static uint64_t rest_number(const struct dormant *dormant)
{
    uint64_t last = (uint64_t)dormant->last_us - (uint64_t)REST_BEGIN_US;
    uint64_t span = (uint64_t)dormant->last_us - (uint64_t)dormant->start_us;
    uint64_t flags = REST_NUMBER;

    if (dormant->add_to_carts > 0 || dormant->user.time_us != INT64_MIN) return 0;
    if (dormant->last_us < REST_BEGIN_US || dormant->reach_us != dormant->start_us) return 0;
    if (last % 1000 == 0 && span % 1000 == 0) {
        flags |= REST_MS;
        last /= 1000;
        span /= 1000;
    }
    const int bits = span_bits(flags);
    if (span >> bits != 0 || last >> (64 - REST_FLAGS - bits) != 0) return 0;
    if (dormant->is_alerted) flags |= REST_ALERTED;
    if (dormant->has_bought) flags |= REST_BOUGHT;
    return flags | span << REST_FLAGS | last << (REST_FLAGS + bits);
}

static int64_t rest_last_us(uint64_t rest)
{
    const uint64_t unit = (rest & REST_MS) != 0 ? 1000 : 1;
    return REST_BEGIN_US + (int64_t)((rest >> (REST_FLAGS + span_bits(rest))) * unit);
}

static void rest_read(uint64_t rest, struct dormant *dormant)
{
    const uint64_t unit = (rest & REST_MS) != 0 ? 1000 : 1;
    const uint64_t span = rest >> REST_FLAGS & ((UINT64_C(1) << span_bits(rest)) - 1);

    dormant->last_us = rest_last_us(rest);
    dormant->start_us = dormant->reach_us = dormant->last_us - (int64_t)(span * unit);
    dormant->is_alerted = (rest & REST_ALERTED) != 0;
    dormant->has_bought = (rest & REST_BOUGHT) != 0;
}

static char *piece_of(uint64_t rest)
{
    return (char *)(uintptr_t)rest;
}

static uint64_t piece_make(struct dormants *dormants, const struct dormant *dormant)
{
    const bool has_user = dormant->user.time_us != INT64_MIN;
    const struct slice user = has_user ? dormant->user.text : (struct slice){0};
    char head[PIECE_HEAD_MAX];
    size_t len = sizeof dormant->last_us;

    memcpy(head, &dormant->last_us, len);
    len += varint_write(head + len, (dormant->is_alerted ? PIECE_ALERTED : 0U) |
                                        (dormant->has_bought ? PIECE_BOUGHT : 0U) |
                                        (has_user ? PIECE_USER : 0U));
    len += varint_write(head + len, (uint64_t)dormant->last_us - (uint64_t)dormant->start_us);
    len += varint_write(head + len, (uint64_t)dormant->reach_us - (uint64_t)dormant->start_us);
    len += varint_write(head + len, dormant->add_to_carts);
    if (has_user) {
        len +=
            varint_write(head + len, (uint64_t)dormant->last_us - (uint64_t)dormant->user.time_us);
        len += varint_write(head + len, user.len);
    }
    char *const piece = slab_take(&dormants->pieces, len + user.len);
    memcpy(piece, head, len);
    if (user.len > 0) memcpy(piece + len, user.text, user.len);
    return (uintptr_t)piece;
}

/* Returns behind it. */
static const char *piece_read(const char *at, struct dormant *dormant)
{
    memcpy(&dormant->last_us, at, sizeof dormant->last_us);
    at += sizeof dormant->last_us;
    const uint64_t flags = varint_read(&at);

    dormant->is_alerted = (flags & PIECE_ALERTED) != 0;
    dormant->has_bought = (flags & PIECE_BOUGHT) != 0;
    dormant->start_us = (int64_t)((uint64_t)dormant->last_us - varint_read(&at));
    dormant->reach_us = (int64_t)((uint64_t)dormant->start_us + varint_read(&at));
    dormant->add_to_carts = (uint32_t)varint_read(&at);
    if ((flags & PIECE_USER) == 0) return at;
    dormant->user.time_us = (int64_t)((uint64_t)dormant->last_us - varint_read(&at));
    dormant->user.text.len = varint_read(&at);
    dormant->user.text.text = at;
    return at + dormant->user.text.len;
}

void dormants_init(struct dormants *dormants, int64_t forget_us)
{
    *dormants = (struct dormants){.forget_us = forget_us};
    roster_init(&dormants->ids, HELD_DORMANT);
    pool_init(&dormants->pool, sizeof(struct record), HELD_DORMANT);
    dormants->pieces.kind = HELD_DORMANT;
    wheel_init(&dormants->wheel, forget_us, &dormants->pieces);
}

void dormants_release(struct dormants *dormants)
{
    roster_release(&dormants->ids);
    pool_release(&dormants->pool);
    wheel_release(&dormants->wheel);
    slab_release(&dormants->pieces);
}

struct dormant dormants_read(const struct dormants *dormants, uint32_t number)
{
    const struct record *const record = record_at(dormants, number);
    struct dormant dormant = {.id = record->id, .user = {.time_us = INT64_MIN}};

    if ((record->rest & REST_NUMBER) != 0)
        rest_read(record->rest, &dormant);
    else
        (void)piece_read(piece_of(record->rest), &dormant);
    return dormant;
}

void dormants_add(struct dormants *dormants, const struct dormant *dormant)
{
    const uint32_t number = pool_take(&dormants->pool);
    const uint64_t rest = rest_number(dormant);

    *record_at(dormants, number) = (struct record){
        .id = dormant->id, .rest = rest != 0 ? rest : piece_make(dormants, dormant)};
    roster_put(&dormants->ids, dormant->id, number);
    wheel_push(&dormants->wheel, dormant->last_us + dormants->forget_us, number);
}

void dormants_drop(struct dormants *dormants, uint32_t number)
{
    struct record *const record = record_at(dormants, number);
    struct dormant dormant;

    roster_remove(&dormants->ids, record->id, number);
    if ((record->rest & REST_NUMBER) == 0) {
        char *const piece = piece_of(record->rest);
        slab_give(&dormants->pieces, piece, (size_t)(piece_read(piece, &dormant) - piece));
    }
    record->rest = 0; /* the wheel may still name it */
    pool_give(&dormants->pool, number);
}

void dormants_forget(struct dormants *dormants, struct id id)
{
    const uint32_t number = dormants_find(dormants, id);
    if (number != POOL_NONE) dormants_drop(dormants, number);
}

/* When it is forgotten; INT64_MIN: it is gone. */
static int64_t dormant_due(const void *owner, uint32_t number)
{
    const struct dormants *const dormants = owner;
    int64_t last_us;

    if (number >= dormants->pool.used) return INT64_MIN; /* and so are all after it */
    const uint64_t rest = record_at(dormants, number)->rest;
    if (rest == 0) return INT64_MIN;
    if ((rest & REST_NUMBER) != 0)
        last_us = rest_last_us(rest);
    else
        memcpy(&last_us, piece_of(rest), sizeof last_us);
    return last_us + dormants->forget_us;
}

#define TOGETHER 64 /* so many are brought near before one is looked at */

void dormants_advance(struct dormants *dormants, int64_t watermark_us)
{
    struct timer_item due[TOGETHER];
    int count;

    do {
        for (count = 0; count < TOGETHER && wheel_pop(&dormants->wheel, watermark_us, dormant_due,
                                                      dormants, &due[count]);) {
            if (due[count].number >= dormants->pool.used) continue;
            __builtin_prefetch(record_at(dormants, due[count].number), 1);
            count++;
        }
        for (int i = 0; i < count; i++)
            dormants_hint(dormants, record_at(dormants, due[i].number)->id);
        for (int i = 0; i < count; i++)
            if (dormant_due(dormants, due[i].number) == due[i].due_us)
                dormants_drop(dormants, due[i].number);
    } while (count == TOGETHER);
}

void dormants_save(const struct dormants *dormants, struct buffer *out)
{
    struct sort_item *sorted = roster_sorted(&dormants->ids, &dormants->pool);

    pack_u64(out, dormants->ids.count);
    for (size_t i = 0; i < dormants->ids.count; i++) {
        const struct dormant dormant = dormants_read(dormants, sorted[i].number);
        pack_id(out, dormant.id);
        pack_i64(out, dormant.start_us);
        pack_i64(out, dormant.last_us);
        pack_i64(out, dormant.reach_us);
        pack_i64(out, dormant.user.time_us);
        pack_text(out, dormant.user.text);
        pack_u32(out, dormant.add_to_carts);
        pack_u8(out, (uint8_t)(dormant.is_alerted | dormant.has_bought << 1));
    }
    free(sorted);
}

static bool dormant_load(struct dormants *dormants, struct unpack *in)
{
    struct dormant dormant = {.id = unpack_id(in)};
    dormant.start_us = unpack_i64(in);
    dormant.last_us = unpack_i64(in);
    dormant.reach_us = unpack_i64(in);
    dormant.user.time_us = unpack_i64(in);
    dormant.user.text = unpack_text(in);
    dormant.add_to_carts = unpack_u32(in);
    const unsigned flags = unpack_u8(in);

    if (in->broken || flags > 3 || dormant.user.text.len > UINT32_MAX >> 2 ||
        dormant.start_us > dormant.last_us)
        return false;
    if (id_is_none(dormant.id)) return false;
    dormants_forget(dormants, dormant.id);
    dormant.is_alerted = flags & 1;
    dormant.has_bought = flags >> 1 & 1;
    dormants_add(dormants, &dormant);
    return true;
}

bool dormants_load(struct dormants *dormants, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);

    for (uint64_t i = 0; i < count; i++)
        if (!dormant_load(dormants, in)) return false;
    return !in->broken;
}
