/* number.c - doubles against strtod, order and sums against integers. */
#include "base/number.h"

#include <stdlib.h>

#include "tap.h"

static uint64_t random_bits(void)
{
    return (uint64_t)mrand48() << 32 ^ (uint64_t)(uint32_t)mrand48();
}

/* Small numbers are as likely as large ones. */
static int64_t random_int(void)
{
    return (int64_t)random_bits() >> lrand48() % 64;
}

static void add_digits(struct buffer *out, long count)
{
    for (; count > 0; count--)
        buffer_add_char(out, (char)('0' + lrand48() % 10));
}

/* A JSON number with a NUL behind it. */
static void random_number(struct buffer *out, long whole, long places, int exponent)
{
    buffer_clear(out);
    if (lrand48() % 3 == 0) buffer_add_char(out, '-');
    if (whole == 0) {
        buffer_add_char(out, '0');
    } else {
        buffer_add_char(out, (char)('1' + lrand48() % 9));
        add_digits(out, whole - 1);
    }
    if (places > 0) buffer_add_char(out, '.');
    add_digits(out, places);
    if (exponent > 0)
        buffer_printf(out, "%c%s%ld", "eE"[lrand48() % 2], lrand48() % 2 == 0 ? "-" : "",
                      lrand48() % exponent);
    buffer_add_char(out, '\0');
    out->len--;
}

static void test_valid(void)
{
    static const char *const valid[] = {
        "0",    "-0",   "10",    "0.0", "1.50",
        "-1e5", "1E+5", "1e-05", "0e0", "123456789012345678901234567890"};
    static const char *const invalid[] = {"",     "-",   "+1",       "01",   "-01", "1.",
                                          ".5",   "1e",  "1e+",      "1.e5", " 1",  "1 ",
                                          "0x10", "NaN", "Infinity", "1.2.3"};
    int wrong = 0;
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
        wrong += !number_valid(slice_of(valid[i]));
    is_int(wrong, 0, "what RFC 8259 calls a number is one");
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
        wrong += number_valid(slice_of(invalid[i]));
    is_int(wrong, 0, "and nothing else is");
}

static bool same_double(struct slice text)
{
    const double wanted = strtod(text.text, NULL);
    const double got = number_double(text);
    return memcmp(&wanted, &got, sizeof(got)) == 0;
}

static void test_double(void)
{
    static const char *const edges[] = {"0",
                                        "-0",
                                        "-0.0e5",
                                        "9007199254740992",
                                        "9007199254740993",
                                        "1e22",
                                        "1e23",
                                        "1e-22",
                                        "1e-23",
                                        "1e400",
                                        "-1e400",
                                        "1e-400",
                                        "5e-324",
                                        "2.2250738585072011e-308",
                                        "1e99999999999999999999",
                                        "0e99999999999999999999",
                                        "9999999999999999999",
                                        "18446744073709551615",
                                        "99999999999999999999",
                                        "0.30000000000000004",
                                        "1.7976931348623157e308",
                                        "1.7976931348623159e308"};
    struct buffer text = {0};
    int wrong = 0;

    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++)
        wrong += !same_double(slice_of(edges[i]));
    is_int(wrong, 0, "numbers at the edges are the doubles that strtod gives");
    for (int i = 0; i < 60000; i++) {
        random_number(&text, lrand48() % 20, lrand48() % 20, i % 2 == 0 ? 0 : 40);
        wrong += !same_double(buffer_slice(&text));
    }
    for (int i = 0; i < 40000; i++) {
        random_number(&text, lrand48() % 200, lrand48() % 200, 500);
        wrong += !same_double(buffer_slice(&text));
    }
    is_int(wrong, 0, "and so are 100,000 random ones, bit for bit");
    buffer_release(&text);
}

/* +-MANTISSA with the point moved places to the left and the exponent put right again. */
static void spell(struct buffer *out, int64_t number, int places, int exponent)
{
    struct buffer digits = {0};
    buffer_printf(&digits, "%0*" PRId64, places + 1, number < 0 ? -number : number);
    const int whole = (int)digits.len - places;
    buffer_clear(out);
    buffer_printf(out, "%s%.*s", number < 0 ? "-" : "", whole, digits.data);
    if (places > 0) buffer_printf(out, ".%.*s", places, digits.data + whole);
    buffer_release(&digits);
    if (places + exponent != 0 || lrand48() % 4 == 0)
        buffer_printf(out, "e%s%d", places + exponent >= 0 && lrand48() % 2 == 0 ? "+" : "",
                      places + exponent);
}

