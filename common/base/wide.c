#include "base/wide.h"

struct wide wide_of_unsigned(unsigned __int128 number)
{
    return (struct wide){{(uint64_t)number, (uint64_t)(number >> 64)}};
}

struct wide wide_of(decimal number)
{
    struct wide wide = wide_of_unsigned((unsigned __int128)number);
    for (int i = 2; i < WIDE_WORDS; i++)
        wide.word[i] = number < 0 ? UINT64_MAX : 0;
    return wide;
}

struct wide wide_add(struct wide a, struct wide b)
{
    unsigned __int128 carry = 0;
    for (int i = 0; i < WIDE_WORDS; i++) {
        carry += (unsigned __int128)a.word[i] + b.word[i];
        a.word[i] = (uint64_t)carry;
        carry >>= 64;
    }
    return a;
}

struct wide wide_subtract(struct wide a, struct wide b)
{
    uint64_t borrow = 0;
    for (int i = 0; i < WIDE_WORDS; i++) {
        const unsigned __int128 less = (unsigned __int128)b.word[i] + borrow;
        borrow = a.word[i] < less;
        a.word[i] -= (uint64_t)less;
    }
    return a;
}

struct wide wide_multiply(struct wide a, struct wide b)
{
    struct wide product = {{0}};
    for (int i = 0; i < WIDE_WORDS; i++) {
        unsigned __int128 carry = 0;
        for (int j = 0; i + j < WIDE_WORDS; j++) {
            carry += (unsigned __int128)a.word[i] * b.word[j] + product.word[i + j];
            product.word[i + j] = (uint64_t)carry;
            carry >>= 64;
        }
    }
    return product;
}

bool wide_is_negative(struct wide a)
{
    return a.word[WIDE_WORDS - 1] >> 63 != 0;
}

bool wide_is_less(struct wide a, struct wide b)
{
    for (int i = WIDE_WORDS - 1; i >= 0; i--)
        if (a.word[i] != b.word[i]) return a.word[i] < b.word[i];
    return false;
}

unsigned __int128 wide_root(struct wide a, struct wide divisor)
{
    unsigned __int128 root = 0;
    for (int bit = 126; bit >= 0; bit--) {
        const unsigned __int128 next = root | (unsigned __int128)1 << bit;
        const struct wide wide = wide_of_unsigned(next);
        const struct wide square = wide_multiply(wide_multiply(wide, wide), divisor);
        if (!wide_is_less(a, square)) root = next;
    }
    return root;
}
