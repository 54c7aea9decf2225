/* Time zones: what a zone file says, what becomes of a damaged one, and the rules behind its end.
 */
#include "base/zone.h"

#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/zone_rule.h"
#include "tap.h"

static void put(struct buffer *out, uint64_t number, size_t bytes)
{
    while (bytes-- > 0)
        buffer_add_char(out, bytes < sizeof number ? (char)(number >> (8 * bytes)) : '\0');
}

struct change {
    int64_t time;
    unsigned char type;
};

static void put_block(struct buffer *out, size_t time_bytes, const struct change *change,
                      size_t changes, const int32_t *offset, size_t types)
{
    buffer_add(out, "TZif2", 5);
    put(out, 0, 15);
    put(out, 0, 4 * 3);
    put(out, changes, 4);
    put(out, types, 4);
    put(out, 4, 4);
    for (size_t i = 0; i < changes; i++)
        put(out, (uint64_t)change[i].time, time_bytes);
    for (size_t i = 0; i < changes; i++)
        put(out, change[i].type, 1);
    for (size_t i = 0; i < types; i++) {
        put(out, (uint32_t)offset[i], 4);
        put(out, 0, 2);
    }
    put(out, 0, 4);
}

#define T2000 INT64_C(946684800) /* a Saturday */

/* A zone one hour ahead, from 2000 to 2001 two hours; then as the footer says. */
static void put_zone(struct buffer *out, const char *footer)
{
    const struct change change[] = {{T2000, 1}, {T2000 + 366 * DAY_SECONDS, 0}};
    const int32_t offset[] = {3600, 7200};
    buffer_clear(out);
    put_block(out, 4, change, 2, offset, 2);
    put_block(out, 8, change, 2, offset, 2);
    buffer_printf(out, "\n%s\n", footer);
}

static void test_changes(void)
{
    struct buffer file = {0};
    put_zone(&file, "CET-1");
    struct zone *const zone = zone_of_file(buffer_slice(&file));
    const int64_t forward = T2000 + 3600;                      /* the gap begins */
    const int64_t back = T2000 + 366 * DAY_SECONDS + 2 * 3600; /* the hour that came twice ends */
    ok(zone != NULL, "a zone file is read");
    is_int(zone_offset(zone, forward - 1), 3600, "until the clock is set forward");
    is_int(zone_offset(zone, forward), 3600,
           "a time that does not exist has the offset from before");
    is_int(zone_offset(zone, forward + 3599), 3600, "to its end");
    is_int(zone_offset(zone, forward + 3600), 7200, "then there is the new one");
    is_int(zone_offset(zone, back - 3600), 7200,
           "of a time that comes twice it is the earlier one");
    is_int(zone_offset(zone, back - 1), 7200, "to its end");
    is_int(zone_offset(zone, back), 3600, "then there is the old one");
    is_int(zone_offset(zone, INT64_MIN), 3600, "from the beginning of time");
    is_int(zone_offset(zone, INT64_MAX - 1), 3600, "to its end");
    zone_free(zone);

    int wrong = 0;
    put_zone(&file, "CET-1CEST,M3.5.0,M10.5.0/3");
    struct zone *const summer = zone_of_file(buffer_slice(&file));
    for (unsigned year = 2001; year <= 9999; year++) {
        wrong += zone_offset(summer, date_days(year, 1, 15) * DAY_SECONDS) != 3600;
        wrong += zone_offset(summer, date_days(year, 7, 15) * DAY_SECONDS) != 7200;
        wrong += zone_offset(summer, date_days(year, 11, 1) * DAY_SECONDS) != 3600;
    }
    is_int(wrong, 0, "the rule at the end holds to the year 9999");
    zone_free(summer);
    buffer_release(&file);
}

static void test_damaged(void)
{
    struct buffer file = {0};
    int read = 0, odd = 0;
    put_zone(&file, "CET-1CEST,M3.5.0,M10.5.0/3");
    for (size_t len = 0; len < file.len; len++) {
        /* A copy of its own, so that a read behind it is found. */
        char *const part = malloc(len + 1);
        memcpy(part, file.data, len);
        struct zone *const zone = zone_of_file((struct slice){.text = part, .len = len});
        read += zone != NULL;
        zone_free(zone);
        free(part);
    }
    is_int(read, 1, "a file that is cut off is refused, but where only the footer is missing");
    srand48(3);
    for (int i = 0; i < 200000; i++) {
        const size_t at = (size_t)lrand48() % file.len;
        const char was = file.data[at];
        file.data[at] = (char)lrand48();
        struct zone *const zone =
            i % 100 == 0 || at < 200 ? zone_of_file(buffer_slice(&file)) : NULL;
        if (zone != NULL) {
            const int64_t offset = zone_offset(zone, lrand48());
            odd += offset < -26 * 3600 || offset > 26 * 3600;
            for (size_t entry = 1; entry < zone->count; entry += 97)
                odd += zone->entry[entry].from < zone->entry[entry - 1].from;
        }
        zone_free(zone);
        file.data[at] = was;
        if (i > rounds(3000)) i += is_quick() ? 480 : 60; /* the table of a rule takes its time */
    }
    is_int(odd, 0, "a damaged file gives an orderly table or none");
    buffer_release(&file);
}

