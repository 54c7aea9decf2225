/* memmem */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/numeral.h"

#include <string.h>

#include "base/digit.h"

/* The digits of a numeral are found first, then written: a numeral is these pieces. */
struct numeral {
    bool negative;
    const char *whole, *whole_end; /* digits, and what stands between groups of them */
    const char *places, *places_end;
    const char *exponent, *exponent_end; /* from the e on */
};

/* The bytes of a blank at the front: ASCII's, or one of those that word processors and the formats
 * of countries put between digits (no-break, figure, thin and narrow no-break space). 0: none. */
static size_t blank_len(const char *at, const char *end)
{
    static const char *const wide[] = {"\xc2\xa0", "\xe2\x80\x87", "\xe2\x80\x89", "\xe2\x80\xaf"};

    if (at == end) return 0;
    if (*at == ' ' || (*at >= '\t' && *at <= '\r')) return 1;
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++) {
        const size_t len = strlen(wide[i]);
        if ((size_t)(end - at) >= len && memcmp(at, wide[i], len) == 0) return len;
    }
    return 0;
}

/* The same from behind. */
static size_t blank_len_before(const char *begin, const char *end)
{
    for (size_t len = 1; len <= 3 && len <= (size_t)(end - begin); len++)
        if (blank_len(end - len, end) == len) return len;
    return 0;
}

static struct slice without_blanks(struct slice text)
{
    const char *at = text.text, *end = text.text + text.len;
    size_t len;
    while ((len = blank_len(at, end)) != 0)
        at += len;
    while ((len = blank_len_before(at, end)) != 0)
        end -= len;
    return (struct slice){.text = at, .len = (size_t)(end - at)};
}

static const char *digits_end(const char *at, const char *end)
{
    while (at != end && is_digit(*at))
        at++;
    return at;
}

/* Behind groups of three digits, each after the same separator, from the end of the first group on;
 * that itself where there are none. A first group of "0" begins no thousands. */
static const char *groups_end(const char *first, const char *at, const char *end)
{
    if (at == first || at - first > 3 || *first == '0' || at == end) return at;
    const size_t len = *at == '.' ? 1 : blank_len(at, end);
    if (len == 0) return at;
    const char *const separator = at;
    while ((size_t)(end - at) >= len + 3 && memcmp(at, separator, len) == 0 &&
           digits_end(at + len, at + len + 3) == at + len + 3)
        at += len + 3;
    return at;
}

static bool numeral_read(struct slice text, bool decimal_comma, struct numeral *out)
{
    text = without_blanks(text);
    const char *at = text.text, *const end = text.text + text.len;

    *out = (struct numeral){0};
    if (at != end && (*at == '-' || *at == '+')) out->negative = *at++ == '-';
    out->whole = at;
    at = digits_end(at, end);
    const char *const group = at;
    if (decimal_comma) at = groups_end(out->whole, at, end);
    const bool grouped = at != group;
    out->whole_end = out->places = out->places_end = at;
    if (at != end && *at == (decimal_comma ? ',' : '.')) {
        out->places = ++at;
        out->places_end = at = digits_end(at, end);
    }
    if (out->whole == out->whole_end && out->places == out->places_end) return false;
    out->exponent = out->exponent_end = at;
    if (at != end && (*at == 'e' || *at == 'E') && !grouped) {
        at++;
        if (at != end && (*at == '-' || *at == '+')) at++;
        const char *const digits = at;
        at = digits_end(at, end);
        if (at == digits) return false;
        out->exponent_end = at;
    }
    return at == end;
}

bool numeral_valid(struct slice text, bool decimal_comma)
{
    struct numeral numeral;
    return numeral_read(text, decimal_comma, &numeral);
}

size_t numeral_write(char *out, struct slice text, bool decimal_comma)
{
    struct numeral numeral;
    char *to = out;

    if (!numeral_read(text, decimal_comma, &numeral)) return 0;
    if (numeral.negative) *to++ = '-';
    char *const whole = to;
    for (const char *at = numeral.whole; at != numeral.whole_end; at++)
        if (is_digit(*at) && (to != whole || *at != '0')) *to++ = *at;
    if (to == whole) *to++ = '0';
    if (numeral.places != numeral.places_end) {
        const size_t len = (size_t)(numeral.places_end - numeral.places);
        *to++ = '.';
        memcpy(to, numeral.places, len);
        to += len;
    }
    const size_t len = (size_t)(numeral.exponent_end - numeral.exponent);
    if (len > 0) memcpy(to, numeral.exponent, len);
    return (size_t)(to + len - out);
}

/* Digits in groups of three with commas between, and nothing else of a number but a sign and
 * decimals: thousands as they are written in English. */
static bool english_thousands(struct slice text)
{
    const char *at = text.text, *const end = text.text + text.len;
    int groups = 0;

    if (at != end && (*at == '-' || *at == '+')) at++;
    const char *const first = at;
    at = digits_end(at, end);
    if (at == first || at - first > 3) return false;
    for (; end - at >= 4 && *at == ',' && digits_end(at + 1, at + 4) == at + 4; groups++)
        at += 4;
    if (at != end && *at == '.') at = digits_end(at + 1, end);
    return groups > 0 && at == end;
}

const char *numeral_fault(struct slice text, bool decimal_comma)
{
    static const char *const money[] = {"$",   "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5",
                                        "kr",  "z\xc5\x82",    "EUR",      "USD",
                                        "GBP", "CHF",          "JPY"};

    text = without_blanks(text);
    if (text.len == 0) return "an empty text is no number: null is";
    for (size_t i = 0; i < sizeof(money) / sizeof(money[0]); i++)
        if (memmem(text.text, text.len, money[i], strlen(money[i])) != NULL)
            return "with its currency it is text";
    if (text.text[text.len - 1] == '%') return "with a percent sign it is text";
    if (decimal_comma)
        return numeral_valid(text, false) ? "with --decimal-comma a point stands between thousands"
                                          : NULL;
    const bool thousands = english_thousands(text);
    if (thousands && numeral_valid(text, true))
        return "is the comma a decimal one? then --decimal-comma; commas between thousands are not "
               "read";
    if (thousands) return "commas between thousands are not read";
    return numeral_valid(text, true) ? "--decimal-comma?" : NULL;
}
