/* buffer.c - growing, and numbers against printf. */
#include "base/buffer.h"

#include <stdlib.h>

#include "tap.h"

static int64_t random_int(void)
{
    const uint64_t bits = (uint64_t)mrand48() << 32 ^ (uint64_t)(uint32_t)mrand48();
    return (int64_t)bits >> lrand48() % 64;
}

static void test_ints(void)
{
    static const int64_t edges[] = {0, 9, 10, 99, 100, -1, -10, INT64_MAX, INT64_MIN};
    struct buffer buffer = {0};
    int wrong = 0;

    for (size_t i = 0; i < 100000; i++) {
        const int64_t number = i < 9 ? edges[i] : random_int();
        char wanted[32];
        snprintf(wanted, sizeof(wanted), "%" PRId64, number);
        buffer_clear(&buffer);
        buffer_add_int(&buffer, number);
        wrong += !slice_equal(buffer_slice(&buffer), slice_of(wanted));
    }
    is_int(wrong, 0, "numbers come out as printf prints them");
    buffer_release(&buffer);
}

static void test_growth(void)
{
    struct buffer buffer = {0};
    size_t wanted = 0;
    bool inside = true;

    for (size_t i = 0; i < 2000; i++) {
        const size_t len = (size_t)(lrand48() % 300);
        memset(buffer_reserve(&buffer, len), 'a' + (int)(i % 26), len);
        buffer.len += len;
        wanted += len;
        inside = inside && buffer.len <= buffer.cap;
    }
    ok(inside && buffer.len == wanted, "what is reserved fits");
    ok(buffer.cap < wanted * 2, "memory is at most doubled");
    buffer_release(&buffer);
    ok(buffer.data == NULL && buffer.cap == 0, "a released buffer is an empty one");
}

int main(void)
{
    struct buffer buffer = {0};

    buffer_add_literal(&buffer, "ab");
    buffer_add_char(&buffer, 'c');
    buffer_add_slice(&buffer, SLICE(""));
    buffer_printf(&buffer, "-%d-%s", 7, "x");
    is_text(buffer_slice(&buffer), "abc-7-x", "what is added stands behind what was there");
    for (int i = 0; i < 100; i++)
        buffer_printf(&buffer, "%s", "");
    is_int((int64_t)buffer.len, 7, "printing nothing adds nothing");
    buffer_printf(&buffer, "%0200d", 1);
    is_int((int64_t)buffer.len, 207, "printed text may be longer than the room that was left");
    buffer_release(&buffer);
    test_growth();
    test_ints();
    return plan();
}
