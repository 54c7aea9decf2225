/* strtod_l and newlocale */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/number.h"

#include <float.h>
#include <locale.h>
#include <stdlib.h>

#include "base/compat.h"
#include "base/digit.h"
#include "base/memory.h"

static const char *digits_end(const char *at, const char *end)
{
    while (at != end && is_digit(*at))
        at++;
    return at;
}

bool number_valid(struct slice text)
{
    if (text.len == 0) return false;
    const char *at = text.text;
    const char *end = at + text.len;

    if (at != end && *at == '-') at++;
    const char *whole = at;
    at = digits_end(at, end);
    if (at == whole || (*whole == '0' && at - whole > 1)) return false;
    if (at != end && *at == '.') {
        const char *places = ++at;
        at = digits_end(at, end);
        if (at == places) return false;
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at != end && (*at == '+' || *at == '-')) at++;
        const char *exponent = at;
        at = digits_end(at, end);
        if (at == exponent) return false;
    }
    return at == end;
}

/* The decimal exponent as it stands: any number of digits. */
struct exponent {
    bool negative;
    const char *digits; /* without leading zeros */
    size_t len;         /* 0: the exponent is 0 */
};

/* A number taken apart: +-0.DIGITS * 10^(point + exponent), the first digit not 0. */
struct parts {
    bool negative;
    const char *digits; /* may hold a point between them */
    const char *end;    /* behind the last; == digits for zero */
    int64_t point;
    struct exponent exponent;
};

static struct exponent exponent_read(const char *at, const char *end)
{
    struct exponent exponent = {0};

    if (at == end) return exponent;
    at++; /* e or E */
    exponent.negative = at != end && *at == '-';
    if (at != end && (*at == '-' || *at == '+')) at++;
    while (at != end && *at == '0')
        at++;
    exponent.digits = at;
    exponent.len = (size_t)(end - at);
    return exponent;
}

static struct parts parts_read(struct slice text)
{
    const char *at = text.text;
    const char *end = at + text.len;
    struct parts parts = {0};

    parts.negative = at != end && *at == '-';
    if (parts.negative) at++;
    const char *first = at;
    const char *point = at = digits_end(at, end);
    if (at != end && *at == '.') at = digits_end(at + 1, end);
    parts.end = at;
    while (first != at && (*first == '0' || *first == '.'))
        first++;
    parts.digits = first;
    parts.point = first <= point ? point - first : point + 1 - first;
    parts.exponent = exponent_read(at, end);
    return parts;
}

static bool parts_zero(const struct parts *parts)
{
    return parts->digits == parts->end;
}

/* The next digit, '0' when there are no more. */
static inline char digit_next(const char **at, const char *end)
{
    if (*at != end && **at == '.') ++*at;
    return *at == end ? '0' : *(*at)++;
}

/* Far beyond the length of any text, and far from overflowing when one is added. */
#define EXPONENT_FAR (INT64_C(1) << 61)

static int64_t exponent_value(const struct exponent *exponent)
{
    int64_t value = 0;

    for (size_t i = 0; i < exponent->len && value < EXPONENT_FAR / 16; i++)
        value = value * 10 + (exponent->digits[i] - '0');
    if (value >= EXPONENT_FAR / 16) value = EXPONENT_FAR;
    return exponent->negative ? -value : value;
}

static int exponent_digit(const struct exponent *exponent, size_t from_end)
{
    if (from_end >= exponent->len) return 0;
    return exponent->digits[exponent->len - 1 - from_end] - '0';
}

/* a - b, or EXPONENT_FAR with the right sign when it is far out. The exponents themselves may be
 * longer than any integer: digits are subtracted from the highest down, and once the difference is
 * large the digits still to come cannot bring it back (10 * d - 9 >= d for d >= 1). */
static int64_t exponent_difference(const struct exponent *a, const struct exponent *b)
{
    const int sign_a = a->negative ? -1 : 1;
    const int sign_b = b->negative ? -1 : 1;
    int64_t difference = 0;

    for (size_t i = a->len > b->len ? a->len : b->len; i-- > 0;) {
        difference =
            difference * 10 + sign_a * exponent_digit(a, i) - sign_b * exponent_digit(b, i);
        if (difference >= EXPONENT_FAR / 16) return EXPONENT_FAR;
        if (difference <= -EXPONENT_FAR / 16) return -EXPONENT_FAR;
    }
    return difference;
}

