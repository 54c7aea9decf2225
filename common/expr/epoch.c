/* strptime, and RTLD_NEXT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "expr/epoch.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/number.h"
#include "expr/instead.h"

/* Seconds go through struct tm in two parts, as its members are ints. */
#define LOW_BITS 20
#define MICROS 1000000

static const struct instant_format plain;
static const struct instant_format *times = &plain;

void epoch_format(const struct instant_format *format)
{
    times = format;
}

static bool read_us(struct slice text, bool is_number, int64_t *out_us)
{
    const struct value value = {.text = text.text,
                                .len = (uint32_t)text.len,
                                .kind = is_number ? KIND_NUMBER : KIND_STRING};
    if (is_number && !number_valid(text)) return false; /* nan */
    return instant_parse(value, times, out_us);
}

/* The double nearest to a count of microseconds that is exact for more than 200 years around 1970,
 * divided once. The definition below does the same in the same steps. */
bool epoch_read(struct slice text, bool is_number, double *out_seconds)
{
    int64_t time_us;
    if (!read_us(text, is_number, &time_us)) return false;
    const int64_t micros = (time_us % MICROS + MICROS) % MICROS;
    const int64_t seconds = (time_us - micros) / MICROS;
    *out_seconds = ((double)seconds * MICROS + (double)micros) / MICROS;
    return true;
}

bool epoch_read_us(struct slice text, int64_t *out_us)
{
    const struct instant_format format = instant_or_utc(times);
    return instant_parse(value_string(text), &format, out_us);
}

/* Before the length of the text, in which a NUL is no end. */
#define FORMAT_STRING "\001epoch s "
#define FORMAT_NUMBER "\001epoch n "

const char epoch_definition[] =
    /* In an array, as try of jq 1.6 catches what fails behind it, too. */
    "def epoch(f): def read(format): . as $time "
    "| [try (tostring | strptime(format)) catch null] | .[0] | if . != null then . else "
    "error(\"epoch: \\($time | tojson) is no time (2026-01-01T00:10:00Z; without a zone: --tz)\") "
    "end; "
    "f | if . == null then null "
    "elif type == \"string\" then read(\"\\u0001epoch s \\(utf8bytelength)\") "
    "elif type == \"number\" then read(\"\\u0001epoch n \\(utf8bytelength)\") "
    "else error(\"epoch: \\(type) is no time\") end "
    "| if . == null then . else ((.[1] * 1048576 + .[4]) * 1000000 + .[5]) / 1000000 end; ";

_Static_assert(1 << LOW_BITS == 1048576, "as the definition has it");

static char *epoch_parse(const char *text, const char *format, struct tm *tm)
{
    const size_t len = strlen(text);
    int64_t time_us;
    if (strtoull(format + sizeof FORMAT_STRING - 1, NULL, 10) != len) return NULL;
    const bool is_number = strncmp(format, FORMAT_NUMBER, sizeof FORMAT_NUMBER - 1) == 0;
    if (!read_us((struct slice){.text = text, .len = len}, is_number, &time_us)) return NULL;
    const int64_t micros = (time_us % MICROS + MICROS) % MICROS;
    const int64_t seconds = (time_us - micros) / MICROS;
    *tm = (struct tm){.tm_mon = (int)(seconds >> LOW_BITS),
                      .tm_min = (int)(seconds & ((1 << LOW_BITS) - 1)),
                      .tm_sec = (int)micros};
    return (char *)(uintptr_t)text + len;
}

/* In place of the C library's. */

#ifdef CS_JQ_STATIC
#define library_strptime strptime
#else
static char *library_strptime(const char *text, const char *format, struct tm *tm)
{
    static char *(*found)(const char *text, const char *format, struct tm *tm);
    if (found == NULL) *(void **)&found = dlsym(RTLD_NEXT, "strptime");
    return found(text, format, tm);
}
#endif

char *INSTEAD(strptime)(const char *text, const char *format, struct tm *tm);

char *INSTEAD(strptime)(const char *text, const char *format, struct tm *tm)
{
    if (strncmp(format, FORMAT_STRING, sizeof FORMAT_STRING - 1) == 0 ||
        strncmp(format, FORMAT_NUMBER, sizeof FORMAT_NUMBER - 1) == 0)
        return epoch_parse(text, format, tm);
    return library_strptime(text, format, tm);
}
