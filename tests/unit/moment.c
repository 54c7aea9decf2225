/* moment.c - times compared as text: told exactly where texts and times differ. */
#include "expr/moment.h"

#include <string.h>

#include "expr/epoch.h"
#include "tap.h"

static const char *const texts[] = {"2026-01-01T10:00:00Z",
                                    "2026-01-01T10:00:00.000Z",
                                    "2026-01-01T10:00:00.500Z",
                                    "2026-01-01 10:00:00Z",
                                    "2026-01-01T11:00:00+01:00",
                                    "2026-01-01T09:59:59Z",
                                    "2026-01-01T10:00:01Z",
                                    "2025-12-31 23:00:00Z",
                                    "2026-01-02T00:30:00+02:00",
                                    "2026-01-01T10:00:00,5Z",
                                    "2026-01-01t10:00:00z",
                                    "1767261600",
                                    "1767261600000",
                                    "2026-01-01 10:00:00 GMT",
                                    "2026-01-01T10:00:00.000001Z",
                                    "01/Jan/2026:10:00:00 +0000"};
#define TEXTS (sizeof texts / sizeof texts[0])

static bool misjudged(const char *value, unsigned orders, const char *literal)
{
    struct schema schema;
    schema_init(&schema);
    moment_note(&schema, SLOT_EVENT_TIME, orders, slice_of(literal));
    const bool found =
        MOMENT_FINE != moment_misjudged(&schema, SLOT_EVENT_TIME, value_string(slice_of(value)));
    schema_release(&schema);
    return found;
}

static bool says(unsigned orders, int64_t order)
{
    return (orders & (order < 0 ? MOMENT_LESS : order == 0 ? MOMENT_EQUAL : MOMENT_GREATER)) != 0;
}

static bool is_digits(const char *text)
{
    return strspn(text, "0123456789") == strlen(text);
}

/* By the definition, for whole times. */
static bool expected(const char *value, unsigned orders, const char *literal)
{
    const size_t value_len = strlen(value), len = strlen(literal);
    int64_t value_us, literal_us;
    if (strncmp(value, literal, value_len < len ? value_len : len) == 0) return false;
    if (is_digits(value) && is_digits(literal)) return false;
    if (!epoch_read_us(slice_of(value), &value_us)) return false;
    if (!epoch_read_us(slice_of(literal), &literal_us)) return false;
    if (strncmp(value, "20", 2) != 0 && strncmp(literal, "20", 2) != 0) return false;
    return says(orders, strcmp(value, literal)) != says(orders, value_us - literal_us);
}

int main(void)
{
    static const unsigned orders[] = {MOMENT_LESS,
                                      MOMENT_LESS | MOMENT_EQUAL,
                                      MOMENT_EQUAL,
                                      MOMENT_LESS | MOMENT_GREATER,
                                      MOMENT_GREATER | MOMENT_EQUAL,
                                      MOMENT_GREATER};
    int wrong = 0, differ = 0;
    for (size_t i = 0; i < TEXTS; i++)
        for (size_t k = 0; k < TEXTS; k++)
            for (size_t o = 0; o < sizeof orders / sizeof orders[0]; o++) {
                const bool wanted = expected(texts[i], orders[o], texts[k]);
                differ += wanted;
                if (misjudged(texts[i], orders[o], texts[k]) == wanted) continue;
                printf("# %s %u %s: wanted %d\n", texts[i], orders[o], texts[k], wanted);
                wrong++;
            }
    is_int(wrong, 0, "a value is told of exactly where texts and times differ in what is said");
    ok(differ > 100, "which they often do");

    ok(misjudged("2026-01-01T10:00:00Z", MOMENT_GREATER, "2026-01-01 10:01"),
       "a blank is less than a T");
    ok(!misjudged("2026-01-01T10:02:00Z", MOMENT_GREATER, "2026-01-01 10:01"),
       "what comes out right all the same is not told of");
    ok(!misjudged("2026-01-01T00:00:00Z", MOMENT_GREATER, "2026-01-01"),
       "a text that is the other's beginning is meant so");
    ok(misjudged("1767261600", MOMENT_LESS, "2025-02"), "a number of seconds and a month");
    ok(!misjudged("never", MOMENT_LESS, "2026-02"), "what is no time is not told of");
    ok(!misjudged("2026-01-01T10:00:00Z", MOMENT_EQUAL, "purchase"),
       "nor is anything compared with what is none");
    ok(misjudged("99.5", MOMENT_GREATER, "100") && misjudged("1e3", MOMENT_LESS, "999"),
       "numbers in quotes are texts, too");
    ok(misjudged("5.0", MOMENT_LESS | MOMENT_EQUAL, "5") && misjudged(" 7", MOMENT_LESS, "5"),
       "and may be written otherwise");
    ok(!misjudged("200", MOMENT_GREATER, "100") && !misjudged("99", MOMENT_GREATER, "98") &&
           !misjudged("x", MOMENT_GREATER, "98") && !misjudged("5.0", MOMENT_EQUAL, "5"),
       "nothing is told where that makes no difference, or whether they are equal is asked");
    ok(!misjudged("", MOMENT_LESS, "2026-02"), "nor the empty text");
    return plan();
}
