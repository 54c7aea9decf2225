/* ledger.c - how many sessions each id has had, and that ids which may be forgotten go. */
#include "session/ledger.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "tap.h"

static const struct kept nothing_kept;
static struct sessions sessions;
static struct ledger ledger;

static void begin(int64_t remember_us)
{
    sessions_init(&sessions, &nothing_kept, 10, INT64_MAX);
    ledger_init(&ledger, remember_us);
}

static void end(void)
{
    ledger_release(&ledger);
    sessions_release(&sessions);
}

/* The n-th id has a session of one event. */
static uint32_t number(uint64_t n, int64_t time_us)
{
    const struct stretch stretch = {.id = {.low = n + 1, .high = n * UINT64_C(0x9e3779b97f4a7c15)},
                                    .has_id = true,
                                    .start_us = time_us,
                                    .last_us = time_us};
    ledger_hint(&ledger, &stretch);
    return ledger_number(&ledger, &sessions, &stretch);
}

static void test_numbers(void)
{
    begin(100);
    is_int(number(1, 0), 1, "an id's first session has number 1");
    is_int(number(1, 100), 2, "one that begins in time has the next");
    is_int(number(1, 201), 1, "one that begins too late has number 1");
    is_int(number(2, 201), 1, "each id has its own numbers");
    is_int((int64_t)ledger_count(&ledger), 2, "and is there once");
    end();
}

#define IDS 20000

/* Ids come again and again, while time goes on. */
static void test_forgetting(void)
{
    int64_t *const last = memory_zero(IDS, sizeof *last);
    uint32_t *const count = memory_zero(IDS, sizeof *count);
    uint64_t random = 1;
    int64_t wrong = 0;
    size_t most = 0;

    begin(3000);
    for (int64_t time_us = 1; time_us <= 200000; time_us++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const uint64_t n = (random >> 33) % IDS;
        sessions.watermark_us = time_us;
        count[n] = count[n] > 0 && time_us <= last[n] + 3000 ? count[n] + 1 : 1;
        last[n] = time_us;
        wrong += number(n, time_us) != count[n];
        most = ledger_count(&ledger) > most ? ledger_count(&ledger) : most;
    }
    is_int(wrong, 0, "numbers are the same as where nobody is ever forgotten");
    ok(most < IDS / 2, "and most ids are forgotten meanwhile");
    end();
    free(count);
    free(last);
}

/* Many ids, of which few stay, give their memory back. */
static void test_fit(void)
{
    begin(1000);
    const size_t before = held.bytes[HELD_IDS];
    for (uint64_t n = 0; n < 262144; n++)
        (void)number(n, n < 262044 ? 0 : 5000);
    const size_t full = held.bytes[HELD_IDS] - before;
    sessions.watermark_us = 5000;
    is_int(number(262100, 5500), 2, "who was there lately is known when the others have gone");
    is_int((int64_t)ledger_count(&ledger), 100, "they have gone");
    ok(held.bytes[HELD_IDS] - before < full / 3, "with their memory");
    is_int(number(262143, 5500), 2, "those that stayed are found where they are now");
    is_int(number(0, 5500), 1, "and the others are new");
    end();
}

static struct slice saved(struct buffer *out)
{
    buffer_clear(out);
    ledger_save(&ledger, &sessions, out);
    return buffer_slice(out);
}

static void test_state(void)
{
    struct buffer one = {0}, other = {0};

    begin(100);
    sessions.watermark_us = 0;
    for (uint64_t n = 0; n < 1000; n++)
        (void)number(n * 7 % 1000, (int64_t)(n % 50));
    const struct slice state = saved(&one);
    end();
    begin(100);
    struct unpack in = {.at = state.text, .end = state.text + state.len};
    ok(ledger_load(&ledger, &in), "a state is read again");
    ok(slice_equal(saved(&other), state), "and written as it was");
    is_int(number(7, 60), 2, "numbers go on");
    sessions.watermark_us = INT64_MAX / 2;
    is_int((int64_t)saved(&other).len, 8, "who may be forgotten is not written");
    end();
    buffer_release(&other);
    buffer_release(&one);
}

int main(void)
{
    test_numbers();
    test_forgetting();
    test_fit();
    test_state();
    return plan();
}