static int sign(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static void test_compare(void)
{
    struct buffer a = {0}, b = {0};
    int wrong = 0;

    for (int i = 0; i < 100000; i++) {
        int64_t number_a = random_int() / 100000;
        int64_t number_b =
            lrand48() % 2 == 0 ? number_a + lrand48() % 3 - 1 : random_int() / 100000;
        spell(&a, number_a, (int)(lrand48() % 18), 0);
        /* the same value with up to three of its zeros moved into the exponent */
        const int wanted = sign(number_a, number_b);
        int zeros = 0;
        while (zeros < 3 && number_b != 0 && number_b % 10 == 0) {
            number_b /= 10;
            zeros++;
        }
        spell(&b, number_b, (int)(lrand48() % 18), zeros);
        wrong += number_compare(buffer_slice(&a), buffer_slice(&b)) != wanted;
        wrong += number_compare(buffer_slice(&b), buffer_slice(&a)) != -wanted;
    }
    is_int(wrong, 0, "numbers however written are ordered as the integers they stand for");
    buffer_release(&a);
    buffer_release(&b);
}

/* Ascending; those of one row are equal. */
static void test_compare_extremes(void)
{
    static const char *const rows[][3] = {
        {"-1e100000000000000000000", "-10e99999999999999999999", "-0.1e100000000000000000001"},
        {"-1e400", "-10E399", "-0.01e402"},
        {"-1", "-1.0", "-10e-1"},
        {"-1e-99999999999999999999", "-10e-100000000000000000000", "-1e-099999999999999999999"},
        {"0", "-0.0e99999999999999999999", "0e-5"},
        {"1e-99999999999999999999999", "10e-100000000000000000000000",
         "1e-99999999999999999999999"},
        {"1e-99999999999999999999", "0.1e-99999999999999999998", "0.00001e-99999999999999999994"},
        {"0.1", "1e-1", "0.10000"},
        {"0.10000000000000000000000000000001", "1.0000000000000000000000000000001e-1",
         "0.1000000000000000000000000000000100"},
        {"1e399", "1E+399", "1000e396"},
        {"1e400", "10e399", "1e0000000000000000000000400"},
        {"1e9223372036854775807", "10e9223372036854775806", "0.1e9223372036854775808"},
        {"1e9223372036854775808", "10e9223372036854775807", "0.1e9223372036854775809"},
        {"1e99999999999999999999", "10e99999999999999999998", "0.1e100000000000000000000"},
        {"9e99999999999999999999", "90e99999999999999999998", "0.9e100000000000000000000"},
    };
    const size_t count = sizeof(rows) / sizeof(rows[0]) * 3;
    int wrong = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            const int wanted = sign((int64_t)(i / 3), (int64_t)(j / 3));
            const char *a = rows[i / 3][i % 3];
            const char *b = rows[j / 3][j % 3];
            const int got = number_compare(slice_of(a), slice_of(b));
            if (got != wanted) printf("# %s %s: %d\n", a, b, got);
            wrong += got != wanted;
        }
    is_int(wrong, 0, "exponents longer than any integer are compared exactly");
}

static void test_floor(void)
{
    struct buffer text = {0};
    int64_t got;
    int wrong = 0;

    for (int i = 0; i < 50000; i++) {
        const int64_t number = random_int() / 1000;
        const int places = (int)(lrand48() % 12);
        spell(&text, number, (int)(lrand48() % 10), -places);
        int64_t power = 1;
        for (int j = 0; j < places; j++)
            power *= 10;
        const int64_t wanted = number / power - (number % power < 0);
        wrong += !number_floor(buffer_slice(&text), 0, &got) || got != wanted;
    }
    is_int(wrong, 0, "the floor is the one of integer division");
    ok(!number_floor(SLICE("1e18"), 0, &got) && !number_floor(SLICE("1"), 18, &got) &&
           number_floor(SLICE("999999999999999999.9"), 0, &got) &&
           got == INT64_C(999999999999999999),
       "18 digits fit, 19 do not");
    ok(number_floor(SLICE("-1e-99999999999999999999"), 6, &got) && got == -1,
       "a little below zero is -1");
    ok(number_magnitude(SLICE("99999999999.9")) == 11 && number_magnitude(SLICE("1e11")) == 12 &&
           number_magnitude(SLICE("000100")) == 3 && number_magnitude(SLICE("0.0")) == 0,
       "the magnitude counts the digits before the point");
    buffer_release(&text);
}

static void is_decimal(const char *text, const char *wanted)
{
    struct buffer out = {0};
    decimal number;

    if (decimal_parse(slice_of(text), &number)) {
        decimal_print(&out, number);
    } else {
        buffer_add_literal(&out, "does not fit");
    }
    char name[128];
    snprintf(name, sizeof(name), "%s as a decimal is %s", text, wanted);
    is_text(buffer_slice(&out), wanted, name);
    buffer_release(&out);
}

static void test_decimal(void)
{
    is_decimal("0", "0");
    is_decimal("-0.0", "0");
    is_decimal("-0.0000000001", "0");
    is_decimal("19.90", "19.9");
    is_decimal("-1000000", "-1000000");
    is_decimal("0.0000000005", "0.000000001");
    is_decimal("-0.0000000005", "-0.000000001");
    is_decimal("0.00000000049999999999999999999", "0");
    is_decimal("5e-10", "0.000000001");
    is_decimal("1e-99999999999999999999", "0");
    is_decimal("0e99999999999999999999", "0");
    is_decimal("1.5e3", "1500");
    is_decimal("123456789012345678901234567.123456789", "123456789012345678901234567.123456789");
    is_decimal("170141183460469231731687303715.884105727",
               "170141183460469231731687303715.884105727");
    is_decimal("-170141183460469231731687303715.8841057274",
               "-170141183460469231731687303715.884105727");
    is_decimal("170141183460469231731687303715.8841057275", "does not fit");
    is_decimal("170141183460469231731687303715.884105728", "does not fit");
    is_decimal("1e30", "does not fit");
    is_decimal("1e99999999999999999999", "does not fit");
}

