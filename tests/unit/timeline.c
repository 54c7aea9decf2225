/* timeline.c - the stretches of an id in order of time, and when it is to be looked at. */
#include "session/timeline.h"

#include <stdlib.h>

#include "tap.h"

static struct buffer name_of(const char *text)
{
    struct buffer name = {0};
    name_add(&name, value_string(slice_of(text)));
    return name;
}

static const struct kept one_action = {.actions = 1, .list_slot = -1};

static struct click click_at(int64_t time_us)
{
    return (struct click){.time_us = time_us, .watermark_us = INT64_MIN, .action = 1};
}

/* The number of the timeline of that name, made if need be. */
static uint32_t timeline_of(struct timelines *timelines, struct slice name)
{
    const struct id id = timeline_id(name);
    const uint32_t number = timelines_find(timelines, id);
    return number != POOL_NONE ? number : timelines_make(timelines, id);
}

/* Puts a stretch of one event where its time belongs; returns its number. */
static uint32_t stretch_put(struct timelines *timelines, struct slice name, int64_t time_us)
{
    const uint32_t number = timeline_of(timelines, name);
    const uint32_t stretch = timeline_take(timelines, number);
    const struct click click = click_at(time_us);
    stretch_begin(&timelines->stretches, stretch, name, &click);
    timeline_insert(timelines, number, timeline_before(timelines, number, time_us), stretch);
    return stretch;
}

/* The starts of a timeline's stretches, as text. */
static void is_timeline(const struct timelines *timelines, struct slice name, const char *wanted,
                        const char *what)
{
    struct buffer got = {0};
    const uint32_t number = timelines_find(timelines, timeline_id(name));
    uint32_t at = number == POOL_NONE ? POOL_NONE : timeline_first(timelines, number);
    for (; at != POOL_NONE; at = timeline_next(timelines, at)) {
        const struct stretch *stretch = stretch_at(&timelines->stretches, at);
        buffer_printf(&got, "%s%" PRId64 "-%" PRId64, got.len == 0 ? "" : " ", stretch->start_us,
                      stretch->last_us);
    }
    is_text(buffer_slice(&got), wanted, what);
    buffer_release(&got);
}

static void test_names(void)
{
    struct buffer name = {0}, other = {0};
    name_add(&name, value_string(SLICE("s")));
    name_add(&name, VALUE_NULL);
    name_add(&other, value_string(SLICE("s")));
    name_add(&other, value_string(SLICE("")));
    ok(name_compare(buffer_slice(&name), buffer_slice(&other)) < 0 &&
           !id_equal(timeline_id(buffer_slice(&name)), timeline_id(buffer_slice(&other))),
       "null and the empty string are two names, in the order of values");
    struct slice rest = buffer_slice(&name);
    ok(slice_equal(value_slice(name_value(&rest)), SLICE("s")) &&
           name_value(&rest).kind == KIND_NULL && rest.len == 0,
       "a name is taken apart again");
    buffer_release(&name);
    buffer_release(&other);
}

static void test_list(void)
{
    struct timelines timelines;
    struct buffer a = name_of("a"), b = name_of("b");
    const struct slice name = buffer_slice(&a);

    timelines_init(&timelines, &one_action);
    stretch_put(&timelines, name, 50);
    const uint32_t first = stretch_put(&timelines, name, 10);
    const uint32_t middle = stretch_put(&timelines, name, 30);
    stretch_put(&timelines, buffer_slice(&b), 20);
    is_timeline(&timelines, name, "10-10 30-30 50-50", "stretches are in the order of time");
    is_int((int64_t)timelines_count(&timelines), 2, "each id has a list of its own");

    const uint32_t timeline = timeline_of(&timelines, name);
    ok(timeline_before(&timelines, timeline, 35) == middle &&
           timeline_before(&timelines, timeline, 10) == first &&
           timeline_before(&timelines, timeline, 9) == POOL_NONE,
       "the last one that begins at a time or before is found");
    ok(slice_equal(timeline_name(&timelines, timeline), name), "a timeline has its name");

    struct click click = click_at(35);
    timeline_add(&timelines, middle, &click);
    is_timeline(&timelines, name, "10-10 30-35 50-50", "an event goes to a stretch");
    timeline_join_next(&timelines, timeline, middle);
    is_timeline(&timelines, name, "10-10 30-50", "two stretches become one");
    is_int((int64_t)stretch_events(&timelines.stretches, stretch_at(&timelines.stretches, middle)),
           3, "with the events of both");
    timeline_remove(&timelines, timeline, first);
    stretch_free(&timelines.stretches, first);
    is_timeline(&timelines, name, "30-50", "and one can go");
    timelines_release(&timelines);
    buffer_release(&a);
    buffer_release(&b);
}