static int compare_magnitudes(const struct parts *a, const struct parts *b)
{
    const int64_t higher = exponent_difference(&a->exponent, &b->exponent) + (a->point - b->point);
    if (higher != 0) return higher < 0 ? -1 : 1;

    const char *at_a = a->digits;
    const char *at_b = b->digits;
    while (at_a != a->end || at_b != b->end) {
        const char digit_a = digit_next(&at_a, a->end);
        const char digit_b = digit_next(&at_b, b->end);
        if (digit_a != digit_b) return digit_a < digit_b ? -1 : 1;
    }
    return 0;
}

int number_compare(struct slice a, struct slice b)
{
    const struct parts parts_a = parts_read(a);
    const struct parts parts_b = parts_read(b);
    const int sign_a = parts_zero(&parts_a) ? 0 : parts_a.negative ? -1 : 1;
    const int sign_b = parts_zero(&parts_b) ? 0 : parts_b.negative ? -1 : 1;

    if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
    if (sign_a == 0) return 0;
    const int order = compare_magnitudes(&parts_a, &parts_b);
    return sign_a < 0 ? -order : order;
}

int64_t number_magnitude(struct slice text)
{
    const struct parts parts = parts_read(text);
    return parts_zero(&parts) ? 0 : parts.point + exponent_value(&parts.exponent);
}

bool number_floor(struct slice text, int shift, int64_t *out)
{
    const struct parts parts = parts_read(text);
    if (parts_zero(&parts)) {
        *out = 0;
        return true;
    }
    const int64_t whole_digits = parts.point + exponent_value(&parts.exponent) + shift;
    if (whole_digits > 18) return false;

    const char *at = parts.digits;
    int64_t whole = 0;
    for (int64_t i = 0; i < whole_digits; i++)
        whole = whole * 10 + (digit_next(&at, parts.end) - '0');
    bool exact = true;
    while (at != parts.end && exact)
        exact = digit_next(&at, parts.end) == '0';
    *out = !parts.negative ? whole : exact ? -whole : -whole - 1;
    return true;
}

/* A number of at most 19 digits, leading zeros counted: +-mantissa * 10^exponent. */
struct short_number {
    uint64_t mantissa;
    int exponent;
    bool negative;
};

/* False: the number is valid but too long for this. */
static inline bool short_read(struct slice text, struct short_number *out)
{
    const char *at = text.text;
    const char *end = at + text.len;
    uint64_t mantissa = 0;

    if (text.len > 24) return false;
    out->negative = *at == '-';
    if (out->negative) at++;
    const char *first = at;
    for (; at != end && is_digit(*at); at++)
        mantissa = mantissa * 10 + (uint64_t)(*at - '0');
    ptrdiff_t digits = at - first;
    out->exponent = 0;
    if (at != end && *at == '.') {
        const char *places = ++at;
        for (; at != end && is_digit(*at); at++)
            mantissa = mantissa * 10 + (uint64_t)(*at - '0');
        digits += at - places;
        out->exponent = (int)(places - at);
    }
    if (digits > 19) return false;
    out->mantissa = mantissa;
    if (at == end) return true;
    const struct exponent exponent = exponent_read(at, end);
    if (exponent.len > 4) return false;
    out->exponent += (int)exponent_value(&exponent);
    return true;
}

/* Copies the text for strtod's NUL; the C locale whatever a library has set. */
static double slow_double(struct slice text)
{
    char small[128];
    char *copy = text.len < sizeof(small) ? small : memory_new(text.len + 1);

    memcpy(copy, text.text, text.len);
    copy[text.len] = '\0';
    const locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const double number = strtod_l(copy, NULL, locale);
    freelocale(locale);
    if (copy != small) free(copy);
    return number;
}

/* Powers that a double holds exactly. */
static const double double_power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Where mantissa and power are both exact, one operation rounds once, so correctly (Clinger, How to
 * Read Floating Point Numbers Accurately, 1990). */
double number_double(struct slice text)
{
    struct short_number number;

    if (FLT_EVAL_METHOD != 0 || !short_read(text, &number)) return slow_double(text);
    if (number.mantissa > UINT64_C(1) << 53) return slow_double(text);
    double result = (double)number.mantissa;
    if (number.mantissa == 0) {
        result = 0;
    } else if (number.exponent >= 0 && number.exponent <= 22) {
        result *= double_power[number.exponent];
    } else if (number.exponent < 0 && number.exponent >= -22) {
        result /= double_power[-number.exponent];
    } else {
        return slow_double(text);
    }
    return number.negative ? -result : result;
}

