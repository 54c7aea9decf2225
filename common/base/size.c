#include "base/size.h"

#include <errno.h>
#include <stdlib.h>

static const char letters[] = "KMGT";

/* What a unit stands for; 0: there is no such unit. */
static int64_t unit_of(const char *unit)
{
    int64_t bytes = 1;
    if (*unit == '\0' || strcmp(unit, "B") == 0) return 1;
    const char *letter = strchr(letters, *unit == 'k' ? 'K' : *unit);
    if (letter == NULL) return 0;
    const int64_t step = strcmp(unit + 1, "B") == 0 ? 1000 : 1024;
    if (unit[1] != '\0' && step == 1024 && strcmp(unit + 1, "iB") != 0) return 0;
    for (const char *at = letters; at <= letter; at++)
        bytes *= step;
    return bytes;
}

const char *size_parse(const char *text, int64_t *bytes)
{
    char *end;
    errno = 0;
    const long long number = strtoll(text, &end, 10);
    if (end == text || *text < '0' || *text > '9' || unit_of(end) == 0)
        return "must be a size: 512M, 4G (1024), 4GB (1000), or bytes";
    if (errno != 0 || __builtin_mul_overflow(number, unit_of(end), bytes)) return "is too large";
    return NULL;
}

void size_print(struct buffer *out, uint64_t bytes)
{
    double amount = (double)bytes;
    int unit = -1;
    while (amount >= 1000 && letters[unit + 1] != '\0') {
        amount /= 1024;
        unit++;
    }
    if (unit < 0)
        buffer_printf(out, "%llu bytes", (unsigned long long)bytes);
    else
        buffer_printf(out, "%.*f %ciB",
                      amount < 10    ? 2
                      : amount < 100 ? 1
                                     : 0,
                      amount, letters[unit]);
}
