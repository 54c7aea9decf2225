/* multiple.c - products of numbers that 128 bits do not hold. */
#include "base/multiple.h"

#include <stdlib.h>

#include "tap.h"

typedef unsigned __int128 u128;

static struct multiple product(u128 a, u128 b, u128 c)
{
    struct multiple multiple = multiple_of(a);
    multiple_by(&multiple, b);
    multiple_by(&multiple, c);
    return multiple;
}

static int compared(struct multiple a, struct multiple b)
{
    return multiple_compare(&a, &b);
}

int main(void)
{
    const u128 most = ~(u128)0;
    ok(compared(multiple_of(5), product(1, 5, 1)) == 0, "a number is itself times one");
    ok(compared(product(most, 0, most), multiple_of(0)) == 0, "nothing times anything is nothing");
    ok(compared(product(most, most, most - 1), product(most, most, most)) < 0 &&
           compared(product(most, most, most), product(most, most, most - 1)) > 0,
       "products of 384 bits are compared to the last");
    ok(compared(product((u128)1 << 100, (u128)1 << 100, 3),
                product((u128)1 << 90, (u128)1 << 110, 3)) == 0,
       "in whatever way they are made");

    /* (a + 1)(a - 1) = a * a - 1 */
    int wrong = 0;
    srand48(1);
    for (int i = 0; i < 10000; i++) {
        const u128 a = ((u128)mrand48() << 96 ^ (u128)mrand48() << 64 ^ (u128)mrand48() << 32 ^
                        (u128)lrand48()) |
                       2;
        if (a == most) continue;
        wrong += compared(product(a, a, 1), product(a + 1, a - 1, 1)) <= 0;
    }
    is_int(wrong, 0, "a square is more than the product of its neighbours");
    wrong = 0;
    for (int i = 0; i < 10000; i++) {
        const u128 a = (u128)lrand48(), b = (u128)lrand48(), c = (u128)lrand48(),
                   d = (u128)lrand48();
        const int way = a * b < c * d ? -1 : a * b > c * d;
        wrong += compared(product(a, b, 7), product(c, d, 7)) != way;
    }
    is_int(wrong, 0, "small products are in the order of their numbers");
    return plan();
}
