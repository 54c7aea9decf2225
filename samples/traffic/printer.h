/*
 * printer.h - events to lines on standard output: frame, dress, defects.
 *
 * The line of an event depends on the event, the seed and the options, not on when it is
 * printed; only the offset in front of it counts what went before.
 */
#ifndef TRAFFIC_PRINTER_H
#define TRAFFIC_PRINTER_H

#include <stdint.h>

#include "event.h"
#include "options.h"
#include "output.h"
#include "record.h"

struct printer {
    const struct options *options; /* borrowed */
    struct output output;
    uint64_t *offsets; /* the next of each partition */
    struct record record;
    uint8_t columns[MEMBER_COUNT]; /* of CSV */
};

/* Prepares the output, and prints the header of CSV. */
void printer_init(struct printer *printer, const struct options *options);

/* Prints the line of an event. */
void printer_event(struct printer *printer, const struct event *event);

/* Prints a broken line that resembles the event's. */
void printer_malformed(struct printer *printer, const struct event *event);

/* Prints what is still in memory and closes standard output. */
void printer_close(struct printer *printer);

#endif
