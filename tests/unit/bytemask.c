/* bytemask.c - a bit for each byte that is such, whatever stands beside it. */
#include "base/bytemask.h"

#include <stdlib.h>

#include "tap.h"

static uint64_t odd_slowly(const char *text)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++) {
        const unsigned char c = (unsigned char)text[i];
        bits |= (uint64_t)(c < 0x20 || c > 0x7e || c == '\\') << i;
    }
    return bits;
}

static uint64_t high_slowly(const char *text)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++)
        bits |= (uint64_t)((unsigned char)text[i] >= 0x80) << i;
    return bits;
}

static uint64_t equal_slowly(const char *text, char c)
{
    uint64_t bits = 0;
    for (int i = 0; i < 64; i++)
        bits |= (uint64_t)(text[i] == c) << i;
    return bits;
}

static uint64_t between_slowly(uint64_t marks)
{
    uint64_t bits = 0, inside = 0;
    for (int i = 0; i < 64; i++) {
        inside ^= marks >> i & 1;
        bits |= inside << i;
    }
    return bits;
}

int main(void)
{
    int64_t wrong_odd = 0, wrong_high = 0, wrong_equal = 0, wrong_between = 0;

    srand48(1);
    for (int round = 0; round < 20000; round++) {
        char text[64];
        for (int i = 0; i < 64; i++)
            text[i] = (char)(round % 2 == 0 ? lrand48() : " !\"\\~\x7f\x80\x1f"[lrand48() % 8]);
        const struct byteblock block = byteblock_load(text);
        const char c = (char)(round / 16);
        const uint64_t marks = bytemask_equal(&block, '"');
        wrong_odd += bytemask_odd(&block) != odd_slowly(text);
        wrong_high += bytemask_high(&block) != high_slowly(text);
        wrong_equal += bytemask_equal(&block, c) != equal_slowly(text, c);
        wrong_between += bytemask_between(marks) != between_slowly(marks);
    }
    is_int(wrong_odd, 0, "controls, backslashes and what is not ASCII");
    is_int(wrong_high, 0, "what is not ASCII");
    is_int(wrong_equal, 0, "bytes that are some byte");
    is_int(wrong_between, 0, "what is between the first mark and the second");
    return plan();
}
