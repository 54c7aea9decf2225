#include "base/instant.h"

#include <string.h>

#include <time.h>

#include "base/civil.h"
#include "base/die.h"
#include "base/digit.h"
#include "base/number.h"
#include "base/timetext.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (DAY_SECONDS * SECOND_US)

#define DATE_BYTES 10 /* "2026-01-01" */
/* Eight characters against a pattern of '0' for any digit and separators that stand for themselves:
 * XOR makes digits 0-9 and separators 0; adding limits sets a high bit where a byte is more. */
#define WORD(a, b, c, d, e, f, g, h)                                                               \
    ((uint64_t)(a) | (uint64_t)(b) << 8 | (uint64_t)(c) << 16 | (uint64_t)(d) << 24 |              \
     (uint64_t)(e) << 32 | (uint64_t)(f) << 40 | (uint64_t)(g) << 48 | (uint64_t)(h) << 56)
#define D (0x7f - 9) /* limit of a digit */
#define S 0x7f       /* limit of a separator */

static inline bool word_matches(uint64_t word, uint64_t limits)
{
    return (((word + limits) | word) & UINT64_C(0x8080808080808080)) == 0;
}

/* Every byte becomes ten times itself plus the next one; no byte carries. */
static inline uint64_t word_pairs(uint64_t word)
{
    return word * 10 + (word >> 8);
}

static inline unsigned word_byte(uint64_t word, int index)
{
    return (unsigned)(word >> (index * 8)) & 0xff;
}

