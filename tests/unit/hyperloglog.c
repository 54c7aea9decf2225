/* hyperloglog.c - the error of approximate counts. FULL=1: over more runs, to a million values. */
#include "base/hyperloglog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "tap.h"

#define STEPS 24

static unsigned char registers[HYPERLOGLOG_REGISTERS], other[HYPERLOGLOG_REGISTERS];

static uint64_t hash_of(uint64_t run, uint64_t number)
{
    char text[48];
    const int len = snprintf(text, sizeof text, "%" PRIu64 "-%" PRIu64, run, number);
    return id_of((struct slice){.text = text, .len = (size_t)len}).low;
}

/* The relative errors at some numbers of values on the way to the largest. */
static void test_errors(int runs, uint64_t largest)
{
    double squares[STEPS] = {0}, sums[STEPS] = {0};
    double worst = 0;
    int beyond = 0, steps = 0;
    uint64_t at[STEPS];
    for (uint64_t n = 1000; n <= largest && steps < STEPS; n = n * 3 / 2)
        at[steps++] = n;
    for (int run = 0; run < runs; run++) {
        uint64_t number = 0;
        memset(registers, 0, sizeof registers);
        for (int step = 0; step < steps; step++) {
            for (; number < at[step]; number++)
                hyperloglog_add(registers, hash_of((uint64_t)run, number));
            const double error = (double)hyperloglog_count(registers) / (double)at[step] - 1;
            squares[step] += error * error;
            sums[step] += error;
            beyond += fabs(error) > 3 * 0.008;
            if (fabs(error) > worst) worst = fabs(error);
        }
    }
    double standard = 0, bias = 0;
    for (int step = 0; step < steps; step++) {
        standard = fmax(standard, sqrt(squares[step] / runs));
        bias = fmax(bias, fabs(sums[step] / runs));
    }
    printf("# %d runs, up to %" PRIu64 " values: standard error %.3f %%, bias %.3f %%, worst %.2f "
           "%%\n",
           runs, at[steps - 1], 100 * standard, 100 * bias, 100 * worst);
    ok(standard <= 0.008, "the standard error is 0.8 % at most, however many values there are");
    ok(bias <= 0.0005 + 3 * 0.0058 / sqrt(runs), "counts are as often too large as too small");
    ok(beyond <= runs * steps / 500, "more than three times that is rare");
}

static void test_parts(void)
{
    static unsigned char whole[HYPERLOGLOG_REGISTERS];
    memset(registers, 0, sizeof registers);
    memset(other, 0, sizeof other);
    is_int((int64_t)hyperloglog_count(registers), 0, "no values are none");
    for (uint64_t i = 0; i < 50000; i++) {
        const uint64_t hash = hash_of(7, i % 40000);
        hyperloglog_add(whole, hash);
        hyperloglog_add(i % 3 == 0 ? registers : other, hash);
    }
    hyperloglog_join(registers, other);
    ok(memcmp(registers, whole, sizeof whole) == 0, "parts together are the whole");
    memset(registers, HYPERLOGLOG_LARGEST, sizeof registers);
    is_int((int64_t)hyperloglog_count(registers), INT64_MAX, "what nobody can count is very much");
    hyperloglog_add(other, 0);
    is_int(other[0], HYPERLOGLOG_LARGEST, "the longest run is the largest register");
}

int main(void)
{
    const bool full = is_full();
    test_parts();
    /* 1,000 runs, in a few seconds; the larger ones are fewer. */
    test_errors(is_quick() ? 60 : 1000, full ? 300000 : 30000);
    test_errors(full ? 300 : rounds(80), full ? 3000000 : 300000);
    return plan();
}
