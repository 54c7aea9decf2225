#include "calendar.h"

#include <stddef.h>
#include <string.h>

/* Days from 1970-01-01 to a date of the Gregorian calendar; years begin in March here, so that
 * the leap day is the last of its year. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day)
{
    if (month <= 2) year--;
    const int64_t era = year / 400;
    const int64_t year_of_era = year - era * 400;
    const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void digits_print(char *out, int64_t number, int count)
{
    while (count-- > 0) {
        out[count] = (char)('0' + number % 10);
        number /= 10;
    }
}

bool calendar_parse(const char *text, int64_t *out_us)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t part[7] = {0};
    int index = 0;
    const char *c = text;
    for (size_t i = 0; shape[i]; i++, c++) {
        if (shape[i] != 'd') {
            if (*c != shape[i]) return false;
            index++;
        } else if (*c < '0' || *c > '9') {
            return false;
        } else {
            part[index] = part[index] * 10 + (*c - '0');
        }
    }
    if (*c == '.') {
        int64_t unit = 1000;
        for (c++; *c >= '0' && *c <= '9'; c++) {
            unit /= 10;
            if (unit == 0) return false;
            part[6] += unit * (*c - '0');
        }
        if (unit == 1000) return false;
    }
    const int64_t year = part[0];
    const int64_t month = part[1];
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (strcmp(c, "Z") != 0 || year < 1 || month < 1 || month > 12 || part[2] < 1) return false;
    if (part[2] > month_days[month - 1] + (leap && month == 2)) return false;
    if (part[3] > 23 || part[4] > 59 || part[5] > 59) return false;
    const int64_t seconds =
        days_from_date(year, month, part[2]) * 86400 + part[3] * 3600 + part[4] * 60 + part[5];
    *out_us = seconds * 1000000 + part[6] * 1000;
    return true;
}

void calendar_print(char *out, int64_t time_us)
{
    const int64_t since_year_0 = time_us / 1000 + INT64_C(719468) * 86400000; /* from 0000-03-01 */
    const int64_t day = since_year_0 / 86400000;
    const int64_t ms = since_year_0 % 86400000;
    const int64_t day_of_era = day % 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t march_month = (5 * day_of_year + 2) / 153;
    const int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    const int64_t year = day / 146097 * 400 + year_of_era + (month <= 2);
    memcpy(out, "0000-00-00T00:00:00.000Z", CALENDAR_BYTES);
    digits_print(out, year, 4);
    digits_print(out + 5, month, 2);
    digits_print(out + 8, day_of_year - (153 * march_month + 2) / 5 + 1, 2);
    digits_print(out + 11, ms / 3600000, 2);
    digits_print(out + 14, ms / 60000 % 60, 2);
    digits_print(out + 17, ms / 1000 % 60, 2);
    digits_print(out + 20, ms % 1000, 3);
}
