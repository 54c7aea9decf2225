/* border.c - events in two parts, the second one with no knowledge of the first, are the sessions
 * of all, and the alerts of carts. */
#include "session/border.h"

#include <stdlib.h>
#include <string.h>

#include "session/cart.h"
#include "session/session.h"
#include "tap.h"

#define EVENTS_MAX 60
#define TRIALS 30000

static uint64_t random_bits(void)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int64_t random_below(int64_t bound)
{
    return (int64_t)(random_bits() % (uint64_t)bound);
}

static const struct kept one_action = {.actions = 1, .list_slot = -1};

enum { ADD = 1, PURCHASE = 2 };
static const struct kept cart_actions = {.actions = 2, .list_slot = -1};

/* What is tried: some events, and what a session is. */
struct trial {
    int64_t gap_us, max_us, lateness_us, after_us;
    int events, first; /* how many of them are the first part */
    struct {
        int64_t time_us, watermark_us;
        char id;
        uint8_t action; /* of carts */
        bool late;
    } event[EVENTS_MAX];
    int64_t border_us, end_us; /* the largest time of the first part; the watermark in the end */
};

static void trial_make(struct trial *trial)
{
    const int ids = 1 + (int)random_below(3);
    const int64_t step_us = 1 + random_below(12);
    const int64_t disorder_us = 1 + random_below(60);
    int64_t now_us = 1000, largest_us = 0;

    trial->gap_us = 2 + random_below(29);
    trial->after_us = 1 + random_below(trial->gap_us - 1);
    trial->lateness_us = random_below(20);
    trial->max_us = random_below(4) == 0 ? INT64_MAX
                                         : trial->gap_us + trial->lateness_us + 1 +
                                               random_below(random_below(2) == 0 ? 5 : 60);
    trial->events = 2 + (int)random_below(EVENTS_MAX - 1);
    trial->first = 1 + (int)random_below(trial->events - 1);
    for (int i = 0; i < trial->events; i++) {
        now_us += random_below(20) == 0 ? random_below(80) : random_below(step_us + 1);
        const bool is_behind = random_below(3) == 0;
        trial->event[i].time_us = now_us - (is_behind ? random_below(disorder_us) : 0);
        trial->event[i].watermark_us = largest_us - trial->lateness_us;
        trial->event[i].id = (char)('a' + random_below(ids));
        trial->event[i].action = (uint8_t)(random_below(4) == 0   ? ADD
                                           : random_below(8) == 0 ? PURCHASE
                                                                  : 0);
        if (trial->event[i].time_us > largest_us) largest_us = trial->event[i].time_us;
        if (i + 1 == trial->first) trial->border_us = largest_us;
    }
    trial->end_us = largest_us - trial->lateness_us;
}

static struct id id_at(const struct trial *trial, int i)
{
    return timeline_id_string((struct slice){.text = &trial->event[i].id, .len = 1});
}

static bool add(struct sessions *sessions, const struct trial *trial, int i)
{
    const struct click click = {.time_us = trial->event[i].time_us,
                                .watermark_us = trial->event[i].watermark_us,
                                .action = 1};
    const struct id id = id_at(trial, i);
    const uint32_t number = timelines_find(&sessions->timelines, id);
    if (number != POOL_NONE) return sessions_add(sessions, number, &click);
    struct buffer name = {0};
    name_add(&name, value_string((struct slice){.text = &trial->event[i].id, .len = 1}));
    const bool used = sessions_begin(sessions, id, buffer_slice(&name), &click);
    buffer_release(&name);
    return used;
}

/* What came out: a line a session, in any order. */
static void print(void *context, const struct session *session)
{
    const struct stretch *stretch = session->stretch;
    buffer_printf(context, "%08lld %08lld %c %04u\n", (long long)stretch->last_us,
                  (long long)stretch->start_us,
                  stretch_name(stretch).text[stretch_name(stretch).len - 1],
                  stretch_count(stretch, 1));
}

static int lines_compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof "00000000 00000000 a 0000");
}

