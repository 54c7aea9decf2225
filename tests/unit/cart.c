/* cart.c - alerts against what a look at all events at once gives, for any order and interleaving.
 */
#include "session/cart.h"

#include <stdlib.h>

#include "samples.h"
#include "tap.h"

static int64_t after_us, forget_us;

static void carts_begin_empty(struct carts *carts)
{
    const struct cart_rule rule = {.after_us = after_us,
                                   .forget_us = forget_us,
                                   .add = ACTION_ADD_TO_CART,
                                   .purchase = ACTION_PURCHASE,
                                   .user = 0};

    carts_init(carts, &sample_kept, &rule);
}

static void alert_line(void *context, const struct overview *alert)
{
    struct slice name = alert->name;
    const struct value user = attribute_value(&alert->attributes, 0, alert->present);

    buffer_printf(context, "%" PRId64 " %.2s %.*s %u\n", alert->last_us, name_value(&name).text,
                  (int)user.len, user.text, alert->count[ACTION_ADD_TO_CART]);
}

static bool cart_take(struct carts *carts, struct slice name, const struct click *click)
{
    const struct id id = timeline_id(name);
    const uint32_t number = timelines_find(&carts->timelines, id);

    return number != POOL_NONE ? carts_add(carts, number, click)
                               : carts_begin(carts, id, name, click);
}

static bool carts_sample(struct carts *carts, const struct sample *sample)
{
    struct buffer name = {0};
    struct sample_event event;

    sample_click(sample, &event, &name);
    const bool used = cart_take(carts, buffer_slice(&name), &event.click);
    buffer_release(&name);
    return used;
}

/* Saves, and goes on with what was loaded. Saved again, it must be the same bytes. */
static bool carts_resume(struct carts *carts)
{
    struct buffer saved = {0}, again = {0};

    carts_save(carts, &saved);
    carts_release(carts);
    carts_begin_empty(carts);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    bool good = carts_load(carts, &in) && in.at == in.end;
    carts_save(carts, &again);
    good = good && slice_equal(buffer_slice(&saved), buffer_slice(&again));
    buffer_release(&saved);
    buffer_release(&again);
    return good;
}

enum { PAUSE = 1, RESUME = 2 };

/* Runs the events; advances once in `often` events (0: only at the end, to end_us). */
static bool world_run(struct world *world, int64_t often, int ways, int64_t end_us,
                      struct buffer *out)
{
    struct carts carts;
    bool good = true;

    carts_begin_empty(&carts);
    for (int i = 0; i < world->count; i++) {
        struct sample *sample = &world->sample[i];
        sample->used = carts_sample(&carts, sample);
        if (often > 0 && random_below(often) == 0)
            carts_advance(&carts, sample->advance_us, alert_line, out);
        if ((ways & PAUSE) != 0 && random_below(3) == 0) carts_settle(&carts, alert_line, out);
        if ((ways & RESUME) != 0 && random_below(10) == 0) good = carts_resume(&carts) && good;
    }
    carts_advance(&carts, end_us, alert_line, out);
    struct buffer rest = {0};
    carts_advance(&carts, INT64_MAX, alert_line, &rest);
    buffer_release(&rest);
    good = good && carts_count(&carts) == 0 && carts.dormants.pool.live == 0 &&
           carts.timelines.stretches.pool.live == 0;
    carts_release(&carts);
    return good;
}

struct alert {
    struct sample last;
    int user;
    uint32_t add_to_carts;
};

static int alert_order(const void *a, const void *b)
{
    const struct alert *left = a;
    const struct alert *right = b;

    if (left->last.time_us != right->last.time_us)
        return left->last.time_us < right->last.time_us ? -1 : 1;
    return left->last.id - right->last.id;
}

/* One id's alerts, its events sorted. */
static int alerts_of(const struct sample *samples, int count, int64_t end_us, struct alert *alerts)
{
    struct alert alert = {.user = -1};
    int alert_count = 0;
    int64_t user_us = INT64_MIN;
    bool settled = false;

    for (int i = 0; i < count; i++) {
        const struct sample *sample = &samples[i];
        if (i > 0 && sample->time_us - samples[i - 1].time_us > forget_us) {
            alert = (struct alert){.user = -1};
            user_us = INT64_MIN;
            settled = false;
        }
        alert.last = *sample;
        alert.add_to_carts += sample->action == ACTION_ADD_TO_CART;
        settled = settled || sample->action == ACTION_PURCHASE;
        if (sample->user >= 0 && (sample->time_us > user_us || sample->user > alert.user)) {
            alert.user = sample->user;
            user_us = sample->time_us;
        }
        const bool run_ends = i == count - 1 || samples[i + 1].time_us - sample->time_us > after_us;
        if (!run_ends || settled || alert.add_to_carts == 0 || sample->time_us + after_us >= end_us)
            continue;
        alerts[alert_count++] = alert;
        settled = true;
    }
    return alert_count;
}

