/*
 * products.h - what was looked at, and when: times and texts, in few bytes.
 *
 * Products are sorted by time, then bytes; each is the time since the one before and its text, a
 * length and bytes (about 12 bytes in all). Lengths and times are varints (varint.h). Nearly all
 * come in order of time and go behind the others. One that does not would have to be put between
 * them, and all behind it moved: of thousands that come in the wrong order each would cost as much
 * as all. So some wait behind the sorted ones, loose, with their full times, in the order in which
 * they came, and are put in together. Behind these stands how many bytes they are.
 */
#ifndef CS_PRODUCTS_H
#define CS_PRODUCTS_H

#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "base/varint.h"

#define PRODUCTS_LOOSE_MAX 255
#define PRODUCTS_TIME_BYTES sizeof(int64_t)
#define PRODUCTS_FOOT_BYTES sizeof(uint32_t)

/* Takes so many bytes, or a text behind its length. */
static inline struct slice bytes_read(const char **at, size_t len)
{
    const struct slice text = {.text = *at, .len = len};

    *at += len;
    return text;
}

static inline struct slice text_read(const char **at)
{
    const size_t len = (size_t)varint_read(at);

    return bytes_read(at, len);
}

/* Nearly always these are a few: two pieces that may overlap. */
static inline char *bytes_write(char *to, struct slice bytes)
{
    const size_t len = bytes.len;

    if (len >= 8 && len <= 16) {
        memcpy(to, bytes.text, 8);
        memcpy(to + len - 8, bytes.text + len - 8, 8);
    } else if (len >= 4 && len < 8) {
        memcpy(to, bytes.text, 4);
        memcpy(to + len - 4, bytes.text + len - 4, 4);
    } else if (len > 0) {
        memcpy(to, bytes.text, len);
    }
    return to + len;
}

static inline char *text_write(char *to, struct slice text)
{
    return bytes_write(to + varint_write(to, text.len), text);
}

/* A walk through products: the current one, and how many are left with it. */
struct products {
    const char *at;
    uint32_t left;
    int64_t time_us;
    struct slice text;
};

static inline void products_step(struct products *products)
{
    products->time_us = (int64_t)((uint64_t)products->time_us + varint_read(&products->at));
    products->text = text_read(&products->at);
}

/* So many, from the first on, whose time counts from base_us. */
static inline struct products products_walk(struct slice encoded, uint32_t count, int64_t base_us)
{
    struct products products = {.at = encoded.text, .left = count, .time_us = base_us};

    if (count > 0) products_step(&products);
    return products;
}

static inline void products_next(struct products *products)
{
    if (--products->left > 0) products_step(products);
}

/* Replaces out by both, at most so many, the first counting from *time_us; then that is the time of
 * the last one. */
void products_merge(struct buffer *out, struct products a, struct products b, uint32_t most,
                    int64_t *time_us);

/* How many bytes a loose one takes, and puts one in; returns behind it. */
size_t products_loose_len(struct slice text);
char *products_loose_write(char *to, int64_t time_us, struct slice text);

/* Replaces out by so many loose ones, sorted, the first counting from base_us. */
void products_tighten(struct buffer *out, struct slice loose, uint32_t count, int64_t base_us);

#endif
