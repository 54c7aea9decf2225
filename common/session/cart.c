#include "session/cart.h"

#include <stdlib.h>

#include "base/compat.h"
#include "base/instant.h"
#include "base/memory.h"

struct cart_verdict {
    int64_t due_us, last_us;
    bool again; /* by an event set aside: before the runs due at the same time */
    size_t name_at, name_len, user_at, user_len; /* in carts->texts */
    bool has_user;
    uint32_t add_to_carts;
};

void carts_init(struct carts *carts, const struct kept *kept, const struct cart_rule *rule)
{
    *carts = (struct carts){.rule = *rule, .watermark_us = INT64_MIN};
    timelines_init(&carts->timelines, kept);
    dormants_init(&carts->dormants, rule->forget_us);
    carts->dormants.ids.secret = carts->timelines.ids.secret;
    carts->timelines.beside = &carts->dormants.ids;
}

void carts_release(struct carts *carts)
{
    timelines_release(&carts->timelines);
    dormants_release(&carts->dormants);
    free(carts->verdict);
    carts->verdict = NULL;
    carts->verdict_count = carts->verdict_cap = 0;
    buffer_release(&carts->texts);
    basket_release(&carts->basket);
}

static struct stretch *at(const struct carts *carts, uint32_t number)
{
    return stretch_at(&carts->timelines.stretches, number);
}

static uint32_t next_of(const struct carts *carts, uint32_t number)
{
    return timeline_next(&carts->timelines, number);
}

static bool same_run(const struct carts *carts, const struct stretch *stretch,
                     const struct stretch *next)
{
    return stretch_near(stretch->last_us, carts->rule.after_us, next->reach_us);
}

static bool same_visit(const struct carts *carts, const struct stretch *stretch,
                       const struct stretch *next)
{
    return stretch_near(stretch->last_us, carts->rule.forget_us, next->reach_us);
}

/* When something set aside counts: reach_us of a single event that was behind its partition's
 * watermark is that. */
static int64_t aside_due(const struct stretch *aside)
{
    return aside->reach_us;
}

/* When the timeline is to be looked at: at its next verdict. */
static int64_t next_due(const struct carts *carts, uint32_t timeline)
{
    const uint32_t first = timeline_first(&carts->timelines, timeline);
    const uint32_t aside = timeline_aside(&carts->timelines, timeline);
    int64_t due_us = INT64_MAX;

    if (first != POOL_NONE) due_us = at(carts, first)->last_us + carts->rule.after_us;
    if (aside != POOL_NONE && aside_due(at(carts, aside)) < due_us)
        due_us = aside_due(at(carts, aside));
    return due_us;
}

static void cart_schedule(struct carts *carts, uint32_t timeline)
{
    timelines_schedule(&carts->timelines, timeline, next_due(carts, timeline));
}

/* Can a visit that has come to *last_us go on with this stretch? If so, moves *last_us. */
static bool visit_goes_on(const struct carts *carts, int64_t *last_us,
                          const struct stretch *stretch)
{
    if (stretch->last_us <= *last_us) return false;
    if (stretch->start_us > *last_us &&
        !stretch_near(*last_us, carts->rule.forget_us, stretch->reach_us))
        return false;
    *last_us = stretch->last_us;
    return true;
}

/* Does it go on with runs? No run behind one that is too far away is nearer than that; and as soon
 * as the visit is known not to be over before the watermark, the answer is known. */
static bool visit_follow(const struct carts *carts, uint32_t timeline, int64_t *last_us,
                         int64_t watermark_us)
{
    const uint32_t before = timeline_before(&carts->timelines, timeline, *last_us);
    uint32_t run = before == POOL_NONE ? timeline_first(&carts->timelines, timeline) : before;
    bool moved = false;

    for (; run != POOL_NONE; run = next_of(carts, run)) {
        if (visit_goes_on(carts, last_us, at(carts, run)))
            moved = true;
        else if (at(carts, run)->start_us > *last_us)
            break;
        if (*last_us + carts->rule.forget_us >= watermark_us) break;
    }
    return moved;
}

