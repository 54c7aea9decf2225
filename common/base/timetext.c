#include "base/timetext.h"

#include <string.h>

#include "base/civil.h"
#include "base/digit.h"

/* What is read next, and where it ends. */
struct cursor {
    const char *at, *end;
};

/* A date and a time of day, as they are read. */
struct parts {
    unsigned year, month, day, hour, minute, second;
    int64_t fraction_us;
};

static bool is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') <= 'z' - 'a';
}

static bool take(struct cursor *cursor, char c)
{
    if (cursor->at == cursor->end || *cursor->at != c) return false;
    cursor->at++;
    return true;
}

/* Takes least to most digits as a number. */
static bool take_number(struct cursor *cursor, int least, int most, unsigned *out)
{
    int digits = 0;
    *out = 0;
    for (; digits < most && cursor->at != cursor->end && is_digit(*cursor->at); digits++)
        *out = *out * 10 + (unsigned)(*cursor->at++ - '0');
    return digits >= least;
}

/* Takes a word of the list, which are three letters each; the first is 1. */
static bool take_word(struct cursor *cursor, const char *words, unsigned *out)
{
    if (cursor->end - cursor->at < 3) return false;
    for (unsigned i = 0; words[3 * i] != '\0'; i++) {
        if (memcmp(words + 3 * i, cursor->at, 3) != 0) continue;
        cursor->at += 3;
        *out = i + 1;
        return true;
    }
    return false;
}

static bool take_month(struct cursor *cursor, unsigned *out)
{
    return take_word(cursor, "JanFebMarAprMayJunJulAugSepOctNovDec", out);
}

static bool take_weekday(struct cursor *cursor)
{
    unsigned ignored;
    return take_word(cursor, "MonTueWedThuFriSatSun", &ignored);
}

bool timetext_fraction(struct slice *rest, int64_t *out_us)
{
    *out_us = 0;
    if (rest->len == 0 || (rest->text[0] != '.' && rest->text[0] != ',')) return true;

    size_t len = 1;
    int64_t us = 0;
    for (; len < rest->len && is_digit(rest->text[len]); len++)
        if (len <= 6) us = us * 10 + (rest->text[len] - '0');
    if (len < 2 || len > 10) return false;
    for (size_t digits = len - 1; digits < 6; digits++)
        us *= 10;
    *out_us = us;
    *rest = (struct slice){.text = rest->text + len, .len = rest->len - len};
    return true;
}

static struct slice cursor_rest(const struct cursor *cursor)
{
    return (struct slice){.text = cursor->at, .len = (size_t)(cursor->end - cursor->at)};
}

/* hh:mm:ss and a fraction. */
static bool take_clock(struct cursor *cursor, struct parts *out)
{
    if (!take_number(cursor, 2, 2, &out->hour) || !take(cursor, ':') ||
        !take_number(cursor, 2, 2, &out->minute) || !take(cursor, ':') ||
        !take_number(cursor, 2, 2, &out->second))
        return false;
    struct slice rest = cursor_rest(cursor);
    if (!timetext_fraction(&rest, &out->fraction_us)) return false;
    cursor->at = rest.text;
    return true;
}

static bool parts_valid(const struct parts *parts)
{
    return date_valid(parts->year, parts->month, parts->day) && parts->hour <= 23 &&
           parts->minute <= 59 && parts->second <= 60;
}

static int64_t parts_seconds(const struct parts *parts)
{
    return date_days(parts->year, parts->month, parts->day) * DAY_SECONDS + parts->hour * 3600 +
           parts->minute * 60 + parts->second;
}

/* The parts, and the zone that rest says. */
static bool parts_finish(const struct parts *parts, struct slice rest, struct zone *zone,
                         struct timetext *out)
{
    if (!parts_valid(parts)) return false;
    *out =
        (struct timetext){.local_seconds = parts_seconds(parts), .fraction_us = parts->fraction_us};
    return zone_read(rest, zone, out->local_seconds, &out->zone_seconds);
}

