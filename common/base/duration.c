#include "base/duration.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/digit.h"

struct unit {
    const char *name;
    int64_t us;
};

/* Largest first: the order in which they may stand. */
static const struct unit units[] = {
    {"w", INT64_C(604800000000)}, {"d", INT64_C(86400000000)}, {"h", INT64_C(3600000000)},
    {"m", INT64_C(60000000)},     {"s", INT64_C(1000000)},     {"ms", INT64_C(1000)},
    {"us", INT64_C(1)},
};
#define LARGEST_PRINTED 1 /* days: weeks are for reading only */
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

#define SHOWN 40 /* bytes of the text that a phrase repeats */

static const char *phrase(const char *format, ...) __attribute__((format(printf, 1, 2)));

static const char *phrase(const char *format, ...)
{
    static _Thread_local char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return text;
}

static bool is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

/* The index of the unit so named; UNIT_COUNT: none. */
static size_t unit_find(struct slice name)
{
    size_t i = 0;
    while (i < UNIT_COUNT && !slice_equal(name, slice_of(units[i].name)))
        i++;
    return i;
}

const char *duration_parse(const char *text, int64_t *out_us)
{
    size_t allowed = 0; /* the largest unit that may still come */
    int64_t sum = 0;
    const char *at = text;

    if (*at == '\0') return "empty: say how long, as in 30s, 15m or 1h30m";
    if (*at == '-') return phrase("'%.*s' is negative", SHOWN, text);
    while (*at != '\0') {
        const char *number = at;
        int64_t count = 0;
        bool fits = true;
        for (; is_digit(*at); at++)
            fits = fits && !__builtin_mul_overflow(count, 10, &count) &&
                   !__builtin_add_overflow(count, *at - '0', &count);
        if (*at == '.' || *at == ',')
            return phrase("'%.*s' has a fraction: use a smaller unit (1h30m, 1500ms)", SHOWN, text);
        if (at == number) return phrase("'%.*s' is no duration (30s, 15m, 1h30m)", SHOWN, text);
        if (*at == '\0' && number == text)
            return phrase("which unit? (%.*ss, %.*sm, %.*sh)", SHOWN, text, SHOWN, text, SHOWN,
                          text);
        if (*at == '\0') return phrase("'%.*s' ends without a unit", SHOWN, text);

        const char *name = at;
        while (is_letter(*at))
            at++;
        const size_t unit = unit_find((struct slice){.text = name, .len = (size_t)(at - name)});
        if (unit == UNIT_COUNT)
            return phrase("'%.*s' has no known unit (us, ms, s, m, h, d, w)", SHOWN, text);
        if (unit < allowed)
            return phrase("'%.*s': units go from large to small, each once (1h30m)", SHOWN, text);
        allowed = unit + 1;
        if (!fits || __builtin_mul_overflow(count, units[unit].us, &count) ||
            __builtin_add_overflow(sum, count, &sum) || sum > DURATION_MAX)
            return phrase("'%.*s' is more than 9,999 years", SHOWN, text);
    }
    *out_us = sum;
    return NULL;
}

const char *duration_refuse_weeks(const char *text)
{
    int64_t us = 0;
    if (strchr(text, 'w') == NULL || duration_parse(text, &us) != NULL) return NULL;
    struct buffer days = {0};
    duration_print(&days, us);
    const char *why =
        phrase("'%.*s': a window's length has no weeks: write %.*s (windows of 7d begin on "
               "Thursdays)",
               SHOWN, text, (int)days.len, days.data);
    buffer_release(&days);
    return why;
}

void duration_print(struct buffer *out, int64_t duration_us)
{
    if (duration_us == 0) {
        buffer_add_literal(out, "0s");
        return;
    }
    if (duration_us < 0) buffer_add_char(out, '-');
    for (size_t i = LARGEST_PRINTED; i < UNIT_COUNT; i++) {
        const int64_t count = duration_us / units[i].us;
        if (count == 0) continue;
        buffer_add_int(out, count < 0 ? -count : count);
        buffer_add_slice(out, slice_of(units[i].name));
        duration_us %= units[i].us;
    }
}

/* The last digits of whole seconds, down to milliseconds or microseconds; no zeros at the end. */
static char *fraction_write(char *to, uint32_t fraction)
{
    int places = 6;

    if (fraction % 1000 == 0) {
        fraction /= 1000;
        places = 3;
    }
    for (int at = places; at > 0; at--, fraction /= 10)
        to[at] = (char)('0' + fraction % 10);
    while (to[places] == '0')
        places--;
    to[0] = '.';
    return to + 1 + places;
}

char *duration_write_seconds(char *to, int64_t duration_us)
{
    to = int_write(to, duration_us / 1000000);
    const uint32_t fraction = (uint32_t)(duration_us % 1000000);
    return fraction != 0 ? fraction_write(to, fraction) : to;
}

void duration_print_seconds(struct buffer *out, int64_t duration_us)
{
    char *const to = buffer_reserve(out, SECONDS_TEXT_MAX);
    out->len += (size_t)(duration_write_seconds(to, duration_us) - to);
}
