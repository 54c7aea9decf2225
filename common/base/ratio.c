#include "base/ratio.h"

static unsigned __int128 magnitude(decimal number)
{
    return number < 0 ? 0 - (unsigned __int128)number : (unsigned __int128)number;
}

/* One digit of a long division: rest * 10 / whole, rest becoming the remainder. 10 = (2 * 2 + 1) *
 * 2, so that nothing grows past twice whole. */
static unsigned digit_next(unsigned __int128 *rest, unsigned __int128 whole)
{
    const bool add[] = {false, true, false};
    unsigned __int128 at = *rest;
    unsigned digit = 0;
    for (int i = 0; i < 3; i++) {
        at *= 2;
        digit *= 2;
        if (at >= whole) {
            at -= whole;
            digit++;
        }
        if (!add[i]) continue;
        at += *rest;
        if (at >= whole) {
            at -= whole;
            digit++;
        }
    }
    *rest = at;
    return digit;
}

bool decimal_ratio(decimal part, decimal whole, int power, decimal *out)
{
    const unsigned __int128 limit = ~(unsigned __int128)0 >> 1;
    const unsigned __int128 divisor = magnitude(whole);
    if (divisor == 0) return false;
    unsigned __int128 result = magnitude(part) / divisor;
    unsigned __int128 rest = magnitude(part) % divisor;
    for (; power > 0; power--) {
        if (result > (limit - 10) / 10) return false;
        result = result * 10 + digit_next(&rest, divisor);
    }
    result += rest >= divisor - rest;
    if (result > limit) return false;
    *out = (part < 0) != (whole < 0) ? -(decimal)result : (decimal)result;
    return true;
}