/* 07/Jan/2026:10:00:00 +0100 */
static bool read_log(struct cursor cursor, struct zone *zone, struct timetext *out)
{
    struct parts parts = {0};
    if (!take_number(&cursor, 2, 2, &parts.day) || !take(&cursor, '/') ||
        !take_month(&cursor, &parts.month) || !take(&cursor, '/') ||
        !take_number(&cursor, 4, 4, &parts.year) || !take(&cursor, ':') ||
        !take_clock(&cursor, &parts))
        return false;
    return parts_finish(&parts, cursor_rest(&cursor), zone, out);
}

/* The zones of mail and JavaScript as others write them: without the name in parentheses, and
 * "GMT" before an offset. */
static struct slice zone_plain(struct slice text)
{
    const char *const open = memchr(text.text, '(', text.len);
    if (open != NULL && open - text.text >= 2 && open[-1] == ' ' && text.text[text.len - 1] == ')')
        text.len = (size_t)(open - text.text) - 1;
    if (text.len == 9 && memcmp(text.text, " GMT", 4) == 0 &&
        (text.text[4] == '+' || text.text[4] == '-'))
        return (struct slice){.text = text.text + 4, .len = 5};
    if (slice_equal(text, SLICE(" UT")) || slice_equal(text, SLICE(" Z"))) return SLICE("Z");
    return text;
}

/* 07 Jan 2026 10:00:00 GMT; the day of the week has been taken. */
static bool read_mail(struct cursor cursor, struct zone *zone, struct timetext *out)
{
    struct parts parts = {0};
    if (!take_number(&cursor, 1, 2, &parts.day) || !take(&cursor, ' ') ||
        !take_month(&cursor, &parts.month) || !take(&cursor, ' ') ||
        !take_number(&cursor, 4, 4, &parts.year) || !take(&cursor, ' ') ||
        !take_clock(&cursor, &parts))
        return false;
    return parts_finish(&parts, zone_plain(cursor_rest(&cursor)), zone, out);
}

/* Jan  7 10:00:00 [UTC] 2026, or Jan 07 2026 10:00:00 GMT+0100; the same. */
static bool read_month_first(struct cursor cursor, struct zone *zone, struct timetext *out)
{
    struct parts parts = {0};
    if (!take_month(&cursor, &parts.month) || !take(&cursor, ' ')) return false;
    (void)take(&cursor, ' ');
    if (!take_number(&cursor, 1, 2, &parts.day) || !take(&cursor, ' ')) return false;
    struct cursor clock = cursor;
    if (take_number(&cursor, 4, 4, &parts.year) && take(&cursor, ' ') &&
        take_clock(&cursor, &parts))
        return parts_finish(&parts, zone_plain(cursor_rest(&cursor)), zone, out);
    if (!take_clock(&clock, &parts)) return false;
    struct slice rest = cursor_rest(&clock);
    if (rest.len < 5) return false;
    struct cursor year = {.at = rest.text + rest.len - 5, .end = rest.text + rest.len};
    if (!take(&year, ' ') || !take_number(&year, 4, 4, &parts.year)) return false;
    rest.len -= 5;
    return parts_finish(&parts, rest, zone, out);
}

bool timetext_read(struct slice text, struct zone *zone, struct timetext *out)
{
    struct cursor cursor = {.at = text.text, .end = text.text + text.len};
    if (text.len < 19) return false;
    if (text.text[2] == '/') return read_log(cursor, zone, out);
    if (take_weekday(&cursor)) {
        const bool comma = take(&cursor, ',');
        if (!take(&cursor, ' ')) return false;
        return comma ? read_mail(cursor, zone, out)
                     : read_mail(cursor, zone, out) || read_month_first(cursor, zone, out);
    }
    return is_digit(*cursor.at) && read_mail(cursor, zone, out);
}

static bool at_digit(const struct cursor *cursor)
{
    return cursor->at != cursor->end && is_digit(*cursor->at);
}

