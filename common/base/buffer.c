#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/memory.h"

#define BUFFER_MIN_BYTES 64
/* From here on a buffer grows by a quarter: what it has is what it needs, nearly. */
#define BUFFER_LARGE_BYTES ((size_t)4 << 20)

char *buffer_grow(struct buffer *buffer, size_t extra)
{
    size_t need;

    if (buffer->data != NULL && buffer->cap - buffer->len >= extra)
        return buffer->data + buffer->len;
    if (buffer->drain != NULL && buffer->len != 0) {
        buffer->drain(buffer);
        if (buffer->cap > extra) return buffer->data;
    }
    if (__builtin_add_overflow(buffer->len, extra, &need) || need > SIZE_MAX / 2)
        die("no memory for %zu more bytes", extra);
    size_t cap = buffer->cap < BUFFER_MIN_BYTES     ? BUFFER_MIN_BYTES
                 : buffer->cap < BUFFER_LARGE_BYTES ? buffer->cap * 2
                                                    : buffer->cap + buffer->cap / 4;
    if (cap < need || !held_allows(cap - buffer->cap)) cap = need + BUFFER_MIN_BYTES;
    buffer->data = memory_resize(buffer->data, cap, 1);
    held_drop(buffer->kind, buffer->cap);
    held_add(buffer->kind, cap);
    buffer->cap = cap;
    return buffer->data + buffer->len;
}

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                                  "25262728293031323334353637383940414243444546474849"
                                  "50515253545556575859606162636465666768697071727374"
                                  "75767778798081828384858687888990919293949596979899";

char *long_write(char *to, int64_t number)
{
    char text[LONG_TEXT_MAX];
    char *at = text + sizeof(text);
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    while (rest >= 100) {
        at -= 2;
        memcpy(at, digit_pairs + rest % 100 * 2, 2);
        rest /= 100;
    }
    if (rest >= 10) {
        at -= 2;
        memcpy(at, digit_pairs + rest * 2, 2);
    } else {
        *--at = (char)('0' + rest);
    }
    if (number < 0) *--at = '-';
    const size_t len = (size_t)(text + sizeof(text) - at);
    memcpy(to, at, len);
    return to + len;
}

void buffer_add_long(struct buffer *buffer, int64_t number)
{
    char *const to = buffer_reserve(buffer, LONG_TEXT_MAX);
    buffer->len += (size_t)(long_write(to, number) - to);
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    const int wanted = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (wanted < 0) die_errno("cannot format '%s'", format);

    const size_t size = (size_t)wanted + 1;
    char *to = buffer_reserve(buffer, size);
    va_start(args, format);
    vsnprintf(to, size, format, args);
    va_end(args);
    buffer->len += (size_t)wanted;
}

void buffer_release(struct buffer *buffer)
{
    held_drop(buffer->kind, buffer->cap);
    free(buffer->data);
    *buffer = (struct buffer){.kind = buffer->kind};
}

void buffer_trim(struct buffer *buffer, size_t keep)
{
    buffer->len = 0;
    if (buffer->cap > keep) buffer_release(buffer);
}
