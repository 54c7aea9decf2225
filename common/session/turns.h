/*
 * turns.h - events of carts that wait for their turn: what becomes of a cart depends on their
 * order.
 *
 * Where one ends and the next begins, and what is in it, says the order of an id's events, so they
 * are taken in the order of their turns. An event's turn is its time; or its partition's watermark,
 * where that was later when the event came: it counts from then on. A turn has come when the
 * watermark is past it. Of equal turns those are first that came late; then the earlier ones; of
 * one time additions come before removals, these before all other events, and purchases last; then
 * by their bytes. So the order in which events of one time come makes no difference.
 *
 * A turn is 64 bytes and a copy of the values that are asked for.
 */
#ifndef CS_TURNS_H
#define CS_TURNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/id.h"
#include "base/pack.h"
#include "base/pool.h"
#include "base/slab.h"
#include "base/slice.h"
#include "base/sort.h"
#include "base/timer.h"
#include "base/value.h"

/* What an event is for a cart, in the order of equal times. */
enum deed_kind { DEED_ADD, DEED_REMOVE, DEED_OTHER, DEED_CHECKOUT, DEED_PURCHASE, DEED_KINDS };

/* An event. The values are borrowed. */
struct deed {
    struct id id;
    int64_t time_us;
    int64_t turn_us;
    enum deed_kind kind;
    struct slice name;       /* what the id is made of: name.h */
    struct value user, page; /* strings, or null */
    struct slice move;       /* of an addition or a removal: basket.h */
};

struct turns {
    struct pool pool;
    struct slab texts;
    struct timer timer;
    struct sort_item *due;
    size_t due_cap;
    struct buffer scratch;
};

void turns_init(struct turns *turns);
void turns_release(struct turns *turns);

/* Adds one: all of it is copied. */
void turns_add(struct turns *turns, const struct deed *deed);

/* Of those whose turn is at the very time: none; those that came late, so before all others; all.
 */
enum turns_at { TURNS_AT_NONE, TURNS_AT_LATE, TURNS_AT_ALL };

/* Takes out those whose turn is before that time, and of those at it, and hands them over in order.
 */
void turns_take(struct turns *turns, int64_t before_us, enum turns_at at,
                void (*take)(void *context, const struct deed *deed), void *context);

/* The same bytes for the same events. Loading adds; false: invalid. */
void turns_save(struct turns *turns, struct buffer *out);
bool turns_load(struct turns *turns, struct unpack *in);

#endif