/* Reads a date in digits; what is behind it goes to rest. */
static bool read_compact(struct slice text, struct parts *parts, struct slice *rest)
{
    struct cursor cursor = {.at = text.text, .end = text.text + text.len};
    unsigned millis;
    *parts = (struct parts){0};
    if (!take_number(&cursor, 4, 4, &parts->year) || !take_number(&cursor, 2, 2, &parts->month) ||
        !take_number(&cursor, 2, 2, &parts->day))
        return false;
    const bool marked = take(&cursor, 'T') || take(&cursor, 't');
    if ((marked || at_digit(&cursor)) &&
        (!take_number(&cursor, 2, 2, &parts->hour) || !take_number(&cursor, 2, 2, &parts->minute)))
        return false;
    if (at_digit(&cursor) && !take_number(&cursor, 2, 2, &parts->second)) return false;
    if (at_digit(&cursor)) {
        if (!take_number(&cursor, 3, 3, &millis)) return false;
        parts->fraction_us = (int64_t)millis * 1000;
    }
    *rest = cursor_rest(&cursor);
    if (parts->fraction_us == 0 && !timetext_fraction(rest, &parts->fraction_us)) return false;
    return true;
}

bool timetext_compact(struct slice text, struct zone *zone, struct timetext *out)
{
    struct parts parts;
    struct slice rest;
    return read_compact(text, &parts, &rest) && parts_finish(&parts, rest, zone, out);
}

bool timetext_looks_compact(struct slice text)
{
    struct parts parts;
    struct slice rest;
    return read_compact(text, &parts, &rest) && parts_valid(&parts) && parts.year >= 1970 &&
           parts.year <= 2100;
}

/* --- why a text is none --- */

/* Has the text this form, as far as the form goes? 0 is any digit, a any letter. */
static bool has_form(struct slice text, const char *form)
{
    for (size_t i = 0; form[i] != '\0'; i++) {
        if (i >= text.len) return false;
        const char c = text.text[i];
        if (form[i] == '0' ? !is_digit(c) : form[i] == 'a' ? !is_letter(c) : form[i] != c)
            return false;
    }
    return true;
}

/* d/m/y in whatever order, with one or two digits for day and month. */
static bool is_country_date(struct slice text)
{
    struct cursor cursor = {.at = text.text, .end = text.text + text.len};
    unsigned ignored;
    if (!take_number(&cursor, 1, 2, &ignored) || cursor.at == cursor.end) return false;
    const char sign = *cursor.at;
    return strchr("/.-", sign) != NULL && sign != '\0' && take(&cursor, sign) &&
           take_number(&cursor, 1, 2, &ignored) && take(&cursor, sign) &&
           take_number(&cursor, 2, 4, &ignored);
}

/* What is wrong with a text that begins with a date, YYYY-MM-DD. */
static const char *dated_fault(struct slice text)
{
    if (text.len == 10) return "is a date without a time of day";
    if (strchr("Tt ", text.text[10]) == NULL || !has_form(text, "0000-00-00") || text.len < 16)
        return "cannot be read";
    const struct slice clock = {.text = text.text + 11, .len = text.len - 11};
    if (!has_form(clock, "00:00")) return "cannot be read";
    if (memcmp(clock.text, "24", 2) == 0)
        return "has the hour 24 (midnight is 00:00:00 of the next day)";
    if (!has_form(clock, "00:00:00")) return "has no seconds";
    struct cursor cursor = {.at = clock.text, .end = clock.text + clock.len};
    struct cursor date = {.at = text.text, .end = text.text + 10};
    struct parts parts = {0};
    const bool read = take_clock(&cursor, &parts);
    (void)(take_number(&date, 4, 4, &parts.year) && take(&date, '-') &&
           take_number(&date, 2, 2, &parts.month) && take(&date, '-') &&
           take_number(&date, 2, 2, &parts.day));
    if (!parts_valid(&parts)) return "is no day or time of day that there is";
    if (!read) return "has a fraction that cannot be read (1 to 9 digits)";
    const struct slice rest = cursor_rest(&cursor);
    const size_t blank = rest.len > 0 && rest.text[0] == ' ';
    if (rest.len > blank && is_letter(rest.text[blank]))
        return "names its zone by letters that do not say which (known are Z, UTC and GMT)";
    return "has a zone that cannot be read";
}

const char *timetext_fault(struct slice text)
{
    if (text.len == 0) return "is empty";
    if (text.text[0] == ' ' || text.text[text.len - 1] == ' ') return "has blanks around it";
    if (has_form(text, "0000-00-00")) return dated_fault(text);
    if (has_form(text, "0000/00/00")) return "has slashes in its date (2026-01-07 can be read)";
    if (is_country_date(text)) return "does not say which is the day and which the month";
    return "cannot be read";
}
