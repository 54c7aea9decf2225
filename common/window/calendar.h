/*
 * calendar.h - things by the time at which they start: found at once, in order when that is wanted.
 *
 * Open windows are few, or a hundred thousand, and new ones come in any order. To keep them in
 * order would move many for each that comes early. So a hash table finds them, those that came out
 * of order wait at the end, and are put in together.
 */
#ifndef CS_CALENDAR_H
#define CS_CALENDAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/table.h"

/* What a thing begins with. */
struct dated {
    int64_t start_us;
};

struct calendar {
    struct dated **thing; /* borrowed */
    size_t count, cap;
    size_t ordered;      /* so many from the first on are in order, and before all others or not */
    int64_t earliest_us; /* INT64_MAX: there is none */
    struct table starts;
};

void calendar_init(struct calendar *calendar, enum held_kind kind);
void calendar_release(struct calendar *calendar);

/* The thing that starts then, or NULL. */
void *calendar_find(const struct calendar *calendar, int64_t start_us);

/* Adds one; none starts at the same time. */
void calendar_add(struct calendar *calendar, struct dated *thing);

/* Puts all in order. */
void calendar_order(struct calendar *calendar);

/* How many start before that time; all are in order. */
size_t calendar_place(const struct calendar *calendar, int64_t start_us);

/* Takes out those from first on that are before behind; all are in order. */
void calendar_drop(struct calendar *calendar, size_t first, size_t behind);

#endif
