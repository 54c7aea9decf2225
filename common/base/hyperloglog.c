#include "base/hyperloglog.h"

#include <math.h>
#include <stddef.h>

#define REGISTERS ((double)HYPERLOGLOG_REGISTERS)
#define ALPHA 0.72134752044448170368 /* 1 / (2 ln 2) */

void hyperloglog_join(unsigned char *registers, const unsigned char *other)
{
    for (size_t i = 0; i < HYPERLOGLOG_REGISTERS; i++)
        if (other[i] > registers[i]) registers[i] = other[i];
}

/* Ertl's sigma: x + sum of x^(2^k) * 2^(k-1), x < 1. */
static double sigma(double x)
{
    double sum = x, before, factor = 1;
    do {
        x *= x;
        before = sum;
        sum += x * factor;
        factor += factor;
    } while (sum != before);
    return sum;
}

/* Ertl's tau: (1 - x - sum of (1 - x^(2^-k))^2 * 2^-k) / 3. */
static double tau(double x)
{
    double sum = 1 - x, before, factor = 1;
    if (x == 0 || x == 1) return 0;
    do {
        x = sqrt(x);
        before = sum;
        factor /= 2;
        sum -= (1 - x) * (1 - x) * factor;
    } while (sum != before);
    return sum / 3;
}

uint64_t hyperloglog_count(const unsigned char *registers)
{
    uint32_t with[HYPERLOGLOG_LARGEST + 1] = {0};
    for (size_t i = 0; i < HYPERLOGLOG_REGISTERS; i++)
        with[registers[i]]++;
    if (with[0] == HYPERLOGLOG_REGISTERS) return 0;
    double sum = REGISTERS * tau((REGISTERS - with[HYPERLOGLOG_LARGEST]) / REGISTERS);
    for (int rank = HYPERLOGLOG_LARGEST - 1; rank > 0; rank--)
        sum = (sum + with[rank]) / 2;
    sum += REGISTERS * sigma(with[0] / REGISTERS);
    const double count = ALPHA * REGISTERS * REGISTERS / sum;
    return count < 0x1p63 ? (uint64_t)llround(count) : INT64_MAX;
}
