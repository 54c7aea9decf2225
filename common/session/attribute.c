#include "session/attribute.h"

#include <string.h>

#include "base/compat.h"
#include "base/varint.h"
#include "session/products.h"

static bool is_last(const struct kept *kept, int number)
{
    return number < kept->lasts;
}

static int64_t none_us(const struct kept *kept, int number)
{
    return is_last(kept, number) ? INT64_MIN : INT64_MAX;
}

void attributes_none(struct attributes *attributes, const struct kept *kept)
{
    for (int i = 0; i < kept->attributes; i++)
        attributes->of[i] = (struct attribute){.time_us = none_us(kept, i)};
}

void attributes_of(struct attributes *attributes, const struct kept *kept,
                   const struct click *click)
{
    for (int i = 0; i < kept->attributes; i++) {
        const struct value value = click->value[kept->slot[i]];
        const bool is_there = value.kind == KIND_STRING;
        attributes->of[i] =
            is_there ? (struct attribute){.text = value_slice(value), .time_us = click->time_us}
                     : (struct attribute){.time_us = none_us(kept, i)};
    }
}

/* Later, or greater. */
static bool last_merge(struct attribute *known, const struct attribute *more)
{
    if (more->time_us < known->time_us || more->time_us == INT64_MIN) return false;
    if (more->time_us == known->time_us && slice_compare(more->text, known->text) <= 0)
        return false;
    *known = *more;
    return true;
}

/* Earlier, or smaller. */
static bool first_merge(struct attribute *known, const struct attribute *more)
{
    if (more->time_us > known->time_us || more->time_us == INT64_MAX) return false;
    if (more->time_us == known->time_us && slice_compare(more->text, known->text) >= 0)
        return false;
    *known = *more;
    return true;
}

bool attributes_merge(struct attributes *attributes, const struct kept *kept,
                      const struct attributes *more)
{
    bool changed = false;

    for (int i = 0; i < kept->attributes; i++)
        changed |= is_last(kept, i) ? last_merge(&attributes->of[i], &more->of[i])
                                    : first_merge(&attributes->of[i], &more->of[i]);
    return changed;
}

unsigned attributes_there(const struct attributes *attributes, const struct kept *kept)
{
    unsigned present = 0;

    for (int i = 0; i < kept->attributes; i++)
        present |= (unsigned)(attributes->of[i].time_us != none_us(kept, i)) << i;
    return present;
}

/* --- as bytes --- */

static char *time_write(char *to, int64_t time_us)
{
    const uint64_t little = htole64((uint64_t)time_us);

    memcpy(to, &little, sizeof little);
    return to + sizeof little;
}

void attributes_read(struct attributes *attributes, const struct kept *kept, const char **at,
                     int64_t start_us)
{
    for (int i = 0; i < kept->attributes; i++) {
        struct attribute *attribute = &attributes->of[i];
        const size_t len = (size_t)varint_read(at);
        *attribute = (struct attribute){.time_us = none_us(kept, i)};
        if (len == 0) continue;
        if (is_last(kept, i)) {
            attribute->time_us = (int64_t)slice_word(*at);
            *at += sizeof attribute->time_us;
        } else {
            attribute->time_us = (int64_t)((uint64_t)start_us + varint_read(at));
        }
        attribute->text = bytes_read(at, len - 1);
    }
}

char *attributes_write(char *to, const struct attributes *attributes, const struct kept *kept,
                       int64_t start_us)
{
    for (int i = 0; i < kept->attributes; i++) {
        const struct attribute *attribute = &attributes->of[i];
        if (attribute->time_us == none_us(kept, i)) {
            to += varint_write(to, 0);
            continue;
        }
        to += varint_write(to, attribute->text.len + 1);
        if (is_last(kept, i))
            to = time_write(to, attribute->time_us);
        else
            to += varint_write(to, (uint64_t)attribute->time_us - (uint64_t)start_us);
        to = bytes_write(to, attribute->text);
    }
    return to;
}

size_t attributes_room(const struct attributes *attributes, const struct kept *kept)
{
    size_t room = 0;

    for (int i = 0; i < kept->attributes; i++)
        room += attributes->of[i].text.len + 2 * VARINT_MAX;
    return room;
}

bool attributes_whole(const struct kept *kept, const char **at, const char *end)
{
    for (int i = 0; i < kept->attributes; i++) {
        if (!varint_whole(*at, end)) return false;
        const uint64_t len = varint_read(at);
        if (len == 0) continue;
        if (is_last(kept, i)) {
            if ((size_t)(end - *at) < sizeof(int64_t)) return false;
            *at += sizeof(int64_t);
        } else {
            if (!varint_whole(*at, end)) return false;
            (void)varint_read(at);
        }
        if (len - 1 > (uint64_t)(end - *at)) return false;
        *at += len - 1;
    }
    return true;
}

char *attributes_begin(char *to, const struct kept *kept, const struct click *click,
                       unsigned *present)
{
    *present = 0;
    for (int i = 0; i < kept->attributes; i++) {
        const struct value *value = &click->value[kept->slot[i]];
        if (value->kind != KIND_STRING) {
            *to++ = 0;
            continue;
        }
        *present |= 1u << i;
        to += varint_write(to, (uint64_t)value->len + 1);
        if (is_last(kept, i))
            to = time_write(to, click->time_us);
        else
            *to++ = 0; /* it comes 0 after the start */
        to = bytes_write(to, value_slice(*value));
    }
    return to;
}

/* Behind a last one. */
static char *last_skip(char *at)
{
    const char *end = at;
    const size_t len = (size_t)varint_read(&end);

    return at + (end - at) + (len == 0 ? 0 : sizeof(int64_t) + len - 1);
}

bool attributes_confirm(const struct kept *kept, char *at, unsigned last, const struct click *click)
{
    for (int i = 0;; i++, at = last_skip(at)) {
        if ((last >> i & 1) == 0) continue;
        const struct value *value = &click->value[kept->slot[i]];
        const char *text = at;
        const size_t len = (size_t)varint_read(&text) - 1;
        if (len != value->len || memcmp(text + sizeof(int64_t), value->text, len) != 0)
            return false;
        time_write(at + (text - at), click->time_us);
        if (last >> i == 1) return true;
    }
}
