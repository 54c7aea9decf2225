/* cart.c - alerts against what a look at all events at once gives, for any order and interleaving.
 */
#include "session/cart.h"

#include <stdlib.h>

#include "clicks.h"
#include "tap.h"

static int64_t after_us, forget_us;

static void alert_line(void *context, const struct cart_alert *alert)
{
    struct slice name = alert->name;

    buffer_printf(context, "%" PRId64 " %.2s %.*s %u\n", alert->last_us,
                  timeline_name_value(&name).text, (int)alert->user.len, alert->user.text,
                  alert->add_to_carts);
}

static bool carts_event(struct carts *carts, struct slice name, const struct fact *fact)
{
    const struct id id = timeline_id(name);
    const uint32_t number = timelines_find(&carts->timelines, id);

    return number != POOL_NONE ? carts_add(carts, number, fact)
                               : carts_begin(carts, id, name, fact);
}

static bool carts_click(struct carts *carts, const struct click *click)
{
    struct buffer name = {0};
    struct fact fact;
    char texts[6];

    click_fact(click, &fact, texts, &name);
    const bool used = carts_event(carts, buffer_slice(&name), &fact);
    buffer_release(&name);
    return used;
}

/* Saves, and goes on with what was loaded. Saved again, it must be the same bytes. */
static bool carts_resume(struct carts *carts)
{
    struct buffer saved = {0}, again = {0};
    struct carts loaded;

    carts_save(carts, &saved);
    carts_init(&loaded, after_us, forget_us);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    bool good = carts_load(&loaded, &in) && in.at == in.end;
    carts_save(&loaded, &again);
    good = good && slice_equal(buffer_slice(&saved), buffer_slice(&again));
    carts_release(carts);
    *carts = loaded;
    buffer_release(&saved);
    buffer_release(&again);
    return good;
}

/* Runs the events; advances once in `often` events (0: only at the end, to end_us). */
static bool world_run(struct world *world, int64_t often, bool resume, int64_t end_us,
                      struct buffer *out)
{
    struct carts carts;
    bool good = true;

    carts_init(&carts, after_us, forget_us);
    for (int i = 0; i < world->count; i++) {
        struct click *click = &world->click[i];
        click->used = carts_click(&carts, click);
        if (often > 0 && random_below(often) == 0)
            carts_advance(&carts, click->advance_us, alert_line, out);
        if (resume && random_below(10) == 0) good = carts_resume(&carts) && good;
    }
    carts_advance(&carts, end_us, alert_line, out);
    struct buffer rest = {0};
    carts_advance(&carts, INT64_MAX, alert_line, &rest);
    buffer_release(&rest);
    good = good && carts_count(&carts) == 0 && carts.rests.pool.live == 0 &&
           carts.timelines.stretches.pool.live == 0;
    carts_release(&carts);
    return good;
}

