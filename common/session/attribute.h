/*
 * attribute.h - texts that events of a session carry, each the first or the last one, and their
 * times.
 *
 * The last value of a member is that of its latest event, the first that of its earliest; events
 * without one are skipped, and of several at the same time the greatest is last and the smallest
 * first. So it does not matter in which order events and sets of them come together.
 *
 * As bytes an attribute is the length of its text and one more, 0 where there is none, its time,
 * and the text. The time of a last one, which changes often, takes eight bytes, so that it is
 * changed in its place; that of a first one counts from the start, as a varint.
 */
#ifndef CS_ATTRIBUTE_H
#define CS_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/value.h"
#include "session/kept.h"

/* A text, borrowed, and its time. Where there is none that is before or after all times: of a last
 * one INT64_MIN, of a first one INT64_MAX. */
struct attribute {
    struct slice text;
    int64_t time_us;
};

/* All that are kept, in their order; the functions below go through as many as kept says. */
struct attributes {
    struct attribute of[ATTRIBUTES_MAX];
};

/* A bit for each, of those from one number to another, that an event has. */
static inline unsigned attributes_present(const struct kept *kept, const struct click *click,
                                          int from, int to)
{
    unsigned present = 0;

    for (int i = from; i < to; i++)
        present |= (unsigned)(click->value[kept->slot[i]].kind == KIND_STRING) << i;
    return present;
}

/* Does an event have one of those that bits say? */
static inline bool attributes_any(const struct kept *kept, const struct click *click, unsigned bits)
{
    for (; bits != 0; bits &= bits - 1)
        if (click->value[kept->slot[__builtin_ctz(bits)]].kind == KIND_STRING) return true;
    return false;
}

/* Those of an event; none. */
void attributes_of(struct attributes *attributes, const struct kept *kept,
                   const struct click *click);
void attributes_none(struct attributes *attributes, const struct kept *kept);

/* Adds those of other events. Has anything changed? */
bool attributes_merge(struct attributes *attributes, const struct kept *kept,
                      const struct attributes *more);

/* A bit for each that there is. */
unsigned attributes_there(const struct attributes *attributes, const struct kept *kept);

/* Its text as a string, or null. */
static inline struct value attribute_value(const struct attributes *attributes, int number,
                                           unsigned present)
{
    return (present >> number & 1) != 0 ? value_string(attributes->of[number].text) : VALUE_NULL;
}

/* Takes them off the bytes at *at, and puts them in; returns behind them. */
void attributes_read(struct attributes *attributes, const struct kept *kept, const char **at,
                     int64_t start_us);
char *attributes_write(char *to, const struct attributes *attributes, const struct kept *kept,
                       int64_t start_us);

/* For how many bytes there has to be room. */
size_t attributes_room(const struct attributes *attributes, const struct kept *kept);

/* Are there whole ones at *at, before end? Moves behind them. */
bool attributes_whole(const struct kept *kept, const char **at, const char *end);

/* Those of a session's first event, as bytes: the same as attributes_write of attributes_of, in one
 * go. Sets a bit in *present for each that there is. */
char *attributes_begin(char *to, const struct kept *kept, const struct click *click,
                       unsigned *present);

/* An event that is not before any other: if its last attributes are what stands at `at` already,
 * sets their times there. False: it has to be merged. */
bool attributes_confirm(const struct kept *kept, char *at, unsigned last,
                        const struct click *click);

#endif
