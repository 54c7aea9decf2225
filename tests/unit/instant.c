/* instant.c - every day of 9999 years, random times, and what is no time. */
#include "base/instant.h"

#include <stdlib.h>

#include "tap.h"

static bool parses(struct slice text, int64_t wanted)
{
    int64_t got;
    return instant_parse_text(text, NULL, &got) && got == wanted;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static void digits_put(char *at, int number, int count)
{
    while (count-- > 0) {
        at[count] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* One after the other, as a calendar on the wall counts them. */
static void test_every_day(void)
{
    char text[] = "0000-00-00T00:00:00.000Z";
    char written[INSTANT_TEXT_MAX];
    int64_t day_us = INSTANT_MIN;
    int wrong = 0;

    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= 31; day++) {
                int64_t got;
                digits_put(text, year, 4);
                digits_put(text + 5, month, 2);
                digits_put(text + 8, day, 2);
                const struct slice slice = {.text = text, .len = 24};
                if (day > days_in(year, month)) {
                    wrong += instant_parse_text(slice, NULL, &got);
                    continue;
                }
                wrong += !parses(slice, day_us);
                wrong += instant_write(written, day_us) != 24 || memcmp(written, text, 24) != 0;
                day_us += INT64_C(86400000000);
            }
    is_int(wrong, 0, "every day of the years 1 to 9999 is read and written, and no other");
    is_int(day_us, INSTANT_MAX + 1, "they fill the range");
}

static int64_t random_time(void)
{
    const uint64_t bits = (uint64_t)mrand48() << 32 ^ (uint64_t)(uint32_t)mrand48();
    const uint64_t range = (uint64_t)(INSTANT_MAX - INSTANT_MIN) + 1;
    return INSTANT_MIN + (int64_t)(bits % range);
}

static void test_round_trip(void)
{
    char text[INSTANT_TEXT_MAX];
    int wrong = 0;

    for (int i = 0; i < 200000; i++) {
        int64_t time_us = random_time();
        if (i % 2 == 0) time_us -= ((time_us % 1000) + 1000) % 1000;
        if (i == 0) time_us = INSTANT_MIN;
        if (i == 1) time_us = INSTANT_MAX;
        const size_t len = instant_write(text, time_us);
        wrong += len != (time_us % 1000 == 0 ? 24 : 27);
        wrong += !parses((struct slice){.text = text, .len = len}, time_us);
    }
    is_int(wrong, 0, "what is written reads as the same time");
}

/* A zone moves the time by just so much, whichever way both are written. */
static void test_zones(void)
{
    struct buffer text = {0};
    int wrong = 0;

    for (int i = 0; i < 100000; i++) {
        int64_t time_us = random_time();
        time_us -= ((time_us % 1000000) + 1000000) % 1000000;
        const int ahead = (int)(lrand48() % (48 * 60 - 1)) - (24 * 60 - 1); /* minutes */
        const int64_t wanted = time_us - (int64_t)ahead * 60000000;
        const int size = abs(ahead);
        buffer_clear(&text);
        instant_print(&text, time_us);
        text.len = 19;
        text.data[10] = "Tt "[lrand48() % 3];
        if (lrand48() % 2 == 0) buffer_add(&text, ".000000000", (size_t)(2 + lrand48() % 9));
        buffer_printf(&text, "%c%02d", ahead < 0 ? '-' : '+', size / 60);
        if (size % 60 != 0 || lrand48() % 2 == 0)
            buffer_printf(&text, "%s%02d", lrand48() % 2 == 0 ? ":" : "", size % 60);
        int64_t got;
        if (wanted < INSTANT_MIN || wanted > INSTANT_MAX) {
            wrong += instant_parse_text(buffer_slice(&text), NULL, &got);
        } else {
            wrong += !parses(buffer_slice(&text), wanted);
        }
    }
    is_int(wrong, 0, "zones are taken off, and only what stays in range is a time");
    buffer_release(&text);
}

/* Any byte of a time replaced: read only if it is one after all, and then as it is written again.
 */
static void test_damaged(void)
{
    int wrong = 0;
    for (size_t len = 20; len <= 24; len += 4)
        for (size_t at = 0; at < len; at++)
            for (int byte = 0; byte < 256; byte++) {
                char text[25] = "2026-10-11T12:13:14.156Z";
                char again[INSTANT_TEXT_MAX];
                int64_t got;
                if (len == 20) text[19] = 'Z';
                text[at] = (char)byte;
                const bool read =
                    instant_parse_text((struct slice){.text = text, .len = len}, NULL, &got);
                if (!read) continue;
                instant_write(again, got);
                if (text[10] == ' ' || text[10] == 't') text[10] = 'T';
                if (text[17] == '6') continue; /* second 60 is written as the next minute */
                wrong += memcmp(text, again, 19) != 0;
                wrong += text[len - 1] != 'Z' && text[len - 1] != 'z';
            }
    is_int(wrong, 0, "a changed byte is a changed time or none");
}

static void test_refused(void)
{
    static const char *const refused[] = {
        "",
        "2026-01-01",
        "2026-01-01T00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00.1234567890Z",
        "2026-01-01T00:00:00,Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T23:60:00Z",
        "2026-01-01T23:00:61Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "0000-12-31T23:30:00Z",
        "0000-12-31T23:30:00-01:00",
        "0001-01-01T00:30:00+01:00",
        "9999-12-31T23:30:00-01:00",
        "9999-12-31T23:59:60Z",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00+1",
        "2026-01-01T00:00:00+01:",
        "2026-01-01T00:00:00+01:0",
        "2026-01-01T00:00:00+010",
        "2026-01-01T00:00:00UTC",
        "2026-01-01T00:00:00 utc",
        "2026-01-01T00:00:00 Z",
        "2026-01-01T00:00:00Z ",
        " 2026-01-01T00:00:00Z",
        "2026-01-01  00:00:00Z",
        "2026-01-01_00:00:00Z",
        "2026-01-01T00:00:00.000000000+00:00:00",
        "+2026-01-01T00:00:00Z",
        "20260101T000000Z",
        "1767225600.",
        ".5",
        "1.767.225",
        "1767225600.5Z",
        "1.7672256e9",
        "20260101",
        "20260101100000",
        "-5",
    };
    const struct instant_format format = {0};
    int64_t got;

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char name[96];
        snprintf(name, sizeof(name), "the text '%s' is no time", refused[i]);
        ok(!instant_parse(value_string(slice_of(refused[i])), &format, &got), name);
    }
    const struct value others[] = {
        VALUE_NULL,
        {0},
        {.text = "true", .len = 4, .kind = KIND_TRUE},
        {.text = "[1]", .len = 3, .kind = KIND_ARRAY},
        {.text = "{}", .len = 2, .kind = KIND_OBJECT},
    };
    bool any = false;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        any = any || instant_parse(others[i], &format, &got);
    ok(!any, "null, booleans, arrays and objects are no times");
}

#define NEW_YEAR INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */

static void test_accepted(void)
{
    ok(parses(SLICE("2026-01-01T00:00:00Z"), NEW_YEAR), "without a fraction");
    ok(parses(SLICE("2026-01-01t00:00:00z"), NEW_YEAR), "in small letters");
    ok(parses(SLICE("2026-01-01 00:00:00 UTC"), NEW_YEAR), "as BigQuery prints it");
    ok(parses(SLICE("2026-01-01 00:00:00.5 UTC"), NEW_YEAR + 500000), "with one digit");
    ok(parses(SLICE("2026-01-01T00:00:00.123456789Z"), NEW_YEAR + 123456), "with nine, cut to six");
    ok(parses(SLICE("1969-12-31T23:59:59.9999999Z"), -1), "cut toward the past before 1970 too");
    ok(parses(SLICE("2026-01-01T02:00:00+02"), NEW_YEAR), "with hours as a zone");
    ok(parses(SLICE("2025-12-31T18:30:00.000-0530"), NEW_YEAR), "with a zone and no colon");
    ok(parses(SLICE("2026-01-01T00:00:00-00:00"), NEW_YEAR), "with an unknown zone");
    ok(parses(SLICE("2025-12-31T23:59:60Z"), NEW_YEAR), "a leap second is the next second");
    ok(parses(SLICE("2025-12-31T23:59:60.250Z"), NEW_YEAR + 250000), "and so is a part of it");
    ok(parses(SLICE("2024-02-29T00:00:00.000Z"), INT64_C(1709164800000000)), "a leap day");

    int64_t got;
    struct buffer why = {0};
    struct zone *const utc = zone_open("UTC", &why);
    ok(instant_parse_text(SLICE("2026-01-01 00:00:00.25"), utc, &got) && got == NEW_YEAR + 250000,
       "without a zone, when that is UTC");
    zone_free(utc);
}

static void is_epoch(const char *text, enum instant_unit unit, int64_t wanted, const char *name)
{
    const struct instant_format format = {.unit = unit};
    const struct value number = {.text = text, .len = (uint32_t)strlen(text), .kind = KIND_NUMBER};
    int64_t got = INT64_MAX;
    if (!instant_parse(number, &format, &got)) got = INT64_MAX;
    is_int(got, wanted, name);

    if (strspn(text, "0123456789.") != strlen(text)) return;
    if (!instant_parse(value_string(slice_of(text)), &format, &got)) got = INT64_MAX;
    is_int(got, wanted, "and the same as text");
}

static void test_epoch(void)
{
    is_epoch("1767225600", UNIT_AUTO, NEW_YEAR, "ten digits are seconds");
    is_epoch("1767225600123", UNIT_AUTO, NEW_YEAR + 123000, "thirteen are milliseconds");
    is_epoch("1767225600123456", UNIT_AUTO, NEW_YEAR + 123456, "sixteen are microseconds");
    is_epoch("1767225600123456789", UNIT_AUTO, NEW_YEAR + 123456, "nineteen are nanoseconds");
    is_epoch("99999999999", UNIT_AUTO, INT64_C(99999999999000000), "below 1e11: seconds");
    is_epoch("100000000000", UNIT_AUTO, INT64_C(100000000000000), "1e11: milliseconds");
    is_epoch("99999999999999", UNIT_AUTO, INT64_C(99999999999999000), "below 1e14: milliseconds");
    is_epoch("100000000000000", UNIT_AUTO, INT64_C(100000000000000), "1e14: microseconds");
    is_epoch("99999999999999999", UNIT_AUTO, INT64_C(99999999999999999),
             "below 1e17: microseconds");
    is_epoch("100000000000000000", UNIT_AUTO, INT64_C(100000000000000), "1e17: nanoseconds");
    is_epoch("100000000", UNIT_AUTO, INT64_C(100000000000000), "1e8 is the least by size");
    is_epoch("99999999.9", UNIT_AUTO, INT64_MAX, "below it is none");
    is_epoch("0", UNIT_AUTO, INT64_MAX, "nor is zero");
    is_epoch("45000.5", UNIT_AUTO, INT64_MAX, "nor a spreadsheet's day");
    is_epoch("20260101", UNIT_AUTO, INT64_MAX, "nor a date");
    is_epoch("20260101100000", UNIT_AUTO, INT64_MAX, "nor a date with a time");
    is_epoch("202601011000", UNIT_AUTO, INT64_MAX, "nor without seconds");
    is_epoch("20260101100000123", UNIT_AUTO, INT64_MAX, "nor with milliseconds");
    is_epoch("20261301100000", UNIT_AUTO, INT64_C(20261301100000000), "what is no date is no date");
    is_epoch("0", UNIT_S, 0, "zero seconds are 1970");
    is_epoch("-1", UNIT_S, -1000000, "a negative number is before");
    is_epoch("-0", UNIT_S, 0, "minus zero is not");
    is_epoch("-1000000000", UNIT_AUTO, INT64_C(-1000000000000000), "by size, too");
    is_epoch("1767225600.123", UNIT_AUTO, NEW_YEAR + 123000, "seconds may have a fraction");
    is_epoch("1.7672256e9", UNIT_AUTO, NEW_YEAR, "and an exponent");
    is_epoch("1767225600123.4567", UNIT_AUTO, NEW_YEAR + 123456, "milliseconds too");
    is_epoch("-0.0000001", UNIT_S, -1, "fractions are cut toward the past");
    is_epoch("1767225600", UNIT_MS, INT64_C(1767225600000), "the unit can be given");
    is_epoch("1767225600123", UNIT_NS, INT64_C(1767225600), "whatever the size");
    is_epoch("1767225600123", UNIT_S, INT64_MAX, "out of range is no time");
    is_epoch("1e99999999999999999999", UNIT_AUTO, INT64_MAX, "far out of range is none");
    is_epoch("-62135596800", UNIT_AUTO, INSTANT_MIN, "the first second of year 1 is one");
    is_epoch("-62135596800.000001", UNIT_AUTO, INT64_MAX, "what is before it is none");
    is_epoch("00000000001767225600", UNIT_AUTO, NEW_YEAR, "leading zeros do not count");
}

int main(void)
{
    struct buffer out = {0};

    instant_print(&out, NEW_YEAR + 600000000);
    instant_print(&out, NEW_YEAR + 1);
    is_text(buffer_slice(&out), "2026-01-01T00:10:00.000Z2026-01-01T00:00:00.000001Z",
            "three digits, six when it is not a whole millisecond");
    buffer_release(&out);
    test_accepted();
    test_refused();
    test_epoch();
    test_every_day();
    test_round_trip();
    test_zones();
    test_damaged();
    const int64_t before = instant_steady();
    ok(instant_now() > NEW_YEAR - INT64_C(100000000000000), "the wall clock shows our time");
    ok(instant_steady() >= before, "the steady clock does not go back");
    return plan();
}
