/* ratio.c - exact quotients of decimals. */
#include "base/ratio.h"

#include <stdlib.h>

#include "tap.h"

static void test_ratio(void)
{
    int wrong = 0;
    decimal out;
    for (int i = 0; i < 100000; i++) {
        const int64_t part = rand() % 2000001 - 1000000, whole = rand() % 2001 - 1000;
        if (whole == 0) continue;
        const int64_t above = (part < 0 ? -part : part) * 2000,
                      below = (whole < 0 ? -whole : whole) * 2;
        int64_t wanted = (above + below / 2) / below;
        if ((part < 0) != (whole < 0)) wanted = -wanted;
        wrong += !decimal_ratio(part, whole, 3, &out) || out != wanted;
    }
    is_int(wrong, 0, "a ratio is rounded half away from zero");
    const decimal largest = (decimal)(~(unsigned __int128)0 >> 1);
    ok(decimal_ratio(largest, largest, 4, &out) && out == 10000, "the largest by itself is 1");
    ok(decimal_ratio(largest - 1, largest, 20, &out) && out == (decimal)100000000000 * 1000000000,
       "a remainder near the largest divisor does not overflow");
    ok(!decimal_ratio(largest, 1, 1, &out), "what does not fit is said not to");
    ok(!decimal_ratio(1, 0, 2, &out), "nothing is divided by 0");
}

int main(void)
{
    srand(1);
    test_ratio();
    return plan();
}
