#include "base/multiple.h"

#define FACTOR_LIMBS 4

struct multiple multiple_of(unsigned __int128 number)
{
    struct multiple multiple = {0};
    for (int i = 0; i < FACTOR_LIMBS; i++)
        multiple.limb[i] = (uint32_t)(number >> (32 * i));
    return multiple;
}

void multiple_by(struct multiple *multiple, unsigned __int128 factor)
{
    struct multiple product = {0};
    for (int i = 0; i < FACTOR_LIMBS; i++) {
        const uint64_t digit = (uint32_t)(factor >> (32 * i));
        uint64_t carry = 0;
        for (int j = 0; i + j < MULTIPLE_LIMBS; j++) {
            carry += digit * multiple->limb[j] + product.limb[i + j];
            product.limb[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    *multiple = product;
}

int multiple_compare(const struct multiple *a, const struct multiple *b)
{
    for (int i = MULTIPLE_LIMBS - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}
