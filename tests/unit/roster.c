/* roster.c - records found by their ids, against a plain array. */
#include "base/roster.h"

#include <stdlib.h>

#include "tap.h"

#define IDS 3000

struct record {
    struct id id;
    char rest[48];
};

static uint64_t random_below(uint64_t bound)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % bound;
}

static struct id id_number(uint64_t number)
{
    return (struct id){.low = number * UINT64_C(0x9e3779b97f4a7c15) + 1, .high = number % 100};
}

static uint32_t numbers[IDS]; /* of the records there are */

/* Adds and removes at random; returns how often the roster was wrong. */
static int test_random(struct roster *roster, struct pool *pool, uint64_t ids, int turns)
{
    int wrong = 0;

    for (int turn = 0; turn < turns; turn++) {
        const uint64_t which = random_below(ids);
        const struct id id = id_number(which);
        wrong += roster_find(roster, pool, id) != numbers[which];
        if (numbers[which] == POOL_NONE) {
            const uint32_t number = pool_take(pool);
            ((struct record *)pool_at(pool, number, sizeof(struct record)))->id = id;
            roster_put(roster, id, number);
            numbers[which] = number;
            wrong += roster_guess(roster, roster_hash(roster, id)) != number;
        } else {
            roster_remove(roster, id, numbers[which]);
            pool_give(pool, numbers[which]);
            numbers[which] = POOL_NONE;
        }
    }
    return wrong;
}

/* An id of that hash. */
static struct id id_of_hash(const struct roster *roster, uint64_t number, uint32_t hash)
{
    const struct id id = {.low = number + 1};
    return (struct id){.low = id.low, .high = roster_hash(roster, id) ^ hash};
}

/* Many of one hash, or nearly, which may have its place at the end; returns what is wrong. */
static int test_crowd(uint32_t hash, uint32_t spread)
{
    struct roster roster;
    struct pool pool;
    int wrong = 0;

    roster_init(&roster, HELD_SESSIONS);
    pool_init(&pool, sizeof(struct record), HELD_SESSIONS);
    for (uint64_t i = 0; i < 400; i++) {
        const struct id id = id_of_hash(&roster, i, hash + (uint32_t)random_below(spread));
        numbers[i] = pool_take(&pool);
        ((struct record *)pool_at(&pool, numbers[i], sizeof(struct record)))->id = id;
        roster_put(&roster, id, numbers[i]);
    }
    for (int left = 400; left > 0; left--) {
        const uint64_t which = random_below(400);
        uint32_t found = 0;
        size_t at = 0;
        for (uint64_t i = 0; i < 400; i++) {
            if (numbers[i] == POOL_NONE) continue;
            const struct record *record = pool_at(&pool, numbers[i], sizeof(*record));
            wrong += roster_find(&roster, &pool, record->id) != numbers[i];
        }
        while (roster_next(&roster, &at) != POOL_NONE)
            found++;
        wrong += found != roster.count;
        if (numbers[which] == POOL_NONE) continue;
        const struct record *record = pool_at(&pool, numbers[which], sizeof(*record));
        roster_remove(&roster, record->id, numbers[which]);
        pool_give(&pool, numbers[which]);
        numbers[which] = POOL_NONE;
    }
    roster_release(&roster);
    pool_release(&pool);
    return wrong;
}

/* So many that it has large pages, and many of them near the end; returns what is wrong. */
static int test_large(uint32_t from, uint32_t spread, bool sparse)
{
    const uint64_t count = is_quick() ? 300000 : 600000; /* more than have place in one page */
    struct roster roster;
    struct pool pool;
    int wrong = 0;
    size_t at = 0;
    uint64_t seen = 0;

    roster_init(&roster, HELD_SESSIONS);
    roster.sparse = sparse;
    pool_init(&pool, sizeof(struct record), HELD_SESSIONS);
    for (uint64_t i = 0; i < count; i++) {
        const bool is_anywhere = i % 8 != 0;
        const struct id id = id_of_hash(&roster, i,
                                        is_anywhere ? (uint32_t)random_below(UINT32_MAX)
                                                    : from + (uint32_t)random_below(spread));
        const uint32_t number = pool_take(&pool);
        ((struct record *)pool_at(&pool, number, sizeof(struct record)))->id = id;
        roster_put(&roster, id, number);
    }
    for (uint32_t number = 1; number <= count; number++) {
        const struct record *record = pool_at(&pool, number, sizeof(*record));
        wrong += roster_find(&roster, &pool, record->id) != number;
    }
    while (roster_next(&roster, &at) != POOL_NONE)
        seen++;
    wrong += seen != count || roster.count != count;
    roster_release(&roster);
    pool_release(&pool);
    return wrong;
}

static int test_sorted(const struct roster *roster, const struct pool *pool)
{
    struct sort_item *sorted = roster_sorted(roster, pool);
    int wrong = 0;

    for (size_t i = 1; i < roster->count; i++) {
        const struct record *before = pool_at(pool, sorted[i - 1].number, sizeof(*before));
        const struct record *record = pool_at(pool, sorted[i].number, sizeof(*record));
        wrong += id_compare(before->id, record->id) >= 0;
    }
    free(sorted);
    return wrong;
}

int main(void)
{
    struct roster roster;
    struct pool pool;
    size_t slot = 0, seen = 0;

    roster_init(&roster, HELD_SESSIONS);
    pool_init(&pool, sizeof(struct record), HELD_SESSIONS);
    is_int(test_random(&roster, &pool, 40, 20000), 0, "what is there is found, a few");
    is_int(test_random(&roster, &pool, IDS, 200000), 0, "and many");
    while (roster_next(&roster, &slot) != POOL_NONE)
        seen++;
    is_int((int64_t)seen, (int64_t)roster.count, "a walk meets every record");
    is_int(pool.live, (int64_t)roster.count, "and there are no others");
    is_int(test_sorted(&roster, &pool), 0, "sorted by id, also where half of it is equal");
    roster_release(&roster);
    pool_release(&pool);
    is_int(test_crowd(UINT32_C(0x80000000), 1), 0, "many of one hash");
    is_int(test_crowd(UINT32_C(0xe8000000), 1), 0, "near the end");
    is_int(test_crowd(UINT32_C(0xf0000000), UINT32_C(0x0fffffff)), 0, "all near the end");
    is_int(test_crowd(0, 3), 0, "and at the beginning");
    if (!is_quick()) is_int(test_large(0, UINT32_MAX, false), 0, "more than a page of them");
    is_int(test_large(UINT32_C(0xf0000000), 0x0fffffff, false), 0, "crowded near the end");
    is_int(test_large(0, 0x0fffffff, true), 0, "and sparse, crowded at the beginning");
    is_int((int64_t)held.total, 0, "all memory is given back");
    return plan();
}