/* Is the whole visit, of which an event at time_us is a part, over before the watermark? */
static bool visit_is_over(const struct carts *carts, uint32_t timeline, int64_t time_us,
                          int64_t watermark_us)
{
    const uint32_t past = timeline_past(&carts->timelines, timeline);
    int64_t last_us = time_us;
    bool moved = true;

    while (moved && last_us + carts->rule.forget_us < watermark_us) {
        moved = past != POOL_NONE && visit_goes_on(carts, &last_us, at(carts, past));
        moved = visit_follow(carts, timeline, &last_us, watermark_us) || moved;
        for (uint32_t aside = timeline_aside(&carts->timelines, timeline); aside != POOL_NONE;
             aside = next_of(carts, aside))
            moved = visit_goes_on(carts, &last_us, at(carts, aside)) || moved;
    }
    return last_us + carts->rule.forget_us < watermark_us;
}

/* The last of those set aside that counts at due_us or before; POOL_NONE: none. The first knows the
 * last, and most come behind it. */
static uint32_t aside_before(const struct carts *carts, uint32_t timeline, int64_t due_us)
{
    const struct timelines *timelines = &carts->timelines;
    uint32_t aside = timeline_aside(timelines, timeline);

    if (aside == POOL_NONE || aside_due(at(carts, aside)) > due_us) return POOL_NONE;
    for (aside = timeline_previous(timelines, aside); aside_due(at(carts, aside)) > due_us;)
        aside = timeline_previous(timelines, aside);
    return aside;
}

/* Puts one behind another (POOL_NONE: in front). */
static void aside_insert(struct carts *carts, uint32_t timeline, uint32_t before, uint32_t number)
{
    struct timelines *timelines = &carts->timelines;
    struct timeline_list *list = timeline_list_make(timelines, timeline);
    const uint32_t first = list->aside;
    const uint32_t last = first == POOL_NONE ? number : timeline_previous(timelines, first);
    const uint32_t next = before == POOL_NONE ? first : next_of(carts, before);

    timeline_set_next(timelines, number, next);
    timeline_set_previous(timelines, number, before == POOL_NONE ? last : before);
    if (before == POOL_NONE)
        list->aside = number;
    else
        timeline_set_next(timelines, before, number);
    timeline_set_previous(timelines, next != POOL_NONE ? next : list->aside, number);
}

/* Sets an event aside: a list of its own, in the order in which they count; equal ones become one.
 */
static void aside_add(struct carts *carts, uint32_t timeline, struct slice name,
                      const struct click *click)
{
    struct timelines *timelines = &carts->timelines;
    const uint32_t before = aside_before(carts, timeline, click->watermark_us);

    if (before != POOL_NONE && aside_due(at(carts, before)) == click->watermark_us) {
        stretch_add(&timelines->stretches, at(carts, before), click);
        return;
    }
    (void)timeline_list_make(timelines, timeline);
    const uint32_t aside = timeline_take(timelines, timeline);
    stretch_begin(&timelines->stretches, aside, name, click);
    aside_insert(carts, timeline, before, aside);
}

/* Adds an event to a run; those it connects become one. */
static void run_add(struct carts *carts, uint32_t timeline, uint32_t before, struct slice name,
                    const struct click *click)
{
    struct timelines *timelines = &carts->timelines;
    uint32_t run = before;

    if (before != POOL_NONE && (at(carts, before)->last_us >= click->time_us ||
                                stretch_near(at(carts, before)->last_us, carts->rule.after_us,
                                             instant_max(click->time_us, click->watermark_us)))) {
        timeline_add(timelines, before, click);
    } else {
        run = timeline_take(timelines, timeline);
        stretch_begin(&timelines->stretches, run, name, click);
        timeline_insert(timelines, timeline, before, run);
    }
    const uint32_t next = next_of(carts, run);
    if (next != POOL_NONE && same_run(carts, at(carts, run), at(carts, next)))
        timeline_join_next(timelines, timeline, run);
    const uint32_t previous = timeline_previous(timelines, run);
    if (previous != POOL_NONE && same_run(carts, at(carts, previous), at(carts, run)))
        timeline_join_next(timelines, timeline, previous);
}

/* Is the run that an event would make, or join, over for its partition? Only asked of events behind
 * the watermark. */