struct alert {
    struct click last;
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
static int alerts_of(const struct click *clicks, int count, int64_t end_us, struct alert *alerts)
{
    struct alert alert = {.user = -1};
    int alert_count = 0;
    int64_t user_us = INT64_MIN;
    bool settled = false;

    for (int i = 0; i < count; i++) {
        const struct click *click = &clicks[i];
        if (i > 0 && click->time_us - clicks[i - 1].time_us > forget_us) {
            alert = (struct alert){.user = -1};
            user_us = INT64_MIN;
            settled = false;
        }
        alert.last = *click;
        alert.add_to_carts += click->deed == DEED_ADD_TO_CART;
        settled = settled || click->deed == DEED_PURCHASE;
        if (click->user >= 0 && (click->time_us > user_us || click->user > alert.user)) {
            alert.user = click->user;
            user_us = click->time_us;
        }
        const bool run_ends = i == count - 1 || clicks[i + 1].time_us - click->time_us > after_us;
        if (!run_ends || settled || alert.add_to_carts == 0 || click->time_us + after_us >= end_us)
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
        struct click clicks[EVENTS_MAX];
        int count = 0;
        for (int i = 0; i < world->count; i++)
            if (world->click[i].id == id) clicks[count++] = world->click[i];
        qsort(clicks, (size_t)count, sizeof(clicks[0]), click_order);
        alert_count += alerts_of(clicks, count, end_us, alerts + alert_count);
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
        if (world->click[i].time_us > end_us) end_us = world->click[i].time_us;
    tally->wrong_state += !world_run(world, 1, false, end_us, &got);
    for (int i = 0; i < world->count; i++) {
        used[i] = world->click[i].used;
        tally->late += !used[i];
        tally->lost += in_time && !used[i];
    }
    world_expect(world, end_us, &wanted);
    tally->alerts += got.len > 0;
    tally->wrong_rows += in_time && !slice_equal(buffer_slice(&got), buffer_slice(&wanted));
    for (int often = 0; often <= 9; often += 3) {
        buffer_clear(&again);
        tally->wrong_state += !world_run(world, often, often == 6, end_us, &again);
        tally->other_rows += !slice_equal(buffer_slice(&got), buffer_slice(&again));
        for (int i = 0; i < world->count; i++)
            tally->other_late += used[i] != world->click[i].used;
    }
    buffer_release(&got);
    buffer_release(&again);
    buffer_release(&wanted);
}

static struct tally check_worlds(bool in_time)
{
    struct tally tally = {0};
    struct world world;

    for (int i = 0; i < 2500; i++) {
        after_us = 1 + random_below(4);
        forget_us = after_us + 1 + random_below(8);
        world.lateness_us = random_below(5);
        world_random(&world, in_time);
        for (int k = 0; k < world.count; k++) /* purchases are few */
            if (world.click[k].deed == DEED_PURCHASE && random_below(3) > 0)
                world.click[k].deed = DEED_ADD_TO_CART;
        check_world(&world, in_time, &tally);
    }
    return tally;
}

/* Events of one id and one partition, watermarks as they would be; the watermark moves after each.
 */
static void is_alerts(const struct click *clicks, int count, const char *wanted, const char *name)
{
    struct carts carts;
    struct buffer out = {0};

    carts_init(&carts, after_us, forget_us);
    for (int i = 0; i < count; i++) {
        carts_click(&carts, &clicks[i]);
        carts_advance(&carts, clicks[i].advance_us, alert_line, &out);
    }
    is_text(buffer_slice(&out), wanted, name);
    carts_release(&carts);
    buffer_release(&out);
}

#define CLICK(time, what, before, behind)                                                          \
    {                                                                                              \
        .time_us = (time), .watermark_us = (before), .user = 0, .source = -1, .product = -1,       \
        .deed = DEED_##what, .advance_us = (behind)                                                \
    }

static void test_stories(void)
{
    static const struct click jump[] = {CLICK(0, ADD_TO_CART, INT64_MIN, 0),
                                        CLICK(120, PAGE_VIEW, 0, 120)};
    static const struct click edge[] = {CLICK(0, ADD_TO_CART, INT64_MIN, 0),
                                        CLICK(15, PURCHASE, 0, 15), CLICK(100, PAGE_VIEW, 15, 100)};
    static const struct click once[] = {CLICK(0, ADD_TO_CART, INT64_MIN, 0),
                                        CLICK(20, ADD_TO_CART, 0, 20),
                                        CLICK(90, PAGE_VIEW, 20, 90)};
    static const struct click anew[] = {CLICK(0, ADD_TO_CART, INT64_MIN, 0),
                                        CLICK(1500, ADD_TO_CART, 0, 1500),
                                        CLICK(1600, PAGE_VIEW, 1500, 1600)};
    static const struct click bought[] = {
        CLICK(0, ADD_TO_CART, INT64_MIN, 0), CLICK(10, PURCHASE, 0, 10),
        CLICK(60, ADD_TO_CART, 10, 60), CLICK(200, PAGE_VIEW, 60, 200)};
    static const struct click aside[] = {
        CLICK(0, PAGE_VIEW, INT64_MIN, 0), CLICK(60, PAGE_VIEW, 0, 60),
        CLICK(5, ADD_TO_CART, 60, 60), CLICK(70, PAGE_VIEW, 60, 70), CLICK(90, PAGE_VIEW, 70, 90)};
    static const struct click again[] = {CLICK(0, PAGE_VIEW, INT64_MIN, 0),
                                         CLICK(60, PAGE_VIEW, 0, 76), CLICK(5, ADD_TO_CART, 76, 76),
                                         CLICK(80, PAGE_VIEW, 76, 80)};
    static const struct click stands[] = {
        CLICK(0, ADD_TO_CART, INT64_MIN, 30), CLICK(1, PURCHASE, 30, 30),
        CLICK(60, ADD_TO_CART, 30, 60), CLICK(99, PAGE_VIEW, 60, 99)};

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
    is_alerts(stands, 4, "0 ia ua 1\n",
              "a purchase that comes too late leaves the alert, and ends the visit's alerts");
}

int main(void)
{
    const struct tally in_time = check_worlds(true);
    const struct tally late = check_worlds(false);

    is_int(in_time.wrong_rows, 0,
           "any order within the lateness gives the alerts of a look at all events");
    is_int(in_time.other_rows, 0, "they do not depend on how often the tool advances");
    is_int(in_time.lost, 0, "nothing in time is late");
    is_int(in_time.wrong_state, 0, "a saved state goes on as if nothing had happened");
    ok(in_time.alerts > 1000, "and there were alerts");
    is_int(late.other_rows, 0,
           "beyond the lateness, too, alerts do not depend on how often the tool advances");
    is_int(late.other_late, 0, "nor does what is late");
    is_int(late.wrong_state, 0, "a saved state goes on beyond the lateness");
    ok(late.late > 100, "and there were late ones");
    test_stories();
    return plan();
}
