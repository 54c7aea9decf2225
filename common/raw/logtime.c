#include "raw/logtime.h"

#include <stdint.h>

#include "base/digit.h"

/* The month's number, 1 to 12, or 0. */
static int month_number(const char *name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int month = 0; month < 12; month++)
        if (memcmp(names + 3 * month, name, 3) == 0) return month + 1;
    return 0;
}

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* The low bit of every byte of word that equals byte, which is below 0x80. */
static inline uint64_t bytes_equal(uint64_t word, unsigned char byte)
{
    const uint64_t differ = word ^ EACH_BYTE * byte;
    return ~((((differ & EACH_BYTE * 0x7f) + EACH_BYTE * 0x7f) | differ) >> 7) & EACH_BYTE;
}

/* Have eight bytes of text this form: digits where it has a 0, any byte where it has a blank, else
 * that byte? */
static inline __attribute__((always_inline)) bool word_fits(const char *text, const char *form_text)
{
    const uint64_t word = slice_word(text), form = slice_word(form_text); /* known when compiled */
    const uint64_t digits = bytes_equal(form, '0') * 0xff;
    const uint64_t others = ~(digits | bytes_equal(form, ' ') * 0xff);
    const uint64_t low = word & EACH_BYTE * 0x0f, high = word & EACH_BYTE * 0xf0;
    const uint64_t above_nine = (low + EACH_BYTE * 6) & EACH_BYTE * 0xf0;
    return (((high ^ EACH_BYTE * '0') | above_nine) & digits) == 0 && ((word ^ form) & others) == 0;
}

bool logtime_fits(const char *text)
{
    return word_fits(text, "00/   /0") && word_fits(text + 8, "000:00:0") &&
           word_fits(text + 12, "00:00:00") && word_fits(text + LOGTIME_LEN - 8, "00  0000") &&
           text[20] == ' ' && (text[21] == '+' || text[21] == '-') && month_number(text + 3) != 0;
}

void logtime_print(struct buffer *out, const char *text, bool as_printed)
{
    char time[] = "\"YYYY-MM-DDTHH:MM:SS+ZZZZ\"";
    const int month = month_number(text + 3);

    memcpy(time + 1, text + 7, 4);
    time[6] = (char)('0' + month / 10);
    time[7] = (char)('0' + month % 10);
    memcpy(time + 9, text, 2);
    memcpy(time + 12, text + 12, 8);
    memcpy(time + 20, text + 21, 5);
    if (as_printed && memcmp(text + 21, "+0000", 5) == 0) memcpy(time + 20, ".000Z", 5);
    buffer_add(out, time, sizeof(time) - 1);
}

/* What has been read: "YYYY-MM-DDTHH:MM:SS" and the zone. */
struct reading_time {
    char time[20];
    struct slice zone;
};

/* Digits and where in the time they go. */
struct place {
    char directive;
    unsigned char at, len;
};

static const struct place places[] = {
    {'Y', 0, 4}, {'m', 5, 2}, {'d', 8, 2}, {'e', 8, 2}, {'H', 11, 2}, {'M', 14, 2}, {'S', 17, 2},
};

static const struct place *place_of(char directive)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (places[i].directive == directive) return &places[i];
    return NULL;
}

static const char *take_digits(const struct place *place, const char *at, const char *end,
                               struct reading_time *time)
{
    if (end - at < place->len) return NULL;
    for (size_t i = 0; i < place->len; i++) {
        const bool blank = i == 0 && place->directive == 'e' && at[i] == ' ';
        if (!is_digit(at[i]) && !blank) return NULL;
        time->time[place->at + i] = blank ? '0' : at[i];
    }
    return at + place->len;
}

static const char *take_zone(const char *at, const char *end, struct reading_time *time)
{
    if (end - at < 5 || (*at != '+' && *at != '-')) return NULL;
    for (int i = 1; i < 5; i++)
        if (!is_digit(at[i])) return NULL;
    time->zone = (struct slice){.text = at, .len = 5};
    return at + 5;
}

static const char *take_directive(char directive, const char *at, const char *end,
                                  struct reading_time *time)
{
    static const char *const days[] = {"Y", "m", "d"}, *const hours[] = {"H", "M", "S"};
    const char *const *parts = directive == 'F' ? days : hours;

    if (directive == 'z') return take_zone(at, end, time);
    if (directive == 'b' || directive == 'h') {
        const int month = end - at < 3 ? 0 : month_number(at);
        time->time[5] = (char)('0' + month / 10);
        time->time[6] = (char)('0' + month % 10);
        return month == 0 ? NULL : at + 3;
    }
    if (directive != 'F' && directive != 'T')
        return take_digits(place_of(directive), at, end, time);
    for (int i = 0; i < 3; i++) {
        if (i > 0 && (at == end || *at++ != (directive == 'F' ? '-' : ':'))) return NULL;
        at = take_digits(place_of(*parts[i]), at, end, time);
        if (at == NULL) return NULL;
    }
    return at;
}

bool logtime_known(struct slice format)
{
    for (size_t i = 0; i < format.len; i++) {
        if (format.text[i] != '%') continue;
        if (++i == format.len) return false;
        const char c = format.text[i];
        if (place_of(c) == NULL && (c == '\0' || strchr("bhzFT", c) == NULL)) return false;
    }
    return format.len > 0;
}

const char *logtime_take(struct slice format, struct slice text, struct buffer *out)
{
    struct reading_time time = {.time = "0000-00-00T00:00:00"};
    const char *at = text.text;
    const char *const end = at + text.len;

    for (size_t i = 0; i < format.len; i++) {
        if (format.text[i] != '%') {
            if (at == end || *at++ != format.text[i]) return NULL;
            continue;
        }
        at = take_directive(format.text[++i], at, end, &time);
        if (at == NULL) return NULL;
    }
    if (out != NULL) {
        buffer_add_char(out, '"');
        buffer_add(out, time.time, 19);
        buffer_add_slice(out, time.zone);
        buffer_add_char(out, '"');
    }
    return at;
}