static bool run_is_over(const struct carts *carts, uint32_t timeline, uint32_t before,
                        const struct click *click)
{
    const uint32_t following =
        before == POOL_NONE ? timeline_first(&carts->timelines, timeline) : next_of(carts, before);
    int64_t last_us = click->time_us;

    if (before != POOL_NONE && at(carts, before)->last_us > last_us)
        last_us = at(carts, before)->last_us;
    else if (following != POOL_NONE &&
             stretch_near(click->time_us, carts->rule.after_us, at(carts, following)->reach_us))
        last_us = at(carts, following)->last_us;
    return last_us + carts->rule.after_us < click->watermark_us;
}

/* Adds an event that is not late. */
static void cart_add(struct carts *carts, uint32_t timeline, struct slice name,
                     const struct click *click)
{
    const uint32_t before = timeline_before(&carts->timelines, timeline, click->time_us);
    const bool aside =
        click->time_us < click->watermark_us && run_is_over(carts, timeline, before, click);

    if (aside)
        aside_add(carts, timeline, name, click);
    else
        run_add(carts, timeline, before, name, click);
    if (aside || before == POOL_NONE)
        cart_schedule(carts, timeline); /* else nothing is due earlier than before */
}

/* An id with a dormant visit has an event again: the visit is made its timeline's past. */
static void visit_resume(struct carts *carts, uint32_t timeline, uint32_t suspended,
                         struct slice name)
{
    struct stretches *stretches = &carts->timelines.stretches;
    const struct dormant dormant = dormants_read(&carts->dormants, suspended);
    const uint32_t past = timeline_take(&carts->timelines, timeline);

    stretch_begin_empty(stretches, past, name, dormant.start_us, dormant.last_us);
    if (dormant.user.time_us != INT64_MIN)
        stretch_set_attribute(stretches, at(carts, past), carts->rule.user, &dormant.user);
    at(carts, past)->reach_us = dormant.reach_us;
    at(carts, past)->flags = dormant.is_alerted ? STRETCH_ALERTED : 0;
    stretch_count_add(at(carts, past), carts->rule.add, dormant.add_to_carts);
    stretch_count_add(at(carts, past), carts->rule.purchase, dormant.has_bought);
    timeline_set_past(&carts->timelines, timeline, past);
    dormants_drop(&carts->dormants, suspended);
}

/* Nothing is left of an id but its past: remembered in less memory, unless it is over. */
static void visit_suspend(struct carts *carts, uint32_t timeline)
{
    struct timelines *timelines = &carts->timelines;
    const uint32_t past = timeline_past(timelines, timeline);
    const struct stretch *stretch = at(carts, past);

    if (stretch->last_us + carts->rule.forget_us >= carts->watermark_us) {
        struct dormant dormant = {
            .id = timeline_own(timelines, timeline)->id,
            .start_us = stretch->start_us,
            .last_us = stretch->last_us,
            .reach_us = stretch->reach_us,
            .user = {.time_us = INT64_MIN},
            .is_alerted = (stretch->flags & STRETCH_ALERTED) != 0,
            .has_bought = stretch_count(stretch, carts->rule.purchase) > 0,
        };
        /* Who is reported no more, in this visit, needs neither. */
        const bool is_done = dormant.is_alerted || dormant.has_bought;
        if (!is_done) dormant.add_to_carts = stretch_count(stretch, carts->rule.add);
        if (!is_done && (stretch->present >> carts->rule.user & 1) != 0)
            dormant.user = stretch_attribute(&timelines->stretches, stretch, carts->rule.user);
        dormants_add(&carts->dormants, &dormant);
    }
    stretch_free(&timelines->stretches, past);
    timelines_drop(timelines, timeline);
}

/* Is a dormant visit, of which an event at time_us may be a part, over before the watermark? */
static bool dormant_is_over(const struct carts *carts, uint32_t suspended,
                            const struct click *click)
{
    int64_t last_us = click->time_us;

    if (suspended != POOL_NONE) {
        const struct dormant dormant = dormants_read(&carts->dormants, suspended);
        const struct stretch past = {
            .start_us = dormant.start_us, .last_us = dormant.last_us, .reach_us = dormant.reach_us};
        (void)visit_goes_on(carts, &last_us, &past);
    }
    return last_us + carts->rule.forget_us < click->watermark_us;
}