static void lines_sort(struct buffer *lines)
{
    const size_t len = sizeof "00000000 00000000 a 0000"; /* with its line end */
    if (lines->len != 0) qsort(lines->data, lines->len / len, len, lines_compare);
}

/* Time may be told of at any point, or later. */
static void advance(struct sessions *sessions, int64_t watermark_us, struct buffer *out)
{
    if (random_below(3) != 0) sessions_advance(sessions, watermark_us, print, out);
}

static void whole(struct trial *trial, struct buffer *out)
{
    struct sessions sessions;

    sessions_init(&sessions, &one_action, trial->gap_us, trial->max_us);
    for (int i = 0; i < trial->events; i++) {
        advance(&sessions, trial->event[i].watermark_us, out);
        trial->event[i].late = !add(&sessions, trial, i);
    }
    sessions_finish(&sessions, print, out);
    sessions_release(&sessions);
}

/* Returns how many events met another fate. */
static int in_parts(const struct trial *trial, struct buffer *out)
{
    struct sessions run, range;
    struct border border;
    bool holds[EVENTS_MAX] = {false};
    int wrong = 0;

    sessions_init(&run, &one_action, trial->gap_us, trial->max_us);
    sessions_init(&range, &one_action, trial->gap_us, trial->max_us);
    border_init(&border, trial->border_us, trial->gap_us);
    for (int i = trial->first; i < trial->events; i++) {
        const int64_t watermark_us = trial->event[i].watermark_us;
        advance(&range, watermark_us, out);
        holds[i] = timelines_find(&range.timelines, id_at(trial, i)) == POOL_NONE &&
                   border_holds(&border, id_at(trial, i), trial->event[i].time_us, watermark_us);
        if (!holds[i]) wrong += add(&range, trial, i) == trial->event[i].late;
    }
    for (int i = 0; i < trial->events; i++) {
        if (i >= trial->first && !holds[i]) continue;
        advance(&run, trial->event[i].watermark_us, out);
        wrong += add(&run, trial, i) == trial->event[i].late;
    }
    sessions_advance(&range, trial->end_us, print, out);
    sessions_advance(&run, trial->end_us, print, out);
    struct buffer saved = {0};
    sessions_save(&range, &saved);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    wrong += !sessions_load(&run, &in);
    sessions_finish(&run, print, out);
    buffer_release(&saved);
    border_release(&border);
    sessions_release(&range);
    sessions_release(&run);
    return wrong;
}

/* --- the same of carts --- */

struct alerts {
    struct carts *carts;
    const struct border *border; /* NULL: of all events, or of what is left to the run */
    struct buffer out;
    int past; /* of the run, where a range says that it prints no such row */
};

static void alert_print(void *context, const struct overview *alert)
{
    struct alerts *alerts = context;
    const struct weave_place *place = &alerts->carts->place;
    alerts->past += alerts->border != NULL && border_is_past(alerts->border, place->first[0]);
    buffer_printf(&alerts->out, "%08lld %08lld %c %04u\n", (long long)place->first[0],
                  (long long)alert->last_us, alert->name.text[alert->name.len - 1],
                  alert->count[ADD]);
}

static void carts_make(struct carts *carts, struct alerts *alerts, const struct trial *trial)
{
    const struct cart_rule rule = {.after_us = trial->after_us,
                                   .until_us = INT64_MAX,
                                   .forget_us = trial->gap_us,
                                   .add = ADD,
                                   .purchase = PURCHASE};
    carts_init(carts, &cart_actions, &rule);
    alerts->carts = carts;
}

static bool cart_take(struct carts *carts, const struct trial *trial, int i)
{
    const struct click click = {.time_us = trial->event[i].time_us,
                                .watermark_us = trial->event[i].watermark_us,
                                .action = trial->event[i].action};
    const struct id id = id_at(trial, i);
    const uint32_t number = timelines_find(&carts->timelines, id);
    if (number != POOL_NONE) return carts_add(carts, number, &click);
    struct buffer name = {0};
    name_add(&name, value_string((struct slice){.text = &trial->event[i].id, .len = 1}));
    const bool used = carts_begin(carts, id, buffer_slice(&name), &click);
    buffer_release(&name);
    return used;
}

