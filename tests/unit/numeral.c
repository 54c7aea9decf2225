/* Numbers as people write them: which are read, as what, and what is left alone. */
#include "base/numeral.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "tap.h"

#define TEXT_MAX 64

/* The number that is made of the text; "" where there is none. */
static const char *made(struct slice text, bool decimal_comma)
{
    static char out[TEXT_MAX + NUMERAL_MORE + 1];
    out[numeral_write(out, text, decimal_comma)] = '\0';
    return out;
}

struct reading {
    const char *text, *number; /* "": it is none */
};

static const struct reading with_point[] = {
    {"5", "5"},
    {"05.10", "5.10"},
    {"+7", "7"},
    {".5", "0.5"},
    {"5.", "5"},
    {" 5 ", "5"},
    {"1e3", "1e3"},
    {"-.5e-3", "-0.5e-3"},
    {"+0012.E+2", "12E+2"},
    {"000", "0"},
    {"-0", "-0"},
    {"\t-00.00\r\n", "-0.00"},
    {"\xc2\xa0"
     "12.50\xe2\x80\xaf",
     "12.50"},
    {"123456789012345678901234567890.10", "123456789012345678901234567890.10"},
    {"", ""},
    {" ", ""},
    {".", ""},
    {"+", ""},
    {"-", ""},
    {"--5", ""},
    {"+-5", ""},
    {"- 5", ""},
    {"1 2", ""},
    {"e3", ""},
    {".e3", ""},
    {"1e", ""},
    {"1e+", ""},
    {"1e3.5", ""},
    {"1.2.3", ""},
    {"0x10", ""},
    {"1_000", ""},
    {"1,5", ""},
    {"1,234.50", ""},
    {"1 234.50", ""},
    {"1'234.50", ""},
    {"nan", ""},
    {"inf", ""},
    {"$5", ""},
    {"5 %", ""},
    {"\xe2\x88\x92"
     "5",
     ""},
    {"12\xc2", ""},
};

static const struct reading with_comma[] = {
    {"1.234,50", "1234.50"},
    {"1 234,50", "1234.50"},
    {"1\xc2\xa0"
     "234,50",
     "1234.50"},
    {"1\xe2\x80\xaf"
     "234\xe2\x80\xaf"
     "567,5",
     "1234567.5"},
    {"-12.345.678,9", "-12345678.9"},
    {"1234,5", "1234.5"},
    {"1,234", "1.234"},
    {"1.234", "1234"},
    {",5", "0.5"},
    {"5,", "5"},
    {"+05,10", "5.10"},
    {"0,001", "0.001"},
    {"1,5E+03", "1.5E+03"},
    {" 7 ", "7"},
    {"1234.567", ""},
    {"0.500", ""},
    {"12.50", ""},
    {"1.5", ""},
    {".5", ""},
    {"1.23,4", ""},
    {"1.234.56", ""},
    {"1.234 567", ""},
    {"1  234", ""},
    {"1.234e5", ""},
    {"1.234,5.6", ""},
    {"1,234,5", ""},
    {"1,234.50", ""},
    {"12 34", ""},
};

static void test_readings(const struct reading *reading, size_t count, bool decimal_comma)
{
    for (size_t i = 0; i < count; i++) {
        const struct slice text = slice_of(reading[i].text);
        char name[2 * TEXT_MAX];
        snprintf(name, sizeof(name), "'%s' is %s%s", reading[i].text,
                 reading[i].number[0] == '\0' ? "no number" : reading[i].number,
                 decimal_comma ? ", with a decimal comma" : "");
        is_text(slice_of(made(text, decimal_comma)), reading[i].number, name);
        if (numeral_valid(text, decimal_comma) != (reading[i].number[0] != '\0'))
            ok(false, "and so it is said to be");
    }
}

/* What strtod reads all of, blanks apart, is a number here, of that value; and the other way round:
 * but for words and hexadecimal digits. */
static void test_against_strtod(void)
{
    static const char letters[] = "0011259.,+-eE \t";
    char text[12], out[sizeof(text) + NUMERAL_MORE];
    int wrong = 0;

    srand48(11);
    for (int i = 0; i < 2000000; i++) {
        const size_t len = (size_t)lrand48() % (sizeof(text) - 1);
        for (size_t at = 0; at < len; at++)
            text[at] = letters[(size_t)lrand48() % (sizeof(letters) - 1)];
        text[len] = '\0';
        const struct slice slice = {.text = text, .len = len};
        const size_t written = numeral_write(out, slice, false);
        char *end;
        const double number = strtod(text, &end);
        const bool some = end != text;
        end += strspn(end, " \t");
        const bool wanted = some && *end == '\0';
        const struct slice json = {.text = out, .len = written};
        if (wanted != (written > 0))
            wrong++;
        else if (wanted)
            wrong += !number_valid(json) || number_double(json) != number ||
                     written > len + NUMERAL_MORE;
    }
    is_int(wrong, 0, "with a point it is what strtod takes it for");
}

/* A number written the way of some country is read as that number. */
static void test_round_trip(void)
{
    static const char *const separators[] = {".", " ", "\xc2\xa0", "\xe2\x80\xaf", ""};
    int wrong = 0;

    srand48(12);
    for (int i = 0; i < 200000; i++) {
        char digits[24], text[TEXT_MAX] = "", wanted[TEXT_MAX];
        const char *const separator = separators[lrand48() % 5];
        const long places = lrand48() % 4;
        snprintf(digits, sizeof(digits), "%ld", lrand48() >> (lrand48() % 30));
        snprintf(wanted, sizeof(wanted), "%s%s%.*s", digits, places > 0 ? "." : "", (int)places,
                 "507");
        const size_t len = strlen(digits);
        for (size_t at = 0; at < len; at++) {
            if (at > 0 && (len - at) % 3 == 0) strcat(text, separator);
            strncat(text, &digits[at], 1);
        }
        if (places > 0) {
            const size_t at = strlen(text);
            snprintf(text + at, sizeof(text) - at, ",%.*s", (int)places, "507");
        }
        wrong += strcmp(made(slice_of(text), true), wanted) != 0;
    }
    is_int(wrong, 0, "a number with thousands apart and a decimal comma is that number");
}

static void test_faults(void)
{
    ok(numeral_fault(SLICE("1.234,50"), false) != NULL &&
           strstr(numeral_fault(SLICE("1.234,50"), false), "--decimal-comma") != NULL,
       "where --decimal-comma would help it is named");
    ok(strstr(numeral_fault(SLICE("1,234"), false), "decimal-comma") != NULL &&
           strstr(numeral_fault(SLICE("1,234"), false), "thousands") != NULL,
       "what may be either is asked about");
    ok(strstr(numeral_fault(SLICE("1,234.50"), false), "--decimal-comma") == NULL,
       "thousands with commas are not what --decimal-comma reads");
    ok(strstr(numeral_fault(SLICE("12 \xe2\x82\xac"), true), "currency") != NULL,
       "a currency is named");
    ok(numeral_fault(SLICE("n/a"), false) == NULL, "of words there is nothing to say");
}

int main(void)
{
    test_readings(with_point, sizeof(with_point) / sizeof(with_point[0]), false);
    test_readings(with_comma, sizeof(with_comma) / sizeof(with_comma[0]), true);
    test_against_strtod();
    test_round_trip();
    test_faults();
    return plan();
}