bool carts_begin(struct carts *carts, struct id id, struct slice name, const struct click *click)
{
    const uint32_t suspended = dormants_find(&carts->dormants, id);

    if (click->time_us < click->watermark_us && dormant_is_over(carts, suspended, click))
        return false;
    const uint32_t number = timelines_make(&carts->timelines, id);
    if (suspended != POOL_NONE) visit_resume(carts, number, suspended, name);
    cart_add(carts, number, name, click);
    return true;
}

/* Does the event go on where a run ends that is the only one? */
static bool goes_on(const struct carts *carts, const struct stretch *run, const struct click *click)
{
    return click->time_us >= click->watermark_us && click->time_us >= run->start_us &&
           (click->time_us <= run->last_us ||
            stretch_near(run->last_us, carts->rule.after_us, click->time_us));
}

bool carts_add(struct carts *carts, uint32_t timeline, const struct click *click)
{
    const uint32_t last = timeline_last(&carts->timelines, timeline);

    if (last != POOL_NONE) { /* nearly always this is all */
        struct stretch *run = at(carts, last);
        if (goes_on(carts, run, click) && timeline_previous(&carts->timelines, last) == POOL_NONE) {
            stretch_add(&carts->timelines.stretches, run, click);
            return true;
        }
    }

    if (click->time_us < click->watermark_us &&
        visit_is_over(carts, timeline, click->time_us, click->watermark_us))
        return false;
    cart_add(carts, timeline, timeline_name(&carts->timelines, timeline), click);
    return true;
}

static size_t text_keep(struct carts *carts, struct slice text)
{
    const size_t begin = carts->texts.len;

    buffer_add_slice(&carts->texts, text);
    return begin;
}

/* Judges a visit's past at a point in event time. */
static void cart_judge(struct carts *carts, uint32_t timeline, int64_t due_us, bool again)
{
    struct stretches *stretches = &carts->timelines.stretches;
    struct stretch *past = at(carts, timeline_past(&carts->timelines, timeline));
    stretch_settle(stretches, past);
    const bool is_due =
        (past->flags & STRETCH_ALERTED) == 0 && stretch_count(past, carts->rule.purchase) == 0 &&
        stretch_has_cart(stretches, past, &carts->rule, &carts->basket, &carts->cut);

    past->flags |= STRETCH_JUDGED;
    if (!is_due) return;
    past->flags |= STRETCH_ALERTED;
    struct overview overview;
    stretch_overview(&overview, stretches, past);
    const struct slice name = overview.name;
    const struct value user =
        attribute_value(&overview.attributes, carts->rule.user, overview.present);
    if (carts->verdict_count == carts->verdict_cap) {
        carts->verdict_cap = carts->verdict_cap == 0 ? 64 : carts->verdict_cap * 2;
        carts->verdict = memory_resize(carts->verdict, carts->verdict_cap, sizeof(*carts->verdict));
    }
    carts->verdict[carts->verdict_count++] = (struct cart_verdict){
        .due_us = due_us,
        .last_us = past->last_us,
        .again = again,
        .name_at = text_keep(carts, name),
        .name_len = name.len,
        .user_at = text_keep(carts, user.kind == KIND_STRING ? value_slice(user)
                                                             : (struct slice){NULL, 0}),
        .user_len = user.kind == KIND_STRING ? user.len : 0,
        .has_user = user.kind == KIND_STRING,
        .add_to_carts = overview.count[carts->rule.add],
    };
}

/* Adds a stretch, in no list any more, to the past, which is before; or it begins a new visit, and
 * that is forgotten. */
static void past_add(struct carts *carts, uint32_t timeline, uint32_t before, uint32_t number)
{
    struct timelines *timelines = &carts->timelines;
    struct stretches *stretches = &timelines->stretches;
    struct stretch *stretch = at(carts, number);

    if (before == POOL_NONE) {
        timeline_set_past(timelines, timeline, number);
        return;
    }
    struct stretch *past = at(carts, before);
    const uint32_t first = timeline_first(timelines, timeline);
    /* What is near a later run is near all between, so that counts too. */
    const bool goes_on = same_visit(carts, past, stretch) ||
                         (first != POOL_NONE && same_visit(carts, past, at(carts, first)));
    if (stretch->start_us > past->last_us && !goes_on) {
        timeline_set_past(timelines, timeline, number);
        stretch_free(stretches, before);
        return;
    }
    if ((past->flags & STRETCH_JUDGED) != 0) {
        stretch_unlist(stretches, past);
        past->flags &= (uint8_t)~STRETCH_JUDGED;
    }
    stretch_merge(stretches, past, stretch);
    stretch_free(stretches, number);
}

