#include "window/span.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/die.h"
#include "base/duration.h"
#include "base/instant.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (DAY_SECONDS * SECOND_US)
#define MONDAY (-3) /* the day 1969-12-29 */
#define YEARS_MOST 9999

/* Windows an event may be in: a day each second. Far more than that is a slip of the unit, and one
 * event would take minutes. */
#define OVERLAP_MAX 100000

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Reading. */

static const char *const refused = "is no length of a window (10m, 1d, 1w, 1mo, 1y, all)";

static const char *phrase(const char *text, const char *why)
{
    static char out[200];
    snprintf(out, sizeof out, "'%.60s' %s", text, why);
    return out;
}

/* Digits, and one of the calendar's units behind them. False: it is something else. */
static bool calendar_read(const char *text, int64_t *count, const char **unit)
{
    *count = 0;
    *unit = text + strspn(text, "0123456789");
    if (*unit == text) return false;
    for (const char *at = text; at < *unit; at++)
        if (*count < 10000000) *count = *count * 10 + (*at - '0');
    return strcmp(*unit, "w") == 0 || strcmp(*unit, "mo") == 0 || strcmp(*unit, "y") == 0;
}

/* Letters that stand for nothing, as the one unit there is. */
static bool is_unknown(const char *unit)
{
    static const char *const units[] = {"us", "ms", "s", "m", "h", "d", "w", "mo", "y"};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(unit, units[i]) == 0) return false;
    return *unit != '\0' && strpbrk(unit, "0123456789.,") == NULL;
}

const char *span_parse(const char *text, struct span *span)
{
    int64_t count;
    const char *unit;
    *span = (struct span){0};
    if (strcmp(text, "all") == 0) {
        span->kind = SPAN_ALL;
        return NULL;
    }
    if (!calendar_read(text, &count, &unit)) {
        if (unit != text && is_unknown(unit))
            return phrase(text, "has no known unit (us, ms, s, m, h, d, w, mo, y)");
        if (text[strspn(text, "0123456789")] != '\0' &&
            (strpbrk(text, "y") != NULL || strstr(text, "mo") != NULL))
            return phrase(text, strpbrk(text, "0123456789") == NULL
                                    ? refused
                                    : "mixes units: weeks, months and years stand alone");
        const char *why = duration_refuse_weeks(text);
        if (why == NULL) why = duration_parse(text, &span->size_us);
        if (why == NULL && span->size_us == 0)
            why = phrase(text, "is too small (the least is 1us)");
        return why;
    }
    if (count == 0) return phrase(text, "is too small (the least is one)");
    const int64_t most = *unit == 'w' ? 521722 : *unit == 'm' ? 12 * YEARS_MOST : YEARS_MOST;
    if (count > most) return phrase(text, "is more than 9,999 years");
    span->kind = *unit == 'w' ? SPAN_DAYS : SPAN_MONTHS;
    span->from_monday = *unit == 'w';
    span->count = *unit == 'w' ? 7 * count : *unit == 'm' ? count : 12 * count;
    return NULL;
}

int64_t span_number(const struct span *span)
{
    return span->kind == SPAN_FIXED ? span->size_us : -(span->count * 4 + (int64_t)span->kind);
}

void span_tell_utc(int64_t size_us, const char *tz, const char *what_does)
{
    struct buffer text = {0};
    /* Others are at no place of a day, and nobody thinks so. */
    const bool is_of_day =
        size_us % SECOND_US == 0 && (DAY_US % size_us == 0 || size_us % DAY_US == 0);
    if (!is_of_day || zone_in_step(tz, size_us / SECOND_US)) return;
    duration_print(&text, size_us);
    message("--size: windows begin at multiples of %.*s in UTC, whatever clocks of --tz=%s show "
            "then (%s)",
            (int)text.len, text.data, tz, what_does);
    buffer_release(&text);
}

/* Settling. */

static bool fixed_settle(struct span *span, int64_t slide_us, struct buffer *why)
{
    span->slide_us = slide_us == 0 ? span->size_us : slide_us;
    if (slide_us > span->size_us)
        buffer_add_literal(why, "--slide is larger than --size: events would fall between");
    else if (span->size_us / span->slide_us > OVERLAP_MAX)
        buffer_printf(why, "--slide: each event would be in %" PRId64 " windows (at most %d)",
                      span->size_us / span->slide_us, OVERLAP_MAX);
    return why->len == 0;
}