/* Reads "2026-01-01T00:00" from 16 bytes; false: not that, or no such minute. */
static inline bool minute_read(const char *text, int64_t *out_seconds)
{
    const char between = text[10];
    if (between != 'T' && between != ' ' && between != 't') return false;

    const uint64_t date = slice_word(text) ^ WORD('0', '0', '0', '0', '-', '0', '0', '-');
    const uint64_t day_time = (slice_word(text + 8) ^ WORD('0', '0', 0, '0', '0', ':', '0', '0')) &
                              ~WORD(0, 0, 0xff, 0, 0, 0, 0, 0);
    if (!word_matches(date, WORD(D, D, D, D, S, D, D, S))) return false;
    if (!word_matches(day_time, WORD(D, D, S, D, D, S, D, D))) return false;

    const uint64_t date_pairs = word_pairs(date);
    const uint64_t time_pairs = word_pairs(day_time);
    const unsigned year = word_byte(date_pairs, 0) * 100 + word_byte(date_pairs, 2);
    const unsigned month = word_byte(date_pairs, 5);
    const unsigned day = word_byte(time_pairs, 0);
    const unsigned hour = word_byte(time_pairs, 3);
    const unsigned minute = word_byte(time_pairs, 6);
    if (!date_valid(year, month, day) || hour > 23 || minute > 59) return false;
    *out_seconds = date_days(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60;
    return true;
}

/* Two digits as a number; 100 if they are not. */
static unsigned pair_read(const char *text)
{
    if (!is_digit(text[0]) || !is_digit(text[1])) return 100;
    return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

static inline bool instant_range(int64_t time_us, int64_t *out_us)
{
    *out_us = time_us;
    return time_us >= INSTANT_MIN && time_us <= INSTANT_MAX;
}

static bool written_read(const struct timetext *written, int64_t *out_us)
{
    const int64_t seconds = written->local_seconds - written->zone_seconds;
    return instant_range(seconds * SECOND_US + written->fraction_us, out_us);
}

/* What is not RFC 3339. */
static bool other_read(struct slice text, struct zone *zone, int64_t *out_us)
{
    struct timetext written;
    return timetext_read(text, zone, &written) && written_read(&written, out_us);
}

bool instant_parse_text(struct slice text, struct zone *zone, int64_t *out_us)
{
    int64_t seconds, fraction_us, zone_seconds;

    if (text.len < 19) return false;
    if (!minute_read(text.text, &seconds)) return other_read(text, zone, out_us);

    if (text.len == 24) { /* nearly every time there is: ":00.000Z" follows */
        const uint64_t word =
            slice_word(text.text + 16) ^ WORD(':', '0', '0', '.', '0', '0', '0', 'Z');
        const uint64_t pairs = word_pairs(word);
        const unsigned second = word_byte(pairs, 1);
        if (word_matches(word, WORD(S, D, D, S, D, D, D, S)) && second <= 60) {
            const unsigned millis = word_byte(pairs, 4) * 10 + word_byte(word, 6);
            return instant_range((seconds + second) * SECOND_US + millis * 1000, out_us);
        }
    }
    const unsigned second = pair_read(text.text + 17);
    if (text.text[16] != ':' || second > 60) return false;
    struct slice rest = {.text = text.text + 19, .len = text.len - 19};
    if (!timetext_fraction(&rest, &fraction_us)) return false;
    if (!zone_read(rest, zone, seconds + second, &zone_seconds)) return false;
    return instant_range((seconds + second - zone_seconds) * SECOND_US + fraction_us, out_us);
}

/* By size a number's unit is plain only from 1973 on: below, it may as well be a day number, a
 * length of time or nothing at all. And digits that are a date would be some time in the year 2612
 * or 1976. */
#define DIGITS_LEAST 8

static enum instant_unit unit_by_size(struct slice text)
{
    const int64_t digits = number_magnitude(text);
    if (digits <= DIGITS_LEAST) return UNIT_AUTO;
    if ((digits == 12 || digits == 14 || digits == 17) && timetext_looks_compact(text))
        return UNIT_AUTO;
    return digits <= 11 ? UNIT_S : digits <= 14 ? UNIT_MS : digits <= 17 ? UNIT_US : UNIT_NS;
}

/* Days since 1899-12-30, as spreadsheets count them: before March 1900 they do not agree, and after
 * the year 9999 there are none. A fraction of a day is meant to be a whole millisecond. */
#define EXCEL_LEAST 61
#define EXCEL_BEHIND 2958466
#define EXCEL_EPOCH 25569 /* 1970-01-01 */

static bool excel_read(struct slice text, struct zone *zone, int64_t *out_us)
{
    decimal days;
    if (zone == NULL || !decimal_parse(text, &days)) return false;
    if (days < EXCEL_LEAST * DECIMAL_ONE || days >= EXCEL_BEHIND * DECIMAL_ONE) return false;
    const decimal millis = (days * (DAY_SECONDS * 1000) + DECIMAL_ONE / 2) / DECIMAL_ONE;
    const int64_t local_us = (int64_t)millis * 1000 - EXCEL_EPOCH * DAY_US;
    const int64_t second = local_us / SECOND_US - (local_us % SECOND_US < 0);
    return instant_range(local_us - zone_local(zone, second) * SECOND_US, out_us);
}

/* Reads a number's text: microseconds are the unit's times ten to the shift. */
static bool epoch_read(struct slice text, const struct instant_format *format, int64_t *out_us)
{
    static const int shifts[] = {[UNIT_S] = 6, [UNIT_MS] = 3, [UNIT_US] = 0, [UNIT_NS] = -3};
    enum instant_unit unit = format->unit;
    struct timetext written;
    int64_t time_us;

    if (unit == UNIT_DATE)
        return timetext_compact(text, format->zone, &written) && written_read(&written, out_us);
    if (unit == UNIT_EXCEL) return excel_read(text, format->zone, out_us);
    if (unit == UNIT_AUTO) unit = unit_by_size(text);
    if (unit == UNIT_AUTO) return false;
    return number_floor(text, shifts[unit], &time_us) && instant_range(time_us, out_us);
}

/* The digits of a number that is text, its point where it has a fraction. A comma may stand there,
 * too: in copy, which has room for DIGITS_MAX, it is a point. Len 0: it is no such text. */
#define DIGITS_MAX 40

static struct slice digits_read(struct slice text, char *copy)
{
    size_t mark = text.len;
    for (size_t i = 0; i < text.len; i++) {
        if (is_digit(text.text[i])) continue;
        if ((text.text[i] != '.' && text.text[i] != ',') || mark != text.len || i == 0 ||
            i + 1 == text.len)
            return (struct slice){0};
        mark = i;
    }
    if (mark == text.len || text.text[mark] == '.') return text;
    if (text.len > DIGITS_MAX) return (struct slice){0};
    memcpy(copy, text.text, text.len);
    copy[mark] = '.';
    return (struct slice){.text = copy, .len = text.len};
}

bool instant_parse(struct value value, const struct instant_format *format, int64_t *out_us)
{
    const struct slice text = value_slice(value);
    struct timetext written;
    char copy[DIGITS_MAX];

    if (value.kind == KIND_NUMBER) return epoch_read(text, format, out_us);
    if (value.kind != KIND_STRING) return false;
    const struct slice digits = digits_read(text, copy);
    if (digits.len != 0) return epoch_read(digits, format, out_us);
    if (instant_parse_text(text, format->zone, out_us)) return true;
    return format->unit == UNIT_DATE && timetext_compact(text, format->zone, &written) &&
           written_read(&written, out_us);
}

struct instant_format instant_or_utc(const struct instant_format *format)
{
    static struct zone_entry entry = {.at = INT64_MIN, .from = INT64_MIN};
    static struct zone utc = {.entry = &entry, .count = 1};

    return (struct instant_format){.unit = format->unit,
                                   .zone = format->zone != NULL ? format->zone : &utc};
}

/* Why a number, or a text of digits, is no time. */
static const char *epoch_fault(struct slice text, const struct instant_format *format)
{
    const struct instant_format with_zone = instant_or_utc(format);
    int64_t ignored;

    if (format->zone == NULL && epoch_read(text, &with_zone, &ignored))
        return "has no zone (--tz=ZONE, --assume-utc)";
    if (format->unit == UNIT_DATE) return "is no date like 20260107 or 20260107100000";
    if (format->unit == UNIT_EXCEL) return "is no day number of a spreadsheet (61 to 2958465)";
    if (format->unit != UNIT_AUTO) return "is beyond the years 1 to 9999";
    if (timetext_looks_compact(text))
        return "looks like a date written in digits (--time-unit=date)";
    const double number = number_double(text);
    if (number >= 20000 && number < 80000)
        return "looks like a day number of a spreadsheet (--time-unit=excel)";
    if (number_magnitude(text) <= DIGITS_LEAST)
        return "is too small to say what it counts since 1970 (--time-unit=s, ms, us or ns)";
    return "is beyond the years 1 to 9999";
}

const char *instant_fault(struct value value, const struct instant_format *format)
{
    const struct instant_format with_zone = instant_or_utc(format);
    const struct slice text = value_slice(value);
    char copy[DIGITS_MAX];
    int64_t ignored;

    if (value.kind == KIND_NUMBER) return epoch_fault(text, format);
    if (value.kind != KIND_STRING) return "cannot be read";
    const struct slice digits = digits_read(text, copy);
    if (digits.len != 0) return epoch_fault(digits, format);
    if (format->zone == NULL && instant_parse(value, &with_zone, &ignored))
        return "has no zone (--tz=ZONE, --assume-utc)";
    if (format->unit != UNIT_DATE && timetext_looks_compact(text))
        return "looks like a date written in digits (--time-unit=date)";
    if (number_valid(text)) return "is a number as text, with a sign or an exponent";
    return timetext_fault(text);
}

bool instant_parse_near(struct instant_near *near, struct value value,
                        const struct instant_format *format, int64_t *out_us)
{
    if (instant_near_read(near, value, out_us)) return true;
    if (!instant_parse(value, format, out_us)) return false;
    if (value.kind == KIND_STRING && value.len == 24 && value.text[23] == 'Z' &&
        value.text[17] < '6' && value.text[4] == '-' && *out_us >= 0) {
        near->text[0] = slice_word(value.text);
        near->text[1] = slice_word(value.text + 8);
        near->minute_us = *out_us - *out_us % (60 * SECOND_US);
        near->known = value.text[16] == ':';
    }
    return true;
}

static inline char *pair_write(char *out, unsigned number)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    memcpy(out, pairs + number * 2, 2);
    return out + 2;
}

static inline char *char_write(char *out, char c)
{
    *out = c;
    return out + 1;
}

/* Hinnant's civil_from_days; days since 0000-03-01. */
static char *day_write(char *out, unsigned days)
{
    const unsigned era = days / 146097;
    const unsigned era_day = days % 146097;
    const unsigned era_year = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    const unsigned year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
    const unsigned from_march = (5 * year_day + 2) / 153;
    const unsigned day = year_day - (153 * from_march + 2) / 5 + 1;
    const unsigned month = from_march < 10 ? from_march + 3 : from_march - 9;
    const unsigned year = era * 400 + era_year + (month <= 2);

    out = pair_write(out, year / 100);
    out = char_write(pair_write(out, year % 100), '-');
    out = char_write(pair_write(out, month), '-');
    return pair_write(out, day);
}

/* Nearly always the date is that of the time written last. */
static inline char *date_write(char *out, unsigned days)
{
    static struct {
        unsigned days;
        char text[DATE_BYTES];
    } last = {.days = UINT32_MAX};

    if (__builtin_expect(days != last.days, 0)) {
        day_write(last.text, days);
        last.days = days;
    }
    memcpy(out, last.text, DATE_BYTES);
    return out + DATE_BYTES;
}

size_t instant_write(char *out, int64_t time_us)
{
    const uint64_t since_march = (uint64_t)(time_us + EPOCH_DAYS * DAY_US);
    const uint64_t day_us = since_march % (uint64_t)DAY_US;
    const unsigned second = (unsigned)(day_us / SECOND_US);
    const unsigned fraction = (unsigned)(day_us % SECOND_US);

    char *at = date_write(out, (unsigned)(since_march / (uint64_t)DAY_US));
    at = char_write(at, 'T');
    at = char_write(pair_write(at, second / 3600), ':');
    at = char_write(pair_write(at, second / 60 % 60), ':');
    at = char_write(pair_write(at, second % 60), '.');
    at = char_write(at, (char)('0' + fraction / 100000));
    at = pair_write(at, fraction / 1000 % 100);
    if (fraction % 1000 != 0) {
        at = char_write(at, (char)('0' + fraction / 100 % 10));
        at = pair_write(at, fraction % 100);
    }
    at = char_write(at, 'Z');
    return (size_t)(at - out);
}

void instant_print(struct buffer *out, int64_t time_us)
{
    out->len += instant_write(buffer_reserve(out, INSTANT_TEXT_MAX), time_us);
}

void instant_print_string(struct buffer *out, int64_t time_us)
{
    char *to = buffer_reserve(out, INSTANT_TEXT_MAX + 2);
    const size_t len = instant_write(to + 1, instant_within(time_us));
    to[0] = to[len + 1] = '"';
    out->len += len + 2;
}

static int64_t clock_read(clockid_t clock)
{
    struct timespec now;

    if (clock_gettime(clock, &now) != 0) die_errno("cannot read the clock");
    return (int64_t)now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

int64_t instant_now(void)
{
    return clock_read(CLOCK_REALTIME);
}

int64_t instant_steady(void)
{
    return clock_read(CLOCK_MONOTONIC);
}