static void carts_tell(struct alerts *alerts, int64_t watermark_us)
{
    if (random_below(3) != 0) carts_advance(alerts->carts, watermark_us, alert_print, alerts);
}

static void carts_whole(struct trial *trial, struct buffer *out)
{
    struct carts carts;
    struct alerts alerts = {0};

    carts_make(&carts, &alerts, trial);
    for (int i = 0; i < trial->events; i++) {
        carts_tell(&alerts, trial->event[i].watermark_us);
        trial->event[i].late = !cart_take(&carts, trial, i);
    }
    carts_advance(&carts, trial->end_us, alert_print, &alerts);
    carts_settle(&carts, alert_print, &alerts);
    buffer_add_slice(out, buffer_slice(&alerts.out));
    buffer_release(&alerts.out);
    carts_release(&carts);
}

/* Returns how many events met another fate, or alerts came where a range says that none will. */
static int carts_in_parts(const struct trial *trial, struct buffer *out)
{
    struct carts run, range;
    struct alerts left = {0}, own = {0};
    struct border border;
    bool holds[EVENTS_MAX] = {false};
    int wrong = 0;

    carts_make(&run, &left, trial);
    carts_make(&range, &own, trial);
    border_init(&border, trial->border_us, trial->gap_us);
    for (int i = trial->first; i < trial->events; i++) {
        const struct id id = id_at(trial, i);
        const int64_t watermark_us = trial->event[i].watermark_us;
        carts_tell(&own, watermark_us);
        holds[i] = timelines_find(&range.timelines, id) == POOL_NONE &&
                   dormants_find(&range.dormants, id) == POOL_NONE &&
                   border_holds(&border, id, trial->event[i].time_us, watermark_us);
        if (!holds[i]) wrong += cart_take(&range, trial, i) == trial->event[i].late;
    }
    carts_advance(&range, trial->end_us, alert_print, &own);
    left.border = &border;
    for (int i = 0; i < trial->events; i++) {
        if (i >= trial->first && !holds[i]) continue;
        carts_tell(&left, trial->event[i].watermark_us);
        wrong += cart_take(&run, trial, i) == trial->event[i].late;
    }
    carts_advance(&run, trial->end_us, alert_print, &left);
    left.border = NULL;
    struct buffer saved = {0};
    carts_save(&range, &saved);
    struct unpack in = {.at = saved.data, .end = saved.data + saved.len};
    wrong += !carts_load(&run, &in) + left.past;
    carts_settle(&run, alert_print, &left);
    buffer_add_slice(out, buffer_slice(&left.out));
    buffer_add_slice(out, buffer_slice(&own.out));
    buffer_release(&left.out);
    buffer_release(&own.out);
    buffer_release(&saved);
    border_release(&border);
    carts_release(&range);
    carts_release(&run);
    return wrong;
}

static void tried(void (*in_one)(struct trial *trial, struct buffer *out),
                  int (*in_two)(const struct trial *trial, struct buffer *out), const char *rows,
                  const char *fates)
{
    struct trial trial;
    struct buffer want = {0}, got = {0};
    int wrong_rows = 0, wrong_fates = 0;

    for (int i = 0; i < rounds(TRIALS); i++) {
        trial_make(&trial);
        buffer_clear(&want);
        buffer_clear(&got);
        in_one(&trial, &want);
        wrong_fates += in_two(&trial, &got);
        lines_sort(&want);
        lines_sort(&got);
        wrong_rows += !slice_equal(buffer_slice(&want), buffer_slice(&got));
    }
    is_int(wrong_rows, 0, rows);
    is_int(wrong_fates, 0, fates);
    buffer_release(&want);
    buffer_release(&got);
}

int main(void)
{
    tried(whole, in_parts, "what a range makes, and the run of the rest, are the sessions of all",
          "and the same events are late");
    tried(carts_whole, carts_in_parts, "and so are alerts",
          "of which the run has none behind the border, and the same events are late");
    return plan();
}
