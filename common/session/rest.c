#include "session/rest.h"

#include <stdlib.h>
#include <string.h>

#include "base/sort.h"

_Static_assert(sizeof(struct rest) == 64, "one cache line");

void rests_init(struct rests *rests, int64_t forget_us)
{
    *rests = (struct rests){.forget_us = forget_us};
    roster_init(&rests->ids);
    pool_init(&rests->pool, sizeof(struct rest));
    timer_init(&rests->timer);
}

void rests_release(struct rests *rests)
{
    roster_release(&rests->ids);
    pool_release(&rests->pool);
    slab_release(&rests->users);
    timer_release(&rests->timer);
}

struct rest *rests_add(struct rests *rests, struct id id, int64_t last_us, const struct said *user)
{
    const uint32_t number = pool_take(&rests->pool);
    struct rest *rest = rest_at(rests, number);

    memset(rest, 0, sizeof *rest);
    rest->id = id;
    rest->last_us = last_us;
    rest->user_us = user->time_us;
    rest->user_len = user->text.len & (UINT32_MAX >> 2);
    rest->user = slab_take(&rests->users, user->text.len);
    if (user->text.len > 0) memcpy(rest->user, user->text.text, user->text.len);
    roster_put(&rests->ids, id, number);
    timer_push(&rests->timer,
               (struct timer_item){.due_us = last_us + rests->forget_us, .number = number});
    return rest;
}

void rests_drop(struct rests *rests, uint32_t number)
{
    struct rest *rest = rest_at(rests, number);

    roster_remove(&rests->ids, rest->id, number);
    slab_give(&rests->users, rest->user, rest->user_len);
    rest->last_us = INT64_MIN; /* a timer that still names it says something else */
    pool_give(&rests->pool, number);
}

#define TOGETHER 64 /* so many are brought near before one is looked at */

void rests_advance(struct rests *rests, int64_t watermark_us)
{
    struct timer_item due[TOGETHER];
    int count;

    do {
        for (count = 0; count < TOGETHER && timer_pop(&rests->timer, watermark_us, &due[count]);) {
            if (due[count].number >= rests->pool.used) continue; /* gone, like all after it */
            __builtin_prefetch(rest_at(rests, due[count].number), 1);
            count++;
        }
        for (int i = 0; i < count; i++)
            rests_hint(rests, rest_at(rests, due[i].number)->id);
        for (int i = 0; i < count; i++) {
            if (due[i].number >= rests->pool.used) continue;
            const struct rest *rest = rest_at(rests, due[i].number);
            if (rest->last_us + rests->forget_us == due[i].due_us) rests_drop(rests, due[i].number);
        }
    } while (count == TOGETHER);
}

void rests_save(const struct rests *rests, struct buffer *out)
{
    struct sort_item *sorted = roster_sorted(&rests->ids, &rests->pool);

    pack_u64(out, rests->ids.count);
    for (size_t i = 0; i < rests->ids.count; i++) {
        const struct rest *rest = rest_at(rests, sorted[i].number);
        pack_id(out, rest->id);
        pack_i64(out, rest->start_us);
        pack_i64(out, rest->last_us);
        pack_i64(out, rest->reach_us);
        pack_i64(out, rest->user_us);
        pack_text(out, (struct slice){.text = rest->user, .len = rest->user_len});
        pack_u32(out, rest->add_to_carts);
        pack_u8(out, (uint8_t)(rest->is_alerted | rest->has_bought << 1));
    }
    free(sorted);
}

static bool rest_load(struct rests *rests, struct unpack *in)
{
    const struct id id = unpack_id(in);
    const int64_t start_us = unpack_i64(in);
    const int64_t last_us = unpack_i64(in);
    const int64_t reach_us = unpack_i64(in);
    struct said user = {.time_us = unpack_i64(in)};
    user.text = unpack_text(in);
    const uint32_t add_to_carts = unpack_u32(in);
    const unsigned flags = unpack_u8(in);

    if (in->broken || flags > 3 || user.text.len > UINT32_MAX >> 2 || start_us > last_us)
        return false;
    if (id_is_none(id) || rests_find(rests, id) != POOL_NONE) return false;
    struct rest *rest = rests_add(rests, id, last_us, &user);
    rest->start_us = start_us;
    rest->reach_us = reach_us;
    rest->add_to_carts = add_to_carts;
    rest->is_alerted = flags & 1;
    rest->has_bought = flags >> 1 & 1;
    return true;
}

bool rests_load(struct rests *rests, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);

    for (uint64_t i = 0; i < count; i++)
        if (!rest_load(rests, in)) return false;
    return !in->broken;
}
