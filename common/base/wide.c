#include "base/wide.h"

#define FACTOR_LIMBS 4

struct wide wide_of(unsigned __int128 number)
{
    struct wide wide = {0};
    for (int i = 0; i < FACTOR_LIMBS; i++)
        wide.limb[i] = (uint32_t)(number >> (32 * i));
    return wide;
}

void wide_multiply(struct wide *wide, unsigned __int128 factor)
{
    struct wide product = {0};
    for (int i = 0; i < FACTOR_LIMBS; i++) {
        const uint64_t digit = (uint32_t)(factor >> (32 * i));
        uint64_t carry = 0;
        for (int j = 0; i + j < WIDE_LIMBS; j++) {
            carry += digit * wide->limb[j] + product.limb[i + j];
            product.limb[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    *wide = product;
}

int wide_compare(const struct wide *a, const struct wide *b)
{
    for (int i = WIDE_LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}