static int64_t moment(const char *rule, bool end, unsigned year)
{
    struct zone_rule read;
    if (!zone_rule_read(slice_of(rule), &read)) return INT64_MIN;
    return zone_rule_time(end ? &read.end : &read.begin, year);
}

static void test_rules(void)
{
    static const char *const refused[] = {"",
                                          "CET",
                                          "C-1",
                                          "CET-1CEST",
                                          "CET-1CEST,M3.5.0",
                                          "CET-1CEST,M13.5.0,M10.5.0",
                                          "CET-1CEST,M3.6.0,M10.5.0",
                                          "CET-1CEST,M3.5.7,M10.5.0",
                                          "CET-1CEST,J0,J365",
                                          "CET-1CEST,M3.5.0,M10.5.0x",
                                          "<CET-1",
                                          "CET-25",
                                          "CET-1:60",
                                          "CET-1CEST,M3.5.0/168,M10.5.0"};
    struct zone_rule rule;
    int taken = 0;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        taken += zone_rule_read(slice_of(refused[i]), &rule);
    is_int(taken, 0, "what is no rule is refused");
    ok(zone_rule_read(SLICE("<+0330>-3:30"), &rule) && rule.standard == 12600 && !rule.has_summer,
       "a rule without summer time");
    ok(zone_rule_read(SLICE("IST-1GMT0,M10.5.0,M3.5.0/1"), &rule) && rule.standard == 3600 &&
           rule.summer == 0,
       "Ireland's summer time is its standard, and the other one behind it");
    is_int(moment("CET-1CEST,M3.5.0,M10.5.0/3", false, 2026),
           date_days(2026, 3, 29) * DAY_SECONDS + 7200, "the last Sunday of March at two");
    is_int(moment("CET-1CEST,M3.5.0,M10.5.0/3", true, 2026),
           date_days(2026, 10, 25) * DAY_SECONDS + 10800, "the last one of October at three");
    is_int(moment("EST5EDT,M3.2.0,M11.1.0", false, 2026),
           date_days(2026, 3, 8) * DAY_SECONDS + 7200, "the second one of March");
    is_int(moment("AAA0BBB,J60,59", false, 2024), date_days(2024, 3, 1) * DAY_SECONDS + 7200,
           "day J60 is the first of March in a leap year");
    is_int(moment("AAA0BBB,J60,59", false, 2025), date_days(2025, 3, 1) * DAY_SECONDS + 7200,
           "and in any other");
    is_int(moment("AAA0BBB,J60,59", true, 2024), date_days(2024, 2, 29) * DAY_SECONDS + 7200,
           "day 59 is the 29th of February where there is one");
    is_int(moment("AAA0BBB,M3.5.0/-1,M10.5.0/24", false, 2026),
           date_days(2026, 3, 29) * DAY_SECONDS - 3600, "a time of day may be the day before");
}

static void test_names(void)
{
    struct buffer why = {0};
    struct zone *const zone = zone_open("-03:30", &why);
    is_int(zone_offset(zone, 0), -12600, "an offset is a zone");
    zone_free(zone);
    ok(zone_open("Nowhere/At_All", &why) == NULL && why.len > 0, "an unknown name has a reason");
    ok(zone_open("/etc/passwd", &why) == NULL && zone_open("../zoneinfo/UTC", &why) == NULL &&
           zone_open("", &why) == NULL,
       "a path is no name");
    buffer_release(&why);
}

static void test_instants(void)
{
    struct buffer file = {0};
    int wrong = 0;

    put_zone(&file, "CET-1CEST,M3.5.0,M10.5.0/3");
    struct zone *const zone = zone_of_file(buffer_slice(&file));
    is_int(zone_offset_at(zone, T2000 - 1), 3600,
           "an instant before the change has the offset before");
    is_int(zone_offset_at(zone, T2000), 7200, "the change itself has the one behind");
    is_int(zone_offset_at(zone, T2000 + 366 * DAY_SECONDS - 1), 7200, "up to the next one");
    is_int(zone_offset_at(zone, T2000 + 366 * DAY_SECONDS), 3600, "and so on");
    is_int(zone_offset_at(zone, INT64_MIN), 3600, "there is an offset at the beginning of time");
    /* 2025-03-30T01:00:00Z and 2025-10-26T01:00:00Z. */
    is_int(zone_offset_at(zone, 1743296399), 3600, "the second before summer");
    is_int(zone_offset_at(zone, 1743296400), 7200, "and behind");
    is_int(zone_offset_at(zone, 1761440399), 7200, "the second before winter");
    is_int(zone_offset_at(zone, 1761440400), 3600, "and behind");
    /* Local times that come once lead back to their instant. */
    for (int64_t at = T2000; at < T2000 + 30 * 366 * DAY_SECONDS; at += is_quick() ? 28571 : 3571) {
        const int64_t local = at + zone_offset_at(zone, at);
        const int64_t back = local - zone_offset(zone, local);
        wrong += back != at && back != at - 3600;
    }
    is_int(wrong, 0, "from an instant to local time and back is the instant, or an hour earlier");
    zone_free(zone);
    buffer_release(&file);
}

int main(void)
{
    test_changes();
    test_damaged();
    test_rules();
    test_names();
    test_instants();
    return plan();
}