bool span_settle(struct span *span, const char *tz, int64_t slide_us, int64_t offset_us,
                 struct buffer *why)
{
    span->offset_us = offset_us;
    if (tz != NULL) {
        buffer_add_literal(why, "--tz: ");
        span->zone = zone_open(tz, why);
        if (span->zone == NULL) return false;
        buffer_clear(why);
    }
    if (span->kind == SPAN_FIXED && tz != NULL && span->size_us % DAY_US == 0) {
        span->kind = SPAN_DAYS;
        span->count = span->size_us / DAY_US;
    } else if (span->kind == SPAN_DAYS && tz == NULL) { /* weeks of UTC are as long as others */
        span->kind = SPAN_FIXED;
        span->size_us = span->count * DAY_US;
        span->offset_us += span->size_us + MONDAY * DAY_US;
    }
    if (span->kind == SPAN_FIXED) return fixed_settle(span, slide_us, why);
    span->size_us = span->slide_us = DAY_US;
    if (slide_us != 0)
        buffer_add_literal(why, "--slide: windows by the calendar (1mo, 1y, all, and days and "
                                "weeks with --tz) do not overlap");
    else if (span->kind == SPAN_ALL && offset_us != 0)
        buffer_add_literal(why, "--offset: --size=all is one window, and has no start to move");
    return why->len == 0;
}

/* The calendar, before the year 1 and after 9999, too: windows reach over both. (Howard Hinnant,
 * chrono-Compatible Low-Level Date Algorithms.) */

#define ERA_YEARS 400
#define ERA_DAYS INT64_C(146097)

/* The first day of a month, counted from January 1970, in days since 1970-01-01. */
static int64_t month_day(int64_t month)
{
    const int64_t from_march = month + 1970 * 12 - 2;
    const int64_t year = floor_div(from_march, 12), in_year = from_march - year * 12;
    const int64_t era = floor_div(year, ERA_YEARS), of_era = year - era * ERA_YEARS;
    return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + (153 * in_year + 2) / 5 -
           EPOCH_DAYS;
}

/* The month of a day. */
static int64_t day_month(int64_t day)
{
    int64_t month = floor_div(day * 4800, ERA_DAYS); /* right, or beside it */
    while (month_day(month) > day)
        month--;
    while (month_day(month + 1) <= day)
        month++;
    return month;
}

/* Windows of the calendar are numbered; number 0 begins in 1970, or on the Monday before. */

static int64_t number_day(const struct span *span, int64_t number)
{
    return span->kind == SPAN_MONTHS ? month_day(number * span->count)
                                     : number * span->count + (span->from_monday ? MONDAY : 0);
}

static int64_t day_number(const struct span *span, int64_t day)
{
    return span->kind == SPAN_MONTHS
               ? floor_div(day_month(day), span->count)
               : floor_div(day - (span->from_monday ? MONDAY : 0), span->count);
}

static int64_t zone_ahead_us(const struct span *span, int64_t local_us)
{
    if (span->zone == NULL) return 0;
    return zone_offset(span->zone, floor_div(local_us, SECOND_US)) * SECOND_US;
}

/* When clocks show its beginning. */
static int64_t number_start(const struct span *span, int64_t number)
{
    const int64_t local_us = number_day(span, number) * DAY_US + span->offset_us;
    return local_us - zone_ahead_us(span, local_us);
}

/* The last window that starts at the instant or before. */
static int64_t number_find(const struct span *span, int64_t time_us)
{
    const int64_t about_us = time_us + zone_ahead_us(span, time_us) - span->offset_us;
    int64_t number = day_number(span, floor_div(about_us, DAY_US));
    while (number_start(span, number) > time_us)
        number--;
    while (number_start(span, number + 1) <= time_us)
        number++;
    return number;
}

int64_t span_start(const struct span *span, int64_t time_us)
{
    return span->kind == SPAN_ALL ? INSTANT_MIN : number_start(span, number_find(span, time_us));
}

int64_t span_end(const struct span *span, int64_t start_us)
{
    return span->kind == SPAN_ALL ? INSTANT_MAX + 1
                                  : number_start(span, number_find(span, start_us) + 1);
}

void span_explain(const struct span *span, struct buffer *out)
{
    buffer_add_literal(out, "windows  ");
    if (span->kind == SPAN_ALL) {
        buffer_add_literal(out, "one for everything\n");
        return;
    }
    buffer_add_int(out, span->count);
    buffer_printf(out, " %s%s%s by the calendar, of %s\n",
                  span->kind == SPAN_DAYS ? "day" : "month", span->count == 1 ? "" : "s",
                  span->from_monday ? " from a Monday on" : "",
                  span->zone == NULL ? "UTC" : span->zone->name);
}
