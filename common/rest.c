#include "rest.h"

#include <stdlib.h>
#include <string.h>

#include "sort.h"

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

void rests_add(struct rests *rests, const struct rest *rest)
{
    const uint32_t number = pool_take(&rests->pool);
    struct rest *made = rest_at(rests, number);

    *made = *rest;
    made->user = slab_take(&rests->users, made->user_len);
    if (made->user_len > 0) memcpy(made->user, rest->user, made->user_len);
    roster_put(&rests->ids, made->id, number);
    timer_push(&rests->timer,
               (struct timer_item){.due_us = made->last_us + rests->forget_us, .number = number});
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
    struct rest rest = {.id = unpack_id(in)};

    rest.start_us = unpack_i64(in);
    rest.last_us = unpack_i64(in);
    rest.reach_us = unpack_i64(in);
    rest.user_us = unpack_i64(in);
    const struct slice user = unpack_text(in);
    rest.user = (char *)(uintptr_t)user.text;
    rest.user_len = user.len & (UINT32_MAX >> 2);
    rest.add_to_carts = unpack_u32(in);
    const unsigned flags = unpack_u8(in);
    rest.is_alerted = flags & 1;
    rest.has_bought = flags >> 1 & 1;
    if (in->broken || flags > 3 || rest.user_len != user.len || rest.start_us > rest.last_us)
        return false;
    if (id_is_none(rest.id) || rests_find(rests, rest.id) != POOL_NONE) return false;
    rests_add(rests, &rest);
    return true;
}

bool rests_load(struct rests *rests, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);

    for (uint64_t i = 0; i < count; i++)
        if (!rest_load(rests, in)) return false;
    return !in->broken;
}
