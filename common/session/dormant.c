#include "session/dormant.h"

#include <stdlib.h>
#include <string.h>

#include "base/sort.h"

_Static_assert(sizeof(struct dormant) == 64, "one cache line");

void dormants_init(struct dormants *dormants, int64_t forget_us)
{
    *dormants = (struct dormants){.forget_us = forget_us};
    roster_init(&dormants->ids, HELD_DORMANT);
    pool_init(&dormants->pool, sizeof(struct dormant), HELD_DORMANT);
    timer_init(&dormants->timer, HELD_DORMANT);
    dormants->users.kind = HELD_DORMANT;
}

void dormants_release(struct dormants *dormants)
{
    roster_release(&dormants->ids);
    pool_release(&dormants->pool);
    slab_release(&dormants->users);
    timer_release(&dormants->timer);
}

struct dormant *dormants_add(struct dormants *dormants, struct id id, int64_t last_us,
                             const struct attribute *user)
{
    const uint32_t number = pool_take(&dormants->pool);
    struct dormant *dormant = dormant_at(dormants, number);

    memset(dormant, 0, sizeof *dormant);
    dormant->id = id;
    dormant->last_us = last_us;
    dormant->user_us = user->time_us;
    dormant->user_len = user->text.len & (UINT32_MAX >> 2);
    dormant->user = slab_take(&dormants->users, user->text.len);
    if (user->text.len > 0) memcpy(dormant->user, user->text.text, user->text.len);
    roster_put(&dormants->ids, id, number);
    timer_push(&dormants->timer,
               (struct timer_item){.due_us = last_us + dormants->forget_us, .number = number});
    return dormant;
}

void dormants_drop(struct dormants *dormants, uint32_t number)
{
    struct dormant *dormant = dormant_at(dormants, number);

    roster_remove(&dormants->ids, dormant->id, number);
    slab_give(&dormants->users, dormant->user, dormant->user_len);
    dormant->last_us = INT64_MIN; /* a timer that still names it says something else */
    pool_give(&dormants->pool, number);
}

#define TOGETHER 64 /* so many are brought near before one is looked at */

void dormants_advance(struct dormants *dormants, int64_t watermark_us)
{
    struct timer_item due[TOGETHER];
    int count;

    do {
        for (count = 0;
             count < TOGETHER && timer_pop(&dormants->timer, watermark_us, &due[count]);) {
            if (due[count].number >= dormants->pool.used) continue; /* gone, like all after it */
            __builtin_prefetch(dormant_at(dormants, due[count].number), 1);
            count++;
        }
        for (int i = 0; i < count; i++)
            dormants_hint(dormants, dormant_at(dormants, due[i].number)->id);
        for (int i = 0; i < count; i++) {
            if (due[i].number >= dormants->pool.used) continue;
            const struct dormant *dormant = dormant_at(dormants, due[i].number);
            if (dormant->last_us + dormants->forget_us == due[i].due_us)
                dormants_drop(dormants, due[i].number);
        }
    } while (count == TOGETHER);
}

void dormants_save(const struct dormants *dormants, struct buffer *out)
{
    struct sort_item *sorted = roster_sorted(&dormants->ids, &dormants->pool);

    pack_u64(out, dormants->ids.count);
    for (size_t i = 0; i < dormants->ids.count; i++) {
        const struct dormant *dormant = dormant_at(dormants, sorted[i].number);
        pack_id(out, dormant->id);
        pack_i64(out, dormant->start_us);
        pack_i64(out, dormant->last_us);
        pack_i64(out, dormant->reach_us);
        pack_i64(out, dormant->user_us);
        pack_text(out, (struct slice){.text = dormant->user, .len = dormant->user_len});
        pack_u32(out, dormant->add_to_carts);
        pack_u8(out, (uint8_t)(dormant->is_alerted | dormant->has_bought << 1));
    }
    free(sorted);
}

static bool dormant_load(struct dormants *dormants, struct unpack *in)
{
    const struct id id = unpack_id(in);
    const int64_t start_us = unpack_i64(in);
    const int64_t last_us = unpack_i64(in);
    const int64_t reach_us = unpack_i64(in);
    struct attribute user = {.time_us = unpack_i64(in)};
    user.text = unpack_text(in);
    const uint32_t add_to_carts = unpack_u32(in);
    const unsigned flags = unpack_u8(in);

    if (in->broken || flags > 3 || user.text.len > UINT32_MAX >> 2 || start_us > last_us)
        return false;
    if (id_is_none(id) || dormants_find(dormants, id) != POOL_NONE) return false;
    struct dormant *dormant = dormants_add(dormants, id, last_us, &user);
    dormant->start_us = start_us;
    dormant->reach_us = reach_us;
    dormant->add_to_carts = add_to_carts;
    dormant->is_alerted = flags & 1;
    dormant->has_bought = flags >> 1 & 1;
    return true;
}

bool dormants_load(struct dormants *dormants, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);

    for (uint64_t i = 0; i < count; i++)
        if (!dormant_load(dormants, in)) return false;
    return !in->broken;
}
