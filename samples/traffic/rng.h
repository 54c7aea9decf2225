/*
 * rng.h - the random numbers of the traffic generator.
 *
 * xoshiro256** seeded by splitmix64, and distributions made of integer arithmetic only: no
 * libm, no floating point. So a seed gives the same bytes on any machine and under any compiler.
 *
 * rng_for makes a generator out of a seed and a number without any state: what is decided
 * about one event (its escapes, its delay) then depends on neither its neighbours nor on the
 * order in which events are printed, and the same event looks the same under other options.
 */
#ifndef TRAFFIC_RNG_H
#define TRAFFIC_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

/* Mixes 64 bits one to one (the finalizer of splitmix64): different in, different out. */
static inline uint64_t mix64(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* The generator for one purpose (a salt) and one number under a seed. */
struct rng rng_for(uint64_t seed, uint64_t salt, uint64_t number);

static inline uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    const uint64_t product = s[1] * 5;
    const uint64_t result = ((product << 7) | (product >> 57)) * 9;
    const uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

/* A number from 0 to bound - 1; bound must not be 0. */
static inline uint32_t rng_below(struct rng *rng, uint32_t bound)
{
    return (uint32_t)(((rng_next(rng) >> 32) * bound) >> 32);
}

/* True in parts cases of a million. */
static inline bool rng_chance(struct rng *rng, uint32_t parts)
{
    return rng_below(rng, 1000000) < parts;
}

/* An exponentially distributed number of mean 1, times 2^32. */
uint64_t rng_exponential_q32(struct rng *rng);

/* An exponentially distributed number of the given mean (below 2^31). */
int64_t rng_exponential(struct rng *rng, int64_t mean);

/* A rank from 0 to count - 1, rank k about as often as 1 / (k + 1): a long tail. */
uint32_t rng_zipf(struct rng *rng, uint32_t count);

#endif
