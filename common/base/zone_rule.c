#include "base/zone_rule.h"

#include <stddef.h>

#include "base/civil.h"

#define HOURS_MAX 167 /* of a moment; RFC 8536, 3.3.1 */

struct reader {
    const char *at, *end;
};

static bool take(struct reader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c) return false;
    reader->at++;
    return true;
}

static bool take_number(struct reader *reader, unsigned most, unsigned *out)
{
    const char *const from = reader->at;
    *out = 0;
    for (; reader->at != reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
        *out = *out * 10 + (unsigned)(*reader->at - '0');
        if (*out > most) return false;
    }
    return reader->at != from;
}

/* CET, or <+0330>: it does not matter which. */
static bool take_name(struct reader *reader)
{
    const bool quoted = take(reader, '<');
    const char *const from = reader->at;
    for (; reader->at != reader->end; reader->at++) {
        const char c = *reader->at;
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        const bool sign = (c >= '0' && c <= '9') || c == '+' || c == '-';
        if (!letter && !(quoted && sign)) break;
    }
    return reader->at - from >= 3 && (!quoted || take(reader, '>'));
}

/* [+-]hh[:mm[:ss]] as seconds. */
static bool take_time(struct reader *reader, unsigned hours_most, int64_t *out)
{
    unsigned hours, minutes = 0, seconds = 0;
    const bool negative = take(reader, '-');
    if (!negative) (void)take(reader, '+');
    if (!take_number(reader, hours_most, &hours)) return false;
    if (take(reader, ':') && !take_number(reader, 59, &minutes)) return false;
    if (take(reader, ':') && !take_number(reader, 59, &seconds)) return false;
    *out = (int64_t)hours * 3600 + minutes * 60 + seconds;
    if (negative) *out = -*out;
    return true;
}

static bool take_day(struct reader *reader, struct zone_moment *out)
{
    if (take(reader, 'M')) {
        out->kind = DAY_OF_MONTH_WEEK;
        return take_number(reader, 12, &out->month) && out->month > 0 && take(reader, '.') &&
               take_number(reader, 5, &out->week) && out->week > 0 && take(reader, '.') &&
               take_number(reader, 6, &out->day);
    }
    out->kind = take(reader, 'J') ? DAY_WITHOUT_LEAP : DAY_FROM_ZERO;
    return take_number(reader, 365, &out->day) && (out->day > 0 || out->kind == DAY_FROM_ZERO);
}

static bool take_moment(struct reader *reader, struct zone_moment *out)
{
    *out = (struct zone_moment){.seconds = 2 * 3600};
    if (!take(reader, ',') || !take_day(reader, out)) return false;
    return !take(reader, '/') || take_time(reader, HOURS_MAX, &out->seconds);
}

bool zone_rule_read(struct slice text, struct zone_rule *out)
{
    struct reader reader = {.at = text.text, .end = text.text + text.len};
    *out = (struct zone_rule){0};
    /* POSIX counts westward. */
    if (!take_name(&reader) || !take_time(&reader, 24, &out->standard)) return false;
    out->standard = -out->standard;
    if (reader.at == reader.end) return true;
    out->has_summer = true;
    if (!take_name(&reader)) return false;
    out->summer = out->standard + 3600;
    if (reader.at != reader.end && *reader.at != ',') {
        if (!take_time(&reader, 24, &out->summer)) return false;
        out->summer = -out->summer;
    }
    return take_moment(&reader, &out->begin) && take_moment(&reader, &out->end) &&
           reader.at == reader.end;
}

/* 0 is Sunday. */
static unsigned weekday(int64_t days)
{
    const int64_t day = (days + 4) % 7; /* 1970-01-01 was a Thursday */
    return (unsigned)(day < 0 ? day + 7 : day);
}

int64_t zone_rule_time(const struct zone_moment *moment, unsigned year)
{
    const int64_t new_year = date_days(year, 1, 1);
    int64_t days = new_year + moment->day;
    if (moment->kind == DAY_WITHOUT_LEAP) {
        days += (moment->day >= 60 && year_leaps(year)) - 1; /* 60 is always the first of March */
    } else if (moment->kind == DAY_OF_MONTH_WEEK) {
        const int64_t first = date_days(year, moment->month, 1);
        const int64_t behind = moment->month == 12 ? date_days(year, 12, 31) + 1
                                                   : date_days(year, moment->month + 1, 1);
        days = first + (moment->day + 7 - weekday(first)) % 7 + (moment->week - 1) * 7;
        if (days >= behind) days -= 7; /* week 5 is the last one */
    }
    return days * DAY_SECONDS + moment->seconds;
}
