/* dormant.c - a visit that sleeps is what it was, however little is kept of it. */
#include "session/dormant.h"

#include <stdlib.h>

#include "tap.h"

static const int64_t forget_us = INT64_C(86400000000);

static int64_t random_span(void)
{
    static const int64_t most[] = {1, 1000, INT64_C(1) << 31, INT64_C(1) << 42, INT64_C(1) << 60};
    const int64_t span = (int64_t)(drand48() * (double)most[lrand48() % 5]);
    return lrand48() % 2 == 0 ? span : span / 1000 * 1000;
}

static struct dormant random_dormant(uint64_t number)
{
    static char text[40];
    struct dormant dormant = {.id = {.low = number + 1, .high = (uint64_t)lrand48()},
                              .last_us = INT64_C(1767225600000000) + random_span() % forget_us,
                              .user = {.time_us = INT64_MIN},
                              .is_alerted = lrand48() % 2 == 0,
                              .has_bought = lrand48() % 2 == 0};

    dormant.start_us = dormant.last_us - random_span();
    dormant.reach_us = dormant.start_us + random_span() - (lrand48() % 8 == 0 ? 5 : 0);
    if (lrand48() % 3 == 0) dormant.add_to_carts = (uint32_t)lrand48();
    if (lrand48() % 3 == 0) {
        dormant.user.time_us = dormant.last_us - random_span();
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (char)('a' + lrand48() % 26);
        dormant.user.text = (struct slice){.text = text, .len = (size_t)lrand48() % sizeof text};
    }
    return dormant;
}

static bool same(const struct dormant *a, const struct dormant *b)
{
    return id_equal(a->id, b->id) && a->start_us == b->start_us && a->last_us == b->last_us &&
           a->reach_us == b->reach_us && a->user.time_us == b->user.time_us &&
           slice_equal(a->user.text, b->user.text) && a->add_to_carts == b->add_to_carts &&
           a->is_alerted == b->is_alerted && a->has_bought == b->has_bought;
}

/* How many bytes one takes of those that most are: without a cart, of nobody known, gone soon. */
static size_t bytes_each(void)
{
    const uint64_t count = 500000;
    struct dormants dormants;

    dormants_init(&dormants, forget_us);
    for (uint64_t i = 0; i < count; i++) {
        const int64_t last_us = INT64_C(1767225600000000) + (int64_t)i * 170000;
        const int64_t start_us = last_us - lrand48() % 1000 * 1000000;
        dormants_add(&dormants, &(struct dormant){.id = {.low = i + 1, .high = i},
                                                  .start_us = start_us,
                                                  .last_us = last_us,
                                                  .reach_us = start_us,
                                                  .user = {.time_us = INT64_MIN}});
        if (i % 1000 == 0) dormants_advance(&dormants, last_us);
    }
    const size_t bytes = held.bytes[HELD_DORMANT] / dormants_count(&dormants);
    dormants_release(&dormants);
    return bytes;
}

int main(void)
{
    struct dormants dormants, loaded;
    struct buffer saved = {0}, again = {0};
    int64_t wrong = 0, left = 0;

    srand48(1);
    dormants_init(&dormants, forget_us);
    dormants_init(&loaded, forget_us);
    for (uint64_t i = 0; i < 20000; i++) {
        const struct dormant dormant = random_dormant(i);
        dormants_add(&dormants, &dormant);
        const struct dormant found = dormants_read(&dormants, dormants_find(&dormants, dormant.id));
        wrong += !same(&dormant, &found);
        if (lrand48() % 3 == 0) dormants_drop(&dormants, dormants_find(&dormants, dormant.id));
    }
    is_int(wrong, 0, "what is read is what was added");

    dormants_save(&dormants, &saved);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    ok(dormants_load(&loaded, &in) && in.at == in.end, "what is saved can be loaded");
    dormants_save(&loaded, &again);
    ok(slice_equal(buffer_slice(&saved), buffer_slice(&again)), "and is the same");

    is_int((int64_t)loaded.pool.record_size, 24, "a record is three numbers");
    dormants_advance(&loaded, INT64_C(1767225600000000) + 2 * forget_us + 1);
    left = (int64_t)(dormants_count(&loaded) + loaded.pool.live + loaded.pieces.live);
    is_int(left, 0, "and nothing is left when all are forgotten");
    dormants_release(&dormants);
    dormants_release(&loaded);
    is_int((int64_t)held.bytes[HELD_DORMANT], 0, "nor is any memory");
    const size_t each = bytes_each();
    ok(each <= 48, "millions take no more than 48 bytes each");
    buffer_release(&saved);
    buffer_release(&again);
    return plan();
}