static void world_expect(const struct world *world, int64_t end_us, struct buffer *out)
{
    struct alert alerts[EVENTS_MAX];
    int alert_count = 0;

    for (int id = 0; id < IDS; id++) {
        struct sample samples[EVENTS_MAX];
        int count = 0;
        for (int i = 0; i < world->count; i++)
            if (world->sample[i].id == id) samples[count++] = world->sample[i];
        qsort(samples, (size_t)count, sizeof(samples[0]), sample_order);
        alert_count += alerts_of(samples, count, end_us, alerts + alert_count);
    }
    qsort(alerts, (size_t)alert_count, sizeof(alerts[0]), alert_order);
    for (int i = 0; i < alert_count; i++) {
        char id[2], user[2];
        const struct value user_value = text_of(user, 'u', alerts[i].user);
        buffer_printf(out, "%" PRId64 " %.2s %.*s %u\n", alerts[i].last.time_us,
                      text_of(id, 'i', alerts[i].last.id).text, (int)user_value.len,
                      user_value.text, alerts[i].add_to_carts);
    }
}

struct tally {
    int wrong_rows, other_rows, lost, other_late, wrong_state, late, alerts;
};

static void check_world(struct world *world, bool in_time, struct tally *tally)
{
    struct buffer got = {0}, again = {0}, wanted = {0};
    bool used[EVENTS_MAX];
    int64_t end_us = INT64_MIN;

    for (int i = 0; i < world->count; i++)
        if (world->sample[i].time_us > end_us) end_us = world->sample[i].time_us;
    tally->wrong_state += !world_run(world, 1, 0, end_us, &got);
    for (int i = 0; i < world->count; i++) {
        used[i] = world->sample[i].used;
        tally->late += !used[i];
        tally->lost += in_time && !used[i];
    }
    world_expect(world, end_us, &wanted);
    tally->alerts += got.len > 0;
    tally->wrong_rows += in_time && !slice_equal(buffer_slice(&got), buffer_slice(&wanted));
    for (int often = 0; often <= 9; often += 3) {
        buffer_clear(&again);
        tally->wrong_state += !world_run(world, often, often == 6 ? RESUME : 0, end_us, &again);
        tally->other_rows += !slice_equal(buffer_slice(&got), buffer_slice(&again));
        for (int i = 0; i < world->count; i++)
            tally->other_late += used[i] != world->sample[i].used;
    }
    /* What has been said of a moment in a pause stands, so that rows may be others. */
    buffer_clear(&again);
    tally->wrong_state += !world_run(world, 1, PAUSE | RESUME, end_us, &again);
    tally->other_rows += in_time && !slice_equal(buffer_slice(&got), buffer_slice(&again));
    for (int i = 0; i < world->count; i++)
        tally->other_late += used[i] != world->sample[i].used;
    buffer_release(&got);
    buffer_release(&again);
    buffer_release(&wanted);
}

static struct tally check_worlds(bool in_time, bool many)
{
    struct tally tally = {0};
    struct world world = {.most = many ? EVENTS_MAX : EVENTS_FEW};

    for (int i = 0; i < rounds(many ? 60 : 2500); i++) {
        after_us = 1 + random_below(many ? 1 : 4);
        forget_us = after_us + 1 + random_below(8);
        world.lateness_us = many ? 100 + random_below(400) : random_below(5);
        world_random(&world, in_time);
        for (int k = 0; k < world.count; k++) /* purchases are few */
            if (world.sample[k].action == ACTION_PURCHASE && random_below(3) > 0)
                world.sample[k].action = ACTION_ADD_TO_CART;
        check_world(&world, in_time, &tally);
    }
    return tally;
}

/* Events of one id and one partition, watermarks as they would be; the watermark moves after each,
 * and then the input pauses, or not. */
static void is_paused_alerts(const struct sample *samples, int count, bool pauses,
                             const char *wanted, const char *name)
{
    struct carts carts;
    struct buffer out = {0};

    carts_begin_empty(&carts);
    for (int i = 0; i < count; i++) {
        carts_sample(&carts, &samples[i]);
        carts_advance(&carts, samples[i].advance_us, alert_line, &out);
        if (pauses) carts_settle(&carts, alert_line, &out);
    }
    is_text(buffer_slice(&out), wanted, name);
    carts_release(&carts);
    buffer_release(&out);
}

static void is_alerts(const struct sample *samples, int count, const char *wanted, const char *name)
{
    is_paused_alerts(samples, count, false, wanted, name);
}

#define SAMPLE(time, what, before, behind)                                                         \
    {                                                                                              \
        .time_us = (time), .watermark_us = (before), .user = 0, .source = -1, .product = -1,       \
        .action = ACTION_##what, .advance_us = (behind)                                            \
    }