#define DECIMAL_PLACES 9
#define DECIMAL_DIGITS 39 /* of the largest: 2^127 - 1 */

static const uint64_t decimal_power[DECIMAL_PLACES + 1] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

static bool slow_decimal(struct slice text, decimal *out)
{
    const struct parts parts = parts_read(text);
    *out = 0;
    if (parts_zero(&parts)) return true;
    const int64_t digits = parts.point + exponent_value(&parts.exponent) + DECIMAL_PLACES;
    if (digits > DECIMAL_DIGITS) return false;
    if (digits < 0) return true;

    const char *at = parts.digits;
    decimal units = 0;
    for (int64_t i = 0; i < digits; i++) {
        const decimal digit = digit_next(&at, parts.end) - '0';
        if (__builtin_mul_overflow(units, (decimal)10, &units)) return false;
        if (__builtin_add_overflow(units, digit, &units)) return false;
    }
    const decimal carry = digit_next(&at, parts.end) >= '5';
    if (__builtin_add_overflow(units, carry, &units)) return false;
    *out = parts.negative ? -units : units;
    return true;
}

bool decimal_parse(struct slice text, decimal *out)
{
    struct short_number number;

    if (!short_read(text, &number) || number.exponent > 0 || number.exponent < -DECIMAL_PLACES)
        return slow_decimal(text, out);
    const decimal units =
        (decimal)number.mantissa * decimal_power[DECIMAL_PLACES + number.exponent];
    *out = number.negative ? -units : units;
    return true;
}

/* Writes exactly count digits in front of at; returns where they begin. */
static char *digits_write(char *at, uint64_t number, int count)
{
    for (; count > 0; count--) {
        *--at = (char)('0' + number % 10);
        number /= 10;
    }
    return at;
}

static unsigned __int128 absolute(decimal number)
{
    return number < 0 ? 0 - (unsigned __int128)number : (unsigned __int128)number;
}

void decimal_print(struct buffer *out, decimal number)
{
    const uint64_t chunk = UINT64_C(1000000000000000000);
    const unsigned __int128 units = absolute(number);
    unsigned __int128 whole = units / decimal_power[DECIMAL_PLACES];
    uint64_t places = (uint64_t)(units % decimal_power[DECIMAL_PLACES]);
    char text[48];
    char *at = text + sizeof(text);

    if (places != 0) {
        int count = DECIMAL_PLACES;
        for (; places % 10 == 0; places /= 10)
            count--;
        at = digits_write(at, places, count);
        *--at = '.';
    }
    for (; whole >= chunk; whole /= chunk)
        at = digits_write(at, (uint64_t)(whole % chunk), 18);
    uint64_t rest = (uint64_t)whole;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (number < 0) *--at = '-';
    buffer_add(out, at, (size_t)(text + sizeof(text) - at));
}

decimal decimal_average(decimal sum, uint64_t count)
{
    const unsigned __int128 limit = ~(unsigned __int128)0 >> 1;
    const unsigned __int128 units = absolute(sum);
    const unsigned __int128 divisor = (unsigned __int128)count * 1000;
    const unsigned __int128 remainder = units % divisor;
    unsigned __int128 result = units / divisor * 1000;

    /* At the very end of the range the rounded value may not exist; then it is cut. */
    if (remainder >= divisor - remainder && result <= limit - 1000) result += 1000;
    return sum < 0 ? -(decimal)result : (decimal)result;
}

void percent_print(struct buffer *out, int64_t part, int64_t whole)
{
    if (whole == 0) {
        buffer_add_literal(out, "null");
        return;
    }
    const unsigned __int128 divisor = absolute(whole);
    const unsigned __int128 scaled = absolute(part) * 10000;
    const unsigned __int128 remainder = scaled % divisor;
    const unsigned __int128 rounded = scaled / divisor + (remainder >= divisor - remainder);
    const decimal units = (decimal)rounded * 10000000; /* hundredths, as units of 1e-9 */
    decimal_print(out, (part < 0) != (whole < 0) ? -units : units);
}
