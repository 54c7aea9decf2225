/*
 * civil.h - dates of the calendar as days since 1970-01-01, and back.
 *
 * Howard Hinnant, chrono-Compatible Low-Level Date Algorithms. Years are 1 to 9999, so there are no
 * eras.
 */
#ifndef CS_CIVIL_H
#define CS_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

/* Days from 0000-03-01, where the calendar's arithmetic is simplest, to 1970-01-01. */
#define EPOCH_DAYS INT64_C(719468)

#define DAY_SECONDS INT64_C(86400)

static inline bool year_leaps(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Is there such a day? */
static inline bool date_valid(unsigned year, unsigned month, unsigned day)
{
    static const unsigned char month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (year < 1 || month - 1 > 11 || day - 1 >= month_days[month - 1]) return false;
    return month != 2 || day != 29 || year_leaps(year);
}

/* Days since 1970-01-01. Years begin in March, so that February's end is the year's. */
static inline int64_t date_days(unsigned year, unsigned month, unsigned day)
{
    const unsigned from_march = month > 2 ? month - 3 : month + 9;
    const unsigned years = month > 2 ? year : year - 1;
    const unsigned leap_days = years / 4 - years / 100 + years / 400;
    const unsigned year_days = (153 * from_march + 2) / 5 + day - 1;
    return (int64_t)(years * 365 + leap_days + year_days) - EPOCH_DAYS;
}

#endif
