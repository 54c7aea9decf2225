/* span.c - lengths of windows by the calendar. Against Python's: tests/differential/zones.py. */
#include "window/span.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/instant.h"
#include "tap.h"

#define DAY_US (DAY_SECONDS * INT64_C(1000000))

static int64_t day_us(unsigned year, unsigned month, unsigned day)
{
    return date_days(year, month, day) * DAY_US;
}

static void test_reading(void)
{
    static const char *const good[] = {"1us",   "10m",     "1h30m",    "1d",  "7d",
                                       "1w",    "52w",     "1mo",      "3mo", "1y",
                                       "9999y", "521721w", "119988mo", "all"};
    static const char *const bad[] = {
        "",      "0s",    "0mo",  "0w",     "1",  "mo",   "y",   "1w2d", "1mo1d",
        "1y6mo", "1.5mo", "-1mo", "10000y", "1M", "1 mo", "All", "1mon", "999999999999999999999w"};
    struct span span;
    int wrong = 0;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        const char *const why = span_parse(good[i], &span);
        if (why == NULL) continue;
        wrong++;
        printf("# %s: %s\n", good[i], why);
    }
    is_int(wrong, 0, "what the manual allows is read");
    wrong = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (span_parse(bad[i], &span) != NULL) continue;
        wrong++;
        printf("# '%s' was read\n", bad[i]);
    }
    is_int(wrong, 0, "nonsense is refused");
    is_text(slice_of(span_parse("1mo2d", &span)),
            "'1mo2d' mixes units: weeks, months and years stand alone", "with a reason");
}

static void test_months(void)
{
    struct span span;
    int wrong = 0;
    (void)span_parse("1mo", &span);
    for (unsigned year = 1; year <= 9999; year++)
        for (unsigned month = 1; month <= 12; month++) {
            const int64_t first_us = day_us(year, month, 1);
            const int64_t next_us =
                month == 12 ? day_us(year + 1, 1, 1) : day_us(year, month + 1, 1);
            const int64_t at_us = first_us + rand() % 28 * DAY_US;
            wrong +=
                span_start(&span, first_us) != first_us || span_start(&span, at_us) != first_us ||
                span_start(&span, next_us - 1) != first_us || span_end(&span, first_us) != next_us;
        }
    is_int(wrong, 0, "months begin on their first days, from the year 1 to 9999");
    (void)span_parse("10y", &span);
    is_int(span_start(&span, day_us(2026, 7, 1)), day_us(2020, 1, 1), "decades begin with a 0");
    is_int(span_start(&span, day_us(1969, 12, 31)), day_us(1960, 1, 1), "before 1970, too");
    (void)span_parse("2w", &span);
    is_int((span_start(&span, day_us(2026, 7, 1)) / DAY_US + 3) % 14, 0,
           "weeks are from a Monday on");
}

/* Windows follow one another without a gap, whatever clocks do. */
static void test_seams(const char *name, const char *size)
{
    struct buffer why = {0};
    struct span span;
    (void)span_parse(size, &span);
    if (!span_settle(&span, name, 0, rand() % 3 * 4 * INT64_C(3600000000), &why)) {
        printf("# no zone %s here\n", name);
        buffer_release(&why);
        return;
    }
    int wrong = 0;
    for (int i = 0; i < 20000; i++) {
        const int64_t time_us =
            (int64_t)((uint64_t)rand() << 31 | (uint64_t)rand()) % (INSTANT_MAX - INSTANT_MIN) +
            INSTANT_MIN;
        const int64_t near_us = i % 2 == 0 ? time_us : time_us % (100 * 365 * DAY_US);
        const int64_t start_us = span_start(&span, near_us), end_us = span_end(&span, start_us);
        wrong += start_us > near_us || end_us <= near_us ||
                 span_start(&span, start_us) != start_us || span_start(&span, end_us) != end_us ||
                 span_start(&span, end_us - 1) != start_us;
    }
    is_int(wrong, 0, "each instant is in one window, and the next one begins where it ends");
    zone_free(span.zone);
    buffer_release(&why);
}

int main(void)
{
    srand(1);
    test_reading();
    test_months();
    static const char *const zones[] = {
        "UTC", "+05:30", "Europe/Berlin", "Pacific/Apia", "America/Sao_Paulo", "Africa/Casablanca"};
    static const char *const sizes[] = {"1d", "1w", "1mo", "1y"};
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        test_seams(zones[i], sizes[i % 4]);
    return plan();
}
