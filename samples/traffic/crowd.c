#include "crowd.h"

#include <stdlib.h>

#include "output.h"
#include "session.h"

#define SALT_CROWD 1
#define MINUTE_NS INT64_C(60000000000)
#define DAY_US INT64_C(86400000000)
#define HOUR_US INT64_C(3600000000)
#define WARM_UP_US (INT64_C(15) * 60 * 1000000)
#define WARM_UP_EVENTS INT64_C(10000000) /* no more, or a fast one would begin behind the clock */

/* Visitors at each full hour UTC, in thousandths of the day's mean; straight lines between. */
static int64_t day_curve(int64_t time_us)
{
    static const int64_t hours[25] = {780,  720,  680,  660,  660,  700,  780,  880,  980,
                                      1060, 1100, 1120, 1130, 1110, 1090, 1080, 1090, 1120,
                                      1180, 1260, 1300, 1240, 1200, 1080, 780};
    int64_t of_day_us = time_us % DAY_US;
    if (of_day_us < 0) of_day_us += DAY_US;
    const int64_t hour = of_day_us / HOUR_US;
    const int64_t rest_us = of_day_us % HOUR_US;
    return hours[hour] + (hours[hour + 1] - hours[hour]) * (rest_us / 1000000) / 3600;
}

/* Mean time between two arrivals at an offset, 0 when nobody comes; *until_ns is how long it
 * holds: to the next minute or the next edge of a spike. */
static uint64_t gap_mean_ns(const struct options *options, int64_t at_ns, int64_t *until_ns)
{
    const int64_t at_us = at_ns / 1000;
    const int64_t minute = at_ns >= 0 ? at_ns / MINUTE_NS : -((MINUTE_NS - 1 - at_ns) / MINUTE_NS);
    const struct span *spike = spans_find(&options->spikes, at_us);
    *until_ns = (minute + 1) * MINUTE_NS;
    for (size_t i = 0; i < options->spikes.count; i++) {
        const struct span *span = &options->spikes.list[i];
        if (span->begin_us * 1000 > at_ns && span->begin_us * 1000 < *until_ns)
            *until_ns = span->begin_us * 1000;
        if (span->end_us * 1000 > at_ns && span->end_us * 1000 < *until_ns)
            *until_ns = span->end_us * 1000;
    }
    const int64_t curve = options->live ? 1000 : day_curve(options->start_us + at_us);
    const unsigned __int128 weight = (unsigned __int128)options->rate_milli * (uint64_t)curve *
                                     (spike ? spike->factor_milli : 1000);
    if (weight == 0) return 0;
    const unsigned __int128 second = (unsigned __int128)UINT64_C(1000000000) * 1000000;
    const uint64_t mean_ns = (uint64_t)(second * EVENTS_PER_SESSION_MILLI / weight);
    return mean_ns > 0 ? mean_ns : 1;
}

/* Moves to the next arrival: a unit of patience, used up faster where the mean gap is shorter. */
static void arrival_draw(struct crowd *crowd)
{
    uint64_t patience_q32 = rng_exponential_q32(&crowd->rng);
    for (;;) {
        int64_t until_ns;
        const uint64_t mean_ns = gap_mean_ns(crowd->options, crowd->arrival_ns, &until_ns);
        const uint64_t room_ns = (uint64_t)(until_ns - crowd->arrival_ns);
        if (mean_ns > 0) {
            const unsigned __int128 gap_ns = ((unsigned __int128)patience_q32 * mean_ns) >> 32;
            if (gap_ns < room_ns) {
                crowd->arrival_ns += (int64_t)gap_ns;
                return;
            }
            const uint64_t used_q32 = (uint64_t)(((unsigned __int128)room_ns << 32) / mean_ns);
            patience_q32 = used_q32 < patience_q32 ? patience_q32 - used_q32 : 0;
        }
        crowd->arrival_ns = until_ns;
    }
}

static struct session *crowd_admit(struct crowd *crowd, int64_t due_us)
{
    struct session *session = malloc(sizeof(*session));
    if (!session) die_errno("session");
    const uint64_t number = crowd->session_number++;
    heap_push(&crowd->sessions,
              (struct heap_item){.due_us = due_us, .number = number, .thing = session});
    session->number = number;
    return session;
}

/* Bots come within the first minutes and stay from two to six hours. */
static int64_t bot_end_us(struct crowd *crowd, int64_t now_us)
{
    return now_us + 2 * HOUR_US + INT64_C(1000000) * rng_below(&crowd->rng, 4 * 3600);
}

/* How long before the start the shop opened. */
static int64_t warm_up_us(const struct options *options)
{
    if (!options->live) return 0;
    const int64_t most_us = WARM_UP_EVENTS * 1000000 / (int64_t)options->rate_milli * 1000;
    return most_us < WARM_UP_US ? most_us : WARM_UP_US;
}

void crowd_init(struct crowd *crowd, const struct options *options)
{
    *crowd = (struct crowd){.options = options, .rng = rng_for(options->seed, SALT_CROWD, 0)};
    crowd->epoch_us = options->start_us - warm_up_us(options);
    crowd->arrival_ns = (crowd->epoch_us - options->start_us) * 1000;
    for (uint32_t i = 0; i < options->bots; i++) {
        const int64_t due_us =
            crowd->epoch_us + INT64_C(1000) * rng_below(&crowd->rng, 5 * 60 * 1000);
        struct session *bot = crowd_admit(crowd, due_us);
        session_init_bot(bot, bot->number, bot_end_us(crowd, due_us), &crowd->rng,
                         options->products);
    }
    arrival_draw(crowd);
}

void crowd_next(struct crowd *crowd, struct event *event)
{
    const int64_t arrival_us =
        crowd->options->start_us + crowd->arrival_ns / 1000000 * 1000; /* whole milliseconds */
    if (crowd->sessions.count == 0 || heap_first(&crowd->sessions).due_us > arrival_us) {
        struct session *visitor = crowd_admit(crowd, arrival_us);
        session_init(visitor, visitor->number, crowd->options, &crowd->rng);
        arrival_draw(crowd);
    }
    const struct heap_item item = heap_first(&crowd->sessions);
    struct session *session = item.thing;
    event->time_us = item.due_us;
    event->number = crowd->event_number++;
    const int64_t wait_us = session_step(session, event, crowd->options, &crowd->rng);
    if (wait_us >= 0) {
        heap_postpone(&crowd->sessions, item.due_us + wait_us);
    } else if (session->bot_until_us) {
        session_init_bot(session, crowd->session_number++, bot_end_us(crowd, item.due_us),
                         &crowd->rng, crowd->options->products);
        heap_postpone(&crowd->sessions, item.due_us + 1000000);
    } else {
        heap_pop(&crowd->sessions);
        free(session);
    }
}

void crowd_release(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->sessions.count; i++)
        free(crowd->sessions.items[i].thing);
    heap_release(&crowd->sessions);
}
