/*
 * traffic - prints the clickstream of a made-up shop.
 *
 * The parts, in the order of the data: crowd (who is in the shop; session: one of them) makes
 * events, planting puts what is to be found between them, delivery decides when each is printed,
 * printer makes lines of them (record: what they say; line: how it is written), output writes.
 */
#include <string.h>

#include "crowd.h"
#include "delivery.h"
#include "options.h"
#include "planting.h"
#include "printer.h"

#define YEAR_10000_US INT64_C(253402300800000000)

int main(int argc, char **argv)
{
    struct options options;
    options_parse(&options, argc, argv);
    int64_t end_us = YEAR_10000_US; /* the last year that has a text */
    if (options.duration_us < YEAR_10000_US - options.start_us)
        end_us = options.start_us + options.duration_us;

    struct printer printer;
    struct delivery delivery;
    struct planting planting;
    struct crowd crowd;
    planting_init(&planting, &options, end_us);
    printer_init(&printer, &options);
    delivery_init(&delivery, &options, &printer);
    crowd_init(&crowd, &options);
    for (uint64_t count = 0; count < options.events;) {
        struct event event;
        crowd_next(&crowd, &event);
        if (event.time_us >= end_us) break;
        if (event.time_us < options.start_us) continue; /* the time before a live start */
        planting_deliver(&planting, &delivery, event.time_us);
        delivery_take(&delivery, &event);
        count++;
    }
    planting_deliver(&planting, &delivery, end_us);
    delivery_finish(&delivery);
    crowd_release(&crowd);
    planting_release(&planting);
    printer_close(&printer);
    return 0;
}
