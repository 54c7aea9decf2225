/* wide.c - whole numbers of 384 bits. */
#include "base/wide.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

static struct wide random_wide(int words)
{
    struct wide wide = {{0}};
    for (int i = 0; i < words; i++)
        wide.word[i] = rand() % 5 == 0
                           ? UINT64_MAX
                           : (uint64_t)rand() << 42 ^ (uint64_t)rand() << 21 ^ (uint64_t)rand();
    return wide;
}

static bool same(struct wide a, struct wide b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void test_laws(void)
{
    int wrong = 0;
    for (int i = 0; i < 20000; i++) {
        const struct wide a = random_wide(6), b = random_wide(6), c = random_wide(6);
        wrong += !same(wide_add(a, b), wide_add(b, a));
        wrong += !same(wide_subtract(wide_add(a, b), b), a);
        wrong += !same(wide_multiply(a, b), wide_multiply(b, a));
        wrong += !same(wide_multiply(a, wide_add(b, c)),
                       wide_add(wide_multiply(a, b), wide_multiply(a, c)));
        wrong += wide_is_less(a, b) && wide_is_less(b, a);
    }
    is_int(wrong, 0, "sums and products are those of a ring");
    ok(same(wide_add(wide_of(-5), wide_of(7)), wide_of(2)), "negative numbers add up");
    ok(wide_is_negative(wide_of(-1)) && !wide_is_negative(wide_of(1)), "and are known");
    ok(same(wide_multiply(wide_of(-3), wide_of(4)), wide_of(-12)), "and are multiplied");
}

static void test_root(void)
{
    int wrong = 0;
    for (int i = 0; i < 3000; i++) {
        struct wide divisor = random_wide(1 + rand() % 2), root = random_wide(2);
        root.word[1] >>= 1 + rand() % 62;
        divisor.word[0] |= 1;
        const struct wide square = wide_multiply(wide_multiply(root, root), divisor);
        const unsigned __int128 wanted = (unsigned __int128)root.word[1] << 64 | root.word[0];
        wrong += wide_root(square, divisor) != wanted;
        wrong += wide_root(wide_add(square, wide_of(1)), divisor) != wanted;
        if (wanted != 0)
            wrong += wide_root(wide_subtract(square, wide_of(1)), divisor) != wanted - 1;
    }
    is_int(wrong, 0, "a root is the largest number that is not above it");
}

typedef unsigned __int128 u128;

static struct wide product(u128 a, u128 b, u128 c)
{
    return wide_multiply(wide_multiply(wide_of_unsigned(a), wide_of_unsigned(b)),
                         wide_of_unsigned(c));
}

static int compared(struct wide a, struct wide b)
{
    return wide_is_less(a, b) ? -1 : wide_is_less(b, a);
}

static void test_products(void)
{
    const u128 most = ~(u128)0;
    ok(compared(wide_of_unsigned(5), product(1, 5, 1)) == 0, "a number is itself times one");
    ok(compared(product(most, 0, most), wide_of_unsigned(0)) == 0,
       "nothing times anything is nothing");
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
}

int main(void)
{
    srand(1);
    test_laws();
    test_root();
    test_products();
    return plan();
}