static void run_end(struct carts *carts, uint32_t timeline)
{
    const uint32_t run = timeline_first(&carts->timelines, timeline);
    const uint32_t past = timeline_past(&carts->timelines, timeline);
    const int64_t due_us = at(carts, run)->last_us + carts->rule.after_us;

    timeline_remove(&carts->timelines, timeline, run);
    past_add(carts, timeline, past, run);
    cart_judge(carts, timeline, due_us, false);
}

static void aside_end(struct carts *carts, uint32_t timeline)
{
    struct timelines *timelines = &carts->timelines;
    struct timeline_list *list = timeline_list_make(timelines, timeline);
    const uint32_t aside = list->aside;
    const int64_t due_us = aside_due(at(carts, aside));

    list->aside = next_of(carts, aside);
    if (list->aside != POOL_NONE)
        timeline_set_previous(timelines, list->aside, timeline_previous(timelines, aside));
    timeline_set_next(timelines, aside, POOL_NONE);
    timeline_set_previous(timelines, aside, POOL_NONE);
    past_add(carts, timeline, list->past, aside);
    if (list->first != POOL_NONE) {
        const struct stretch *run = at(carts, list->first);
        /* Begun by then, and by an event that came by then: judged when it ends. */
        if (run->reach_us <= due_us && same_visit(carts, at(carts, list->past), run)) return;
    }
    cart_judge(carts, timeline, due_us, true);
}

/* Judges what is due: runs before the watermark, and what was set aside before aside_us. */
static void cart_advance(struct carts *carts, uint32_t timeline, int64_t aside_us)
{
    const struct timelines *timelines = &carts->timelines;

    for (;;) {
        const uint32_t run = timeline_first(timelines, timeline);
        const uint32_t aside = timeline_aside(timelines, timeline);
        const int64_t run_due_us =
            run == POOL_NONE ? INT64_MAX : at(carts, run)->last_us + carts->rule.after_us;
        const int64_t aside_due_us = aside == POOL_NONE ? INT64_MAX : aside_due(at(carts, aside));
        const bool run_is_due = run_due_us < carts->watermark_us;
        const bool aside_is_due = aside_due_us < aside_us;
        if (!run_is_due && !aside_is_due) break;
        if (aside_is_due && aside_due_us <= run_due_us)
            aside_end(carts, timeline);
        else
            run_end(carts, timeline);
    }
    if (timeline_first(timelines, timeline) == POOL_NONE &&
        timeline_aside(timelines, timeline) == POOL_NONE)
        visit_suspend(carts, timeline);
    else
        cart_schedule(carts, timeline);
}

static struct slice verdict_name(const struct carts *carts, const struct cart_verdict *verdict)
{
    return (struct slice){.text = carts->texts.data + verdict->name_at, .len = verdict->name_len};
}

static int verdict_compare(const void *a, const void *b, void *context)
{
    const struct cart_verdict *left = a;
    const struct cart_verdict *right = b;

    if (left->due_us != right->due_us) return left->due_us < right->due_us ? -1 : 1;
    if (left->again != right->again) return left->again ? -1 : 1;
    if (left->last_us != right->last_us) return left->last_us < right->last_us ? -1 : 1;
    return name_compare(verdict_name(context, left), verdict_name(context, right));
}