static void test_decimal_round_trip(void)
{
    struct buffer text = {0}, printed = {0};
    int wrong = 0;

    for (int i = 0; i < 50000; i++) {
        decimal number, again;
        random_number(&text, lrand48() % 29, lrand48() % 15, i % 3 == 0 ? 12 : 0);
        if (!decimal_parse(buffer_slice(&text), &number)) continue;
        buffer_clear(&printed);
        decimal_print(&printed, number);
        wrong += !number_valid(buffer_slice(&printed));
        wrong += !decimal_parse(buffer_slice(&printed), &again) || again != number;
    }
    is_int(wrong, 0, "a printed decimal is a number and reads as the same");
    buffer_release(&text);
    buffer_release(&printed);
}

static void test_sum(void)
{
    enum { COUNT = 1000 };
    decimal addends[COUNT];
    decimal first = 0;
    struct buffer text = {0};
    int wrong = 0;

    for (size_t i = 0; i < COUNT; i++) {
        random_number(&text, lrand48() % 20, lrand48() % 12, 0);
        wrong += !decimal_parse(buffer_slice(&text), &addends[i]);
        first += addends[i];
    }
    for (int round = 0; round < 100; round++) {
        decimal sum = 0;
        for (size_t i = COUNT; i > 0; i--) {
            const size_t other = (size_t)lrand48() % i;
            const decimal addend = addends[other];
            addends[other] = addends[i - 1];
            addends[i - 1] = addend;
            sum += addend;
        }
        wrong += sum != first;
    }
    is_int(wrong, 0, "a sum does not depend on the order of its addends");

    decimal most;
    ok(decimal_parse(SLICE("170141183460469231731687303715.884105727"), &most), "the largest fits");
    buffer_release(&text);
}

static void test_average(void)
{
    int wrong = 0;
    for (int i = 0; i < 50000; i++) {
        const decimal sum = (decimal)random_int() * (lrand48() % 1000);
        const uint64_t count = (uint64_t)(lrand48() % 1000) + 1;
        const decimal twice = 2 * decimal_average(sum, count) * (decimal)count;
        const decimal off =
            twice - 2 * sum; /* at most half of a step of 1000, away from zero if just half */
        const decimal half = 1000 * (decimal)count;
        wrong += decimal_average(sum, count) % 1000 != 0;
        wrong += sum >= 0 ? off > half || off <= -half : off >= half || off < -half;
    }
    is_int(wrong, 0, "an average is the nearest with 6 places, halves away from zero");

    const decimal most = (decimal)(~(unsigned __int128)0 >> 1);
    ok(decimal_average(most, UINT64_MAX) > 0 && decimal_average(-most, 1) < 0,
       "the largest sums and counts have an average");
}

static struct slice percent(struct buffer *out, int64_t part, int64_t whole)
{
    buffer_clear(out);
    percent_print(out, part, whole);
    return buffer_slice(out);
}

static void test_percent(void)
{
    struct buffer out = {0};
    int wrong = 0;

    is_text(percent(&out, 1, 8), "12.5", "a rate has no padding");
    is_text(percent(&out, 1, 3), "33.33", "a rate has two decimals");
    is_text(percent(&out, 7, 7), "100", "a whole rate has no point");
    is_text(percent(&out, 1, 20000), "0.01", "half a hundredth is rounded up");
    is_text(percent(&out, -1, 20000), "-0.01", "and down below zero");
    is_text(percent(&out, -1, 20001), "0", "there is no negative zero");
    is_text(percent(&out, 5, 0), "null", "of nothing there is no rate");
    is_text(percent(&out, INT64_MIN, INT64_MIN), "100", "the largest numbers have a rate");
    for (int i = 0; i < 50000; i++) {
        const int64_t part = random_int();
        int64_t whole = random_int();
        if (whole == 0) whole = 1;
        const __int128 exact = (__int128)part * 20000;
        const __int128 size = exact < 0 ? -exact : exact;
        const __int128 divisor = whole < 0 ? -(__int128)whole : whole;
        __int128 hundredths = (size / divisor + 1) / 2;
        if ((part < 0) != (whole < 0)) hundredths = -hundredths;
        decimal got;
        if (!decimal_parse(percent(&out, part, whole), &got) || got != hundredths * 10000000)
            wrong++;
    }
    is_int(wrong, 0, "rates are those of 128-bit arithmetic");
    buffer_release(&out);
}

int main(void)
{
    test_valid();
    test_double();
    test_compare();
    test_compare_extremes();
    test_floor();
    test_decimal();
    test_decimal_round_trip();
    test_sum();
    test_average();
    test_percent();
    return plan();
}
