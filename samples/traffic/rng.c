#include "rng.h"

#define LN2_Q32 UINT64_C(2977044472)

struct rng rng_for(uint64_t seed, uint64_t salt, uint64_t number)
{
    uint64_t x = mix64(mix64(seed ^ mix64(salt)) + number);
    struct rng rng;
    for (int i = 0; i < 4; i++) {
        x = mix64(x);
        rng.state[i] = x;
    }
    if ((rng.state[0] | rng.state[1] | rng.state[2] | rng.state[3]) == 0) rng.state[0] = 1;
    return rng;
}

/* The logarithm to base 2 of x > 0, times 2^32: sixteen binary places, by repeated squaring. */
static uint64_t log2_q32(uint64_t x)
{
    const int whole = 63 - __builtin_clzll(x);
    uint64_t mantissa = (x << (63 - whole)) >> 32; /* in [2^31, 2^32) */
    uint64_t fraction = 0;
    for (int i = 0; i < 16; i++) {
        mantissa = (mantissa * mantissa) >> 31;
        const uint64_t bit = mantissa >> 32;
        fraction = (fraction << 1) | bit;
        mantissa >>= bit;
    }
    return ((uint64_t)whole << 32) | (fraction << 16);
}

/* 2 to the power of x / 2^32, times 2^32, for x below 31 * 2^32: the series of the fraction. */
static uint64_t exp2_q32(uint64_t x)
{
    static const uint64_t series[] = {661577, 5726720, 41309550, 238388332, 1031764991, 2977044472};
    const uint64_t fraction = x & UINT32_MAX;
    uint64_t sum = 0;
    for (unsigned i = 0; i < sizeof(series) / sizeof(series[0]); i++)
        sum = ((sum + series[i]) * fraction) >> 32;
    return ((UINT64_C(1) << 32) + sum) << (x >> 32);
}

uint64_t rng_exponential_q32(struct rng *rng)
{
    const uint64_t uniform = rng_next(rng) | 1;
    const uint64_t bits_q32 = (UINT64_C(64) << 32) - log2_q32(uniform);
    return (uint64_t)(((unsigned __int128)bits_q32 * LN2_Q32) >> 32);
}

int64_t rng_exponential(struct rng *rng, int64_t mean)
{
    return (int64_t)(((unsigned __int128)rng_exponential_q32(rng) * (uint64_t)mean) >> 32);
}

/* (count + 1) to the power of a uniform number: as likely below 10 as between 10 and 100. */
uint32_t rng_zipf(struct rng *rng, uint32_t count)
{
    const uint64_t range_q32 = log2_q32((uint64_t)count + 1);
    const uint64_t power = (uint64_t)(((unsigned __int128)range_q32 * (rng_next(rng) >> 32)) >> 32);
    const uint64_t rank = (exp2_q32(power) >> 32) - 1;
    return rank < count ? (uint32_t)rank : count - 1;
}
