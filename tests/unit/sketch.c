#include "base/sketch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define RUNS 1000
#define NUMBERS_MAX 3000

static uint64_t seed = 42;

static double random_unit(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(seed >> 11) + 1) / 0x1p53;
}

/* Of several kinds: even, with a long tail, some less than 0, whole seconds. */
static double random_number(int kind)
{
    const double unit = random_unit();
    switch (kind) {
    case 0: return unit * 3600;
    case 1: return exp(unit * 40 - 20);
    case 2: return (unit - 0.5) * 1e6;
    default: return floor(unit * 90);
    }
}

static int number_compare(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static double exact_quantile(const double *sorted, int count, int percent)
{
    int rank = (percent * count + 99) / 100;
    if (rank == 0) rank = 1;
    return sorted[rank - 1];
}

static bool same(const struct sketch *a, const struct sketch *b)
{
    struct buffer left = {0}, right = {0};
    sketch_pack(a, &left);
    sketch_pack(b, &right);
    const bool equal = slice_equal(buffer_slice(&left), buffer_slice(&right));
    buffer_release(&left);
    buffer_release(&right);
    return equal;
}

/* Numbers in order, and in reverse as three parts that are merged: how many runs differ. */
struct wrongs {
    int quantiles, merges, packs, texts;
    double worst;
};

static void run_once(int run, struct wrongs *wrongs)
{
    static double number[NUMBERS_MAX];
    static const int percents[] = {0, 1, 5, 25, 50, 75, 90, 95, 99, 100};
    const int count = 1 + (int)(random_unit() * (run % 2 == 0 ? 100 : NUMBERS_MAX - 1));
    struct sketch whole = {0}, part[3] = {{0}}, merged = {0}, unpacked = {0}, read = {0};
    struct buffer bytes = {0};
    for (int i = 0; i < count; i++) {
        number[i] = random_number(run % 4);
        sketch_add(&whole, number[i]);
    }
    for (int i = count; i-- > 0;)
        sketch_add(&part[i % 3], number[i]);
    qsort(number, (size_t)count, sizeof number[0], number_compare);
    for (size_t i = 0; i < sizeof percents / sizeof percents[0]; i++) {
        const double wanted = exact_quantile(number, count, percents[i]);
        const double got = sketch_quantile(&whole, percents[i] / 100.0);
        const double error = wanted == 0 ? fabs(got) : fabs(got - wanted) / fabs(wanted);
        if (error > wrongs->worst) wrongs->worst = error;
        wrongs->quantiles += error > (count <= SKETCH_EXACT ? 0 : 1.0 / 129 + 1e-12);
    }
    for (int i = 3; i-- > 0;)
        sketch_merge(&merged, &part[i]);
    wrongs->merges += !same(&whole, &merged);
    sketch_pack(&whole, &bytes);
    struct unpack in = {.at = bytes.data, .end = bytes.data + bytes.len};
    sketch_unpack(&unpacked, &in);
    wrongs->packs += in.broken || in.at != in.end || !same(&whole, &unpacked);
    buffer_clear(&bytes);
    sketch_print(&whole, &bytes);
    wrongs->texts += !sketch_read(&read, buffer_slice(&bytes)) || !same(&whole, &read);
    for (int i = 0; i < 3; i++)
        sketch_release(&part[i]);
    sketch_release(&whole);
    sketch_release(&merged);
    sketch_release(&unpacked);
    sketch_release(&read);
    buffer_release(&bytes);
}

static void properties(void)
{
    struct wrongs wrongs = {0};
    for (int run = 0; run < RUNS; run++)
        run_once(run, &wrongs);
    is_int(wrongs.quantiles, 0,
           "every quantile of 1,000 runs is exact up to 64 numbers, else within 1/129");
    ok(wrongs.worst > 0.001, "so the runs have had buckets");
    is_int(wrongs.merges, 0, "sketches of parts, in any order, are the sketch of the whole");
    is_int(wrongs.packs, 0, "a sketch survives packing");
    is_int(wrongs.texts, 0, "a sketch survives being text");
}

static bool reads(const char *text)
{
    struct sketch sketch = {0};
    const bool good = sketch_read(&sketch, slice_of(text));
    sketch_release(&sketch);
    return good;
}

static void texts(void)
{
    struct sketch sketch = {0};
    struct buffer out = {0};
    sketch_add(&sketch, 30);
    sketch_add(&sketch, 12.5);
    sketch_add(&sketch, 30);
    sketch_print(&sketch, &out);
    is_text(buffer_slice(&out), "12.5 30 30", "few numbers are printed as they are");
    ok(sketch_quantile(&sketch, 0.5) == 30, "the median of three is the second");
    sketch_release(&sketch);
    buffer_release(&out);
    ok(reads("") && reads("1 2"), "no number, and two");
    ok(!reads(" ") && !reads("1 ") && !reads("1  2") && !reads("x") && !reads("1e999") &&
           !reads("nan"),
       "what is no number is refused");
    ok(!reads("b5:1") && !reads("b66112:0") && !reads("b66112:-1") && !reads("b66112") &&
           !reads("b999999:1") && !reads("b66112:1 b66112:18446744073709551615"),
       "so is a bucket that there cannot be");
    static const char early[5] = {0, 2};
    struct unpack in = {.at = early, .end = early + sizeof early};
    sketch_unpack(&sketch, &in);
    ok(in.broken, "bytes that end too early are broken");
    sketch_release(&sketch);
}

static void extremes(void)
{
    struct sketch sketch = {0};
    for (int i = 0; i < 100; i++)
        sketch_add(&sketch, i == 0 ? -1.7e308 : i < 50 ? 0 : i < 99 ? 5e-324 : 1.7e308);
    ok(sketch_quantile(&sketch, 0.5) == 0, "what is nearly 0 is 0");
    ok(isfinite(sketch_quantile(&sketch, 0)) && sketch_quantile(&sketch, 0) < -1.6e308,
       "the least number that there is");
    ok(isfinite(sketch_quantile(&sketch, 1)) && sketch_quantile(&sketch, 1) > 1.6e308,
       "and the greatest");
    sketch_clear(&sketch);
    ok(sketch.count == 0, "a cleared sketch is empty");
    sketch_add(&sketch, 7);
    ok(sketch_quantile(&sketch, 0.95) == 7, "and is exact again");
    sketch_release(&sketch);
}

int main(void)
{
    properties();
    texts();
    extremes();
    return plan();
}