static void test_stories(void)
{
    static const struct sample jump[] = {SAMPLE(0, ADD_TO_CART, INT64_MIN, 0),
                                         SAMPLE(120, PAGE_VIEW, 0, 120)};
    static const struct sample edge[] = {SAMPLE(0, ADD_TO_CART, INT64_MIN, 0),
                                         SAMPLE(15, PURCHASE, 0, 15),
                                         SAMPLE(100, PAGE_VIEW, 15, 100)};
    static const struct sample once[] = {SAMPLE(0, ADD_TO_CART, INT64_MIN, 0),
                                         SAMPLE(20, ADD_TO_CART, 0, 20),
                                         SAMPLE(90, PAGE_VIEW, 20, 90)};
    static const struct sample anew[] = {SAMPLE(0, ADD_TO_CART, INT64_MIN, 0),
                                         SAMPLE(1500, ADD_TO_CART, 0, 1500),
                                         SAMPLE(1600, PAGE_VIEW, 1500, 1600)};
    static const struct sample bought[] = {
        SAMPLE(0, ADD_TO_CART, INT64_MIN, 0), SAMPLE(10, PURCHASE, 0, 10),
        SAMPLE(60, ADD_TO_CART, 10, 60), SAMPLE(200, PAGE_VIEW, 60, 200)};
    static const struct sample aside[] = {
        SAMPLE(0, PAGE_VIEW, INT64_MIN, 0), SAMPLE(60, PAGE_VIEW, 0, 60),
        SAMPLE(5, ADD_TO_CART, 60, 60), SAMPLE(70, PAGE_VIEW, 60, 70),
        SAMPLE(90, PAGE_VIEW, 70, 90)};
    static const struct sample again[] = {
        SAMPLE(0, PAGE_VIEW, INT64_MIN, 0), SAMPLE(60, PAGE_VIEW, 0, 76),
        SAMPLE(5, ADD_TO_CART, 76, 76), SAMPLE(80, PAGE_VIEW, 76, 80)};
    static const struct sample stands[] = {
        SAMPLE(0, ADD_TO_CART, INT64_MIN, 30), SAMPLE(1, PURCHASE, 30, 30),
        SAMPLE(60, ADD_TO_CART, 30, 60), SAMPLE(99, PAGE_VIEW, 60, 99)};

    static const struct sample paused[] = {
        SAMPLE(60, PAGE_VIEW, INT64_MIN, 76), SAMPLE(5, ADD_TO_CART, 76, 76),
        SAMPLE(6, PURCHASE, 76, 76), SAMPLE(80, ADD_TO_CART, 76, 97),
        SAMPLE(99, PAGE_VIEW, 97, 99)};
    static const struct sample going_on[] = {SAMPLE(76, PAGE_VIEW, INT64_MIN, 76),
                                             SAMPLE(5, ADD_TO_CART, 76, 76)};

    after_us = 15;
    forget_us = 1440;
    is_alerts(jump, 2, "0 ia ua 1\n",
              "an event of the same id far ahead does not swallow the alert");
    is_alerts(edge, 3, "", "idle for exactly after is not yet too long");
    is_alerts(once, 3, "0 ia ua 1\n", "an id is reported once");
    is_alerts(anew, 3, "0 ia ua 1\n1500 ia ua 1\n", "once forgotten it starts anew");
    is_alerts(bought, 4, "", "after a purchase there is no alert in the same visit");
    is_alerts(aside, 5, "70 ia ua 1\n",
              "an event far too late counts when the run then going on ends");
    is_alerts(again, 4, "60 ia ua 1\n", "or at once when none is going on");
    is_paused_alerts(again, 3, false, "", "as soon as time moves on");
    is_paused_alerts(again, 3, true, "60 ia ua 1\n", "or the input pauses");
    is_paused_alerts(again, 4, true, "60 ia ua 1\n", "but not twice");
    is_paused_alerts(paused, 5, true, "60 ia ua 1\n",
                     "what comes behind the pause takes nothing back, and counts");
    is_paused_alerts(paused, 5, false, "", "as it would have counted without one");
    is_paused_alerts(going_on, 2, true, "",
                     "who was there a moment ago is not reported in a pause");
    is_alerts(stands, 4, "0 ia ua 1\n",
              "a purchase that comes too late leaves the alert, and ends the visit's alerts");
}

int main(void)
{
    const struct tally in_time = check_worlds(true, false);
    const struct tally late = check_worlds(false, false);
    const struct tally many = check_worlds(true, true);
    const struct tally many_late = check_worlds(false, true);

    is_int(in_time.wrong_rows, 0,
           "any order within the lateness gives the alerts of a look at all events");
    is_int(in_time.other_rows, 0,
           "they do not depend on how often the tool advances, or the input pauses");
    is_int(in_time.lost, 0, "nothing in time is late");
    is_int(in_time.wrong_state, 0, "a saved state goes on as if nothing had happened");
    ok(in_time.alerts > rounds(1000), "and there were alerts");
    is_int(late.other_rows, 0,
           "beyond the lateness, too, alerts do not depend on how often the tool advances");
    is_int(late.other_late, 0, "nor does what is late");
    is_int(late.wrong_state, 0, "a saved state goes on beyond the lateness");
    ok(late.late > 100, "and there were late ones");
    is_int(many.wrong_rows + many.other_rows + many.lost + many.wrong_state, 0,
           "all of that is so of ids with many runs");
    is_int(many_late.other_rows + many_late.other_late + many_late.wrong_state, 0,
           "also beyond the lateness");
    test_stories();
    return plan();
}