/* Looks at these timelines, and prints. aside_us: as above. */
static void due_judge(struct carts *carts, const struct timer_item *due, size_t count,
                      int64_t aside_us, cart_alert *alert, void *context)
{
    for (size_t i = 0; i < count; i++)
        dormants_hint(&carts->dormants, timeline_own(&carts->timelines, due[i].number)->id);
    for (size_t i = 0; i < count; i++)
        cart_advance(carts, due[i].number, aside_us);
    dormants_advance(&carts->dormants, carts->watermark_us);
    if (carts->verdict_count > 1)
        qsort_r(carts->verdict, carts->verdict_count, sizeof(*carts->verdict), verdict_compare,
                carts);
    struct overview overview = {0};
    overview.count = overview.counts;
    for (size_t i = 0; i < carts->verdict_count; i++) {
        const struct cart_verdict *verdict = &carts->verdict[i];
        const struct slice user = {.text = carts->texts.data + verdict->user_at,
                                   .len = verdict->user_len};
        overview.name = verdict_name(carts, verdict);
        overview.last_us = verdict->last_us;
        overview.attributes.of[carts->rule.user].text = user;
        overview.present = (unsigned)verdict->has_user << carts->rule.user;
        overview.counts[carts->rule.add] = verdict->add_to_carts;
        carts->place = (struct weave_place){
            .first = {verdict->due_us, !verdict->again, verdict->last_us}, .name = overview.name};
        alert(context, &overview);
    }
    carts->verdict_count = 0;
    buffer_clear(&carts->texts);
}

void carts_advance(struct carts *carts, int64_t watermark_us, cart_alert *alert, void *context)
{
    if (watermark_us <= carts->watermark_us) return;
    carts->watermark_us = watermark_us;
    const struct timer_item *due;
    const size_t count = timelines_due(&carts->timelines, watermark_us, &due);
    due_judge(carts, due, count, watermark_us, alert, context);
}

void carts_settle(struct carts *carts, cart_alert *alert, void *context)
{
    const int64_t watermark_us = carts->watermark_us;
    if (watermark_us == INT64_MAX) return;
    const struct timer_item *due;
    const size_t count = timelines_due_at(&carts->timelines, watermark_us, &due);
    due_judge(carts, due, count, watermark_us + 1, alert, context);
}

void carts_save(struct carts *carts, struct buffer *out)
{
    struct timelines *timelines = &carts->timelines;
    struct sort_item *sorted = timelines_sorted(timelines);
    const size_t count = timelines_count(timelines);

    pack_u64(out, count);
    for (size_t i = 0; i < count; i++) {
        const uint32_t timeline = sorted[i].number, past = timeline_past(timelines, timeline);
        pack_text(out, timeline_name(timelines, timeline));
        timeline_pack(timelines, timeline, out);
        pack_u8(out, past != POOL_NONE);
        if (past != POOL_NONE) stretch_pack(&timelines->stretches, at(carts, past), out);
        for (uint32_t aside = timeline_aside(timelines, timeline); aside != POOL_NONE;
             aside = next_of(carts, aside)) {
            pack_u8(out, 1);
            stretch_pack(&timelines->stretches, at(carts, aside), out);
        }
        pack_u8(out, 0);
    }
    free(sorted);
    dormants_save(&carts->dormants, out);
    pack_u64(out, carts->cut);
}

static void aside_load(struct carts *carts, uint32_t timeline, uint32_t number)
{
    const int64_t due_us = aside_due(at(carts, number));
    aside_insert(carts, timeline, aside_before(carts, timeline, due_us), number);
}

static bool timeline_load(struct carts *carts, struct unpack *in)
{
    struct timelines *timelines = &carts->timelines;
    struct slice name;
    const uint32_t timeline = timelines_unpack_name(timelines, in, &name);

    if (timeline == POOL_NONE) return false;
    timeline_unpack(timelines, timeline, name, in);
    dormants_forget(&carts->dormants, timeline_own(timelines, timeline)->id);
    if (unpack_u8(in) != 0)
        timeline_set_past(timelines, timeline,
                          timeline_unpack_stretch(timelines, timeline, name, in));
    while (unpack_u8(in) != 0) {
        (void)timeline_list_make(timelines, timeline);
        aside_load(carts, timeline, timeline_unpack_stretch(timelines, timeline, name, in));
    }
    if (in->broken || (timeline_first(timelines, timeline) == POOL_NONE &&
                       timeline_aside(timelines, timeline) == POOL_NONE))
        return false;
    cart_schedule(carts, timeline);
    return true;
}

bool carts_load(struct carts *carts, struct unpack *in)
{
    const uint64_t count = unpack_u64(in);

    for (uint64_t i = 0; i < count; i++)
        if (!timeline_load(carts, in)) return false;
    if (!dormants_load(&carts->dormants, in)) return false;
    carts->cut += unpack_u64(in);
    return !in->broken;
}
