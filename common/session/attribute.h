/*
 * attribute.h - a text that events of a session carry, the first or the last one, and when it was
 * said.
 *
 * As bytes it is its length and one more, 0 for never said, its time, and the text. The time of the
 * user, which changes often, takes eight bytes, so that it is changed in its place; that of the
 * others counts from the start.
 */
#ifndef CS_ATTRIBUTE_H
#define CS_ATTRIBUTE_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/slice.h"
#include "base/varint.h"
#include "session/products.h"

/* What was said, and when; borrowed. */
struct attribute {
    struct slice text;
    int64_t time_us;
};

/* Takes one off. */
static inline void last_read(struct attribute *user, const char **at)
{
    const size_t len = (size_t)varint_read(at);

    *user = (struct attribute){.time_us = INT64_MIN};
    if (len == 0) return;
    user->time_us = (int64_t)slice_word(*at);
    *at += sizeof user->time_us;
    user->text = bytes_read(at, len - 1);
}

static inline void first_read(struct attribute *said, const char **at, int64_t start_us)
{
    const size_t len = (size_t)varint_read(at);

    *said = (struct attribute){.time_us = INT64_MAX};
    if (len == 0) return;
    said->time_us = (int64_t)((uint64_t)start_us + varint_read(at));
    said->text = bytes_read(at, len - 1);
}

/* Puts one in; returns behind it. */
static inline char *time_write(char *to, int64_t time_us)
{
    const uint64_t little = htole64((uint64_t)time_us);

    memcpy(to, &little, sizeof little);
    return to + sizeof little;
}

static inline char *last_write(char *to, const struct attribute *user)
{
    if (user->time_us == INT64_MIN) return to + varint_write(to, 0);
    to += varint_write(to, user->text.len + 1);
    return bytes_write(time_write(to, user->time_us), user->text);
}

static inline char *first_write(char *to, const struct attribute *said, int64_t start_us)
{
    if (said->time_us == INT64_MAX) return to + varint_write(to, 0);
    to += varint_write(to, said->text.len + 1);
    to += varint_write(to, (uint64_t)said->time_us - (uint64_t)start_us);
    return bytes_write(to, said->text);
}

/* Does a text said at some time stand for more than the one known? The last user: later, or
 * greater. */
static inline bool last_learn(struct attribute *known, const struct attribute *more)
{
    if (more->time_us < known->time_us || more->time_us == INT64_MIN) return false;
    if (more->time_us == known->time_us && slice_compare(more->text, known->text) <= 0)
        return false;
    *known = *more;
    return true;
}

/* The first source or device: earlier, or smaller. */
static inline bool first_learn(struct attribute *known, const struct attribute *more)
{
    if (more->time_us > known->time_us || more->time_us == INT64_MAX) return false;
    if (more->time_us == known->time_us && slice_compare(more->text, known->text) >= 0)
        return false;
    *known = *more;
    return true;
}

#endif