static void test_due(void)
{
    struct timelines timelines;
    struct buffer a = name_of("a"), b = name_of("b");
    const struct timer_item *items;

    timelines_init(&timelines, &one_action);
    stretch_put(&timelines, buffer_slice(&a), 10);
    stretch_put(&timelines, buffer_slice(&b), 20);
    const uint32_t number_a = timeline_of(&timelines, buffer_slice(&a));
    const uint32_t number_b = timeline_of(&timelines, buffer_slice(&b));
    timelines_schedule(&timelines, number_a, 110);
    timelines_schedule(&timelines, number_b, 120);
    timelines_schedule(&timelines, number_a, 105);
    is_int((int64_t)timelines_due(&timelines, 105, &items), 0, "nothing is due at its time");
    ok(timelines_due(&timelines, 121, &items) == 2 &&
           (items[0].number == number_a || items[1].number == number_a),
       "but when that is past, each once, however often it was scheduled");
    is_int((int64_t)timelines_due(&timelines, 1000, &items), 0, "and then not any more");
    timelines_release(&timelines);
    buffer_release(&a);
    buffer_release(&b);
}

/* Ids that were hinted at are found like others. */
static void test_hints(void)
{
    struct timelines timelines;
    struct buffer names[5];
    int wrong = 0;

    timelines_init(&timelines, &one_action);
    for (int i = 0; i < 5; i++) {
        const char text[] = {(char)('a' + i), '\0'};
        names[i] = name_of(text);
        if (i < 3) stretch_put(&timelines, buffer_slice(&names[i]), i);
    }
    for (int i = 0; i < 5; i++)
        timelines_hint(&timelines, timeline_id(buffer_slice(&names[i])));
    for (int i = 0; i < 5; i++) {
        const struct id id = timeline_id(buffer_slice(&names[i]));
        wrong += timelines_take(&timelines, id) != timelines_find(&timelines, id);
    }
    is_int(wrong, 0, "an id that was hinted at is found like any other");
    for (int i = 0; i < 5; i++)
        buffer_release(&names[i]);
    timelines_release(&timelines);
}

static void test_state(void)
{
    struct timelines before, after;
    struct buffer a = name_of("a"), out = {0}, again = {0};
    const struct slice name = buffer_slice(&a);

    timelines_init(&before, &one_action);
    timelines_init(&after, &one_action);
    stretch_put(&before, name, 10);
    stretch_put(&before, name, 50);
    stretch_put(&after, name, 30);
    timeline_pack(&before, timeline_of(&before, name), &out);
    struct unpack in = {.at = out.data, .end = out.data + out.len};
    timeline_unpack(&after, timeline_of(&after, name), name, &in);
    ok(!in.broken && in.at == in.end, "the stretches of a timeline are taken");
    is_timeline(&after, name, "10-10 30-30 50-50", "between those that are there");

    pack_text(&again, name);
    struct slice read;
    in = (struct unpack){.at = again.data, .end = again.data + again.len};
    ok(timelines_unpack_name(&after, &in, &read) == timeline_of(&after, name),
       "a name in a state finds its timeline");
    buffer_clear(&again);
    pack_text(&again, SLICE("\377nonsense"));
    in = (struct unpack){.at = again.data, .end = again.data + again.len};
    ok(timelines_unpack_name(&after, &in, &read) == POOL_NONE, "what is no name is refused");
    timelines_release(&before);
    timelines_release(&after);
    buffer_release(&a);
    buffer_release(&out);
    buffer_release(&again);
}

int main(void)
{
    test_names();
    test_list();
    test_due();
    test_hints();
    test_state();
    return plan();
}
