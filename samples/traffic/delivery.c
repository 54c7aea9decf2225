#include "delivery.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "output.h"
#include "rng.h"

#define SALT_DELIVERY 31
#define SALT_MALFORMED 32
#define LATE_PPM 200000
#define REPEAT_BOUND_US INT64_C(30000000)
#define TICK_NS 10000000

struct parcel {
    struct event event;
    bool again; /* the second time */
};

void delivery_init(struct delivery *delivery, const struct options *options,
                   struct printer *printer)
{
    *delivery = (struct delivery){.options = options, .printer = printer};
}

static int64_t clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Waits in ticks until the wall clock has come to due_us; before the first one, what has been
 * printed goes out. */
static void clock_wait(struct delivery *delivery, int64_t due_us)
{
    if (clock_us() >= due_us) return;
    output_flush(&delivery->printer->output);
    do {
        const struct timespec tick = {.tv_nsec = TICK_NS};
        nanosleep(&tick, NULL);
    } while (clock_us() < due_us);
}

static void delivery_print(struct delivery *delivery, const struct event *event, bool again,
                           int64_t due_us)
{
    const struct options *options = delivery->options;
    if (options->live) clock_wait(delivery, due_us);
    printer_event(delivery->printer, event);
    if (again || options->malformed_ppm == 0) return;
    struct rng rng = rng_for(options->seed, SALT_MALFORMED, event->number);
    if (rng_chance(&rng, options->malformed_ppm)) printer_malformed(delivery->printer, event);
}

/* Prints what is due by now_us. */
static void delivery_drain(struct delivery *delivery, int64_t now_us)
{
    while (delivery->waiting.count > 0) {
        const struct heap_item item = heap_first(&delivery->waiting);
        struct parcel *parcel = item.thing;
        if (item.due_us > now_us) break;
        delivery_print(delivery, &parcel->event, parcel->again, item.due_us);
        heap_pop(&delivery->waiting);
        free(parcel);
    }
}

static void delivery_keep(struct delivery *delivery, const struct event *event, int64_t due_us,
                          bool again)
{
    struct parcel *parcel = malloc(sizeof(*parcel));
    if (!parcel) die_errno("delivery");
    *parcel = (struct parcel){.event = *event, .again = again};
    heap_push(&delivery->waiting,
              (struct heap_item){.due_us = due_us, .number = delivery->number++, .thing = parcel});
}

/* A delay below a bound, both whole milliseconds. */
static int64_t delay_draw(struct rng *rng, int64_t bound_us)
{
    if (bound_us < 1000) return 0;
    return (int64_t)(rng_next(rng) % (uint64_t)(bound_us / 1000)) * 1000;
}

void delivery_take(struct delivery *delivery, const struct event *event)
{
    const struct options *options = delivery->options;
    struct rng rng = rng_for(options->seed, SALT_DELIVERY, event->number);
    int64_t delay_us = 0;
    delivery_drain(delivery, event->time_us);
    if (options->disorder_us && rng_chance(&rng, LATE_PPM))
        delay_us = delay_draw(&rng, options->disorder_us);
    if (delay_us > 0) {
        delivery_keep(delivery, event, event->time_us + delay_us, false);
    } else {
        delivery_print(delivery, event, false, event->time_us);
    }
    if (rng_chance(&rng, options->repeats_ppm)) {
        const int64_t bound_us = options->disorder_us ? options->disorder_us : REPEAT_BOUND_US;
        delay_us += delay_draw(&rng, bound_us - delay_us);
        delivery_keep(delivery, event, event->time_us + delay_us, true);
    }
}

void delivery_finish(struct delivery *delivery)
{
    delivery_drain(delivery, INT64_MAX);
    heap_release(&delivery->waiting);
}
