/*
 * buffer.h - bytes that grow.
 *
 * A zeroed struct is an empty buffer. buffer_clear keeps the memory for the next use;
 * buffer_release gives it back, buffer_trim what is more than a usual use needs. Pointers into data
 * are good until the next call that adds.
 */
#ifndef CS_BUFFER_H
#define CS_BUFFER_H

#include <stdint.h>
#include <string.h>

#include "base/held.h"
#include "base/slice.h"

struct buffer {
    char *data;
    size_t len;
    size_t cap;
    void (*drain)(
        struct buffer *buffer); /* takes all bytes away when more do not fit; NULL: it grows */
    enum held_kind kind;        /* what its memory is for */
};

/* Makes room for extra more bytes and returns where they go, never NULL; len is not moved. */
char *buffer_grow(struct buffer *buffer, size_t extra);

static inline char *buffer_reserve(struct buffer *buffer, size_t extra)
{
    if (__builtin_expect(buffer->cap - buffer->len > extra, 1)) return buffer->data + buffer->len;
    return buffer_grow(buffer, extra);
}

static inline void buffer_add(struct buffer *buffer, const char *text, size_t len)
{
    if (len == 0) return;
    memcpy(buffer_reserve(buffer, len), text, len);
    buffer->len += len;
}

static inline void buffer_add_slice(struct buffer *buffer, struct slice slice)
{
    buffer_add(buffer, slice.text, slice.len);
}

static inline void buffer_add_char(struct buffer *buffer, char c)
{
    *buffer_reserve(buffer, 1) = c;
    buffer->len++;
}

/* Adds a string literal; its length is known to the compiler. */
#define buffer_add_literal(buffer, literal) buffer_add(buffer, literal, sizeof(literal) - 1)

#define LONG_TEXT_MAX 20

/* Writes a number in decimal, at most LONG_TEXT_MAX bytes; returns behind it. Adds it. */
char *long_write(char *to, int64_t number);
void buffer_add_long(struct buffer *buffer, int64_t number);

static inline char *int_write(char *to, int64_t number)
{
    if (number < 0 || number >= 10) return long_write(to, number);
    *to = (char)('0' + number);
    return to + 1;
}

static inline void buffer_add_int(struct buffer *buffer, int64_t number)
{
    if (number >= 0 && number < 10)
        buffer_add_char(buffer, (char)('0' + number));
    else
        buffer_add_long(buffer, number);
}

/* Adds what printf would print. */
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static inline struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){.text = buffer->data, .len = buffer->len};
}

static inline void buffer_clear(struct buffer *buffer)
{
    buffer->len = 0;
}

void buffer_release(struct buffer *buffer);

/* Empties it, and keeps no more than so many bytes of memory. */
void buffer_trim(struct buffer *buffer, size_t keep);

#endif
