#include "look/wording.h"

#include <inttypes.h>
#include <time.h>

#include "base/instant.h"
#include "look/grid_inside.h"
#include "look/values.h"

#define DASH "\xe2\x80\x93"
#define MINUS "\xe2\x88\x92"

/* The digits of a whole number, by threes. */
static void thousands(struct buffer *out, unsigned __int128 number)
{
    char text[64];
    size_t at = sizeof text, digits = 0;
    do {
        if (digits > 0 && digits % 3 == 0) text[--at] = ',';
        text[--at] = (char)('0' + (int)(number % 10));
        number /= 10;
        digits++;
    } while (number > 0);
    buffer_add(out, text + at, sizeof text - at);
}

void wording_number(struct buffer *out, decimal number)
{
    if (number == NOTHING) {
        buffer_add_literal(out, DASH);
        return;
    }
    const bool below = number < 0;
    unsigned __int128 size = below ? -(unsigned __int128)number : (unsigned __int128)number;
    const unsigned __int128 one = (unsigned __int128)DECIMAL_ONE, cent = one / 100;
    const bool whole = size % one == 0;
    if (!whole) size += cent / 2;
    if (below && size >= cent) buffer_add_literal(out, MINUS);
    thousands(out, size / one);
    if (!whole) buffer_printf(out, ".%02d", (int)(size % one / cent));
}

void wording_share(struct buffer *out, decimal part, decimal whole)
{
    if (part == NOTHING || whole == NOTHING || whole <= 0) {
        buffer_add_literal(out, DASH);
        return;
    }
    percent_print(out, (int64_t)(part / DECIMAL_ONE), (int64_t)(whole / DECIMAL_ONE));
    buffer_add_literal(out, " %");
}

void wording_change(struct buffer *out, decimal now, decimal then)
{
    if (now == NOTHING || then == NOTHING || then <= 0) return;
    const double change = ((double)now - (double)then) / (double)then * 100;
    if (change < 0 && change <= -0.05)
        buffer_printf(out, MINUS "%.1f %%", -change);
    else
        buffer_printf(out, "+%.1f %%", change < 0 ? 0 : change);
}

static struct tm broken_down(int64_t time_us)
{
    struct tm parts = {0};
    const time_t seconds = (time_t)(instant_within(time_us) / 1000000);
    (void)gmtime_r(&seconds, &parts);
    return parts;
}

void wording_clock(struct buffer *out, int64_t time_us)
{
    const struct tm parts = broken_down(time_us);
    buffer_printf(out, "%02d:%02d", parts.tm_hour, parts.tm_min);
    if (parts.tm_sec != 0) buffer_printf(out, ":%02d", parts.tm_sec);
}

void wording_day(struct buffer *out, int64_t time_us)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const struct tm parts = broken_down(time_us);
    buffer_printf(out, "%.3s %d %.3s %d", days + 3 * parts.tm_wday, parts.tm_mday,
                  months + 3 * parts.tm_mon, parts.tm_year + 1900);
}

void wording_age(struct buffer *out, int64_t age_us)
{
    const int64_t seconds = age_us / 1000000;
    if (seconds < 120)
        buffer_printf(out, "%" PRId64 " s", seconds);
    else if (seconds < 7200)
        buffer_printf(out, "%" PRId64 " min", seconds / 60);
    else if (seconds < 2 * 86400)
        buffer_printf(out, "%" PRId64 " h", seconds / 3600);
    else
        buffer_printf(out, "%" PRId64 " d", seconds / 86400);
}

void wording_value(struct buffer *out, struct value value)
{
    static const struct instant_format format = {.unit = UNIT_AUTO};
    int64_t time_us;
    decimal number;
    const bool like_time = value.kind == KIND_STRING && value.len >= 20 && value.len <= 27 &&
                           value.text[4] == '-' && value.text[10] == 'T';
    if (like_time && instant_parse(value, &format, &time_us)) {
        const struct tm parts = broken_down(time_us);
        buffer_printf(out, "%02d-%02d %02d:%02d:%02d", parts.tm_mon + 1, parts.tm_mday,
                      parts.tm_hour, parts.tm_min, parts.tm_sec);
    } else if (value.kind == KIND_NUMBER && decimal_parse(value_slice(value), &number)) {
        wording_number(out, number);
    } else {
        values_add_text(out, value);
    }
}
