/* dedup.c - which event ids were passed, for as long as the watermark says so. */
#include "admit/dedup.h"

#include <stdlib.h>

#include "base/id.h"
#include "tap.h"

#define SPAN_US 10

static struct id id_number(uint64_t number)
{
    char text[24];
    const int len = snprintf(text, sizeof text, "event-%" PRIu64, number);
    return id_of((struct slice){.text = text, .len = (size_t)len});
}

static void test_span(void)
{
    struct dedup dedup;
    const struct id a = id_number(1);

    dedup_init(&dedup, SPAN_US);
    ok(!dedup_seen(&dedup, a, 100, INT64_MIN), "an id that was not passed is no repeat");
    dedup_note(&dedup, a, 100);
    ok(dedup_seen(&dedup, a, 110, 0) && dedup_seen(&dedup, a, 90, 0), "the span is inclusive");
    ok(!dedup_seen(&dedup, a, 111, 0) && !dedup_seen(&dedup, a, 89, 0), "and no longer");
    ok(!dedup_seen(&dedup, id_number(2), 100, 0), "another id is another event");
    ok(dedup_seen(&dedup, a, 100, 110), "it is remembered until the watermark is past the span");
    ok(!dedup_seen(&dedup, a, 100, 111), "whether memory was tidied up by then or not");
    dedup_note(&dedup, a, 200);
    ok(dedup_seen(&dedup, a, 100, 0) && dedup_seen(&dedup, a, 200, 0),
       "two times of an id are kept");
    dedup_release(&dedup);
}

/* Advancing more or less often changes no answer. */
static void test_advance(void)
{
    struct dedup often, never;
    int wrong = 0;

    srand48(1);
    dedup_init(&often, SPAN_US);
    dedup_init(&never, SPAN_US);
    for (int64_t time_us = 0; time_us < 20000; time_us++) {
        const struct id id = id_number((uint64_t)lrand48() % 5);
        const int64_t watermark_us = time_us - 3;
        dedup_advance(&often, watermark_us);
        const bool seen = dedup_seen(&often, id, time_us, watermark_us);
        wrong += seen != dedup_seen(&never, id, time_us, watermark_us);
        if (seen) continue;
        dedup_note(&often, id, time_us);
        dedup_note(&never, id, time_us);
    }
    is_int(wrong, 0, "tidying up changes no answer");
    dedup_advance(&often, INT64_C(1000000));
    struct buffer out = {0};
    dedup_save(&often, &out);
    is_int((int64_t)out.len, 8, "what the watermark has passed is not saved");
    buffer_release(&out);
    dedup_release(&often);
    dedup_release(&never);
}

/* Passing at once is looking and noting; and an id that is remembered long, in front of all others,
 * keeps none of them. */
static void test_pass(void)
{
    struct dedup at_once = {0}, by_steps = {0};
    int wrong = 0;

    srand48(2);
    dedup_init(&at_once, SPAN_US);
    dedup_init(&by_steps, SPAN_US);
    for (int64_t time_us = 0; time_us < 100000; time_us++) {
        const int64_t own_us = time_us == 0 ? 90000 : time_us + lrand48() % 7 - 3;
        const struct id id =
            id_number(time_us == 0 ? 0 : 1 + (uint64_t)time_us / 3 + (uint64_t)lrand48() % 3);
        const int64_t watermark_us = time_us - 5;
        dedup_advance(&at_once, watermark_us);
        const bool seen = dedup_seen(&by_steps, id, own_us, watermark_us);
        wrong += dedup_pass(&at_once, id, own_us, watermark_us) == seen;
        if (seen) continue;
        dedup_judged(&by_steps, own_us, watermark_us);
        dedup_note(&by_steps, id, own_us);
        if (at_once.ids.count > 2500) wrong++;
    }
    is_int(wrong, 0, "passing is looking and noting, and takes little memory");
    is_int((int64_t)at_once.blind, (int64_t)by_steps.blind, "and counts the same");
    dedup_release(&at_once);
    dedup_release(&by_steps);
}

static void test_state(void)
{
    struct dedup before, after;
    struct buffer out = {0}, again = {0};

    dedup_init(&before, SPAN_US);
    dedup_init(&after, SPAN_US);
    for (uint64_t i = 0; i < 100; i++)
        dedup_note(&before, id_number(i), (int64_t)i);
    dedup_save(&before, &out);
    struct unpack in = {.at = out.data, .end = out.data + out.len};
    ok(dedup_load(&after, &in) && in.at == in.end, "a state is taken, all of it");
    ok(dedup_seen(&after, id_number(42), 50, 0) && !dedup_seen(&after, id_number(42), 60, 0),
       "and says the same");
    dedup_save(&after, &again);
    ok(slice_equal(buffer_slice(&out), buffer_slice(&again)), "the same state is the same bytes");
    in = (struct unpack){.at = out.data, .end = out.data + out.len - 1};
    dedup_release(&after);
    dedup_init(&after, SPAN_US);
    ok(!dedup_load(&after, &in), "one that is cut off is refused");
    buffer_release(&out);
    buffer_release(&again);
    dedup_release(&before);
    dedup_release(&after);
}

int main(void)
{
    test_span();
    test_advance();
    test_pass();
    test_state();
    return plan();
}
