#include "base/instant.h"

#include <string.h>

#include <time.h>

#include "base/die.h"
#include "base/number.h"

#define SECOND_US INT64_C(1000000)
#define DAY_SECONDS INT64_C(86400)
#define DAY_US (DAY_SECONDS * SECOND_US)

/* Days from 0000-03-01, where the calendar's arithmetic is simplest, to 1970-01-01. */
#define EPOCH_DAYS INT64_C(719468)

#define DATE_BYTES 10 /* "2026-01-01" */

static bool date_valid(unsigned year, unsigned month, unsigned day)
{
    static const unsigned char month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (year < 1 || month - 1 > 11 || day - 1 >= month_days[month - 1]) return false;
    if (month != 2 || day != 29) return true;
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1970-01-01. Years begin in March, so that February's end is the year's (Howard
 * Hinnant, chrono-Compatible Low-Level Date Algorithms, days_from_civil; no eras, as years are not
 * negative). */
static int64_t date_days(unsigned year, unsigned month, unsigned day)
{
    const unsigned from_march = month > 2 ? month - 3 : month + 9;
    const unsigned years = month > 2 ? year : year - 1;
    const unsigned leap_days = years / 4 - years / 100 + years / 400;
    const unsigned year_days = (153 * from_march + 2) / 5 + day - 1;
    return (int64_t)(years * 365 + leap_days + year_days) - EPOCH_DAYS;
}

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

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

/* Two digits as a number; 100 if they are not. */
static unsigned pair_read(const char *text)
{
    if (!is_digit(text[0]) || !is_digit(text[1])) return 100;
    return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

/* Reads "", ".1" to ".123456789" from the front of *rest; finer digits than microseconds are cut.
 */
static bool fraction_read(struct slice *rest, int64_t *out_us)
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

/* Ruby and Go write " +0000" and " +0100 CET": the offset alone. */
static struct slice zone_offset(struct slice text)
{
    if (text.len < 6 || text.text[0] != ' ') return text;
    const struct slice offset = {.text = text.text + 1, .len = 5};
    if (text.len == 6) return offset;
    if (text.text[6] != ' ' || text.len < 8 || text.len > 12) return text;
    for (size_t i = 7; i < text.len; i++)
        if (text.text[i] < 'A' || text.text[i] > 'Z') return text;
    return offset;
}

/* Reads a zone, all of text: seconds that local time is ahead of UTC. */
static bool zone_read(struct slice text, bool assume_utc, int64_t *out_seconds)
{
    *out_seconds = 0;
    if (text.len == 0) return assume_utc;
    if (text.len == 1) return text.text[0] == 'Z' || text.text[0] == 'z';
    if (slice_equal(text, SLICE(" UTC")) || slice_equal(text, SLICE(" GMT"))) return true;
    text = zone_offset(text);
    if (text.text[0] != '+' && text.text[0] != '-') return false;

    const bool colon = text.len == 6 && text.text[3] == ':';
    if (text.len != 3 && text.len != 5 && !colon) return false;
    const unsigned hours = pair_read(text.text + 1);
    const unsigned minutes = text.len == 3 ? 0 : pair_read(text.text + (colon ? 4 : 3));
    if (hours > 23 || minutes > 59) return false;
    const int64_t seconds = hours * 3600 + minutes * 60;
    *out_seconds = text.text[0] == '-' ? -seconds : seconds;
    return true;
}

static inline bool instant_range(int64_t time_us, int64_t *out_us)
{
    *out_us = time_us;
    return time_us >= INSTANT_MIN && time_us <= INSTANT_MAX;
}

bool instant_parse_text(struct slice text, bool assume_utc, int64_t *out_us)
{
    int64_t seconds, fraction_us, zone_seconds;

    if (text.len < 19 || !minute_read(text.text, &seconds)) return false;

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
    if (!fraction_read(&rest, &fraction_us)) return false;
    if (!zone_read(rest, assume_utc, &zone_seconds)) return false;
    return instant_range((seconds + second - zone_seconds) * SECOND_US + fraction_us, out_us);
}

static enum instant_unit unit_by_magnitude(int64_t digits)
{
    return digits <= 11 ? UNIT_S : digits <= 14 ? UNIT_MS : digits <= 17 ? UNIT_US : UNIT_NS;
}

/* Reads a number's text: microseconds are the unit's times ten to the shift. */
static bool epoch_read(struct slice text, enum instant_unit unit, int64_t *out_us)
{
    static const int shifts[] = {[UNIT_S] = 6, [UNIT_MS] = 3, [UNIT_US] = 0, [UNIT_NS] = -3};
    int64_t time_us;

    if (unit == UNIT_AUTO) unit = unit_by_magnitude(number_magnitude(text));
    return number_floor(text, shifts[unit], &time_us) && instant_range(time_us, out_us);
}

static bool digits_only(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_digit(text.text[i])) return false;
    return text.len > 0;
}

bool instant_parse(struct value value, const struct instant_format *format, int64_t *out_us)
{
    const struct slice text = value_slice(value);

    if (value.kind == KIND_NUMBER) return epoch_read(text, format->unit, out_us);
    if (value.kind != KIND_STRING) return false;
    if (digits_only(text)) return epoch_read(text, format->unit, out_us);
    return instant_parse_text(text, format->assume_utc, out_us);
}

bool instant_parse_near(struct instant_near *near, struct value value,
                        const struct instant_format *format, int64_t *out_us)
{
    if (instant_near_read(near, value, out_us)) return true;
    if (!instant_parse(value, format, out_us)) return false;
    if (value.kind == KIND_STRING && value.len == 24 && value.text[23] == 'Z' &&
        value.text[17] < '6' && *out_us >= 0) {
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
